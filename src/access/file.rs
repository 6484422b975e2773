//! The file of tokens: read whole, written whole. Only its owner may read it, and whoever changes it waits for whoever does.
//!
//! A change is written beside the file, synced, and put in its place, so that a reader sees the old or the new and never a part.
//! The server never writes it; what the server knows of the last use of each token is in a file of its own beside it.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::record::{Date, NOTE_BYTES_MAX, REACH_MAX, Record, Role};
use super::token::Digest;

/// The most tokens in one file.
pub const TOKENS_MAX: usize = 4_096;
/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What stands at the head of the file.
const HEAD: &str = "# Tokens of headcount. `headcount token` writes this file; a running server reads it within a second.\n\
                    # It holds digests: no token can be made from it.\n\n";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The system refuses.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error("{path} may be read by others (mode {mode:o}); allowed: mode 600. Run: chmod 600 {path}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is no file of tokens.
    #[error("{path}: {what}. Restore it from a copy, or set it aside and give new tokens", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default)]
    token: Vec<Record>,
}

/// What tells one state of a file from the next.
pub type Mark = (u64, u64, i64, i64);

/// Changes when a file does; `None` where there is none.
#[must_use]
pub fn mark(path: &Path) -> Option<Mark> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

/// Where the file is.
#[derive(Debug, Clone)]
pub struct TokenFile(PathBuf);

impl TokenFile {
    /// The file of this path, whether there is one or not.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn io(&self, error: io::Error) -> FileFault {
        FileFault::Io { path: self.0.clone(), error }
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(extension);
        name.into()
    }

    /// Changes when the file does; `None` where there is none.
    pub(super) fn mark(&self) -> Option<Mark> {
        mark(&self.0)
    }

    /// All records; none where there is no file.
    ///
    /// # Errors
    /// When it cannot be read, may be read by others, or is no file of tokens.
    pub fn read(&self) -> Result<Vec<Record>, FileFault> {
        let metadata = match fs::metadata(&self.0) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.io(error)),
        };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(FileFault::Open { path: self.0.clone(), mode });
        }
        let damaged = |what: String| FileFault::Damaged { path: self.0.clone(), what };
        if metadata.len() > FILE_BYTES_MAX {
            return Err(damaged(format!("{} bytes are too many; allowed: {FILE_BYTES_MAX}", metadata.len())));
        }
        let text = fs::read_to_string(&self.0).map_err(|error| self.io(error))?;
        let stored: Stored = toml::from_str(&text).map_err(|error| damaged(error.message().to_owned()))?;
        check(&stored.token).map_err(damaged)?;
        Ok(stored.token)
    }

    /// Changes the records; nobody else changes them meanwhile. Gives what the change gives.
    ///
    /// # Errors
    /// Those of [`TokenFile::read`], and where it cannot be written.
    pub fn change<T, E: From<FileFault>>(&self, change: impl FnOnce(&mut Vec<Record>) -> Result<T, E>) -> Result<T, E> {
        let lock = self.lock().map_err(|error| self.io(error))?;
        let mut records = self.read()?;
        let made = change(&mut records)?;
        check(&records).map_err(|what| FileFault::Damaged { path: self.0.clone(), what })?;
        let text = toml::to_string(&Stored { token: records });
        let text = text.map_err(|error| FileFault::Damaged { path: self.0.clone(), what: error.to_string() })?;
        replace(&self.0, &self.beside(".new"), &format!("{HEAD}{text}")).map_err(|error| self.io(error))?;
        drop(lock);
        Ok(made)
    }

    /// Held while the file is changed; given back when dropped.
    fn lock(&self) -> io::Result<File> {
        if let Some(directory) = self.0.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)?;
        }
        let path = self.beside(".lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        belong_to_directory(&path)?;
        file.lock()?;
        Ok(file)
    }

    /// The day of the last use of each token, by id. What cannot be read is not known.
    #[must_use]
    pub fn last_used(&self) -> BTreeMap<String, Date> {
        let text = fs::read_to_string(self.beside(".used")).unwrap_or_default();
        let days = text.lines().filter_map(|line| line.split_once(' '));
        days.filter_map(|(id, day)| Some((id.to_owned(), day.parse().ok()?))).collect()
    }

    /// Keeps the days of the last use.
    pub(super) fn keep_last_used(&self, days: &BTreeMap<String, Date>) -> io::Result<()> {
        let text: String = days.iter().map(|(id, day)| format!("{id} {day}\n")).collect();
        replace(&self.beside(".used"), &self.beside(".used.new"), &text)
    }
}

/// Writes a text beside a file, makes it durable, and puts it in the file's place.
fn replace(path: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(beside)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    belong_to_directory(beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    match path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// A file that root makes in the directory of the server is the server's.
fn belong_to_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (theirs, ours) = (fs::metadata(directory)?, fs::metadata(path)?);
    if ours.uid() == 0 && theirs.uid() != 0 {
        std::os::unix::fs::chown(path, Some(theirs.uid()), Some(theirs.gid()))?;
    }
    Ok(())
}

/// What must hold of the records of a file.
fn check(records: &[Record]) -> Result<(), String> {
    if records.len() > TOKENS_MAX {
        return Err(format!("{} tokens are too many; allowed: {TOKENS_MAX}", records.len()));
    }
    let mut ids = std::collections::HashSet::new();
    for record in records {
        let id = record.id.as_str();
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) || !ids.insert(id) {
            return Err(format!(
                "the id {id:?} is empty, stands twice, or has other characters than letters and digits"
            ));
        }
        let before = record.before.iter().map(|before| &before.digest);
        if !before.chain([&record.digest]).all(|digest| Digest::from_hex(digest).is_some()) {
            return Err(format!("the digest of {id} is none"));
        }
        let named = record.sites.len() + record.groups.len();
        let is_about_all = record.all || record.role == Role::Admin;
        if named > REACH_MAX || record.note.len() > NOTE_BYTES_MAX || (named == 0) != is_about_all {
            return Err(format!("what {id} is about is not clear: all, or 1 to {REACH_MAX} sites and groups"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::token::Token;

    fn record(id: &str) -> Record {
        Record {
            id: id.to_owned(),
            role: Role::Ingest,
            all: false,
            sites: vec![crate::units::SiteName::new("www").unwrap()],
            groups: vec!["europe".to_owned()],
            note: "the log shipper \"of\" www".to_owned(),
            digest: Token::new(Role::Ingest).unwrap().digest().to_string(),
            created: Date::at(0),
            expires: None,
            revoked: Some(Date::at(0)),
            before: None,
        }
    }

    #[test]
    fn what_is_written_is_read_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = TokenFile::new(directory.path().join("new/tokens.toml"));
        assert!(file.read().unwrap().is_empty() && file.mark().is_none());
        let add = |records: &mut Vec<Record>| {
            records.push(record("a1"));
            Ok::<(), FileFault>(())
        };
        file.change(add).unwrap();
        assert_eq!(file.read().unwrap()[0].note, record("a1").note);
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        // The same id twice: refused, and the file stays as it was.
        let before = file.mark();
        assert!(matches!(file.change(add), Err(FileFault::Damaged { .. })));
        assert_eq!(file.mark(), before);
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(file.read().unwrap_err().to_string().contains("mode 640"));
    }

    #[test]
    fn changes_at_the_same_time_are_all_kept() {
        let directory = tempfile::tempdir().unwrap();
        let file = TokenFile::new(directory.path().join("tokens.toml"));
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = file.clone();
                scope.spawn(move || {
                    file.change(|records| {
                        records.push(record(&format!("t{n}")));
                        Ok::<(), FileFault>(())
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(file.read().unwrap().len(), 8);
    }

    #[test]
    fn a_damaged_file_gives_no_tokens() {
        let directory = tempfile::tempdir().unwrap();
        let file = TokenFile::new(directory.path().join("tokens.toml"));
        for text in ["[[token]]\nid = \"a\"", "token = 1", "[[tokens]]", "\u{0}"] {
            replace(file.path(), &file.beside(".new"), text).unwrap();
            assert!(matches!(file.read(), Err(FileFault::Damaged { .. })), "{text}");
        }
    }

    #[test]
    fn last_use_is_kept_by_day() {
        let directory = tempfile::tempdir().unwrap();
        let file = TokenFile::new(directory.path().join("tokens.toml"));
        let days = BTreeMap::from([("a".to_owned(), Date::at(0)), ("b".to_owned(), "2026-11-28".parse().unwrap())]);
        file.keep_last_used(&days).unwrap();
        assert_eq!(file.last_used(), days);
    }
}
