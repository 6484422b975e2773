//! One batch of accesses, encoded as they are added, so that an event is not held longer than it takes to write it.
//!
//! It holds visitor data, so it has no `Debug`. Site, producer and sequence are added when it is sent.

use headcount_proto::AccessEvent;
use prost::Message as _;
use prost::bytes::Bytes;

use super::error::UsageError;

/// The most events of a batch, by the protocol.
pub const BATCH_EVENTS_MAX: u64 = 20_000;

/// The longest batch in bytes, as it is encoded. With its head it stays below the 4 MiB that a gRPC server or a proxy
/// takes where nobody told it otherwise.
pub const BATCH_BYTES_MAX: usize = 4_000_000;

/// The longest cursor in bytes, by the protocol.
pub const CURSOR_BYTES_MAX: usize = 256;

/// The field `events` of an `IngestRequest`, number 4, as a length and bytes.
const EVENTS_KEY: u8 = (4 << 3) | 2;

/// Accesses to one site, to be sent as one. Either all of them become durable or none.
#[derive(Clone, Default)]
pub struct Batch {
    encoded: Vec<u8>,
    events: u64,
    cursor: Vec<u8>,
    complete_through_unix_ms: i64,
}

impl Batch {
    /// A batch without events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an access. Send the batch before it goes over [`BATCH_EVENTS_MAX`] or [`BATCH_BYTES_MAX`]: one that is larger
    /// is refused as a whole. An event within the protocol's limits has at most some 20 kB.
    pub fn add(&mut self, event: &AccessEvent) {
        self.encoded.push(EVENTS_KEY);
        // This fails where the room ends, and a vector's does not.
        let _ = event.encode_length_delimited(&mut self.encoded);
        self.events += 1;
    }

    /// Sets what the server keeps with the batch and gives back after it: where the sender stands in what it reads. At most
    /// [`CURSOR_BYTES_MAX`]. Never put visitor data into it: the server stores it as it is.
    pub fn set_cursor(&mut self, cursor: Vec<u8>) {
        self.cursor = cursor;
    }

    /// States with this batch that the producer has sent every access before an instant, in milliseconds since 1970. The
    /// server may then publish the periods that ended before it. 0 states nothing.
    pub fn set_complete_through(&mut self, unix_ms: i64) {
        self.complete_through_unix_ms = unix_ms;
    }

    /// How many accesses it holds.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How long they are, in bytes.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.encoded.len()
    }

    /// What the server is to keep with it.
    #[must_use]
    pub fn cursor(&self) -> &[u8] {
        &self.cursor
    }

    /// Makes sure that a server takes it.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        if self.events > BATCH_EVENTS_MAX || self.encoded.len() > BATCH_BYTES_MAX {
            return Err(UsageError::Batch { events: self.events, bytes: self.encoded.len() });
        }
        if self.cursor.len() > CURSOR_BYTES_MAX {
            return Err(UsageError::Cursor { bytes: self.cursor.len() });
        }
        Ok(())
    }

    /// Its parts: the encoded events, the cursor, the instant.
    pub(super) fn into_parts(self) -> (Bytes, Vec<u8>, i64) {
        (self.encoded.into(), self.cursor, self.complete_through_unix_ms)
    }
}
