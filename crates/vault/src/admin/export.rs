//! Writes out what is published, in the form of the archive.

use std::path::Path;

use crate::{
    commit::recover,
    release::reader::stored_release,
    store::{
        AdminError,
        archive::{self, Archive},
        lane::Lane,
    },
};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Sites.
    pub sites: usize,
    /// Releases.
    pub releases: usize,
}

/// Writes every release of a data directory into an empty directory, in the form of the archive. Two exports of the same
/// releases are the same byte for byte.
///
/// # Errors
/// When a server has the data directory, when it is damaged, or when the other directory is not empty.
pub fn export(data: &Path, to: &Path) -> Result<Exported, AdminError> {
    if to.exists() && !archive::files(to)?.is_empty() {
        return Err(AdminError::NotEmpty(to.to_owned()));
    }
    let mut lane = Lane::open_existing(data)?;
    recover::check_format(&mut lane, data)?;
    let (index, sites) = recover::load_published(&lane.reader)?;
    let mut archive = Archive::open(to)?;
    for (site, row) in &sites {
        archive.append_settings(site, row)?;
    }
    let numbers = index.numbers_after(None, 0);
    for number in &numbers {
        archive.append(&stored_release(&lane.reader, *number)?)?;
    }
    Ok(Exported { sites: sites.len(), releases: numbers.len() })
}
