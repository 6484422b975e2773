//! Damages files of a data directory at chosen places, and reports how the server reacts.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
};

use super::{
    Dice,
    scene::{self, BATCHES, OPEN_DAY, Scene, VISITORS},
    truth,
};
use crate::harness::{Server, all_bytes, headcount};

const SIGMAS: f64 = 6.0;

/// What is done to a file.
#[derive(Clone, Debug)]
pub enum Damage {
    /// One bit is flipped.
    Bit { at: usize, bit: u8 },
    /// 512 bytes are zeroed.
    Zeros { at: usize },
    /// The file ends here.
    Cut { at: usize },
    /// The file is gone.
    Gone,
    /// 4 KiB are in the place of others.
    Moved { from: usize, to: usize },
}

/// A file of the scene, relative to its house, and what is done to it.
#[derive(Clone, Debug)]
pub struct Wound {
    pub file: PathBuf,
    pub damage: Damage,
}

/// How the server reacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All numbers are right.
    Right,
    /// It does not start and says what to do.
    Refused,
    /// It does not start, and does not say what to do.
    Mute(String),
    /// It starts, and something differs from what was acknowledged or published.
    Silent(String),
    /// A panic, or death by a signal.
    Broken(String),
}

impl Wound {
    /// Random damage to one of the files that hold data.
    pub fn random(scene: &Scene, dice: &mut Dice) -> Self {
        let root = scene.house.directory.path();
        let files = all_bytes(root).into_iter().filter(|(path, bytes)| {
            let path = path.strip_prefix(root).expect("below the root");
            !bytes.is_empty() && (path.starts_with("data") || path.starts_with("keys"))
        });
        let files: Vec<_> = files.collect();
        // Nearly everything is in the database.
        let database = files.iter().position(|(path, _)| path.ends_with("data/db/db")).expect("a database");
        let chosen = if dice.below(6) > 0 { database } else { place(dice, files.len()) };
        let (path, bytes) = &files[chosen];
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let at = if used.is_empty() { 0 } else { used[place(dice, used.len())] };
        let damage = match dice.below(10) {
            0 => Damage::Zeros { at: at / 512 * 512 },
            1 => Damage::Cut { at },
            2 if bytes.len() > 8192 => {
                Damage::Moved { from: used[place(dice, used.len())] / 4096 * 4096, to: at / 4096 * 4096 }
            }
            3 if chosen != database => Damage::Gone,
            _ => Damage::Bit { at, bit: u8::try_from(dice.below(8)).expect("a bit") },
        };
        Self { file: path.strip_prefix(root).expect("below the root").to_owned(), damage }
    }

    fn inflict(&self, root: &Path) {
        let path = root.join(&self.file);
        let mut bytes = fs::read(&path).expect("the file");
        match self.damage {
            Damage::Bit { at, bit } => bytes[at] ^= 1 << bit,
            Damage::Zeros { at } => {
                let end = bytes.len().min(at + 512);
                bytes[at..end].fill(0);
            }
            Damage::Cut { at } => bytes.truncate(at),
            Damage::Gone => return fs::remove_file(path).expect("the file"),
            Damage::Moved { from, to } => {
                let length = 4096.min(bytes.len() - from.max(to));
                bytes.copy_within(from..from + length, to);
            }
        }
        fs::write(path, bytes).expect("the file");
    }

    /// Copies the scene, damages the copy and opens it.
    pub fn verdict(&self, scene: &Scene) -> Verdict {
        let (house, args) = scene.copy();
        self.inflict(house.directory.path());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        match Server::launch(&mut headcount(&args)) {
            Ok(server) => opened(scene, server),
            Err(ended) => {
                let last = ended.log.lines().last().unwrap_or("").to_owned();
                let advises =
                    ["restore", "put a good", "put the", "Put the", "start with a new", "matching version", "give"];
                if ended.log.contains("panicked") {
                    Verdict::Broken(format!("a panic is shown: {}", first_panic(&ended.log)))
                } else if ended.status.code() != Some(1) {
                    Verdict::Broken(format!("it ends with {} {:?}", ended.status, ended.status.signal()))
                } else if advises.iter().any(|word| last.contains(word)) {
                    Verdict::Refused
                } else {
                    Verdict::Mute(last)
                }
            }
        }
    }
}

fn place(dice: &mut Dice, length: usize) -> usize {
    usize::try_from(dice.below(length as u64)).expect("a place")
}

fn first_panic(log: &str) -> String {
    let at = log.find("panicked").unwrap_or(0);
    log[at..].lines().take(2).collect::<Vec<_>>().join(" ")
}

/// After a start everything must be right, also what is still open.
fn opened(scene: &Scene, server: Server) -> Verdict {
    let verdict = numbers(scene, &server);
    let log = server.kill_and_look().log;
    match verdict {
        _ if log.contains("panicked") => Verdict::Broken(format!("it panics later: {}", first_panic(&log))),
        Ok(()) => Verdict::Right,
        Err(what) => Verdict::Silent(what),
    }
}

fn numbers(scene: &Scene, server: &Server) -> Result<(), String> {
    let url = server.url();
    let (durable, cursor) = scene::greet(&url).map_err(|status| format!("the greeting: {status}"))?;
    if durable != BATCHES || cursor != BATCHES.to_string().into_bytes() {
        return Err(format!("{BATCHES} batches were acknowledged, and {durable} are durable"));
    }
    let before = scene::of_2015(&url).map_err(|status| format!("the releases: {status}"))?;
    if before != scene.published {
        return Err(format!("{} releases instead of {}, or others", before.len(), scene.published.len()));
    }
    if let Some(Err(status)) = scene::send(&url, vec![scene::ending()]).pop() {
        return Err(format!("the end is not taken: {status}"));
    }
    let wanted = scene::to_be_sealed();
    let begun = std::time::Instant::now();
    let after = loop {
        let after = scene::of_2015(&url).map_err(|status| format!("it stops while it seals: {status}"))?;
        if wanted.iter().all(|named| after.contains_key(named)) {
            break after;
        }
        if begun.elapsed().as_secs() > 20 {
            let missing: Vec<_> = wanted.iter().filter(|named| !after.contains_key(*named)).collect();
            return Err(format!("{missing:?} never come"));
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    for day in [OPEN_DAY, OPEN_DAY + 1] {
        let release = &after[&truth::day(day)];
        let Some((visits, error)) = truth::counter(release, "access-1") else {
            return Err(format!("the open day became a gap: {}", release.gap));
        };
        if (visits - VISITORS).abs() as f64 > SIGMAS * error {
            return Err(format!("the open day has {visits} visits, not {VISITORS}"));
        }
    }
    Ok(())
}
