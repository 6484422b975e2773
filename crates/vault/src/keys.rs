//! The keys of the open epochs: one for each site and each open day, week and month.
//!
//! A key comes from the operating system, is kept as a file that only its owner can read, in a directory outside the
//! database, and is destroyed when its epoch is sealed. From then on what was tagged or encrypted under it can
//! neither be recomputed nor read. Nothing here prints a key.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use siphasher::sip::SipHasher24;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::tally::ProducerId;
use crate::{
    calendar::{Period, PeriodKind},
    units::SiteName,
};

mod witness;

const KEY_BYTES: usize = 32;
/// What stands before an epoch's key in its file: the version of what is derived from it. Stored: never change it.
const EPOCH_MARK: &[u8] = &[2];
/// The key of the producers stands alone in its file.
const NO_MARK: &[u8] = &[];
/// Pages up to this length, in bytes, are tagged without asking for memory.
const PAIRED_PAGE_BYTES_MAX: usize = 120;

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

/// A key as its file holds it.
type Master = Zeroizing<[u8; KEY_BYTES]>;

/// What is derived from one epoch's key. Tags under different epochs, or for different uses, cannot be joined.
#[derive(ZeroizeOnDrop)]
pub(super) struct EpochKeys {
    visitor: [u8; 16],
    pair: [u8; 16],
    seal: [u8; KEY_BYTES],
}

impl EpochKeys {
    fn derive(master: &Master) -> Self {
        let mut visitor = blake3::derive_key("headcount 2026 visitor tag", &**master);
        let mut pair = blake3::derive_key("headcount 2026 visitor and page tag", &**master);
        let keys = Self {
            visitor: first_half(&visitor),
            pair: first_half(&pair),
            seal: blake3::derive_key("headcount 2026 seal", &**master),
        };
        visitor.zeroize();
        pair.zeroize();
        keys
    }

    /// The tag of a visitor in this epoch: SipHash-2-4 under a 128-bit key (Aumasson and Bernstein 2012).
    pub(super) fn visitor_tag(&self, identity: &[u8]) -> u64 {
        SipHasher24::new_with_key(&self.visitor).hash(identity)
    }

    /// The tag of a visitor on a page. It cannot be joined with the visitor's tag without the key.
    pub(super) fn pair_tag(&self, visitor_tag: u64, page: &str) -> u64 {
        // In one piece, which is hashed faster than two.
        let mut bytes = [0; 8 + PAIRED_PAGE_BYTES_MAX];
        let Some(place) = bytes.get_mut(8..8 + page.len()) else {
            let whole = [&visitor_tag.to_le_bytes(), page.as_bytes()].concat();
            return SipHasher24::new_with_key(&self.pair).hash(&whole);
        };
        place.copy_from_slice(page.as_bytes());
        bytes[..8].copy_from_slice(&visitor_tag.to_le_bytes());
        SipHasher24::new_with_key(&self.pair).hash(&bytes[..8 + page.len()])
    }

    /// The key under which what is not yet sealed is encrypted.
    pub(super) fn seal_key(&self) -> &[u8; KEY_BYTES] {
        &self.seal
    }
}

/// The first half of a digest: 128 bits.
pub(super) fn first_half(bytes: &[u8; KEY_BYTES]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    half
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

/// The key that names of producers are hashed with.
pub(super) struct ProducerKey(Zeroizing<[u8; KEY_BYTES]>);

impl ProducerKey {
    /// The producer of a name and a secret.
    pub(super) fn id(&self, site: &SiteName, producer: &str, secret: &[u8]) -> ProducerId {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        // No producer's name begins so, and each part says where it ends: no name has a zero.
        hasher.update(b"a producer with a secret: ");
        for name in [site.as_str(), producer] {
            hasher.update(name.as_bytes()).update(&[0]);
        }
        let id = first_half(hasher.update(secret).finalize().as_bytes());
        hasher.zeroize();
        id
    }

    /// How many releases there were, as nobody without the key can say it.
    pub(super) fn mark(&self, release: u64) -> [u8; 24] {
        let mut mark = [0; 24];
        mark[..8].copy_from_slice(&release.to_le_bytes());
        let (number, seal) = mark.split_at_mut(8);
        seal.copy_from_slice(&self.hash(&[&b"a mark of releases: "[..], number].concat()));
        mark
    }

    /// What a mark says; none where it was not made with this key.
    pub(super) fn marked(&self, mark: &[u8]) -> Option<u64> {
        let release = u64::from_le_bytes(*mark.first_chunk()?);
        (self.mark(release) == mark).then_some(release)
    }

    /// The producer of a name, as format 5 stored it.
    pub(super) fn id_by_name(&self, producer: &str) -> ProducerId {
        self.hash(producer.as_bytes())
    }

    /// By what the right key is known. It tells nothing of the key.
    pub(super) fn check(&self) -> [u8; 16] {
        // No producer is named so: a name has no spaces.
        self.hash(b"headcount: is this the key of the producers?")
    }

    fn hash(&self, text: &[u8]) -> [u8; 16] {
        first_half(blake3::keyed_hash(&self.0, text).as_bytes())
    }
}

/// The keys in use. Shared by the anonymiser (which tags) and the store (which encrypts).
pub(super) struct KeyRing {
    directory: PathBuf,
    open: RwLock<HashMap<Epoch, Arc<EpochKeys>>>,
}

impl KeyRing {
    /// Opens the key directory, making it (readable by its owner alone) if need be.
    pub(super) fn open(directory: &Path) -> Result<Self, KeyFault> {
        let at = |source| KeyFault::Io { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(at)?;
        if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_directory(parent)?;
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
        if let Some(keys) = self.read().get(epoch) {
            return Ok(keys.clone());
        }
        let mut open = self.open.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(keys) = open.get(epoch) {
            return Ok(keys.clone());
        }
        let path = self.directory.join(epoch.file_name());
        let master = match read_key(&path, EPOCH_MARK)? {
            Some(master) => master,
            None if may_create => create_key(&self.directory, &path, EPOCH_MARK)?,
            None => return Err(KeyFault::Missing { epoch: epoch.clone(), path }),
        };
        let keys = Arc::new(EpochKeys::derive(&master));
        open.insert(epoch.clone(), keys.clone());
        Ok(keys)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<Epoch, Arc<EpochKeys>>> {
        self.open.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether the epoch's key is there.
    pub(super) fn has(&self, epoch: &Epoch) -> bool {
        self.read().contains_key(epoch) || self.directory.join(epoch.file_name()).exists()
    }

    /// A key that stays for good, by which names of producers are hashed before they are stored; none where there is none.
    pub(super) fn producer_key(&self) -> Result<Option<ProducerKey>, KeyFault> {
        Ok(read_key(&self.producer_path(), NO_MARK)?.map(ProducerKey))
    }

    /// Makes that key.
    pub(super) fn create_producer_key(&self) -> Result<ProducerKey, KeyFault> {
        create_key(&self.directory, &self.producer_path(), NO_MARK).map(ProducerKey)
    }

    /// Where that key is.
    pub(super) fn producer_path(&self) -> PathBuf {
        self.directory.join("producers.key")
    }

    /// Destroys an epoch's key: overwritten, synced, removed. Call it only after what replaces the epoch's data is
    /// durable. A key that is gone already is no fault.
    pub(super) fn destroy(&self, epoch: &Epoch) -> Result<(), KeyFault> {
        self.open.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(epoch);
        let path = self.directory.join(epoch.file_name());
        let at = |source| KeyFault::Io { path: path.clone(), source };
        match OpenOptions::new().write(true).open(&path) {
            Ok(mut file) => {
                file.write_all(&[0; EPOCH_MARK.len() + KEY_BYTES]).map_err(at)?;
                file.sync_all().map_err(at)?;
                fs::remove_file(&path).map_err(at)?;
                sync_directory(&self.directory)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(at(e)),
        }
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

fn read_key(path: &Path, mark: &[u8]) -> Result<Option<Master>, KeyFault> {
    let at = |source| KeyFault::Io { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(at(e)),
    };
    let found = file.metadata().map_err(at)?.len();
    if found != (mark.len() + KEY_BYTES) as u64 {
        return Err(KeyFault::Length { path: path.to_owned(), found });
    }
    let mut found_mark = [0; EPOCH_MARK.len()];
    let found_mark = &mut found_mark[..mark.len()];
    file.read_exact(found_mark).map_err(at)?;
    if found_mark != mark {
        return Err(KeyFault::Mark(path.to_owned()));
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(&mut *key).map_err(at)?;
    Ok(Some(key))
}

/// Makes a key that is either wholly on the disk under its name or not there at all.
fn create_key(directory: &Path, path: &Path, mark: &[u8]) -> Result<Master, KeyFault> {
    let at = |source| KeyFault::Io { path: path.to_owned(), source };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *key).map_err(KeyFault::Entropy)?;
    let draft = path.with_extension("key.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(at)?;
    file.write_all(mark).and_then(|()| file.write_all(&*key)).map_err(at)?;
    file.sync_all().map_err(at)?;
    fs::rename(&draft, path).map_err(at)?;
    sync_directory(directory)?;
    Ok(key)
}

fn sync_directory(directory: &Path) -> Result<(), KeyFault> {
    File::open(directory)
        .and_then(|d| d.sync_all())
        .map_err(|source| KeyFault::Io { path: directory.to_owned(), source })
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
    fn a_tag_is_the_hash_of_all_its_parts() {
        use std::hash::Hasher as _;
        let keys = EpochKeys::derive(&Zeroizing::new([7; KEY_BYTES]));
        for length in [0, 1, 7, 8, 30, PAIRED_PAGE_BYTES_MAX, PAIRED_PAGE_BYTES_MAX + 1, 512] {
            let page = "p".repeat(length);
            let mut whole = SipHasher24::new_with_key(&keys.pair);
            whole.write(&0x0123_4567_89ab_cdef_u64.to_le_bytes());
            whole.write(page.as_bytes());
            assert_eq!(keys.pair_tag(0x0123_4567_89ab_cdef, &page), whole.finish(), "{length}");
        }
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
    fn golden_keys() {
        let keys = EpochKeys::derive(&Zeroizing::new([7; KEY_BYTES]));
        let tag = keys.visitor_tag(b"a visitor");
        let mut all = EPOCH_MARK.to_vec();
        for tag in [tag, keys.pair_tag(tag, "/a")] {
            all.extend_from_slice(&tag.to_le_bytes());
        }
        all.extend_from_slice(keys.seal_key());
        all.extend_from_slice(&ProducerKey(Zeroizing::new([7; KEY_BYTES])).id_by_name("p"));
        let what =
            "Of a key of sevens: the mark in its file, tags of a visitor and of a pair, the sealing key, a producer.";
        crate::golden::assert_bytes("stored/keys", what, &all);
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
