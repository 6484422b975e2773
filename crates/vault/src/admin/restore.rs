//! Completes a database from the archive of releases, or from a backup and the archive.
//!
//! Whatever was published once must be in the database before it opens again: a period that was published and is open
//! would be drawn a second time, and two noisy values tell more than one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Directories;
use crate::{
    calendar::{Day, Period, PeriodKind},
    commit::recover,
    keys::{Epoch, KeyRing},
    release::{
        block::Release,
        index::{Index, PublishedPeriods},
    },
    store::{
        AdminError, ArchiveError, CommitError, Damaged, Step,
        archive::{self, Entry, Lines},
        at,
        backup::Backup,
        lane::Lane,
        rows::{self, SiteRow},
        writer::LaneWriter,
    },
    units::SiteName,
};

/// Releases that are taken in with one step.
const RELEASES_PER_STEP: usize = 64;

/// What to restore.
#[derive(Debug, Clone)]
pub struct Restore {
    /// Where the server's directories are, or will be.
    pub directories: Directories,
    /// A copy of an archive, or an export, to take as this server's archive; it must not have one yet. Without it the archive
    /// that is there is read; where there is none, a backup alone is put back.
    pub from: Option<PathBuf>,
    /// A backup to begin with; there must be no database yet.
    pub backup: Option<PathBuf>,
}

/// What was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Sites in the archive.
    pub sites: usize,
    /// Releases that the database lacked.
    pub releases: usize,
    /// Releases that it had.
    pub known: usize,
    /// Weeks and months that will be published as gaps, because the sums of some of their days are lost.
    pub lost: Vec<Epoch>,
    /// There was no archive to compare the backup with.
    pub is_unchecked: bool,
    /// How many more releases are noted in the key directory than are here now.
    pub unknown_releases: u64,
}

/// What an archive says, but for the releases themselves.
#[derive(Default)]
struct Contents {
    sites: BTreeMap<SiteName, SiteRow>,
    days: BTreeSet<(SiteName, Day)>,
}

/// Puts everything into the database that was published and that it lacks.
///
/// # Errors
/// When a server has the data directory, when the archive or the backup is damaged, when they belong to another database,
/// or when there is a database (with `backup`) or an archive (with `from`) already. It can be run again after an error.
pub fn restore(what: &Restore) -> Result<Restored, AdminError> {
    let Directories { data, keys, archive } = &what.directories;
    let backup = what.backup.as_deref().map(Backup::open).transpose()?;
    if let Some(from) = &what.from {
        take_over(from, archive)?;
    }
    let is_unchecked = backup.is_some() && !archive.exists();
    let files = if is_unchecked { Vec::new() } else { archive::files(archive)? };
    let contents = read(&files)?;
    let mut lane = Lane::open_older(data)?;
    if recover::is_unfinished(&lane.reader)? {
        let mut step = Step::default();
        step.remove_all();
        lane.writer.commit(step)?;
    }
    if let Some(backup) = backup {
        if lane.reader.get(rows::FORMAT_KEY)?.is_some() {
            return Err(AdminError::NotEmpty(data.join("db")));
        }
        recover::mark_unfinished(&mut lane.writer)?;
        backup.put_back(&mut lane.writer)?;
    }
    recover::check_format(&mut lane, data)?;
    let (index, stored) = recover::load_published(&lane.reader)?;
    let mut taking =
        Taking { lane: &mut lane.writer, index, contents: &contents, step: Step::default(), adopted: Vec::new() };
    taking.settings(&stored)?;
    let mut restored = Restored { sites: contents.sites.len(), is_unchecked, ..Restored::default() };
    for file in files {
        for line in Lines::open(&file)? {
            let Entry::Release(release) = line?.entry else { continue };
            restored.known += usize::from(!taking.release(&release, archive)?);
        }
    }
    restored.lost = taking.note_lost();
    taking.commit()?;
    restored.releases = taking.adopted.len();
    let keys = KeyRing::open(keys)?;
    let last = taking.last_release();
    restored.unknown_releases = keys.noted_release().map_or(0, |noted| noted.saturating_sub(last));
    for epoch in taking.adopted.iter().filter(|epoch| epoch.period.kind != PeriodKind::Hour) {
        keys.destroy(epoch)?;
    }
    Ok(restored)
}

/// Copies an archive, after all of it was checked.
fn take_over(from: &Path, to: &Path) -> Result<(), AdminError> {
    read(&archive::files(from)?)?;
    fs::create_dir_all(to).map_err(at(to))?;
    if fs::canonicalize(from).map_err(at(from))? == fs::canonicalize(to).map_err(at(to))? {
        return Ok(());
    }
    if !archive::files(to)?.is_empty() {
        return Err(AdminError::NotEmpty(to.to_owned()));
    }
    for file in archive::files(from)? {
        let (Some(site), Some(name)) = (file.parent().and_then(Path::file_name), file.file_name()) else { continue };
        let directory = to.join(site);
        let copy = directory.join(name);
        fs::create_dir_all(&directory).map_err(at(&directory))?;
        fs::copy(&file, &copy).map_err(at(&copy))?;
        for path in [&copy, &directory] {
            File::open(path).and_then(|f| f.sync_all()).map_err(at(path))?;
        }
    }
    File::open(to).and_then(|d| d.sync_all()).map_err(at(to))?;
    Ok(())
}

/// Reads a whole archive and checks each line.
fn read(files: &[PathBuf]) -> Result<Contents, ArchiveError> {
    let mut contents = Contents::default();
    for file in files {
        let mut site = None;
        for line in Lines::open(file)? {
            match line?.entry {
                Entry::HeadcountArchive(heading) => site = Some(heading.site),
                Entry::Settings(row) => {
                    contents.sites.extend(site.clone().map(|site| (site, row)));
                }
                Entry::Release(release) if release.period.kind == PeriodKind::Day => {
                    contents.days.insert((release.site, release.period.start));
                }
                Entry::Release(_) => {}
            }
        }
    }
    Ok(contents)
}

/// Takes releases into the database.
struct Taking<'a> {
    lane: &'a mut LaneWriter,
    index: Index,
    contents: &'a Contents,
    step: Step,
    adopted: Vec<Epoch>,
}

impl Taking<'_> {
    /// The highest number of a release that is here.
    fn last_release(&self) -> u64 {
        let numbers = self.index.sites.values().flat_map(|site| site.sealed.numbers().map(|(_, number)| number));
        numbers.max().unwrap_or(0)
    }

    /// Sites that the database lacks, and those whose terms went on after it.
    fn settings(&mut self, stored: &BTreeMap<SiteName, SiteRow>) -> Result<(), CommitError> {
        for (site, row) in &self.contents.sites {
            if stored.get(site).is_none_or(|known| known.terms.len() < row.terms.len()) {
                self.step.put_row(&rows::site_key(site), row)?;
            }
        }
        Ok(())
    }

    /// Takes a release in. False where it is there, or went on into its day.
    fn release(&mut self, release: &Release, archive: &Path) -> Result<bool, AdminError> {
        let epoch = Epoch { site: release.site.clone(), period: release.period };
        let sealed = self.index.sites.entry(release.site.clone()).or_default().sealed.clone();
        match sealed.release(release.period) {
            Some(number) if number == release.number => return Ok(false),
            Some(_) => return Err(AdminError::OtherArchive { path: archive.to_owned(), epoch }),
            None => {}
        }
        let day = Period::day(release.period.start);
        if release.period.kind == PeriodKind::Hour
            && (self.contents.days.contains(&(release.site.clone(), day.start)) || sealed.contains(day))
        {
            return Ok(false);
        }
        self.put(release, &epoch)?;
        if release.period.kind == PeriodKind::Day {
            self.take_hours_in(&release.site, &sealed, day.start);
        }
        let site = self.index.sites.entry(release.site.clone()).or_default();
        Arc::make_mut(&mut site.sealed).insert(release.period, release.number);
        self.adopted.push(epoch);
        if self.adopted.len().is_multiple_of(RELEASES_PER_STEP) {
            self.commit()?;
        }
        Ok(true)
    }

    /// The rows of a release; what its period had counted goes.
    fn put(&mut self, release: &Release, epoch: &Epoch) -> Result<(), CommitError> {
        self.step.put(rows::release_key(release.number), release.to_bytes().map_err(Damaged::from)?);
        self.step.put_row(&rows::index_key(&release.site, release.period), &release.number)?;
        for table in release.tables.iter().filter(|table| table.table.is_open_key_space()) {
            for key in &table.keys {
                self.step.put(rows::public_key(&release.site, table.table, &key.key), []);
            }
        }
        self.step.remove_cell(epoch);
        Ok(())
    }

    /// The hours of a day that were published before it are in its release.
    fn take_hours_in(&mut self, site: &SiteName, sealed: &PublishedPeriods, day: Day) {
        for (hour, number) in sealed.range(PeriodKind::Hour, day, day) {
            self.step.remove(rows::index_key(site, hour));
            self.step.remove(rows::release_key(number));
        }
    }

    /// Notes the weeks and months whose days were taken in without their exact sums.
    fn note_lost(&mut self) -> Vec<Epoch> {
        let mut lost = BTreeSet::new();
        for day in self.adopted.iter().filter(|epoch| epoch.period.kind == PeriodKind::Day) {
            for kind in [PeriodKind::Week, PeriodKind::Month] {
                let period = Period::of(kind, day.period.start);
                let is_sealed = self.index.sites.get(&day.site).is_some_and(|site| site.sealed.contains(period));
                if !is_sealed {
                    lost.insert(Epoch { site: day.site.clone(), period });
                }
            }
        }
        for epoch in &lost {
            self.step.put(rows::lost_key(epoch), []);
        }
        lost.into_iter().collect()
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.lane.commit(std::mem::take(&mut self.step))
    }
}
