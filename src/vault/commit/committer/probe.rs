//! What tests see of a committer, and how they move it step by step. No other build has it.

use super::*;
use crate::vault::{cells::Cells, commit::checkpoint::Stored, store::rows::ChainPoint};

impl Committer {
    pub(in crate::vault) fn cells_mut(&mut self) -> &mut Cells {
        self.counted.open.cells_mut()
    }

    pub(in crate::vault) fn head(&self) -> ChainPoint {
        self.counted.open.head()
    }

    pub(in crate::vault) fn lane(&self) -> &LaneReader {
        &self.room.lane
    }

    pub(in crate::vault) fn stored(&self) -> &Stored {
        self.counted.checkpointer.stored()
    }

    /// Waits for the next batch, and commits it with all that wait behind it.
    pub(in crate::vault) async fn commit_next(&mut self) -> Result<(), CommitError> {
        let first = self.inbox.commits.recv().await.expect("somebody who sends");
        self.commit_group(first)
    }

    /// Commits every batch that waits, and waits until they are durable.
    pub(in crate::vault) fn commit_waiting(&mut self) -> Result<(), CommitError> {
        while let Ok(first) = self.inbox.commits.try_recv() {
            self.commit_group(first)?;
        }
        self.writer.settled().map(|_| ())
    }

    /// Seals all that is due, of all sites.
    pub(in crate::vault) fn seal_due(&mut self) -> Result<(), CommitError> {
        self.seals.queue.look_at(self.shared.registry.names());
        while !self.seals.queue.is_empty() {
            self.seal_next()?;
        }
        Ok(())
    }

    /// Whether a checkpoint is under way.
    pub(in crate::vault) fn is_in_checkpoint(&self) -> bool {
        self.counted.checkpointer.is_under_way()
    }

    pub(in crate::vault) fn begin_checkpoint(&mut self) {
        self.counted.checkpointer.begin(&self.counted.open);
    }

    /// Writes some more of a checkpoint, durably.
    pub(in crate::vault) fn write_some(&mut self) -> Result<(), CommitError> {
        self.go_on_with_checkpoint()
    }

    /// Writes all of a checkpoint.
    pub(in crate::vault) fn write_all(&mut self) -> Result<(), CommitError> {
        self.checkpoint()
    }
}
