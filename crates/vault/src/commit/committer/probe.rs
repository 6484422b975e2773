//! What tests see of a committer, and how they move it step by step. No other build has it.

use super::*;
use crate::{cells::Cells, commit::checkpoint::Stored, store::rows::ChainPoint};

impl Committer {
    pub(crate) fn cells_mut(&mut self) -> &mut Cells {
        self.counted.open.cells_mut()
    }

    pub(crate) fn head(&self) -> ChainPoint {
        self.counted.open.head()
    }

    pub(crate) fn lane(&self) -> &LaneReader {
        &self.room.lane
    }

    pub(crate) fn stored(&self) -> &Stored {
        self.counted.checkpointer.stored()
    }

    /// Waits for the next batch, and commits it with all that wait behind it.
    pub(crate) async fn commit_next(&mut self) -> Result<(), CommitError> {
        let first = self.inbox.commits.recv().await.expect("somebody who sends");
        self.commit_group(first)
    }

    /// Commits every batch that waits, and waits until they are durable.
    pub(crate) fn commit_waiting(&mut self) -> Result<(), CommitError> {
        while let Ok(first) = self.inbox.commits.try_recv() {
            self.commit_group(first)?;
        }
        self.writer.settled().map(|_| ())
    }

    /// Seals all that is due, of all sites.
    pub(crate) fn seal_due(&mut self) -> Result<(), CommitError> {
        self.look()?;
        while !self.seals.queue.is_empty() {
            self.seal_next()?;
        }
        Ok(())
    }

    /// Whether a checkpoint is under way.
    pub(crate) fn is_in_checkpoint(&self) -> bool {
        self.counted.checkpointer.is_under_way()
    }

    pub(crate) fn begin_checkpoint(&mut self) {
        self.counted.checkpointer.begin(&self.counted.open);
    }

    /// Writes some more of a checkpoint, durably.
    pub(crate) fn write_some(&mut self) -> Result<(), CommitError> {
        self.go_on_with_checkpoint()
    }

    /// Writes all of a checkpoint.
    pub(crate) fn write_all(&mut self) -> Result<(), CommitError> {
        self.checkpoint()
    }
}
