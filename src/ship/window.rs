//! The batches that were sent and are not acknowledged yet, and what the answers to the others said.
//!
//! Holds every batch until the server says that it is durable, checks each answer against what was sent, and counts each
//! event of a durable batch exactly once.

use std::collections::{BTreeMap, VecDeque};

use prost::bytes::Bytes;

use super::error::ShipError;
use super::reader::Batch;
use crate::proto::IngestResponse;

/// A place in a producer's sequence, as the server keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) durable_sequence: u64,
    pub(super) cursor: Vec<u8>,
}

/// What the server said of the events it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    /// Events of batches that turned out to be durable after the connection had broken: they are counted once, but the
    /// answer that told their outcome was lost.
    pub(super) duplicates: u64,
    /// Events by the number of their outcome in the protocol.
    pub(super) outcomes: BTreeMap<i32, u64>,
}

/// The window of one producer.
pub(super) struct Window {
    producer: String,
    pending: VecDeque<Batch>,
    pub(super) position: Position,
    pub(super) answers: Answers,
}

impl Window {
    pub(super) fn new(producer: &str, position: Position) -> Self {
        Self { producer: producer.to_owned(), pending: VecDeque::new(), position, answers: Answers::default() }
    }

    /// Who sends.
    pub(super) fn producer(&self) -> &str {
        &self.producer
    }

    /// How many batches wait.
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// Takes the next batch and gives what is to be sent.
    pub(super) fn push(&mut self, batch: Batch) -> Bytes {
        debug_assert_eq!(batch.sequence, self.last_sequence() + 1, "no gap");
        let request = batch.request.clone();
        self.pending.push_back(batch);
        request
    }

    /// Everything that waits, to be sent again.
    pub(super) fn requests(&self) -> impl Iterator<Item = Bytes> {
        self.pending.iter().map(|batch| batch.request.clone())
    }

    /// Takes in the answer to the batch that waits longest. Returns how many events were accepted.
    pub(super) fn answered(&mut self, answer: &IngestResponse) -> Result<u64, ShipError> {
        let Some(batch) = self.pending.front() else {
            return Err(ShipError::Protocol(format!("an answer to batch {}, where none was owed", answer.sequence)));
        };
        if answer.sequence != batch.sequence || answer.durable_sequence < batch.sequence {
            return Err(ShipError::Protocol(format!(
                "batch {} was answered with batch {} and durable batch {}",
                batch.sequence, answer.sequence, answer.durable_sequence
            )));
        }
        self.check_cursor(answer.durable_sequence, &answer.cursor)?;
        self.count(answer)?;
        if let Some(batch) = self.pending.pop_front() {
            self.position = Position { durable_sequence: batch.sequence, cursor: batch.cursor };
        }
        Ok(answer.accepted)
    }

    /// Takes in what a greeting said after the connection had broken.
    pub(super) fn resumed(&mut self, server: Position) -> Result<(), ShipError> {
        let durable = server.durable_sequence;
        if durable < self.position.durable_sequence {
            return Err(ShipError::WentBack {
                producer: self.producer.clone(),
                acknowledged: self.position.durable_sequence,
                durable,
            });
        }
        self.check_cursor(durable, &server.cursor)?;
        while let Some(batch) = self.pending.front()
            && batch.sequence <= durable
        {
            self.answers.duplicates += batch.events;
            self.pending.pop_front();
        }
        self.position = server;
        Ok(())
    }

    /// The last sequence taken.
    fn last_sequence(&self) -> u64 {
        self.pending.back().map_or(self.position.durable_sequence, |batch| batch.sequence)
    }

    /// Makes sure that what the server holds as batch `sequence` is what was sent as such.
    fn check_cursor(&self, sequence: u64, cursor: &[u8]) -> Result<(), ShipError> {
        let sent = if sequence == self.position.durable_sequence {
            Some(&self.position.cursor)
        } else {
            let mut pending = self.pending.iter();
            pending.find(|batch| batch.sequence == sequence).map(|batch| &batch.cursor)
        };
        if sent.is_some_and(|sent| sent == cursor) {
            return Ok(());
        }
        Err(ShipError::Diverged { producer: self.producer.clone(), sequence })
    }

    /// Counts the events of the batch that waits longest.
    fn count(&mut self, answer: &IngestResponse) -> Result<(), ShipError> {
        let events = self.pending.front().map_or(0, |batch| batch.events);
        if answer.duplicate {
            self.answers.duplicates += events;
            return Ok(());
        }
        let told: u64 = answer.outcomes.iter().map(|outcome| outcome.count).sum();
        if answer.accepted.checked_add(answer.rejected) != Some(events) || told != events {
            return Err(ShipError::Protocol(format!(
                "batch {} had {events} events; {} accepted, {} rejected and {told} outcomes came back",
                answer.sequence, answer.accepted, answer.rejected
            )));
        }
        self.answers.accepted += answer.accepted;
        self.answers.rejected += answer.rejected;
        for outcome in &answer.outcomes {
            *self.answers.outcomes.entry(outcome.outcome).or_default() += outcome.count;
        }
        Ok(())
    }
}
