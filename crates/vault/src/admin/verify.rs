//! Checks everything that is on the disk, changes nothing, and names what is damaged.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, RwLock},
};

use tokio::sync::watch;

use super::Directories;
use crate::{
    calendar::PeriodKind,
    clock::Clock,
    commit::recover,
    keys::{Epoch, KeyRing},
    release::{
        block::Release,
        index::Index,
        reader::{About, Releases, read_release},
        shares::Privacy,
    },
    sites::registry::{Registry, SitePolicy},
    store::{
        AdminError, ArchiveError, CommitError, Damaged, EngineError, OpenError,
        archive::{self, Entry, Lines},
        lane::Lane,
        reader::LaneReader,
        rows::{self, SiteRow},
    },
    units::SiteName,
};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// What is damaged, and what to do about it.
    pub damaged: Vec<String>,
    /// What is worth knowing and does no harm.
    pub notes: Vec<String>,
    /// What was looked at: a name and how many.
    pub checked: Vec<(&'static str, usize)>,
}

/// The archived releases, by number: their digests.
type Archived = BTreeMap<u64, blake3::Hash>;

/// Checks the archive, and the database unless a server has it. Nothing is changed.
///
/// # Errors
/// When the directories cannot be read at all. Damage is no error: it is in the answer.
pub fn verify(directories: &Directories, clock: Arc<dyn Clock>) -> Result<Verified, AdminError> {
    look(directories, clock, Scope::All)
}

/// The same but for open periods, which need their keys.
pub(super) fn verify_published(directories: &Directories, clock: Arc<dyn Clock>) -> Result<Verified, AdminError> {
    look(directories, clock, Scope::Published)
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    Published,
}

fn look(directories: &Directories, clock: Arc<dyn Clock>, scope: Scope) -> Result<Verified, AdminError> {
    let mut verified = Verified::default();
    let archived = if directories.archive.exists() { verified.archive(&directories.archive)? } else { Archived::new() };
    match Lane::open_damaged(&directories.data) {
        Ok((lane, whole)) => {
            let looked = verified.database(&lane, directories, &archived, clock, scope);
            for error in [whole, looked].into_iter().filter_map(Result::err) {
                verified.damaged.push(error.to_string());
            }
        }
        Err(EngineError::InUse(_)) => verified.notes.push(
            "a server is running on this data directory: only the archive was checked. Stop it to check the database too"
                .to_owned(),
        ),
        Err(error @ EngineError::File(_)) => return Err(error.into()),
        Err(error) => verified.damaged.push(OpenError::from(error).to_string()),
    }
    Ok(verified)
}

fn digest(release: &Release) -> Result<blake3::Hash, Damaged> {
    Ok(blake3::hash(&rows::encode(release)?))
}

impl Verified {
    fn check(&mut self, what: &'static str, count: usize) {
        self.checked.push((what, count));
    }

    fn require(&mut self, holds: bool, damage: impl FnOnce() -> String) {
        if !holds {
            self.damaged.push(damage());
        }
    }

    fn archive(&mut self, directory: &Path) -> Result<Archived, ArchiveError> {
        let mut archived = Archived::new();
        let files = archive::files(directory)?;
        for file in &files {
            if let Err(fault) = self.archive_file(file, &mut archived) {
                self.damaged.push(fault.to_string());
            }
        }
        self.check("files of the archive", files.len());
        self.check("releases in the archive", archived.len());
        Ok(archived)
    }

    fn archive_file(&mut self, file: &Path, archived: &mut Archived) -> Result<(), ArchiveError> {
        let mut lines = Lines::open(file)?;
        for line in &mut lines {
            let line = line?;
            let Entry::Release(release) = line.entry else { continue };
            let is_new = archived.insert(release.number, digest(&release)?).is_none();
            self.require(is_new, || {
                format!("{} has release {} in line {} a second time", file.display(), release.number, line.number)
            });
        }
        if lines.unfinished_bytes > 0 {
            let bytes = lines.unfinished_bytes;
            let file = file.display();
            self.notes
                .push(format!("{file} ends with an unfinished line of {bytes} bytes; the next start puts it right"));
        }
        Ok(())
    }

    fn database(
        &mut self,
        lane: &LaneReader,
        directories: &Directories,
        archived: &Archived,
        clock: Arc<dyn Clock>,
        scope: Scope,
    ) -> Result<(), OpenError> {
        if recover::known_format(lane, &directories.data)?.is_none() {
            self.damaged.push("the format of the database is missing".to_owned());
        }
        let (index, sites) = recover::load_published(lane)?;
        self.check("sites", sites.len());
        let noted = archive::noted(&directories.archive).unwrap_or_default();
        self.releases(lane, &index, archived, noted)?;
        self.ledger(lane, &index, &sites, clock)?;
        if scope == Scope::Published {
            return Ok(());
        }
        let keys = KeyRing::open_existing(&directories.keys)?;
        self.keys(&directories.keys, &keys, lane, &index)?;
        let recovered = recover::load_cells(lane, &keys, index, &BTreeSet::new())?;
        self.check("open periods", recovered.cells.epochs().count());
        let records = recovered.head.sequence - recovered.stored.base.sequence;
        self.check("journal records", usize::try_from(records).unwrap_or(usize::MAX));
        Ok(())
    }

    /// Every release of the index is there, and is what the archive has.
    fn releases(
        &mut self,
        lane: &LaneReader,
        index: &Index,
        archived: &Archived,
        noted: u64,
    ) -> Result<(), CommitError> {
        let mut numbers = HashMap::new();
        for (site, of_site) in &index.sites {
            numbers.extend(of_site.sealed.numbers().map(|(period, number)| (number, (site.clone(), period))));
        }
        for (number, (site, period)) in &numbers {
            let epoch = Epoch { site: site.clone(), period: *period };
            match read_release(lane, *number) {
                Ok(Some(release)) => {
                    let is_right = release.number == *number && release.site == *site && release.period == *period;
                    self.require(is_right, || format!("release {number} is not the one of {epoch}"));
                    self.compare(&release, &epoch, archived, noted)?;
                }
                Ok(None) => self.damaged.push(format!("release {number} of {epoch} is missing in the database")),
                Err(fault) => self.damaged.push(format!("release {number} of {epoch}: {fault}")),
            }
        }
        self.check("releases in the database", numbers.len());
        Ok(())
    }

    fn compare(
        &mut self,
        release: &Release,
        epoch: &Epoch,
        archived: &Archived,
        noted: u64,
    ) -> Result<(), CommitError> {
        let number = release.number;
        match archived.get(&number) {
            Some(found) => {
                let is_same = *found == digest(release)?;
                self.require(is_same, || format!("release {number} of {epoch} is another one in the archive"));
            }
            // What comes after the one that was noted last is appended at the next start.
            None if number <= noted => self.damaged.push(format!(
                "release {number} of {epoch} is missing in the archive: move the archive away, and the next start writes a \
                 whole one"
            )),
            None => self.notes.push(format!("release {number} of {epoch} is not in the archive yet; the next start appends it")),
        }
        Ok(())
    }

    /// No day has spent more than was promised.
    fn ledger(
        &mut self,
        lane: &LaneReader,
        index: &Index,
        sites: &BTreeMap<SiteName, SiteRow>,
        clock: Arc<dyn Clock>,
    ) -> Result<(), OpenError> {
        let now_unix_ms = clock.now_unix_ms();
        let registry =
            Registry::open(Privacy::default(), SitePolicy::Configured, &[], sites.clone(), |_| None, now_unix_ms)?;
        let (_, latest) = watch::channel(index.last_release);
        let shared = Arc::new(RwLock::new(Index { sites: index.sites.clone(), last_release: index.last_release }));
        let releases = Releases::new(lane.clone(), shared, Arc::new(registry), clock, latest, About::default());
        let mut days = 0;
        for (site, of_site) in &index.sites {
            for (period, _) in of_site.sealed.all(PeriodKind::Day) {
                let day = period.start;
                // A release that cannot be read is named already.
                let Ok(Some(ledger)) = releases.day_ledger(site, day) else { continue };
                let (spent, promised) = (ledger.spent_rho_nano(), ledger.promised_rho_nano);
                self.require(spent <= promised, || {
                    format!("{site} on {day}: {spent} billionths of rho are spent, and {promised} were promised")
                });
                days += 1;
            }
        }
        self.check("days of the privacy ledger", days);
        Ok(())
    }

    /// No key of a published period is left, and nobody else can read a key.
    fn keys(&mut self, directory: &Path, keys: &KeyRing, lane: &LaneReader, index: &Index) -> Result<(), CommitError> {
        let epochs = keys.on_disk()?;
        for epoch in &epochs {
            let release = index.sites.get(&epoch.site).and_then(|site| site.sealed.release(epoch.period));
            let Some(number) = release else { continue };
            let is_gap = read_release(lane, number)?.is_some_and(|release| release.gap.is_some());
            if !is_gap {
                self.notes.push(format!(
                    "the key of {epoch}, which is published, is still there; the next start destroys it"
                ));
            }
        }
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let mode = entry.metadata().map(|m| m.permissions().mode() & 0o077).unwrap_or(0);
            let path = entry.path();
            self.require(mode == 0, || format!("{} can be read by others: chmod 600", path.display()));
        }
        self.check("keys of open periods", epochs.len());
        Ok(())
    }
}
