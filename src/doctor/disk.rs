//! The volumes: which kind they are, how much is free, and how long it takes until a write is safe.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use super::{Finding, Machine, Subject, existing};

/// How often a small write is timed.
const WRITES: usize = 15;
/// One page of a disk, in bytes.
const WRITE_BYTES: usize = 4_096;
/// Each group of batches waits for one such write: above this, senders notice.
const SLOW: Duration = Duration::from_millis(50);
/// Over a network, neither locks nor syncs can be relied upon.
const NETWORK: [&str; 6] = ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"];
/// They keep old blocks of a file that was overwritten.
const COPYING: [&str; 4] = ["btrfs", "zfs", "overlay", "f2fs"];

pub(super) fn places(subject: &Subject, machine: &Machine) -> Vec<Finding> {
    vec![data(subject, machine), keys(subject, machine), archive(subject)]
}

fn data(subject: &Subject, machine: &Machine) -> Finding {
    match machine.file_system(existing(&subject.data)) {
        Some(kind) if NETWORK.contains(&kind.as_str()) => Finding::bad(
            "data",
            format!("{} is on {kind}, over a network: use a disk of this machine", subject.data.display()),
        ),
        Some(kind) if kind == "tmpfs" => Finding::bad(
            "data",
            format!("{} is in memory and gone after a restart: use a disk", subject.data.display()),
        ),
        _ => Finding::good("data", format!("{} is on a disk of this machine", subject.data.display())),
    }
}

fn keys(subject: &Subject, machine: &Machine) -> Finding {
    let place = subject.keys.display();
    match machine.file_system(existing(&subject.keys)) {
        Some(kind) if matches!(kind.as_str(), "tmpfs" | "ramfs") => {
            Finding::good("keys", format!("{place} is in memory: no trace on a disk; a reboot ends the open periods"))
        }
        Some(kind) if COPYING.contains(&kind.as_str()) => {
            let what = format!(
                "{place} is on {kind}, which keeps old blocks of a destroyed key: use another volume, best in memory (/run)"
            );
            Finding::advice("keys", what)
        }
        _ if is_same_volume(&subject.keys, &subject.data) => {
            let what = format!(
                "{place} is on the volume of the data: who copies that volume while a period is open has both. Better on another one, \
                 and never in a backup"
            );
            Finding::advice("keys", what)
        }
        _ => Finding::good("keys", format!("{place} is on a volume of its own; keep it out of every backup")),
    }
}

fn archive(subject: &Subject) -> Finding {
    if subject.archive.starts_with(&subject.data) {
        let what = format!(
            "{} lies inside the data directory: an older copy that is put back goes unnoticed, and its days are published twice. \
             Set server.archive outside",
            subject.archive.display()
        );
        return Finding::advice("archive", what);
    }
    Finding::good("archive", format!("{} lies outside the data directory", subject.archive.display()))
}

fn is_same_volume(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| std::fs::metadata(existing(path)).map(|found| found.dev()).ok();
    device(one) == device(other)
}

pub(super) fn free(subject: &Subject) -> Finding {
    match fs4::available_space(existing(&subject.data)) {
        Ok(bytes) if bytes < subject.reserve_bytes => {
            let what = format!(
                "{} are free and {} are kept in reserve: no event is accepted. Make room",
                mib(bytes),
                mib(subject.reserve_bytes)
            );
            Finding::bad("disk", what)
        }
        Ok(bytes) if bytes < subject.reserve_bytes.saturating_mul(4) => Finding::advice(
            "disk",
            format!("{} are free; below {} no event is accepted", mib(bytes), mib(subject.reserve_bytes)),
        ),
        Ok(bytes) => Finding::good("disk", format!("{} are free", mib(bytes))),
        Err(error) => Finding::bad("disk", format!("its free space cannot be asked for: {error}")),
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

pub(super) fn sync_speed(data: &Path) -> Finding {
    match median_sync(existing(data)) {
        Ok(time) if time > SLOW => {
            let what = format!(
                "a write is safe after {} ms (the middle of {WRITES}): acknowledgements wait that long. Use a faster disk",
                time.as_millis()
            );
            Finding::advice("disk", what)
        }
        Ok(time) => Finding::good(
            "disk",
            format!("a write is safe after {:.1} ms (the middle of {WRITES})", time.as_secs_f64() * 1_000.0),
        ),
        Err(error) => Finding::advice("disk", format!("how fast it is cannot be tried as this user: {error}")),
    }
}

/// How long a small write and its sync take. The file has no name that anybody could open, and is gone afterwards.
fn median_sync(directory: &Path) -> io::Result<Duration> {
    let mut file: File = tempfile::tempfile_in(directory)?;
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let began = Instant::now();
        file.write_all(&[0; WRITE_BYTES])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[WRITES / 2])
}
