//! Writes out what is published, in the form of the archive.

use std::path::Path;

use crate::vault::{
    recover,
    release::reader::stored_release,
    store::{
        Fault,
        archive::{self, Archive},
        disk::Disk,
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
pub fn export(data: &Path, to: &Path) -> Result<Exported, Fault> {
    if to.exists() && !archive::files(to)?.is_empty() {
        return Err(Fault::NotEmpty(to.to_owned()));
    }
    let disk = Disk::open_existing(data)?;
    recover::check_format(&disk, data)?;
    let (index, sites) = recover::load_published(&disk)?;
    let mut archive = Archive::open(to)?;
    for (site, row) in &sites {
        archive.append_settings(site, row)?;
    }
    let numbers = index.numbers_after(None, 0);
    for number in &numbers {
        archive.append(&stored_release(&disk, *number)?)?;
    }
    Ok(Exported { sites: sites.len(), releases: numbers.len() })
}
