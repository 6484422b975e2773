//! What goes to one site of what is read: its batch under way, who takes it, and where the site's producer stood.

use headcount_client::{Batch, Position};
use tokio::sync::mpsc;

use super::cursor::Cursor;
use super::prepare::InputError;
use crate::proto::AccessEvent;

/// Who takes the batches.
pub(super) enum Taker {
    /// One site's sender.
    Only(mpsc::Sender<Batch>),
    /// A sender for several sites, with the number of this one.
    Shared(mpsc::Sender<(usize, Batch)>, usize),
}

/// The way of a log's accesses to one site.
pub(super) struct Lane {
    taker: Taker,
    position: Position,
    /// Where the last run ended, until that is passed.
    pub(super) cursor: Option<Cursor>,
    /// Lines up to here were sent by earlier runs.
    pub(super) durable_offset: u64,
    batch: Batch,
    /// Lines were read since its last batch.
    pub(super) is_behind: bool,
}

impl Lane {
    /// For a site whose producer stands at a position.
    pub(super) fn new(taker: Taker, position: Position) -> Self {
        Self { taker, position, cursor: None, durable_offset: 0, batch: Batch::new(), is_behind: false }
    }

    /// Reads where the last run ended.
    ///
    /// # Errors
    /// The producer was used for something else.
    pub(super) fn decode(&mut self, producer: &str) -> Result<(), InputError> {
        if self.position.durable_sequence == 0 {
            return Ok(());
        }
        let cursor = Cursor::decode(&self.position.cursor)
            .map_err(|error| InputError::Cursor { producer: producer.to_owned(), error })?;
        self.durable_offset = cursor.offset_bytes;
        self.cursor = Some(cursor);
        Ok(())
    }

    /// Adds an access to the batch.
    pub(super) fn add(&mut self, event: &AccessEvent) {
        self.batch.add(event);
    }

    /// How many accesses the batch holds.
    pub(super) fn events(&self) -> u64 {
        self.batch.events()
    }

    /// How long they are, in bytes.
    pub(super) fn encoded_bytes(&self) -> usize {
        self.batch.encoded_bytes()
    }

    /// Hands the batch over with the position after it, and with what is complete by then. False where nobody takes it.
    pub(super) fn hand_over(&mut self, cursor: Vec<u8>, complete_unix_ms: Option<i64>) -> bool {
        let mut batch = std::mem::take(&mut self.batch);
        batch.set_cursor(cursor);
        if let Some(complete_unix_ms) = complete_unix_ms {
            batch.set_complete_through(complete_unix_ms);
        }
        self.is_behind = false;
        match &self.taker {
            Taker::Only(sender) => sender.blocking_send(batch).is_ok(),
            Taker::Shared(sender, site) => sender.blocking_send((*site, batch)).is_ok(),
        }
    }
}
