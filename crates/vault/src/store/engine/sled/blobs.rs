//! sled writes a node that has become too large to a file of its own and never syncs it. Rows are short enough that this
//! hardly ever happens (`pieces`); where it does, the file is synced here, before the step that needs it is durable.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{FileError, at};

/// The directory of these files, and those that are durable. None of them ever changes.
pub(super) struct Blobs {
    directory: PathBuf,
    durable: Mutex<BTreeSet<OsString>>,
}

impl Blobs {
    /// Those of the database at a path, all of which are durable afterwards.
    pub(super) fn open(database: &Path) -> Result<Self, FileError> {
        let blobs = Self { directory: database.join("blobs"), durable: Mutex::default() };
        blobs.sync()?;
        Ok(blobs)
    }

    /// Makes those that came since the last time durable. Costs a look into an empty directory where there are none.
    pub(super) fn sync(&self) -> Result<(), FileError> {
        let names = match fs::read_dir(&self.directory) {
            Ok(entries) => {
                entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<BTreeSet<_>>>()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => Err(error),
        };
        let names = names.map_err(at(&self.directory))?;
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_new = false;
        for name in names.difference(&durable) {
            let path = self.directory.join(name);
            match File::open(&path).and_then(|file| file.sync_all()) {
                Ok(()) => is_new = true,
                // sled removes files that it needs no more, at any time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(at(&path)(error)),
            }
        }
        if is_new {
            File::open(&self.directory).and_then(|directory| directory.sync_all()).map_err(at(&self.directory))?;
        }
        *durable = names;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_come_and_go_are_synced_once() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(directory.path()).unwrap();
        let path = directory.path().join("blobs");
        fs::create_dir(&path).unwrap();
        let durable = || blobs.durable.lock().unwrap().iter().cloned().collect::<Vec<_>>();
        fs::write(path.join("1"), b"x").unwrap();
        blobs.sync().unwrap();
        assert_eq!(durable(), ["1"]);
        fs::write(path.join("2"), b"x").unwrap();
        fs::remove_file(path.join("1")).unwrap();
        blobs.sync().unwrap();
        assert_eq!(durable(), ["2"]);
    }
}
