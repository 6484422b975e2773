//! The keys of the open epochs: one for each site and each open day, week and month.
//!
//! A key comes from the operating system, is kept as a file that only its owner can read, in a directory outside the
//! database, and is destroyed when its epoch is sealed. From then on what was tagged or encrypted under it can
//! neither be recomputed nor read. Nothing here prints a key.

mod derived;
mod files;
mod witness;

use std::{
    collections::{HashMap, VecDeque},
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use zeroize::Zeroizing;

use crate::{
    calendar::{Period, PeriodKind},
    units::SiteName,
};

pub(super) use derived::{EpochKeys, ProducerKey, first_half};
use files::{EPOCH_MARK, NO_MARK};

const KEY_BYTES: usize = 32;

/// A key as its file holds it.
type Master = Zeroizing<[u8; KEY_BYTES]>;

/// Whose key: a site and a day, week or month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// The site.
    pub site: SiteName,
    /// A day, week or month.
    pub period: Period,
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}-{}", self.site, self.period.kind.name(), self.period.start)
    }
}

impl Epoch {
    fn file_name(&self) -> String {
        format!("{}.{}-{}.key", self.site, self.period.kind.name(), self.period.start)
    }
}

/// What can go wrong with the key directory.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The operating system refused.
    #[error("the key directory {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key file has a wrong length.
    #[error("the key file {path} has {found} bytes, and no key has: restore it from where it was copied")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
    },
    /// A key file begins with something that no version writes.
    #[error("the key file {0} is damaged or of a later version: restore it from where it was copied")]
    Mark(PathBuf),
    /// An open epoch has data but no key.
    #[error("the key of the open period {epoch} is missing ({path})")]
    Missing {
        /// The epoch.
        epoch: Epoch,
        /// Where its key should be.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Entropy(getrandom::Error),
}

/// The keys in use. Shared by the anonymiser (which tags) and the store (which encrypts).
pub(super) struct KeyRing {
    directory: PathBuf,
    open: RwLock<Open>,
}

/// The keys in memory.
#[derive(Default)]
struct Open {
    keys: HashMap<Epoch, Arc<EpochKeys>>,
    /// Whose keys were destroyed last. A batch that was anonymised meanwhile may still ask for one.
    destroyed: VecDeque<Epoch>,
}

/// How many destroyed keys are remembered: more than the periods that are sealed while one batch is anonymised.
const DESTROYED_MAX: usize = 4_096;

impl KeyRing {
    /// Opens the key directory, making it (readable by its owner alone) if need be.
    pub(super) fn open(directory: &Path) -> Result<Self, KeyFault> {
        let at = |source| KeyFault::Io { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(at)?;
        if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            files::sync_directory(parent)?;
        }
        fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(at)?;
        Ok(Self { directory: directory.to_owned(), open: RwLock::default() })
    }

    /// The same, changing nothing.
    pub(super) fn open_existing(directory: &Path) -> Result<Self, KeyFault> {
        fs::metadata(directory).map_err(|source| KeyFault::Io { path: directory.to_owned(), source })?;
        Ok(Self { directory: directory.to_owned(), open: RwLock::default() })
    }

    /// Where it is.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The key of an epoch that has data: it must exist.
    pub(super) fn existing(&self, epoch: &Epoch) -> Result<Arc<EpochKeys>, KeyFault> {
        self.get(epoch, false)
    }

    /// The key of an epoch, made now if this is its first use.
    pub(super) fn for_writing(&self, epoch: &Epoch) -> Result<Arc<EpochKeys>, KeyFault> {
        self.get(epoch, true)
    }

    fn get(&self, epoch: &Epoch, may_create: bool) -> Result<Arc<EpochKeys>, KeyFault> {
        if let Some(keys) = self.read().keys.get(epoch) {
            return Ok(keys.clone());
        }
        let mut open = self.write();
        if let Some(keys) = open.keys.get(epoch) {
            return Ok(keys.clone());
        }
        if may_create && open.destroyed.contains(epoch) {
            // Its period is sealed: what is tagged now is rejected as late, and nothing of it is stored.
            return Ok(Arc::new(EpochKeys::derive(&files::random()?)));
        }
        let path = self.directory.join(epoch.file_name());
        let master = match files::read(&path, EPOCH_MARK)? {
            Some(master) => master,
            None if may_create => files::create(&self.directory, &path, EPOCH_MARK)?,
            None => return Err(KeyFault::Missing { epoch: epoch.clone(), path }),
        };
        let keys = Arc::new(EpochKeys::derive(&master));
        open.keys.insert(epoch.clone(), keys.clone());
        Ok(keys)
    }

    fn read(&self) -> RwLockReadGuard<'_, Open> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Open> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the epoch's key is there.
    pub(super) fn has(&self, epoch: &Epoch) -> bool {
        self.read().keys.contains_key(epoch) || self.directory.join(epoch.file_name()).exists()
    }

    /// A key that stays for good, by which names of producers are hashed before they are stored; none where there is none.
    pub(super) fn producer_key(&self) -> Result<Option<ProducerKey>, KeyFault> {
        Ok(files::read(&self.producer_path(), NO_MARK)?.map(ProducerKey::of))
    }

    /// Makes that key.
    pub(super) fn create_producer_key(&self) -> Result<ProducerKey, KeyFault> {
        files::create(&self.directory, &self.producer_path(), NO_MARK).map(ProducerKey::of)
    }

    /// Where that key is.
    pub(super) fn producer_path(&self) -> PathBuf {
        self.directory.join("producers.key")
    }

    /// Destroys an epoch's key: overwritten, synced, removed. Call it only after what replaces the epoch's data is
    /// durable. A key that is gone already is no fault. It is not made again: whoever asks late gets one of its own.
    pub(super) fn destroy(&self, epoch: &Epoch) -> Result<(), KeyFault> {
        let mut open = self.write();
        open.keys.remove(epoch);
        if open.destroyed.len() == DESTROYED_MAX {
            open.destroyed.pop_front();
        }
        open.destroyed.push_back(epoch.clone());
        drop(open);
        files::destroy(&self.directory, &self.directory.join(epoch.file_name()))
    }

    /// The epochs that have a key file; files with other names are left alone.
    pub(super) fn on_disk(&self) -> Result<Vec<Epoch>, KeyFault> {
        let at = |source| KeyFault::Io { path: self.directory.clone(), source };
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(at)? {
            if let Some(epoch) = entry.map_err(at)?.file_name().to_str().and_then(parse_file_name) {
                found.push(epoch);
            }
        }
        Ok(found)
    }
}

/// Reads an epoch as it is written in messages and file names: `SITE/day-2026-11-24`.
pub(super) fn parse_epoch(site: &str, period: &str) -> Option<Epoch> {
    let site = SiteName::new(site).ok()?;
    let (kind, date) = period.split_once('-')?;
    let kind = PeriodKind::named(kind).filter(|kind| *kind != PeriodKind::Hour)?;
    let day = crate::calendar::Day::from_date(date.parse().ok()?);
    let period = Period::of(kind, day);
    (period.start == day).then_some(Epoch { site, period })
}

fn parse_file_name(name: &str) -> Option<Epoch> {
    let (site, period) = name.strip_suffix(".key")?.rsplit_once('.')?;
    parse_epoch(site, period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Day;

    fn epoch(kind: PeriodKind) -> Epoch {
        Epoch { site: SiteName::new("www.example").unwrap(), period: Period::of(kind, Day::from_number(20_000)) }
    }

    #[test]
    fn a_key_outlives_a_restart_and_not_its_destruction() {
        let directory = tempfile::tempdir().unwrap();
        let epoch = epoch(PeriodKind::Week);
        let ring = KeyRing::open(directory.path()).unwrap();
        let tag = ring.for_writing(&epoch).unwrap().visitor_tag(b"x");
        let again = KeyRing::open(directory.path()).unwrap();
        assert_eq!(again.existing(&epoch).unwrap().visitor_tag(b"x"), tag);
        assert_eq!(again.on_disk().unwrap(), std::slice::from_ref(&epoch));
        again.destroy(&epoch).unwrap();
        again.destroy(&epoch).unwrap();
        assert!(matches!(again.existing(&epoch), Err(KeyFault::Missing { .. })));
        assert_ne!(again.for_writing(&epoch).unwrap().visitor_tag(b"x"), tag);
    }

    /// A batch may be anonymised while its day is sealed.
    #[test]
    fn a_destroyed_key_leaves_no_file_when_it_is_asked_for_again() {
        let directory = tempfile::tempdir().unwrap();
        let epoch = epoch(PeriodKind::Day);
        let ring = KeyRing::open(directory.path()).unwrap();
        let tag = ring.for_writing(&epoch).unwrap().visitor_tag(b"x");
        ring.destroy(&epoch).unwrap();
        let late = ring.for_writing(&epoch).unwrap().visitor_tag(b"x");
        assert_ne!(late, tag);
        assert_eq!((ring.on_disk().unwrap(), ring.has(&epoch)), (vec![], false));
        assert!(matches!(ring.existing(&epoch), Err(KeyFault::Missing { .. })));
    }

    #[test]
    fn only_the_owner_can_read_a_key() {
        let directory = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(directory.path()).unwrap();
        ring.for_writing(&epoch(PeriodKind::Day)).unwrap();
        for entry in fs::read_dir(directory.path()).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn tags_of_different_epochs_and_uses_differ() {
        let directory = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(directory.path()).unwrap();
        let day = ring.for_writing(&epoch(PeriodKind::Day)).unwrap();
        let month = ring.for_writing(&epoch(PeriodKind::Month)).unwrap();
        assert_ne!(day.visitor_tag(b"x"), month.visitor_tag(b"x"));
        let tag = day.visitor_tag(b"x");
        assert_ne!(day.pair_tag(tag, "/"), tag);
        assert_ne!(day.pair_tag(tag, "/"), day.pair_tag(tag, "/a"));
        assert_ne!(day.seal_key(), month.seal_key());
    }

    #[test]
    fn a_key_file_begins_with_its_mark() {
        let directory = tempfile::tempdir().unwrap();
        let epoch = epoch(PeriodKind::Day);
        let file = directory.path().join(epoch.file_name());
        fs::write(&file, [EPOCH_MARK, &[7; KEY_BYTES]].concat()).unwrap();
        let keys = KeyRing::open(directory.path()).unwrap().existing(&epoch).unwrap();
        let derived = EpochKeys::derive(&Zeroizing::new([7; KEY_BYTES]));
        assert_eq!(keys.visitor_tag(b"x"), derived.visitor_tag(b"x"));
        fs::write(&file, [9; 1 + KEY_BYTES]).unwrap();
        assert!(matches!(KeyRing::open(directory.path()).unwrap().existing(&epoch), Err(KeyFault::Mark(_))));
        fs::write(&file, [7; KEY_BYTES]).unwrap();
        assert!(matches!(KeyRing::open(directory.path()).unwrap().existing(&epoch), Err(KeyFault::Length { .. })));
    }

    #[test]
    fn a_cut_key_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(epoch(PeriodKind::Day).file_name()), b"short").unwrap();
        let ring = KeyRing::open(directory.path()).unwrap();
        let message = ring.for_writing(&epoch(PeriodKind::Day)).err().unwrap().to_string();
        assert!(message.contains("5 bytes") && message.contains("www.example.day-2024-10-04.key"), "{message}");
    }
}
