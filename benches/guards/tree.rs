//! A copy of the working tree, in `target/hazards`, in which guards are taken out. It stays between runs, and only what differs
//! is written, so that little has to be built again. The working tree itself is only read.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use super::list;

/// The copy. No second run uses it at the same time.
pub struct Tree {
    copy: PathBuf,
    _lock: File,
}

impl Tree {
    /// Makes the copy follow the working tree: files that git tracks or would track.
    pub fn open() -> io::Result<Self> {
        let root = list::root().canonicalize()?;
        let place = root.join("target/hazards");
        let copy = place.join("tree");
        fs::create_dir_all(&copy)?;
        let lock = File::create(place.join("lock"))?;
        lock.try_lock().map_err(|_| io::Error::other("target/hazards is in use by another run"))?;
        let listed =
            Command::new("git").args(["ls-files", "-z", "-co", "--exclude-standard"]).current_dir(&root).output()?;
        let listed = String::from_utf8(listed.stdout).map_err(io::Error::other)?;
        let names = listed.split_terminator('\0').filter(|name| root.join(name).symlink_metadata().is_ok());
        let names: BTreeSet<PathBuf> = names.map(PathBuf::from).collect();
        for name in &names {
            bring(&root.join(name), &copy.join(name))?;
        }
        remove_others(&copy, &copy, &names)?;
        Ok(Self { copy, _lock: lock })
    }

    /// A command in the copy, with what is built beside it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.copy).env("CARGO_TARGET_DIR", self.beside("target"));
        command
    }

    /// A place beside the copy.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.copy.with_file_name(name)
    }

    /// Does something while a file is another one. None where it does not hold `text` exactly once.
    pub fn with<T>(&self, file: &str, text: &str, instead: &str, work: impl FnOnce() -> T) -> io::Result<Option<T>> {
        let path = self.copy.join(file);
        let before = fs::read_to_string(&path)?;
        if before.matches(text).count() != 1 {
            return Ok(None);
        }
        fs::write(&path, before.replacen(text, instead, 1))?;
        let done = work();
        fs::write(&path, before)?;
        Ok(Some(done))
    }
}

/// Makes one file or link of the copy that of the working tree, if it is not.
fn bring(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.parent().unwrap())?;
    if from.is_symlink() {
        if !to.is_symlink() {
            symlink(fs::read_link(from)?, to)?;
        }
        return Ok(());
    }
    if fs::read(to).ok() != Some(fs::read(from)?) {
        fs::copy(from, to)?;
    }
    Ok(())
}

/// Removes what is no longer in the working tree.
fn remove_others(folder: &Path, copy: &Path, names: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            remove_others(&path, copy, names)?;
        } else if !names.contains(path.strip_prefix(copy).unwrap()) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
