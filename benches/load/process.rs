//! What the system says of a process and of a directory (Linux: /proc).

use std::{fs, path::Path, process::Child};

use super::Result;

/// What a process has used up to now.
#[derive(Clone, Copy, Default, Debug)]
pub struct Usage {
    /// User and system time of all its threads, in seconds.
    pub cpu_seconds: f64,
    /// The most memory that it held at once (VmHWM), in MiB.
    pub peak_mib: f64,
}

/// Ticks in a second: 100 on every Linux system for programs (USER_HZ).
const TICKS: f64 = 100.0;

pub fn usage(id: u32) -> Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, in brackets, may hold spaces: count from its end.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    Ok(Usage { cpu_seconds: (ticks(11) + ticks(12)) / TICKS, peak_mib: memory_mib(id, "VmHWM:")? })
}

/// A row of memory of a process (proc(5), `status`), in MiB.
pub fn memory_mib(id: u32, row: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let found = status.lines().find_map(|line| line.strip_prefix(row));
    Ok(found.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0)
}

/// The space that a file, or a directory with all below it, takes on the disk, in bytes.
pub fn disk_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(meta) = fs::symlink_metadata(path) else { return 0 };
    let below = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| disk_bytes(&entry.path()));
    meta.blocks() * 512 + below.sum::<u64>()
}

/// A process of ours that is ended with whoever holds it.
pub struct Running(pub Child);

impl Running {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn usage(&self) -> Result<Usage> {
        usage(self.id())
    }

    /// Ends it, at once.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
