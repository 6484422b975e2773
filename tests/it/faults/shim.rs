//! Starts the server with `tests/faults/shim.c` in front of libc, and controls which calls fail.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::harness::{Ended, House, Server, headcount};

/// The fields of the control file, by their index.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Field {
    /// Changes of the disk so far.
    Calls,
    /// Syncs so far.
    Syncs,
    /// The change before which the process dies.
    KillBefore,
    /// The write of which only half is done before the process dies.
    Tear,
    /// The first change that fails.
    FailFrom,
    /// With this error.
    FailErrno,
    /// A bit for each kind of change that fails.
    FailKinds,
    /// The sync before which the power fails.
    PowerAt,
    /// 1: names survive a power failure as they are.
    LiveNames,
    /// Not 0: about half of what was not synced survives a power failure.
    Mixed,
    /// The clock's error, in milliseconds.
    ClockMs,
    /// Calls that were made to fail.
    Failed,
    /// The sync right after which the process dies.
    KillAfterSync,
}

/// What fails when a disk is full: all that needs room.
pub const NEEDS_ROOM: i64 = 0b0010_0111;
/// What fails on a read-only disk.
pub const CHANGES: i64 = 0b0011_1111;
/// What fails on a broken disk.
pub const EVERYTHING: i64 = 0b1111_1111;
pub const ENOSPC: i64 = 28;
pub const EIO: i64 = 5;
pub const EROFS: i64 = 30;

const CONTROL_BYTES: usize = 1024;

/// The faults of one server's directories.
pub struct Faults {
    control: File,
    directory: tempfile::TempDir,
    root: PathBuf,
}

impl Faults {
    /// None, with the reason on standard error, where this machine has no glibc for Linux or no C compiler.
    pub fn new(house: &House) -> Option<Self> {
        if let Err(why) = library() {
            eprintln!("skipped: faults cannot be put between the server and the disk here: {why}");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let control = directory.path().join("control");
        fs::write(&control, [0; CONTROL_BYTES]).expect("a control file");
        fs::create_dir(directory.path().join("image")).expect("a directory");
        let control = File::options().read(true).write(true).open(control).expect("the control file");
        let root = house.directory.path().canonicalize().expect("a path");
        Some(Self { control, directory, root })
    }

    /// Starts the server with counts at zero; `faults` are set before its first call.
    pub fn launch(&self, args: &[String], faults: &[(Field, i64)]) -> Result<Server, Ended> {
        self.control.write_all_at(&[0; CONTROL_BYTES], 0).expect("the control file");
        for (field, value) in faults {
            self.set(*field, *value);
        }
        let image = self.directory.path().join("image");
        fs::remove_dir_all(&image).expect("the old image");
        fs::create_dir(&image).expect("a directory");
        Server::launch(&mut self.command(args))
    }

    /// A command under the same clock.
    pub fn command(&self, args: &[String]) -> Command {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = headcount(&args);
        command
            .env("LD_PRELOAD", library().as_ref().expect("it was there before"))
            .env("HEADCOUNT_FAULTS_CONTROL", self.directory.path().join("control"))
            .env("HEADCOUNT_FAULTS_ROOT", &self.root)
            .env("HEADCOUNT_FAULTS_IMAGE", self.directory.path().join("image"));
        command
    }

    pub fn get(&self, field: Field) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, field as u64 * 8).expect("the control file");
        i64::from_ne_bytes(bytes)
    }

    pub fn set(&self, field: Field, value: i64) {
        self.control.write_all_at(&value.to_ne_bytes(), field as u64 * 8).expect("the control file");
    }

    /// From here on calls of these kinds fail.
    pub fn fail(&self, errno: i64, kinds: i64, from: i64) {
        self.set(Field::FailErrno, errno);
        self.set(Field::FailKinds, kinds);
        self.set(Field::FailFrom, from);
    }

    /// Replaces the directories by what survived the power failure. False if the power did not fail.
    pub fn power_comes_back(&self) -> bool {
        let image = self.directory.path().join("image");
        let Ok(manifest) = fs::read_to_string(image.join("manifest")) else { return false };
        for name in ["data", "keys"] {
            let _ = fs::remove_dir_all(self.root.join(name));
        }
        for line in manifest.lines() {
            if let Some(path) = line.strip_prefix("D ") {
                fs::create_dir_all(path).expect("a directory");
            } else if let Some((id, path)) = line.strip_prefix("F ").and_then(|rest| rest.split_once(' ')) {
                fs::copy(image.join(format!("f{id}")), path).expect("a file");
            }
        }
        true
    }
}

/// Builds the library once; the error says why it cannot be built.
fn library() -> &'static Result<PathBuf, String> {
    static LIBRARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        if !cfg!(all(target_os = "linux", target_env = "gnu")) {
            return Err("it needs Linux with glibc".to_owned());
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let draft = place.join(format!("faults-{}.so", std::process::id()));
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&draft).arg(source);
        let output = cc.args(["-ldl", "-lpthread"]).output().map_err(|e| format!("cc: {e}"))?;
        if !output.status.success() {
            return Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr)));
        }
        // Another run may have it loaded: it is replaced, never overwritten.
        let ready = place.join("libfaults.so");
        fs::rename(&draft, &ready).map_err(|e| e.to_string())?;
        Ok(ready)
    })
}
