//! The archive: everything that was published, once more, in files that outlive the database.
//!
//! A directory for each site holds `site.jsonl` (its settings) and a file for each month (`2026-11.jsonl`), to which the
//! releases that end in it are appended. A line is a JSON object whose last member is a digest: the BLAKE3 hash of the
//! digest of the line before and of the line without it, so that a line that is missing, altered or out of place is found.
//! What was appended is never changed. Nothing here is secret: it holds what anybody may read.

mod lines;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub(crate) use lines::Lines;

use super::{ArchiveError, FileError, at, rows::SiteRow};
use crate::{
    calendar::{Period, PeriodKind},
    release::block::Release,
    units::SiteName,
};

/// The version of the lines.
const VERSION: u32 = 1;
/// The file that holds the number of the last release.
const HEAD: &str = "head";
/// The file of a site's settings.
const SETTINGS: &str = "site.jsonl";

/// What a line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// The first line of every file.
    HeadcountArchive(Heading),
    /// The settings of a site from here on.
    Settings(SiteRow),
    /// A published period.
    Release(Box<Release>),
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heading {
    pub(crate) version: u32,
    pub(crate) site: SiteName,
}

/// The archive, open for appending.
pub(crate) struct Archive {
    directory: PathBuf,
    head: File,
    last_release: u64,
}

impl Archive {
    /// Opens the archive in a directory, making it if need be.
    pub(crate) fn open(directory: &Path) -> Result<Self, ArchiveError> {
        fs::create_dir_all(directory).map_err(at(directory))?;
        let path = directory.join(HEAD);
        let head = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let head = head.map_err(at(&path))?;
        let last_release = match noted(directory) {
            Some(number) => number,
            // New, or not wholly written: the files themselves know.
            None => last_release(directory)?,
        };
        Ok(Self { directory: directory.to_owned(), head, last_release })
    }

    /// The number of the last release that was appended; 0 where there is none.
    pub(crate) fn last_release(&self) -> u64 {
        self.last_release
    }

    /// Checks what will be appended to: each site's settings, and the last line of its latest month. `headcount verify` checks
    /// all.
    pub(crate) fn check_ends(&self) -> Result<(), ArchiveError> {
        for site in entries(&self.directory)?.into_iter().filter(|path| path.is_dir()) {
            let files = entries(&site)?;
            for file in files.iter().filter(|path| path.ends_with(SETTINGS)) {
                Lines::open(file)?.try_for_each(|line| line.map(|_| ()))?;
            }
            let is_month =
                |path: &&PathBuf| path.extension().is_some_and(|e| e == "jsonl") && !path.ends_with(SETTINGS);
            if let Some(latest) = files.iter().rfind(is_month) {
                lines::last(latest)?;
            }
        }
        Ok(())
    }

    /// Appends a release, durably. Releases come in the order of their numbers.
    pub(crate) fn append(&mut self, release: &Release) -> Result<(), ArchiveError> {
        let path = month_file(&self.directory, release);
        append(&path, &release.site, Entry::Release(Box::new(release.clone())))?;
        self.note(release.number)
    }

    /// The same for a release that may be there already: a crash came before its number was noted.
    pub(crate) fn append_missing(&mut self, release: &Release) -> Result<(), ArchiveError> {
        if last_in(&month_file(&self.directory, release))? < release.number {
            self.append(release)
        } else {
            self.note(release.number)
        }
    }

    fn note(&mut self, number: u64) -> Result<(), ArchiveError> {
        self.last_release = self.last_release.max(number);
        let path = self.directory.join(HEAD);
        self.head.write_all_at(format!("{:020}\n", self.last_release).as_bytes(), 0).map_err(at(&path))?;
        Ok(())
    }

    /// Appends the settings of a site, durably, unless they are the last ones there.
    pub(crate) fn append_settings(&self, site: &SiteName, row: &SiteRow) -> Result<(), ArchiveError> {
        let path = self.directory.join(site.as_str()).join(SETTINGS);
        let last = if path.exists() { settings(&path)? } else { None };
        if last.as_ref() == Some(row) { Ok(()) } else { append(&path, site, Entry::Settings(row.clone())) }
    }
}

/// The number that was noted as that of the last release.
pub(crate) fn noted(directory: &Path) -> Option<u64> {
    fs::read_to_string(directory.join(HEAD)).ok()?.trim().parse().ok()
}

/// The file that a release belongs to: that of the month in which its period ends.
fn month_file(directory: &Path, release: &Release) -> PathBuf {
    let last_day = match release.period.kind {
        PeriodKind::Hour => release.period.start,
        _ => release.period.end_day().plus(-1),
    };
    let month = Period::month_of(last_day).start.to_string();
    // A date is at least ten characters long; the last three are the day.
    directory.join(release.site.as_str()).join(format!("{}.jsonl", &month[..month.len() - 3]))
}

/// Appends a line to a file, with a heading if it is new, and makes it durable.
fn append(path: &Path, site: &SiteName, entry: Entry) -> Result<(), ArchiveError> {
    let mut text = Vec::new();
    let digest = if path.exists() {
        lines::cut_unfinished(path)?
    } else {
        make_directory(path)?;
        None
    };
    let mut chain = digest.unwrap_or_default();
    if digest.is_none() {
        let heading = Entry::HeadcountArchive(Heading { version: VERSION, site: site.clone() });
        chain = lines::write(&heading, chain, &mut text)?;
    }
    lines::write(&entry, chain, &mut text)?;
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(at(path))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(at(path))?;
    if digest.is_none() {
        sync_directory(path)?;
    }
    Ok(())
}

fn make_directory(file: &Path) -> Result<(), FileError> {
    let Some(directory) = file.parent() else { return Ok(()) };
    if directory.exists() {
        return Ok(());
    }
    fs::create_dir_all(directory).map_err(at(directory))?;
    sync_directory(directory)
}

/// Makes the name of a file or directory durable.
fn sync_directory(of: &Path) -> Result<(), FileError> {
    let Some(directory) = of.parent() else { return Ok(()) };
    File::open(directory).and_then(|d| d.sync_all()).map_err(at(directory))
}

/// The number of the last release in a file; 0 where there is no such file or release.
fn last_in(path: &Path) -> Result<u64, ArchiveError> {
    if !path.exists() {
        return Ok(0);
    }
    match lines::last(path)? {
        Some(Entry::Release(release)) => Ok(release.number),
        _ => Ok(0),
    }
}

/// The last settings in a file.
fn settings(path: &Path) -> Result<Option<SiteRow>, ArchiveError> {
    match lines::last(path)? {
        Some(Entry::Settings(row)) => Ok(Some(row)),
        _ => Ok(None),
    }
}

fn last_release(directory: &Path) -> Result<u64, ArchiveError> {
    let mut last = 0;
    for file in files(directory)? {
        last = last.max(last_in(&file)?);
    }
    Ok(last)
}

/// All files of an archive, in the order of their names.
pub(crate) fn files(directory: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let mut found = Vec::new();
    for site in entries(directory)?.into_iter().filter(|path| path.is_dir()) {
        found.extend(entries(&site)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl")));
    }
    Ok(found)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let read = || fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut entries = read().map_err(at(directory))?;
    entries.sort();
    Ok(entries)
}
