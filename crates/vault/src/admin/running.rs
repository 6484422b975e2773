//! What an administrator may ask of a running committer: a backup, and whether it takes anything.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::Path,
};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    commit::{intake::Refusal, writer::Settled},
    store::{CommitError, at, backup, reader::LaneReader},
};

/// Something to do between two commits.
pub(crate) enum Order {
    /// Write all rows to a file that has no name.
    BackUp(oneshot::Sender<Result<File, CommitError>>),
}

/// Asks the committer. It does not keep the committer alive.
#[derive(Clone)]
pub struct Admin {
    orders: mpsc::Sender<Order>,
    accepts: watch::Receiver<bool>,
}

impl Admin {
    pub(crate) fn new(orders: mpsc::Sender<Order>, accepts: watch::Receiver<bool>) -> Self {
        Self { orders, accepts }
    }

    /// Whether there is room to take anything, now and when that changes.
    #[must_use]
    pub fn accepts(&self) -> watch::Receiver<bool> {
        self.accepts.clone()
    }

    /// A copy of the database as of now, to be read from its beginning. While it is made nothing is acknowledged. What is
    /// not published yet is encrypted in it, and its keys are not in it.
    ///
    /// # Errors
    /// When the committer has ended or the copy cannot be written.
    pub async fn back_up(&self) -> Result<File, Refusal> {
        let (reply, copy) = oneshot::channel();
        self.orders.send(Order::BackUp(reply)).await.map_err(|_| Refusal::Unavailable)?;
        Ok(copy.await.map_err(|_| Refusal::Unavailable)??)
    }
}

/// A copy of all rows, to be read from its beginning.
pub(crate) fn copy(lane: &LaneReader, directory: &Path, _: &Settled<'_>) -> Result<File, CommitError> {
    let at = |error: io::Error| at(directory)(error);
    let mut copy = BufWriter::new(tempfile::tempfile_in(directory).map_err(at)?);
    backup::write(lane, directory, &mut copy)?;
    copy.flush().map_err(at)?;
    let mut copy = copy.into_inner().map_err(|error| at(error.into_error()))?;
    copy.rewind().map_err(at)?;
    Ok(copy)
}
