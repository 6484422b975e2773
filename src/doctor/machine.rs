//! What `/proc` tells of the machine: clock, limits, swap, core dumps, and on which kind of volume a path lies.
//!
//! It never asks another host.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Finding;

/// Before this, headcount did not exist: 2026-01-01T00:00:00Z, in milliseconds.
const EARLIEST_UNIX_MS: i64 = 1_767_225_600_000;
/// Open files below which many clients may be turned away.
const OPEN_FILES_MIN: u64 = 4_096;
/// Made by systemd-timesyncd once it is in step with a time server.
const IN_STEP: &str = "/run/systemd/timesync/synchronized";

/// A machine, seen through `/proc`.
#[derive(Clone, Debug)]
pub struct Machine {
    proc: PathBuf,
}

impl Machine {
    /// The one that this runs on is at `/proc`.
    #[must_use]
    pub fn at(proc: &Path) -> Self {
        Self { proc: proc.to_owned() }
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.proc.join(name)).ok()
    }

    pub(super) fn clock(&self, now_unix_ms: i64) -> Finding {
        if now_unix_ms < EARLIEST_UNIX_MS {
            return Finding::bad(
                "clock",
                "it is before 2026: set it, and let a time server keep it (timedatectl set-ntp true)",
            );
        }
        if self.proc == Path::new("/proc") && !Path::new(IN_STEP).exists() {
            return Finding::good("clock", "its year is possible; whether a time server keeps it is not known here");
        }
        Finding::good("clock", "right, as far as can be told")
    }

    /// The type of the file system on which a path lies, such as `tmpfs`.
    pub(super) fn file_system(&self, path: &Path) -> Option<String> {
        let mounts = self.read("self/mountinfo")?;
        let found = mounts.lines().filter_map(|line| {
            // proc(5): the mount point is the fifth field; the type follows a lone hyphen.
            let (place, kind) = line.split_once(" - ")?;
            let point = place.split(' ').nth(4)?;
            path.starts_with(point).then_some((point.len(), kind.split(' ').next()?))
        });
        found.max_by_key(|&(length, _)| length).map(|(_, kind)| kind.to_owned())
    }

    /// The soft limit of a row of `/proc/self/limits`; `None` where it is unlimited.
    fn limit(&self, row: &str) -> Option<u64> {
        let limits = self.read("self/limits")?;
        limits.lines().find_map(|line| line.strip_prefix(row))?.split_whitespace().next()?.parse().ok()
    }

    pub(super) fn open_files(&self) -> Finding {
        match self.limit("Max open files") {
            Some(files) if files < OPEN_FILES_MIN => {
                let what = format!(
                    "a process may have {files}: few clients at a time. Set LimitNOFILE=65536 in the unit, or ulimit -n"
                );
                Finding::advice("files", what)
            }
            Some(files) => Finding::good("files", format!("a process may have {files}")),
            None => Finding::good("files", "a process may have any number"),
        }
    }

    pub(super) fn swap(&self) -> Finding {
        let areas = self.read("swaps").map_or(0, |text| text.lines().skip(1).count());
        if areas == 0 {
            return Finding::good("swap", "there is none: what is in memory stays there");
        }
        let what = "what is counted may go to a disk from memory. Set MemorySwapMax=0 in the unit, encrypt swap, or switch it off (swapoff -a)";
        Finding::advice("swap", what)
    }

    pub(super) fn core_dumps(&self) -> Finding {
        if self.limit("Max core file size") == Some(0) {
            return Finding::good("core", "none are written by what is started from here");
        }
        Finding::advice("core", "a crash may write memory to a disk. Set LimitCORE=0 in the unit, or ulimit -c 0")
    }
}
