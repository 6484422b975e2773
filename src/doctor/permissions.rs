//! Who may read the directories. Releases are public in the end; keys, and what is open, are nobody's but the server's.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{Finding, Subject};

/// Files looked at in one directory; a directory of keys has some hundred.
const LOOKED_AT_MAX: usize = 10_000;
/// What a group or others may do, in the bits of a mode.
const NOT_THE_OWNER: u32 = 0o077;

pub(super) fn private(subject: &Subject) -> Vec<Finding> {
    let looked = [("data", &subject.data, false), ("keys", &subject.keys, true)];
    looked.into_iter().map(|(name, path, with_files)| directory(name, path, with_files)).collect()
}

fn directory(name: &str, path: &Path, with_files: bool) -> Finding {
    match first_open(path, with_files) {
        Ok(None) => Finding::good("permissions", format!("{name}: nobody but its owner may read it")),
        Ok(Some(open)) => {
            let what = format!("others than the owner may read {}: chmod -R go= {}", open.display(), path.display());
            Finding::bad("permissions", what)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::good("permissions", format!("{name}: not there yet; the first start makes it"))
        }
        Err(error) => {
            Finding::bad("permissions", format!("{} cannot be looked at as this user: {error}", path.display()))
        }
    }
}

/// What others may read: the directory, or a file in it or one level below. A directory that is closed protects all in it.
fn first_open(path: &Path, with_files: bool) -> io::Result<Option<PathBuf>> {
    if !is_open(path)? {
        return Ok(None);
    }
    if !with_files {
        return Ok(Some(path.to_owned()));
    }
    for entry in fs::read_dir(path)?.take(LOOKED_AT_MAX) {
        let file = entry?.path();
        if is_open(&file)? {
            return Ok(Some(file));
        }
    }
    Ok(Some(path.to_owned()))
}

fn is_open(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & NOT_THE_OWNER != 0)
}

#[cfg(test)]
pub(super) fn make_private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

#[cfg(test)]
pub(super) fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
