//! Reads the rows of the lane. Whoever has a reader cannot write: there is no way from here to the writer.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{
    Damaged, ReadError,
    engine::{EngineError, Range, ReadRows, Row},
    rows,
};
use crate::keys::Epoch;

/// Reads rows. Clones share the lane.
#[derive(Clone)]
pub(crate) struct LaneReader {
    lane: Arc<dyn ReadRows>,
}

impl LaneReader {
    pub(super) fn new(lane: Arc<dyn ReadRows>) -> Self {
        Self { lane }
    }

    /// A value.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.lane.get(key)?)
    }

    /// A value; `what` names it if it is damaged.
    pub(crate) fn named(&self, key: &[u8], what: &str) -> Result<Option<Vec<u8>>, ReadError> {
        match self.lane.get(key) {
            Err(EngineError::Damaged(_)) => Err(Damaged::new(what).into()),
            value => Ok(value?),
        }
    }

    /// A row's content; `what` names it if it is damaged.
    pub(crate) fn row<T: DeserializeOwned>(&self, key: &[u8], what: &str) -> Result<Option<T>, ReadError> {
        Ok(self.get(key)?.map(|bytes| rows::decode(&bytes, what)).transpose()?)
    }

    /// All rows whose keys begin so, in order.
    pub(crate) fn scan(&self, prefix: &[u8]) -> impl Iterator<Item = Result<Row, ReadError>> + '_ {
        self.lane.scan(&Range::beginning_with(prefix)).map(|row| Ok(row?))
    }

    /// The same without the values.
    pub(crate) fn keys(&self, prefix: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, ReadError>> + '_ {
        self.keys_in(&Range::beginning_with(prefix))
    }

    pub(super) fn keys_in<'l>(&'l self, range: &Range) -> impl Iterator<Item = Result<Vec<u8>, ReadError>> + use<'l> {
        self.lane.keys(range).map(|key| Ok(key?))
    }

    /// Whether something is stored of an epoch's cell.
    pub(crate) fn has_cell(&self, epoch: &Epoch) -> bool {
        self.keys(&rows::parts_prefix(epoch)).next().is_some()
    }

    /// Whether there is room for more.
    pub(crate) fn room(&self) -> Result<(), EngineError> {
        self.lane.room()
    }

    /// Leaves the lane as it is, after a failure: nothing more is written.
    pub(crate) fn abandon(&self) {
        self.lane.abandon();
    }
}
