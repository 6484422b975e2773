//! Follows logs that are being written: every second it reads what has come, and now and then states by the clock up to when
//! everything was sent.
//!
//! A file is read as `ship --live` reads it, so rotation, truncation and kills are what they are there: the server keeps the position
//! of each content. When it is stated does not depend on who came; it is not stated while something cannot be read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use super::ShipError;
use super::options::ShipOptions;
use super::progress::{Meter, Progress};
use super::session::Session;
use super::source::Input;
use super::summary::FileSummary;
use super::watch::Watch;

/// How often it is looked what has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The grid of the clock on which it is stated, in milliseconds.
const STATE_EVERY_MS: i64 = 5 * 60 * 1_000;
/// So long after a moment its requests are in the logs: some servers write the time at which a request began. In milliseconds.
const WRITTEN_WITHIN_MS: i64 = 2 * 60 * 1_000;
/// How long sending may go on after it was told to stop.
const DRAIN_FOR: Duration = Duration::from_secs(10);
/// So many turns a file may be in trouble before it is told: a copy that is being made is as long as what was counted only at its end.
const PATIENCE_TURNS: u32 = 5;
/// It is told again after so many turns.
const TELL_EVERY_TURNS: u32 = 3_600;

/// What following came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Lines read.
    pub lines: u64,
    /// Events that the server accepted.
    pub accepted: u64,
    /// Events that the server rejected.
    pub rejected: u64,
    /// Lines that were not understood.
    pub malformed: u64,
}

/// What following needs from outside.
pub struct Surroundings<'s> {
    /// Now, in milliseconds since 1970.
    pub now_unix_ms: &'s (dyn Fn() -> i64 + Sync),
    /// Tells whoever runs this what is wrong.
    pub tell: &'s (dyn Fn(&str) + Sync),
    /// Keeps the server's mark of how much it has published.
    pub keep_mark: &'s (dyn Fn(&[u8]) + Sync),
    /// True once it is to end.
    pub stop: watch::Receiver<bool>,
}

/// Follows the inputs until it is told to stop, and then sends what was read.
///
/// # Errors
/// An option is outside its limits, or the server refuses what it is sent. A server that cannot be reached is tried again for ever.
pub async fn follow(options: ShipOptions, mut around: Surroundings<'_>) -> Result<Followed, ShipError> {
    options.check()?;
    let mut patterns = Vec::with_capacity(options.inputs.len());
    for input in &options.inputs {
        match input {
            Input::File(path) => patterns.push(path.clone()),
            Input::Stdin => return Err(ShipError::Usage("standard input is followed without --follow".to_owned())),
        }
    }
    let meter = Arc::new(Meter::default());
    let progress = Arc::new(Progress::notices(options.show_progress, &meter, &options.server));
    let session = Session::new(ShipOptions { live: true, ..options }, meter, progress);
    let mut follower = Follower::new(Watch::new(patterns), session);
    let stop = Arc::clone(&follower.session.stop);
    let mut told = around.stop.clone();
    let turning = async {
        loop {
            // After the signal what is there is still read, a batch of each log.
            let is_last = *around.stop.borrow();
            follower.turn(&around).await?;
            if is_last {
                return Ok(());
            }
            let _ = tokio::time::timeout(LOOK_EVERY, around.stop.wait_for(|stop| *stop)).await;
        }
    };
    let drained = async {
        let _ = told.wait_for(|stop| *stop).await;
        stop.store(true, Ordering::Relaxed);
        tokio::time::sleep(DRAIN_FOR).await;
    };
    let ended = tokio::select! {
        ended = turning => ended,
        // The server knows up to where it has everything.
        () = drained => Ok(()),
    };
    ended.map(|()| follower.followed)
}

struct Follower {
    watch: Watch,
    session: Session,
    stated_unix_ms: i64,
    /// For how many turns something has been wrong with a file.
    troubles: BTreeMap<String, u32>,
    /// The same for what cannot be followed.
    absent: BTreeMap<PathBuf, u32>,
    followed: Followed,
}

impl Follower {
    fn new(watch: Watch, session: Session) -> Self {
        Self {
            watch,
            session,
            stated_unix_ms: 0,
            troubles: BTreeMap::new(),
            absent: BTreeMap::new(),
            followed: Followed::default(),
        }
    }

    /// Reads once what has changed, and states where it is time.
    async fn turn(&mut self, around: &Surroundings<'_>) -> Result<(), ShipError> {
        let began_unix_ms = (around.now_unix_ms)();
        let mut is_whole = true;
        for index in self.watch.look() {
            self.session.options.now_unix_ms = (around.now_unix_ms)();
            is_whole &= self.read(index, around).await?;
        }
        let problems = std::mem::take(&mut self.watch.problems);
        is_whole &= problems.is_empty();
        self.absent.retain(|name, _| problems.iter().any(|(path, _)| path == name));
        for (path, problem) in problems {
            let turns = self.absent.entry(path.clone()).or_default();
            tell_now_and_then(turns, &path.display().to_string(), &problem, around);
        }
        is_whole &= self.troubles.is_empty() && !self.session.stop.load(Ordering::Relaxed);
        let complete = began_unix_ms - WRITTEN_WITHIN_MS;
        let complete = complete - complete.rem_euclid(STATE_EVERY_MS);
        if is_whole && complete > self.stated_unix_ms {
            let stated = self.session.state(complete).await;
            let finished = if stated.is_ok() { self.session.finish_all().await } else { stated };
            if self.go_on(finished, around)?.is_some() {
                self.stated_unix_ms = complete;
                (around.keep_mark)(self.session.release_mark());
            }
        }
        Ok(())
    }

    /// Reads one file to its end. False where that failed, or where a line waits for its time.
    async fn read(&mut self, index: usize, around: &Surroundings<'_>) -> Result<bool, ShipError> {
        let Some(watched) = self.watch.get(index) else { return Ok(true) };
        // What comes while it is read is read in the next turn.
        let (mark, input, name) = (watched.mark(), watched.input(), watched.path.display().to_string());
        let sent = self.session.send(&input, None).await;
        let Some(file) = self.go_on(sent, around)? else { return Ok(false) };
        self.count(&file);
        let was_stopped = self.session.stop.load(Ordering::Relaxed);
        let is_read = file.error.is_none() && file.ahead == 0 && !was_stopped;
        if is_read && let Some(watched) = self.watch.get(index) {
            watched.was_read(mark);
        }
        if let Some(trouble) = &file.trouble {
            (around.tell)(&format!("{name} {trouble}"));
        }
        self.trouble(name, file.error, around);
        Ok(is_read)
    }

    fn count(&mut self, file: &FileSummary) {
        self.followed.lines += file.lines;
        self.followed.accepted += file.accepted;
        self.followed.rejected += file.rejected;
        self.followed.malformed += file.malformed.values().sum::<u64>() + file.too_long;
    }

    /// Notes what is wrong with a file, and tells it once it has lasted, and now and then.
    fn trouble(&mut self, name: String, wrong: Option<String>, around: &Surroundings<'_>) {
        let Some(wrong) = wrong else {
            self.troubles.remove(&name);
            return;
        };
        let turns = self.troubles.entry(name.clone()).or_default();
        tell_now_and_then(turns, &name, &wrong, around);
    }

    /// What was done, or nothing where it is tried again in the next turn.
    fn go_on<T>(&self, done: Result<T, ShipError>, around: &Surroundings<'_>) -> Result<Option<T>, ShipError> {
        match done {
            Ok(value) => Ok(Some(value)),
            Err(error @ (ShipError::Unreachable { .. } | ShipError::WentBack { .. } | ShipError::Diverged { .. })) => {
                (around.tell)(&error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Tells what is wrong once it has lasted for some turns, and then now and then.
fn tell_now_and_then(turns: &mut u32, name: &str, wrong: &str, around: &Surroundings<'_>) {
    *turns = turns.wrapping_add(1);
    if *turns % TELL_EVERY_TURNS == PATIENCE_TURNS {
        (around.tell)(&format!("{name} {wrong}"));
    }
}
