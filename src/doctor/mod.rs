//! Looks at the machine and the directories that a server is to use, and says what to do about what it finds.
//!
//! It is here because most trouble of a server is none of its own: a clock that is wrong, a disk that is slow or full, keys that
//! everybody may read, memory that goes to a disk. Each check is a function that gives findings; [`examine`] lists them all.
//!
//! It never opens the database, reads a key or changes anything but one file of its own, which it writes to time the disk and removes.

mod disk;
mod machine;
mod permissions;

use std::path::{Path, PathBuf};

pub use machine::Machine;

/// How good a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Good,
    /// It works; something would be better.
    Advice,
    /// Numbers or privacy may suffer.
    Bad,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How good it is.
    pub level: Level,
    /// What was looked at, one word.
    pub about: &'static str,
    /// What is so, and what to do about it where it is not good.
    pub what: String,
}

impl Finding {
    fn good(about: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Good, about, what: what.into() }
    }

    fn advice(about: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Advice, about, what: what.into() }
    }

    fn bad(about: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Bad, about, what: what.into() }
    }
}

/// What a server is to use.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The database.
    pub data: PathBuf,
    /// Keys of open periods.
    pub keys: PathBuf,
    /// The archive of releases.
    pub archive: PathBuf,
    /// Below so much free space the server accepts nothing, in bytes.
    pub reserve_bytes: u64,
}

/// All findings, in the order in which they are read.
#[must_use]
pub fn examine(subject: &Subject, machine: &Machine, now_unix_ms: i64) -> Vec<Finding> {
    let mut findings = vec![machine.clock(now_unix_ms)];
    findings.extend(disk::places(subject, machine));
    findings.push(disk::free(subject));
    findings.push(disk::sync_speed(&subject.data));
    findings.extend(permissions::private(subject));
    findings.push(machine.open_files());
    findings.push(machine.swap());
    findings.push(machine.core_dumps());
    findings
}

/// The directory itself, or what of its path is there: it is made at the first start.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOW_UNIX_MS: i64 = 1_790_000_000_000;

    fn subject(root: &Path) -> Subject {
        let place = |name: &str| {
            let path = root.join(name);
            fs::create_dir_all(&path).unwrap();
            path
        };
        Subject { data: place("data"), keys: place("keys"), archive: place("archive"), reserve_bytes: 0 }
    }

    fn level(findings: &[Finding], about: &str) -> Level {
        findings.iter().filter(|finding| finding.about == about).map(|finding| finding.level).max().unwrap()
    }

    #[test]
    fn each_trouble_is_found_where_it_is_and_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let proc = root.path().join("proc");
        fs::create_dir_all(proc.join("self")).unwrap();
        let write = |name: &str, text: &str| fs::write(proc.join(name), text).unwrap();
        write("swaps", "Filename\tType\tSize\tUsed\tPriority\n");
        write(
            "self/limits",
            "Max open files            65536                65536                files\nMax core file size        0                    0                    bytes\n",
        );
        write("self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
        let machine = Machine::at(&proc);
        let mut subject = subject(root.path());
        for path in [&subject.data, &subject.keys, &subject.archive] {
            permissions::make_private(path);
        }

        let calm = examine(&subject, &machine, NOW_UNIX_MS);
        for about in ["clock", "disk", "permissions", "files", "swap", "core"] {
            assert_eq!(level(&calm, about), Level::Good, "{about}: {calm:?}");
        }
        assert_eq!(level(&calm, "keys"), Level::Advice, "keys beside the data");

        write("swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 1024 0 -2\n");
        write(
            "self/limits",
            "Max open files            1024                 1024                 files\nMax core file size        unlimited            unlimited            bytes\n",
        );
        subject.reserve_bytes = u64::MAX / 2;
        subject.keys = subject.data.join("keys");
        fs::create_dir_all(&subject.keys).unwrap();
        permissions::open_to_all(&subject.keys);
        let trouble = examine(&subject, &machine, 0);
        for about in ["clock", "disk", "permissions"] {
            assert_eq!(level(&trouble, about), Level::Bad, "{about}: {trouble:?}");
        }
        for about in ["files", "swap", "core", "keys"] {
            assert_eq!(level(&trouble, about), Level::Advice, "{about}: {trouble:?}");
        }
        assert!(trouble.iter().all(|finding| !finding.what.is_empty()));
    }

    #[test]
    fn what_is_not_there_yet_is_no_trouble() {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| root.path().join("not/yet").join(name);
        let subject = Subject { data: place("data"), keys: place("keys"), archive: place("archive"), reserve_bytes: 0 };
        let findings = examine(&subject, &Machine::at(Path::new("/proc")), NOW_UNIX_MS);
        assert_eq!(level(&findings, "permissions"), Level::Good);
        assert_eq!(level(&findings, "disk"), Level::Good);
        assert!(!place("data").exists(), "nothing is made");
    }
}
