//! A step that never ends: after some errors of the disk sled waits for ever for a write that failed.
//!
//! Nobody is answered then, and nothing could be done but to end the process; so it ends itself. What was acknowledged is
//! durable, and the next start reads it.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

/// A step that takes longer has failed. The slowest disks answer a sync within seconds.
const STEP_LIMIT: Duration = Duration::from_secs(120);
/// Between two looks.
const TICK: Duration = Duration::from_secs(1);

/// When the step under way began.
type Began = Mutex<Option<Instant>>;

/// Watches that steps end.
pub(super) struct Stopwatch(Arc<Began>);

impl Default for Stopwatch {
    fn default() -> Self {
        let began = Arc::new(Began::default());
        let watched = Arc::downgrade(&began);
        // Without a thread to spare, steps are not watched.
        let _ = std::thread::Builder::new().name("stopwatch".to_owned()).spawn(move || watch(&watched));
        Self(began)
    }
}

impl Stopwatch {
    pub(super) fn start(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn stop(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn watch(began: &Weak<Began>) {
    while let Some(began) = began.upgrade() {
        let is_stuck = |began: &Instant| began.elapsed() > STEP_LIMIT;
        if began.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(is_stuck) {
            crate::telemetry::store_is_stuck(STEP_LIMIT);
            std::process::exit(1);
        }
        drop(began);
        std::thread::sleep(TICK);
    }
}
