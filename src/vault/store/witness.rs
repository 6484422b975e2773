//! The witness: a small file beside the database that knows which durable step was the last.
//!
//! Damage at the end of a database that was not closed looks to it like a step that was never finished, and it opens at
//! an earlier state without a word. The witness is written after a step is durable, so the database may be ahead of it
//! (after a power failure), and is never behind it unless something was lost.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{Fault, at, sum::RowSum};

/// The sum and the first bytes of its hash, by which a half-written file is known.
const BYTES: usize = 48;

pub(super) struct Witness {
    path: PathBuf,
    file: File,
}

fn to_bytes(sum: &RowSum) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let (content, check) = bytes.split_at_mut(40);
    content.copy_from_slice(&sum.to_bytes());
    check.copy_from_slice(&blake3::hash(content).as_bytes()[..BYTES - 40]);
    bytes
}

impl Witness {
    /// Opens the file, making it if there is none. Gives what it says: none where it is new, or was not wholly written.
    pub(super) fn open(directory: &Path) -> Result<(Self, Option<RowSum>), Fault> {
        let path = directory.join("witness");
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(at(&path))?;
        let mut bytes = [0; BYTES];
        let said = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {
                // Unwrap safety: the first 40 of 48 bytes.
                let sum = RowSum::from_bytes(bytes[..40].try_into().expect("40 bytes"));
                (to_bytes(&sum) == bytes).then_some(sum)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(at(&path)(error)),
        };
        if said.is_none() {
            // So that later writes change no length, which a write without a sync might lose.
            file.write_all_at(&to_bytes(&RowSum::default()), 0).and_then(|()| file.sync_all()).map_err(at(&path))?;
        }
        Ok((Self { path, file }, said))
    }

    /// Notes a step that is durable. Not synced: a witness that is behind does no harm.
    pub(super) fn note(&self, sum: &RowSum) -> Result<(), Fault> {
        self.file.write_all_at(&to_bytes(sum), 0).map_err(at(&self.path))
    }
}
