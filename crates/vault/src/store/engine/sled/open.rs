//! Opening sled safely: the lock first, then room, then what a crash may have left; and all that was made is durable before
//! anything is written.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sled::Db;

use super::{Blobs, EngineError, FileError, HighWater, SledWriter, Stopwatch, Tree, at, read::unpanicked, refused};
use crate::store::{
    engine::{Fence, Opened, ReadRows},
    space,
};

const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// How long a thread of a database that was closed may hold its lock.
const HELD_MAX: Duration = Duration::from_secs(10);
const HELD_TICK: Duration = Duration::from_millis(10);

/// Opens the database in `directory/db`, making it if need be.
pub(in crate::store::engine) fn open(directory: &Path, reserve_mib: u64) -> Result<Opened, EngineError> {
    fs::create_dir_all(directory).map_err(at(directory))?;
    let lock = lock(directory)?;
    space::check::<EngineError>(directory, reserve_mib)?;
    let path = directory.join("db");
    fs::create_dir_all(&path).map_err(at(&path))?;
    remove_unfinished_snapshots(&path).map_err(at(&path))?;
    let db = open_database(&path)?;
    let tree = Arc::new(Tree { db, directory: directory.to_owned(), reserve_mib, _lock: lock });
    let beside = open_beside(directory);
    if beside.is_err() {
        tree.abandon();
    }
    let (data_file, blobs, high_water, said) = beside?;
    let writer = SledWriter { tree: tree.clone(), data_file, blobs, watch: Stopwatch::default(), high_water };
    Ok(Opened { reader: tree, writer: Box::new(writer), high_water: said, place: directory.to_owned() })
}

/// Refuses a directory without a database.
pub(in crate::store::engine) fn require(directory: &Path) -> Result<(), EngineError> {
    let file = directory.join("db").join("db");
    fs::metadata(&file).map_err(at(&file))?;
    Ok(())
}

/// The files that we sync ourselves, after all that was made is durable.
fn open_beside(directory: &Path) -> Result<(File, Blobs, HighWater, Option<Fence>), FileError> {
    let file = directory.join("db").join("db");
    let data_file = OpenOptions::new().read(true).write(true).open(&file).map_err(at(&file))?;
    data_file.sync_all().map_err(at(&file))?;
    let blobs = Blobs::open(&directory.join("db"))?;
    let (high_water, said) = HighWater::open(directory)?;
    for directory in file.ancestors().skip(1).take(3).filter(|path| !path.as_os_str().is_empty()) {
        File::open(directory).and_then(|d| d.sync_all()).map_err(at(directory))?;
    }
    Ok((data_file, blobs, high_water, said))
}

/// The lock is taken before anything else is touched; the operating system frees it when the process ends.
fn lock(directory: &Path) -> Result<File, EngineError> {
    let path = directory.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(EngineError::InUse(directory.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(at(&path)(source).into()),
    }
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

pub(crate) fn open_database(path: &Path) -> Result<Db, EngineError> {
    let began = Instant::now();
    loop {
        let open = || {
            #[allow(clippy::disallowed_methods)] // the one place that may open a database
            sled::Config::new().path(path).flush_every_ms(None).cache_capacity(CACHE_BYTES).open()
        };
        match unpanicked(open, path.parent().unwrap_or(path))? {
            Ok(db) => return Ok(db),
            Err(fault) if is_held(&fault) && began.elapsed() < HELD_MAX => std::thread::sleep(HELD_TICK),
            Err(fault) => return Err(refused_by_sled(path, fault)),
        }
    }
}

/// Whether sled's own lock is held. Ours is taken before, so it can only be a thread of a database that this process has just
/// closed.
fn is_held(fault: &sled::Error) -> bool {
    matches!(fault, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// What sled says, as what it means: the system refuses, or the files are not what was written.
pub(super) fn refused_by_sled(path: &Path, source: sled::Error) -> EngineError {
    match source {
        sled::Error::Io(_) => refused(path, source),
        other => EngineError::Damaged(format!("the database files in {}: {other}", path.display())),
    }
}
