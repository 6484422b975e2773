//! The directory that is published. A file is written only where its bytes changed, beside its place first and then renamed,
//! so that a reader sees the old one or the new one whole.
//!
//! A list of its own says which files it wrote. What is not in that list is never touched.

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
};

use super::PublishError;

/// The list of the files that were written, one path a line.
const LIST: &str = ".headcount-publish";

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or have other bytes than before.
    pub changed: usize,
    /// Files that are as they were.
    pub unchanged: usize,
    /// Files of an earlier run that are no longer part of it, and were removed.
    pub removed: usize,
    /// Those that are still there.
    pub left: Vec<String>,
    /// The bytes of all files.
    pub bytes: u64,
}

/// A directory while it is written.
pub(super) struct Tree {
    root: PathBuf,
    before: BTreeSet<String>,
    now: BTreeSet<String>,
    written: Written,
}

impl Tree {
    /// Opens a directory, or makes one.
    pub(super) fn open(root: &Path) -> Result<Self, PublishError> {
        fs::create_dir_all(root).map_err(|error| PublishError::file(root, &error))?;
        let list = root.join(LIST);
        let before = match fs::read_to_string(&list) {
            Ok(text) => text.lines().filter(|line| is_inside(line)).map(str::to_owned).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(PublishError::file(list, &error)),
        };
        Ok(Self { root: root.to_owned(), before, now: BTreeSet::new(), written: Written::default() })
    }

    /// Puts a file in its place. `path` is relative, with slashes.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
        debug_assert!(is_inside(path), "{path}");
        let place = self.root.join(path);
        if self.replace(&place, bytes).map_err(|error| PublishError::file(&place, &error))? {
            self.written.changed += 1;
        } else {
            self.written.unchanged += 1;
        }
        self.written.bytes += bytes.len() as u64;
        self.now.insert(path.to_owned());
        Ok(())
    }

    /// Whether the file had other bytes.
    fn replace(&self, place: &Path, bytes: &[u8]) -> io::Result<bool> {
        let is_same_length =
            fs::metadata(place).is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64);
        if is_same_length && fs::read(place)? == bytes {
            return Ok(false);
        }
        let directory = place.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory)?;
        // For a web server that is another user; the process's mask may take rights away.
        let for_all = fs::Permissions::from_mode(0o644);
        let mut file = tempfile::Builder::new().prefix(".headcount-").permissions(for_all).tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(place).map_err(|error| error.error)?;
        Ok(true)
    }

    /// Writes the list, and removes what an earlier run wrote and this one did not, if that is wanted.
    pub(super) fn finish(mut self, prune: bool) -> Result<Written, PublishError> {
        let gone: Vec<String> = self.before.difference(&self.now).cloned().collect();
        for path in gone {
            let place = self.root.join(&path);
            if !place.is_file() {
                continue;
            }
            if prune {
                fs::remove_file(&place).map_err(|error| PublishError::file(&place, &error))?;
                self.written.removed += 1;
                self.remove_empty(place.parent());
            } else {
                // Still ours, so that a later run may remove it.
                self.now.insert(path.clone());
                self.written.left.push(path);
            }
        }
        let list: String = self.now.iter().map(|path| format!("{path}\n")).collect();
        let place = self.root.join(LIST);
        self.replace(&place, list.as_bytes()).map_err(|error| PublishError::file(&place, &error))?;
        Ok(self.written)
    }

    /// Removes directories that a removed file leaves empty. One that is not empty stays.
    fn remove_empty(&self, mut directory: Option<&Path>) {
        while let Some(path) = directory.filter(|path| *path != self.root) {
            if fs::remove_dir(path).is_err() {
                return;
            }
            directory = path.parent();
        }
    }
}

/// Whether a path leads to a file inside the directory.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_changed_is_written_and_only_what_is_ours_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("new");
        let run = |files: &[(&str, &str)], prune| {
            let mut tree = Tree::open(&root).unwrap();
            files.iter().for_each(|(path, text)| tree.put(path, text.as_bytes()).unwrap());
            let Written { changed, unchanged, removed, left, .. } = tree.finish(prune).unwrap();
            (changed, unchanged, removed, left)
        };
        assert_eq!(run(&[("a/x.csv", "1"), ("b.csv", "1")], false), (2, 0, 0, vec![]));
        fs::write(root.join("a/theirs.txt"), "mine").unwrap();
        assert_eq!(run(&[("a/x.csv", "1"), ("b.csv", "2")], false), (1, 1, 0, vec![]));
        assert_eq!(run(&[("b.csv", "2")], false), (0, 1, 0, vec!["a/x.csv".to_owned()]));
        assert_eq!(run(&[("b.csv", "2")], true), (0, 1, 1, vec![]));
        assert_eq!(names(&root), [LIST, "a", "b.csv"]);
        assert_eq!(names(&root.join("a")), ["theirs.txt"]);
        assert_eq!(fs::metadata(root.join("b.csv")).unwrap().permissions().mode() & 0o600, 0o600);
    }

    #[test]
    fn a_list_that_leads_elsewhere_removes_nothing_there() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("public");
        fs::create_dir(&root).unwrap();
        let outside = directory.path().join("private");
        fs::write(&outside, "x").unwrap();
        fs::write(root.join(LIST), format!("../private\n{}\na/../../private\n", outside.display())).unwrap();
        assert_eq!(Tree::open(&root).unwrap().finish(true).unwrap().removed, 0);
        assert!(outside.exists());
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("a.csv")).unwrap();
        let error = Tree::open(directory.path()).unwrap().put("a.csv", b"x").unwrap_err();
        assert!(error.to_string().contains("a.csv: cannot be written"), "{error}");
    }
}
