//! Free space that is never used: the last of a disk stays free, so that a full disk refuses and damages nothing.

use std::path::{Path, PathBuf};

use super::files::{FileError, at};

const MIB: u64 = 1024 * 1024;

/// There is less free space than is kept in reserve.
#[derive(Debug, thiserror::Error)]
#[error("only {free_mib} MiB are free for {path}, and {reserve_mib} MiB are kept in reserve: free some space")]
pub struct NoSpace {
    /// A directory on that disk.
    pub path: PathBuf,
    /// What is free.
    pub free_mib: u64,
    /// What is kept.
    pub reserve_mib: u64,
}

/// Whether a directory has more free space than the reserve.
pub(crate) fn check<E: From<FileError> + From<NoSpace>>(path: &Path, reserve_mib: u64) -> Result<(), E> {
    let free_mib = fs4::available_space(path).map_err(at(path))? / MIB;
    if free_mib < reserve_mib {
        return Err(NoSpace { path: path.to_owned(), free_mib, reserve_mib }.into());
    }
    Ok(())
}
