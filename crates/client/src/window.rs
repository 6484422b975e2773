//! The batches that were sent and are not acknowledged yet, and what the answers to the others said.
//!
//! Holds every batch until the server says that it is durable, checks each answer against what was sent, and counts each
//! event of a durable batch exactly once.

use std::collections::{BTreeMap, VecDeque};

use headcount_proto::{IngestRequest, IngestResponse};
use prost::Message as _;

use super::batch::Batch;
use super::codec::Frame;
use super::error::SendError;

/// How many batches may wait for their acknowledgement.
pub const WINDOW_BATCHES: usize = 32;

/// A place in a producer's sequence, as the server keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The last batch that is durable; 0 where there is none.
    pub durable_sequence: u64,
    /// What was sent as that batch's cursor.
    pub cursor: Vec<u8>,
}

/// What the server said of the events it was sent, in batches that are durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Events that the server counted, or left out for a reason that is no fault of the sender.
    pub accepted: u64,
    /// Events that the server rejected.
    pub rejected: u64,
    /// Events of batches that turned out to be durable after the connection had broken: they are counted once, but the
    /// answer that told their outcome was lost.
    pub duplicates: u64,
    /// Accepted and rejected events by the number of their [`Outcome`](headcount_proto::Outcome). A newer server may have
    /// numbers that are not known here.
    pub outcomes: BTreeMap<i32, u64>,
}

/// A batch that waits.
struct Pending {
    sequence: u64,
    events: u64,
    cursor: Vec<u8>,
    frame: Frame,
}

/// The window of one producer.
pub(super) struct Window {
    /// What every request says.
    head: IngestRequest,
    pending: VecDeque<Pending>,
    pub(super) position: Position,
    pub(super) receipt: Receipt,
}

impl Window {
    /// For batches that begin with what `head` says.
    pub(super) fn new(head: IngestRequest, position: Position) -> Self {
        Self { head, pending: VecDeque::new(), position, receipt: Receipt::default() }
    }

    /// Who sends.
    pub(super) fn producer(&self) -> &str {
        &self.head.producer
    }

    /// How many batches wait.
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// How many events they hold.
    pub(super) fn events(&self) -> u64 {
        self.pending.iter().map(|batch| batch.events).sum()
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < WINDOW_BATCHES
    }

    /// Takes the next batch, numbers it, and gives what is to be sent.
    pub(super) fn push(&mut self, batch: Batch) -> Frame {
        let (sequence, events) = (self.last_sequence() + 1, batch.events());
        let (encoded, cursor, complete_through_unix_ms) = batch.into_parts();
        let head = IngestRequest { sequence, complete_through_unix_ms, cursor: cursor.clone(), ..self.head.clone() };
        let frame = Frame { head: head.encode_to_vec().into(), events: encoded };
        self.pending.push_back(Pending { sequence, events, cursor, frame: frame.clone() });
        frame
    }

    /// Everything that waits, to be sent again.
    pub(super) fn frames(&self) -> impl Iterator<Item = Frame> {
        self.pending.iter().map(|batch| batch.frame.clone())
    }

    /// The cursor of the last batch taken.
    pub(super) fn last_cursor(&self) -> &[u8] {
        self.pending.back().map_or(&self.position.cursor, |batch| &batch.cursor)
    }

    /// Takes in the answer to the batch that waits longest. Returns how many events were accepted.
    pub(super) fn answered(&mut self, answer: &IngestResponse) -> Result<u64, SendError> {
        let Some(batch) = self.pending.front() else {
            return Err(SendError::Protocol(format!("an answer to batch {}, where none was owed", answer.sequence)));
        };
        if answer.sequence != batch.sequence || answer.durable_sequence < batch.sequence {
            return Err(SendError::Protocol(format!(
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
    pub(super) fn resumed(&mut self, server: Position) -> Result<(), SendError> {
        let durable = server.durable_sequence;
        if durable < self.position.durable_sequence {
            return Err(SendError::WentBack {
                producer: self.head.producer.clone(),
                acknowledged: self.position.durable_sequence,
                durable,
            });
        }
        self.check_cursor(durable, &server.cursor)?;
        while let Some(batch) = self.pending.front()
            && batch.sequence <= durable
        {
            self.receipt.duplicates += batch.events;
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
    fn check_cursor(&self, sequence: u64, cursor: &[u8]) -> Result<(), SendError> {
        let sent = if sequence == self.position.durable_sequence {
            Some(&self.position.cursor)
        } else {
            let mut pending = self.pending.iter();
            pending.find(|batch| batch.sequence == sequence).map(|batch| &batch.cursor)
        };
        if sent.is_some_and(|sent| sent == cursor) {
            return Ok(());
        }
        Err(SendError::Diverged { producer: self.head.producer.clone(), sequence })
    }

    /// Counts the events of the batch that waits longest.
    fn count(&mut self, answer: &IngestResponse) -> Result<(), SendError> {
        let events = self.pending.front().map_or(0, |batch| batch.events);
        if answer.duplicate {
            self.receipt.duplicates += events;
            return Ok(());
        }
        let told: u64 = answer.outcomes.iter().map(|outcome| outcome.count).sum();
        if answer.accepted.checked_add(answer.rejected) != Some(events) || told != events {
            return Err(SendError::Protocol(format!(
                "batch {} had {events} events; {} accepted, {} rejected and {told} outcomes came back",
                answer.sequence, answer.accepted, answer.rejected
            )));
        }
        self.receipt.accepted += answer.accepted;
        self.receipt.rejected += answer.rejected;
        for outcome in &answer.outcomes {
            *self.receipt.outcomes.entry(outcome.outcome).or_default() += outcome.count;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
