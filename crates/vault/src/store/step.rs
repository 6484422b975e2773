//! A step: what becomes durable together or not at all.

use serde::Serialize;

use super::{
    Damaged, ReadError,
    engine::{Changes, Range},
    reader::LaneReader,
    rows,
};
use crate::keys::Epoch;

/// Rows that are put, and rows that go.
#[derive(Debug, Default)]
pub(crate) struct Step {
    changes: Changes,
    /// All rows in these go, but for those that the same step puts.
    cleared: Vec<Range>,
    bytes: usize,
}

impl Step {
    pub(crate) fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let value = value.into();
        self.bytes += value.len();
        self.changes.insert(key.into(), Some(value));
    }

    /// Puts a row's content in its stored form.
    pub(crate) fn put_row(&mut self, key: &[u8], row: &impl Serialize) -> Result<(), Damaged> {
        self.put(key, rows::encode(row)?);
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), None);
    }

    /// Removes all that is stored of an epoch's cell, as of the moment at which the step is made durable.
    pub(crate) fn remove_cell(&mut self, epoch: &Epoch) {
        self.cleared.push(Range::beginning_with(&rows::parts_prefix(epoch)));
    }

    /// Removes every row.
    pub(crate) fn remove_all(&mut self) {
        self.cleared.push(Range::all());
    }

    /// How many bytes it puts.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rows that it changes in a lane as it is now.
    pub(super) fn changes(self, lane: &LaneReader) -> Result<Changes, ReadError> {
        let mut changes = self.changes;
        for range in &self.cleared {
            for key in lane.keys_in(range) {
                changes.entry(key?).or_insert(None);
            }
        }
        Ok(changes)
    }
}
