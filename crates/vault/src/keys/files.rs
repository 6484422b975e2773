//! Keys as files: read, made so that a crash leaves a whole one or none, overwritten when their time is over.
//!
//! Nothing here knows what a key is for, and no error holds one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use zeroize::Zeroizing;

use super::{KEY_BYTES, KeyFault, Master};

/// What stands before an epoch's key in its file: the version of what is derived from it. Stored: never change it.
pub(super) const EPOCH_MARK: &[u8] = &[2];
/// The key of the producers stands alone in its file.
pub(super) const NO_MARK: &[u8] = &[];

/// The key of a file; none where there is no file.
pub(super) fn read(path: &Path, mark: &[u8]) -> Result<Option<Master>, KeyFault> {
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

/// A new key that is nowhere on the disk.
pub(super) fn random() -> Result<Master, KeyFault> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *key).map_err(KeyFault::Entropy)?;
    Ok(key)
}

/// Makes a key that is either wholly on the disk under its name or not there at all.
pub(super) fn create(directory: &Path, path: &Path, mark: &[u8]) -> Result<Master, KeyFault> {
    let at = |source| KeyFault::Io { path: path.to_owned(), source };
    let key = random()?;
    let draft = path.with_extension("key.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(at)?;
    file.write_all(mark).and_then(|()| file.write_all(&*key)).map_err(at)?;
    file.sync_all().map_err(at)?;
    fs::rename(&draft, path).map_err(at)?;
    sync_directory(directory)?;
    Ok(key)
}

/// Overwrites, syncs and removes a key's file. One that is gone already is no fault.
pub(super) fn destroy(directory: &Path, path: &Path) -> Result<(), KeyFault> {
    let at = |source| KeyFault::Io { path: path.to_owned(), source };
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => {
            file.write_all(&[0; EPOCH_MARK.len() + KEY_BYTES]).map_err(at)?;
            file.sync_all().map_err(at)?;
            fs::remove_file(path).map_err(at)?;
            sync_directory(directory)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(at(e)),
    }
}

pub(super) fn sync_directory(directory: &Path) -> Result<(), KeyFault> {
    File::open(directory)
        .and_then(|d| d.sync_all())
        .map_err(|source| KeyFault::Io { path: directory.to_owned(), source })
}
