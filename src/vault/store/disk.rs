//! The database itself: opening it safely, and one durable step at a time.
//!
//! Every step also changes a digest over all rows but the journal's and the releases', which have digests of their own.
//! A row that is lost, altered or older than the others is found by it at the next open.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sled::{Batch, Db, IVec};

use super::{Fault, at, blobs::Blobs, chunks, rows, stopwatch::Stopwatch, sum::RowSum, witness::Witness};

const MIB: u64 = 1024 * 1024;
/// How long a thread of a database that was closed may hold its lock.
const HELD_MAX: Duration = Duration::from_secs(10);
const HELD_TICK: Duration = Duration::from_millis(10);

/// The open database. Clones share it.
#[derive(Clone)]
pub(in crate::vault) struct Disk {
    db: Db,
    shared: Arc<Shared>,
}

struct Shared {
    directory: PathBuf,
    /// sled's data file, to be synced by us: its own flush is no fsync.
    data_file: File,
    blobs: Blobs,
    reserve_mib: u64,
    /// The digest as of the last durable step.
    sum: Mutex<RowSum>,
    watch: Stopwatch,
    witness: Witness,
    /// Held for as long as this process has the directory.
    _lock: File,
}

/// What becomes durable together or not at all.
#[derive(Debug, Default)]
pub(in crate::vault) struct Step {
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl Step {
    pub(in crate::vault) fn put(&mut self, key: &[u8], value: &[u8]) {
        self.bytes += value.len();
        self.rows.insert(key.to_vec(), Some(value.to_vec()));
    }

    pub(in crate::vault) fn remove(&mut self, key: &[u8]) {
        self.rows.insert(key.to_vec(), None);
    }

    /// How many bytes it puts.
    pub(in crate::vault) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts a value that may be long.
    pub(in crate::vault) fn put_long(&mut self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        chunks::put(self, key, value).ok_or_else(|| Fault::damaged("a value of more than 4 GiB"))
    }

    /// The rows it puts, and those it removes.
    #[cfg(test)]
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.rows.iter().map(|(key, value)| (&**key, value.as_deref()))
    }
}

impl Disk {
    /// Opens the database in `directory/db`, making it if need be, and checks it.
    pub(in crate::vault) fn open(directory: &Path, reserve_mib: u64) -> Result<Self, Fault> {
        let (disk, said) = Self::open_unchecked(directory, reserve_mib)?;
        disk.check_rows(said)?;
        Ok(disk)
    }

    fn open_unchecked(directory: &Path, reserve_mib: u64) -> Result<(Self, Option<RowSum>), Fault> {
        fs::create_dir_all(directory).map_err(at(directory))?;
        let lock = lock(directory)?;
        check_space(directory, reserve_mib)?;
        let path = directory.join("db");
        fs::create_dir_all(&path).map_err(at(&path))?;
        remove_unfinished_snapshots(&path).map_err(at(&path))?;
        let db = open_sled(&path)?;
        let beside = Self::open_beside(directory);
        if beside.is_err() {
            abandon(&db);
        }
        let (data_file, blobs, witness, said) = beside?;
        let sum = Mutex::default();
        let watch = Stopwatch::default();
        let shared =
            Shared { directory: directory.to_owned(), data_file, blobs, reserve_mib, sum, watch, witness, _lock: lock };
        Ok((Self { db, shared: Arc::new(shared) }, said))
    }

    /// The files that we sync ourselves, after all that was made is durable.
    fn open_beside(directory: &Path) -> Result<(File, Blobs, Witness, Option<RowSum>), Fault> {
        let file = directory.join("db").join("db");
        let data_file = OpenOptions::new().read(true).write(true).open(&file).map_err(at(&file))?;
        data_file.sync_all().map_err(at(&file))?;
        let blobs = Blobs::open(&directory.join("db"))?;
        let (witness, said) = Witness::open(directory)?;
        for directory in file.ancestors().skip(1).take(3).filter(|path| !path.as_os_str().is_empty()) {
            File::open(directory).and_then(|d| d.sync_all()).map_err(at(directory))?;
        }
        Ok((data_file, blobs, witness, said))
    }

    /// The same for a directory that is there already and may be damaged. Says what is wrong with the rows as a whole.
    pub(in crate::vault) fn open_damaged(directory: &Path) -> Result<(Self, Result<(), Fault>), Fault> {
        require(directory)?;
        let (disk, said) = Self::open_unchecked(directory, 0)?;
        let checked = disk.check_rows(said);
        Ok((disk, checked))
    }

    /// The same for a directory that is there already.
    pub(in crate::vault) fn open_existing(directory: &Path) -> Result<Self, Fault> {
        require(directory)?;
        Self::open(directory, 0)
    }

    /// The same for a database that may be older than what was here last, on purpose. The next step puts the witness right.
    pub(in crate::vault) fn open_older(directory: &Path) -> Result<Self, Fault> {
        let (disk, _) = Self::open_unchecked(directory, 0)?;
        disk.check_rows(None)?;
        Ok(disk)
    }

    /// Removes every row.
    pub(in crate::vault) fn clear(&self) -> Result<(), Fault> {
        let mut step = Step::default();
        for row in self.scan(b"") {
            let (key, _) = row?;
            if key != rows::SUM_KEY {
                step.remove(&key);
            }
        }
        self.commit(step)
    }

    /// Compares the rows with their digest, and the digest with what the witness says.
    fn check_rows(&self, said: Option<RowSum>) -> Result<(), Fault> {
        unpanicked(|| self.compare_rows(said), &self.shared.directory)?
    }

    fn compare_rows(&self, said: Option<RowSum>) -> Result<(), Fault> {
        let stored = match self.get(rows::SUM_KEY)? {
            Some(bytes) => (*bytes).try_into().map_err(|_| Fault::damaged("the digest over the rows"))?,
            None => [0; 40],
        };
        let stored = RowSum::from_bytes(&stored);
        let mut found = RowSum::default();
        found.steps = stored.steps;
        // All but the journal and the releases, which are long. `0` follows `/`.
        let (journal, releases): (&[u8], &[u8]) = (b"j0", b"r0");
        let before = self.db.range(..rows::JOURNAL_PREFIX);
        let between = self.db.range(journal..rows::RELEASE_PREFIX);
        for row in before.chain(between).chain(self.db.range(releases..)) {
            let (key, value) = row.map_err(|e| self.fault(e))?;
            if is_covered(&key) {
                found.add(&key, &value);
            }
        }
        if found != stored {
            return Err(Fault::damaged("rows are missing, altered, or older than the others"));
        }
        match said {
            Some(said) if said.steps > stored.steps => {
                return Err(Fault::Behind { path: self.shared.directory.clone(), steps: said.steps - stored.steps });
            }
            Some(said) if said.steps == stored.steps && said != stored => {
                return Err(Fault::damaged("the last step is not the one that was last durable"));
            }
            _ => {}
        }
        *self.sum() = found;
        Ok(())
    }

    fn sum(&self) -> std::sync::MutexGuard<'_, RowSum> {
        self.shared.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a step durable: applied at once as a whole, flushed, and synced to the disk. After a failure the database is not
    /// to be used any more.
    pub(in crate::vault) fn commit(&self, step: Step) -> Result<(), Fault> {
        self.shared.watch.start();
        let result = self.try_commit(step);
        self.shared.watch.stop();
        if result.is_err() {
            self.abandon();
        }
        result
    }

    fn try_commit(&self, step: Step) -> Result<(), Fault> {
        // Held to the end, so that steps and their digests have one order.
        let mut durable = self.sum();
        let mut sum = *durable;
        sum.steps += 1;
        let mut batch = Batch::default();
        for (key, value) in step.rows {
            if is_covered(&key) {
                if let Some(old) = self.get(&key)? {
                    sum.remove(&key, &old);
                }
                if let Some(new) = &value {
                    sum.add(&key, new);
                }
            }
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        batch.insert(rows::SUM_KEY, &sum.to_bytes()[..]);
        self.db.apply_batch(batch).map_err(|e| self.fault(e))?;
        self.db.flush().map_err(|e| self.fault(e))?;
        self.shared.blobs.sync()?;
        let file = self.shared.directory.join("db").join("db");
        self.shared.data_file.sync_data().map_err(at(&file))?;
        *durable = sum;
        self.shared.witness.note(&sum)
    }

    /// Leaves the database as it is, also at the end of the process: sled would try a last sync, and panic where it fails.
    pub(in crate::vault) fn abandon(&self) {
        abandon(&self.db);
    }

    /// The data directory.
    pub(in crate::vault) fn directory(&self) -> &Path {
        &self.shared.directory
    }

    /// Whether there is room for more, here and in another directory.
    pub(in crate::vault) fn check_space(&self, other: &Path) -> Result<(), Fault> {
        check_space(&self.shared.directory, self.shared.reserve_mib)?;
        check_space(other, self.shared.reserve_mib)
    }

    pub(in crate::vault) fn get(&self, key: &[u8]) -> Result<Option<IVec>, Fault> {
        self.db.get(key).map_err(|e| self.fault(e))
    }

    /// A value that may be long; `what` names it if it is damaged.
    pub(in crate::vault) fn get_long(&self, key: &[u8], what: &str) -> Result<Option<Vec<u8>>, Fault> {
        let rows: Vec<(IVec, IVec)> = self.scan(key).collect::<Result<_, _>>()?;
        if rows.is_empty() {
            return Ok(None);
        }
        let value = chunks::join(rows.iter().map(|(k, v)| (&**k, &**v)));
        value.map(Some).ok_or_else(|| Fault::damaged(what))
    }

    /// All values that may be long whose keys begin so, in order; without a value where one is damaged.
    pub(in crate::vault) fn scan_long(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Vec<u8>, Option<Vec<u8>>), Fault>> + '_ {
        let mut rows = self.scan(prefix).peekable();
        std::iter::from_fn(move || {
            let (first, chunk) = match rows.next()? {
                Ok(row) => row,
                Err(fault) => return Some(Err(fault)),
            };
            let key = chunks::key_of(&first).to_vec();
            let mut of_value = vec![(first, chunk)];
            while let Some(Ok(next)) = rows.next_if(|row| row.as_ref().is_ok_and(|(k, _)| chunks::key_of(k) == key)) {
                of_value.push(next);
            }
            let value = chunks::join(of_value.iter().map(|(k, v)| (&**k, &**v)));
            Some(Ok((key, value)))
        })
    }

    /// Removes all rows of a key that may be long, or of all such keys that begin so.
    pub(in crate::vault) fn remove_long(&self, step: &mut Step, key: &[u8]) -> Result<(), Fault> {
        for row in self.scan(key) {
            step.remove(&row?.0);
        }
        Ok(())
    }

    /// All rows whose keys begin so, in order.
    pub(in crate::vault) fn scan(&self, prefix: &[u8]) -> impl Iterator<Item = Result<(IVec, IVec), Fault>> + '_ {
        self.db.scan_prefix(prefix).map(|row| row.map_err(|e| self.fault(e)))
    }

    fn fault(&self, source: sled::Error) -> Fault {
        refused(&self.shared.directory, source)
    }
}

/// Whether the digest covers a row. Releases have digests of their own, and the journal is a chain.
fn is_covered(key: &[u8]) -> bool {
    !(key.starts_with(rows::JOURNAL_PREFIX) || key.starts_with(rows::RELEASE_PREFIX) || key == rows::SUM_KEY)
}

/// The lock is taken before anything else is touched; the operating system frees it when the process ends.
fn lock(directory: &Path) -> Result<File, Fault> {
    let path = directory.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Fault::InUse(directory.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(at(&path)(source)),
    }
}

fn check_space(directory: &Path, reserve_mib: u64) -> Result<(), Fault> {
    let free = fs4::available_space(directory).map_err(at(directory))?;
    if free / MIB < reserve_mib {
        return Err(Fault::NoSpace { path: directory.to_owned(), free_mib: free / MIB, reserve_mib });
    }
    Ok(())
}

/// A full disk leaves an empty one that bars every later open; sled makes them again.
fn remove_unfinished_snapshots(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

pub(in crate::vault) fn open_sled(path: &Path) -> Result<Db, Fault> {
    let began = Instant::now();
    loop {
        let open = || {
            #[allow(clippy::disallowed_methods)] // the one place that may open a database
            sled::Config::new().path(path).flush_every_ms(None).cache_capacity(32 * MIB).open()
        };
        match unpanicked(open, path)? {
            Ok(db) => return Ok(db),
            Err(fault) if is_held(&fault) && began.elapsed() < HELD_MAX => std::thread::sleep(HELD_TICK),
            Err(fault) => return Err(refused(path, fault)),
        }
    }
}

/// Whether sled's own lock is held. Ours is taken before, so it can only be a thread of a database that this process has just
/// closed.
fn is_held(fault: &sled::Error) -> bool {
    matches!(fault, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// What sled says, as what it means: the system refuses, or the files are not what was written.
fn refused(path: &Path, source: sled::Error) -> Fault {
    match source {
        sled::Error::Io(_) => Fault::Database { path: path.to_owned(), source },
        other => Fault::damaged(format!("the database files in {}: {other}", path.display())),
    }
}

/// One reference that is never given back keeps sled from its last sync.
fn abandon(db: &Db) {
    std::mem::forget(db.clone());
}

/// Refuses a directory without a database.
fn require(directory: &Path) -> Result<(), Fault> {
    let file = directory.join("db").join("db");
    fs::metadata(&file).map(|_| ()).map_err(at(&file))
}

/// Damaged files can make sled panic; that must not look like a bug of ours, nor start on a guess.
pub(in crate::vault) fn unpanicked<T>(run: impl FnOnce() -> T, path: &Path) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Fault::damaged(format!("the database files in {}", path.display())))
}
