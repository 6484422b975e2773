//! The database itself: opening it safely, and one durable step at a time.

use std::{
    fs::{self, File, OpenOptions},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use sled::{Batch, Db, IVec};

use super::{Fault, chunks};

const MIB: u64 = 1024 * 1024;

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
    reserve_mib: u64,
    /// Held for as long as this process has the directory.
    _lock: File,
}

/// Steps that become durable together or not at all.
#[derive(Default)]
pub(in crate::vault) struct Step(Batch);

impl Step {
    pub(in crate::vault) fn put(&mut self, key: &[u8], value: &[u8]) {
        self.0.insert(key, value);
    }

    pub(in crate::vault) fn remove(&mut self, key: &[u8]) {
        self.0.remove(key);
    }

    /// Puts a value that may be long.
    pub(in crate::vault) fn put_long(&mut self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        chunks::put(&mut self.0, key, value).ok_or_else(|| Fault::damaged("a value of more than 1 GiB"))
    }
}

impl Disk {
    /// Opens the database in `directory/db`, making it if need be.
    pub(in crate::vault) fn open(directory: &Path, reserve_mib: u64) -> Result<Self, Fault> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| Fault::File { path, source }
        };
        fs::create_dir_all(directory).map_err(at(directory))?;
        let lock = lock(directory)?;
        check_space(directory, reserve_mib)?;
        let path = directory.join("db");
        fs::create_dir_all(&path).map_err(at(&path))?;
        remove_unfinished_snapshots(&path).map_err(at(&path))?;
        let db = open_sled(&path)?;
        let file = path.join("db");
        let data_file = OpenOptions::new().read(true).write(true).open(&file).map_err(at(&file))?;
        data_file.sync_all().map_err(at(&file))?;
        for directory in [&*path, directory] {
            File::open(directory).and_then(|d| d.sync_all()).map_err(at(directory))?;
        }
        let shared = Shared { directory: directory.to_owned(), data_file, reserve_mib, _lock: lock };
        Ok(Self { db, shared: Arc::new(shared) })
    }

    /// Makes a step durable: applied at once as a whole, flushed, and synced to the disk.
    pub(in crate::vault) fn commit(&self, step: Step) -> Result<(), Fault> {
        self.db.apply_batch(step.0).map_err(|e| self.fault(e))?;
        self.db.flush().map_err(|e| self.fault(e))?;
        let file = self.shared.directory.join("db").join("db");
        self.shared.data_file.sync_data().map_err(|source| Fault::File { path: file, source })
    }

    /// Whether there is room for more.
    pub(in crate::vault) fn check_space(&self) -> Result<(), Fault> {
        check_space(&self.shared.directory, self.shared.reserve_mib)
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

    /// Removes all rows of a key that may be long.
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
        Fault::Database { path: self.shared.directory.clone(), source }
    }
}

/// The lock is taken before anything else is touched; the operating system frees it when the process ends.
fn lock(directory: &Path) -> Result<File, Fault> {
    let path = directory.join("lock");
    let at = |source| Fault::File { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Fault::InUse(directory.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(at(source)),
    }
}

fn check_space(directory: &Path, reserve_mib: u64) -> Result<(), Fault> {
    let free = fs4::available_space(directory).map_err(|source| Fault::File { path: directory.to_owned(), source })?;
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

/// Damaged files can make sled panic; that must not look like a bug of ours, nor start on a guess.
fn open_sled(path: &Path) -> Result<Db, Fault> {
    let open = || {
        #[allow(clippy::disallowed_methods)] // the one place that may open a database
        sled::Config::new().path(path).flush_every_ms(None).cache_capacity(32 * MIB).open()
    };
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(source)) => Err(Fault::Database { path: path.to_owned(), source }),
        Err(_) => Err(Fault::damaged(format!("the database files in {}", path.display()))),
    }
}
