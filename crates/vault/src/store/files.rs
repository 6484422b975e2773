//! A file or directory that cannot be used, by its name and what the system said.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A file could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// What the system said of a file or directory.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> FileError + use<> {
    let path = path.to_owned();
    move |source| FileError { path, source }
}
