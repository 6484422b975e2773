//! What an administrator does with a data directory that no server has open: complete it from the archive or a backup,
//! write it out, check it.

mod drill;
mod export;
mod restore;
pub(super) mod running;
mod verify;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

pub use drill::{Drilled, drill};
pub use export::{Exported, export};
pub use restore::{Restore, Restored, restore};
pub use verify::{Verified, verify};

use super::store::{
    AdminError, at,
    backup::{self, Backup},
    lane::Lane,
};

/// The directories of a server.
#[derive(Debug, Clone)]
pub struct Directories {
    /// The data directory.
    pub data: PathBuf,
    /// The key directory.
    pub keys: PathBuf,
    /// The directory of the archive of releases.
    pub archive: PathBuf,
}

/// Writes all rows of a database that no server has open. What is not published yet is encrypted in it.
///
/// # Errors
/// When a server has the data directory, when it is damaged, or when the file cannot be written.
pub fn back_up(data: &Path, to: &mut File) -> Result<(), AdminError> {
    let lane = Lane::open_existing(data)?;
    let mut to = BufWriter::new(to);
    backup::write(&lane.reader, data, &mut to)?;
    to.flush().map_err(at(data))?;
    Ok(())
}

/// Checks a backup file. Gives its length in bytes.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn check_backup(path: &Path) -> Result<u64, AdminError> {
    Ok(Backup::open(path)?.bytes()?)
}
