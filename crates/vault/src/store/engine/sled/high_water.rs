//! The high water: a small file beside the database, `witness`, that knows which durable step was the last.
//!
//! Damage at the end of a database that was not closed looks to it like a step that was never finished, and it opens at
//! an earlier state without a word. It is written after a step is durable, so the database may be ahead of it
//! (after a power failure), and is never behind it unless something was lost.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{FileError, at};
use crate::store::engine::Fence;

/// The last step and the first bytes of its hash, by which a half-written file is known.
const BYTES: usize = Fence::BYTES + 8;

pub(super) struct HighWater {
    path: PathBuf,
    file: File,
}

fn to_bytes(last: &Fence) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let (content, check) = bytes.split_at_mut(Fence::BYTES);
    content.copy_from_slice(&last.to_bytes());
    check.copy_from_slice(&blake3::hash(content).as_bytes()[..BYTES - Fence::BYTES]);
    bytes
}

impl HighWater {
    /// Opens the file, making it if there is none. Gives what it says: none where it is new, or was not wholly written.
    pub(super) fn open(directory: &Path) -> Result<(Self, Option<Fence>), FileError> {
        let path = directory.join("witness");
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(at(&path))?;
        let mut bytes = [0; BYTES];
        let said = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {
                let last = bytes.first_chunk().map(Fence::from_bytes);
                last.filter(|last| to_bytes(last) == bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(at(&path)(error)),
        };
        if said.is_none() {
            // So that later writes change no length, which a write without a sync might lose.
            file.write_all_at(&to_bytes(&Fence::default()), 0).and_then(|()| file.sync_all()).map_err(at(&path))?;
        }
        Ok((Self { path, file }, said))
    }

    /// Notes a step that is durable. Not synced: one that is behind does no harm.
    pub(super) fn note(&self, last: &Fence) -> Result<(), FileError> {
        self.file.write_all_at(&to_bytes(last), 0).map_err(at(&self.path))
    }
}
