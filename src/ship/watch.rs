//! The files that are followed: finds them by name and pattern, keeps them open over a rotation, and tells which have changed.
//!
//! A file is known by its inode, so one that is renamed stays the same and is read to its end, whatever it is called by then. What
//! was counted of a content the server knows; nothing of that is kept here.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::source::Input;

/// How many files are followed at once.
const FILES_MAX: usize = 512;
/// A file that has left its name is let go after it has not grown for so long: a web server writes to it until it is told.
const LET_GO_AFTER: Duration = Duration::from_secs(120);

/// A file that is followed.
pub(super) struct Watched {
    file: File,
    id: (u64, u64),
    /// Under which name it was seen last.
    pub(super) path: PathBuf,
    /// Its size and time of change when it was last read to its end.
    read: Option<Mark>,
    /// When it last grew, or was last found under a name.
    alive: Instant,
}

/// What changes when a file does.
type Mark = (u64, Option<SystemTime>);

/// All that is followed.
pub(super) struct Watch {
    /// With whether a file of it was ever there.
    patterns: Vec<(PathBuf, bool)>,
    files: Vec<Watched>,
    /// What cannot be followed now, by name.
    pub(super) problems: Vec<(PathBuf, String)>,
}

impl Watch {
    /// For names and patterns, of which nothing need be there yet.
    pub(super) fn new(patterns: Vec<PathBuf>) -> Self {
        let patterns = patterns.into_iter().map(|pattern| (pattern, false)).collect();
        Self { patterns, files: Vec::new(), problems: Vec::new() }
    }

    /// Looks for new files, lets those go that are gone for good, and gives the ones that have changed since they were read, the
    /// oldest first.
    pub(super) fn look(&mut self) -> Vec<usize> {
        self.problems.clear();
        let now = Instant::now();
        let mut found = Vec::new();
        for (pattern, was_there) in &mut self.patterns {
            let paths = expand(pattern);
            *was_there |= !paths.is_empty();
            if !*was_there {
                self.problems
                    .push((pattern.clone(), "is not there yet; nothing is stated as complete without it".to_owned()));
            }
            found.extend(paths);
        }
        for path in found {
            if let Err(error) = self.find(&path, now) {
                self.problems.push((path, format!("cannot be followed: {error}")));
            }
        }
        self.files.retain(|watched| now.duration_since(watched.alive) < LET_GO_AFTER || watched.has_changed());
        let mut changed: Vec<usize> = (0..self.files.len()).filter(|index| self.files[*index].has_changed()).collect();
        changed.sort_by_key(|index| self.files[*index].mark().and_then(|(_, time)| time));
        changed
    }

    /// Takes a file in, or finds that it is known.
    fn find(&mut self, path: &Path, now: Instant) -> io::Result<()> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            // Between the listing and this it was renamed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !metadata.is_file() {
            return Ok(());
        }
        let found = self.files.iter_mut().find(|watched| watched.id == id(&metadata));
        if let Some(watched) = found {
            watched.alive = now;
            path.clone_into(&mut watched.path);
            return Ok(());
        }
        if self.files.len() >= FILES_MAX {
            return Err(io::Error::other(format!("more than {FILES_MAX} files are followed; name fewer")));
        }
        let file = File::open(path)?;
        let id = id(&file.metadata()?);
        self.files.push(Watched { file, id, path: path.to_owned(), read: None, alive: now });
        Ok(())
    }

    /// A file by its number.
    pub(super) fn get(&mut self, index: usize) -> Option<&mut Watched> {
        self.files.get_mut(index)
    }
}

impl Watched {
    /// Size and time of change now.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.file.metadata().ok().map(|metadata| (metadata.len(), metadata.modified().ok()))
    }

    fn has_changed(&self) -> bool {
        let mark = self.mark();
        mark.is_some() && mark != self.read
    }

    /// It was read to its end, as it was then.
    pub(super) fn was_read(&mut self, mark: Option<Mark>) {
        self.read = mark;
        self.alive = Instant::now();
    }

    /// The open file as an input, whatever its name is now.
    pub(super) fn input(&self) -> Input {
        Input::File(PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd())))
    }
}

fn id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// The files of a name or pattern. A name that is there is no pattern.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    if pattern.exists() {
        return vec![pattern.to_owned()];
    }
    let found = pattern.to_str().and_then(|pattern| glob::glob(pattern).ok());
    found.into_iter().flatten().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn files_are_found_known_again_and_read_after_they_were_renamed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let mut watch = Watch::new(vec![at("access.log"), at("site-*.log")]);
        assert!(watch.look().is_empty() && watch.problems.len() == 2);
        fs::write(at("access.log"), "one").unwrap();
        fs::write(at("site-a.log"), "two").unwrap();
        fs::write(at("other.log"), "three").unwrap();
        assert_eq!((watch.look().len(), watch.files.len()), (2, 2));
        for index in 0..2 {
            let watched = watch.get(index).unwrap();
            let mark = watched.mark();
            watched.was_read(mark);
        }
        assert!(watch.look().is_empty() && watch.problems.is_empty());
        // It is rotated to a name that nobody follows, and still written to.
        fs::rename(at("access.log"), at("access.log.1")).unwrap();
        fs::write(at("access.log"), "new").unwrap();
        fs::File::options().append(true).open(at("access.log.1")).unwrap().write_all(b" more").unwrap();
        let changed = watch.look();
        let contents: Vec<String> = changed
            .iter()
            .map(|index| match watch.get(*index).unwrap().input() {
                Input::File(path) => fs::read_to_string(path).unwrap(),
                Input::Stdin => String::new(),
            })
            .collect();
        assert!(contents.len() == 2 && contents.contains(&"one more".to_owned()), "{contents:?}");
    }
}
