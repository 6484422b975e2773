//! The lane of a data directory in one sled tree (sled 0.34.7): for one process, on one disk.
//!
//! A step is one batch, durable after sled's flush, which is no fsync, and our own sync of its file. After an error nobody
//! can say what sled still writes, so it is left as it is, and only the next open tells what became of the step.

mod blobs;
mod high_water;
mod open;
mod read;
mod stopwatch;

use std::{fs::File, path::PathBuf, sync::Arc};

use sled::{Batch, Db};

use super::{Changes, EngineError, Fate, Fence, ReadRows, StepError, WriteRows, is_long, refused};
use crate::store::{
    files::{FileError, at},
    pieces,
};
use blobs::Blobs;
use high_water::HighWater;
#[cfg(test)]
pub(crate) use open::open_database;
pub(super) use open::{open, require};
use stopwatch::Stopwatch;

/// The row of the last step.
const FENCE_KEY: &[u8] = b"m/sum";

/// An open tree. The reader and the writer share it.
struct Tree {
    db: Db,
    directory: PathBuf,
    reserve_mib: u64,
    /// Held for as long as this process has the directory; dropped after the database.
    _lock: File,
}

impl Tree {
    fn refused(&self, source: sled::Error) -> EngineError {
        open::refused_by_sled(&self.directory, source)
    }
}

/// The half that writes.
struct SledWriter {
    tree: Arc<Tree>,
    /// sled's data file.
    data_file: File,
    blobs: Blobs,
    watch: Stopwatch,
    high_water: HighWater,
}

impl WriteRows for SledWriter {
    fn commit(&mut self, changes: &Changes, from: &Fence, to: &Fence) -> Result<(), StepError> {
        self.watch.start();
        let result = self.try_commit(changes, from, to);
        self.watch.stop();
        // sled itself is well where only the fence was another one.
        if matches!(result, Err(StepError::Refused(_) | StepError::InDoubt(_))) {
            self.tree.abandon();
        }
        result
    }

    fn fate(&mut self, _: &Fence, _: &Fence) -> Fate {
        Fate::Unknown
    }
}

impl SledWriter {
    fn try_commit(&mut self, changes: &Changes, from: &Fence, to: &Fence) -> Result<(), StepError> {
        let found = self.tree.fence().map_err(StepError::Refused)?;
        if found != *from {
            return Err(StepError::Fenced(found));
        }
        let mut batch = self.batch(changes).map_err(StepError::Refused)?;
        batch.insert(FENCE_KEY, &to.to_bytes()[..]);
        self.apply(batch, to).map_err(StepError::InDoubt)
    }

    fn batch(&self, changes: &Changes) -> Result<Batch, EngineError> {
        let mut batch = Batch::default();
        for (key, value) in changes {
            match value {
                _ if is_long(key) => self.put_long(&mut batch, key, value.as_deref())?,
                Some(value) => batch.insert(&key[..], &value[..]),
                None => batch.remove(&key[..]),
            }
        }
        Ok(batch)
    }

    /// The pieces of a long value, in the place of those of the one before.
    fn put_long(&self, batch: &mut Batch, key: &[u8], value: Option<&[u8]>) -> Result<(), EngineError> {
        for piece in self.tree.db.range(read::pieces_of(key)).keys() {
            batch.remove(piece.map_err(|e| self.tree.refused(e))?);
        }
        let Some(value) = value else { return Ok(()) };
        let too_long = || EngineError::Damaged("a value of more than 4 GiB".to_owned());
        for (key, piece) in pieces::cut(key, value).ok_or_else(too_long)? {
            batch.insert(key, piece);
        }
        Ok(())
    }

    fn apply(&self, batch: Batch, to: &Fence) -> Result<(), EngineError> {
        let tree = &self.tree;
        tree.db.apply_batch(batch).map_err(|e| tree.refused(e))?;
        tree.db.flush().map_err(|e| tree.refused(e))?;
        self.blobs.sync()?;
        let file = tree.directory.join("db").join("db");
        self.data_file.sync_data().map_err(at(&file))?;
        Ok(self.high_water.note(to)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_stay_in_the_one_file() {
        let directory = tempfile::tempdir().unwrap();
        let mut lane = open(directory.path(), 0).unwrap();
        let (mut fence, mut random) = (Fence::default(), 1_u64);
        let mut value = vec![0; 400_000];
        for round in 0..40_u8 {
            for byte in &mut value {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (random >> 56) as u8;
            }
            let mut changes = Changes::new();
            // As the journal grows, and as cells are written again.
            changes.insert(vec![b'j', b'/', round], Some(value[..usize::from(round) * 10_000].to_vec()));
            changes.insert(b"o/c".to_vec(), Some(value[usize::from(round) * 5_000..].to_vec()));
            if round % 8 == 7 {
                changes.extend((0..round).map(|old| (vec![b'j', b'/', old], None)));
            }
            let to = Fence { steps: fence.steps + 1, ..fence };
            lane.writer.commit(&changes, &fence, &to).unwrap();
            fence = to;
            let blobs = std::fs::read_dir(directory.path().join("db/blobs")).unwrap();
            assert_eq!(blobs.count(), 0, "after round {round}");
        }
    }
}
