//! What is seen while shipping: a bar on a terminal, nothing elsewhere, and a notice when the connection is lost.
//!
//! The numbers are counted in a meter that the reading thread and the sending task share. It holds counts only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use headcount_client::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the bar is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// Running counts.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes: AtomicU64,
    lines: AtomicU64,
    accepted: AtomicU64,
}

impl Meter {
    /// Bytes read of all inputs, before decompression.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts bytes as read.
    pub(super) fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    /// States how many bytes were read.
    pub(super) fn set_bytes(&self, count: u64) {
        self.bytes.store(count, Ordering::Relaxed);
    }

    /// Counts lines as read.
    pub(super) fn add_lines(&self, count: u64) {
        self.lines.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts events as accepted by the server.
    pub(super) fn add_accepted(&self, count: u64) {
        self.accepted.fetch_add(count, Ordering::Relaxed);
    }
}

/// The bar, and the task that draws it. It disappears when dropped.
pub(super) struct Progress {
    bar: ProgressBar,
    task: Option<tokio::task::JoinHandle<()>>,
    shown: bool,
    meter: Arc<Meter>,
    /// The server's URL, for notices.
    server: String,
}

impl Progress {
    /// Starts to draw where `shown` and standard error is a terminal. `total_bytes` is the size of all inputs where
    /// it is known.
    pub(super) fn start(shown: bool, total_bytes: Option<u64>, meter: &Arc<Meter>, server: &str) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(total_bytes, target);
        if bar.is_hidden() {
            return Self { bar, task: None, shown, meter: Arc::clone(meter), server: server.to_owned() };
        }
        let template = match total_bytes {
            Some(_) => "{bar:30} {bytes}/{total_bytes} {msg} (about {eta} left)",
            None => "{spinner} {bytes} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let task = tokio::spawn(draw(bar.clone(), Arc::clone(meter)));
        Self { bar, task: Some(task), shown, meter: Arc::clone(meter), server: server.to_owned() }
    }

    /// Draws nothing; lost connections are told where `shown`.
    pub(super) fn notices(shown: bool, meter: &Arc<Meter>, server: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { bar, task: None, shown, meter: Arc::clone(meter), server: server.to_owned() }
    }

    /// Says something on standard error without disturbing the bar.
    fn notice(&self, text: &str) {
        if !self.shown {
            return;
        }
        self.bar.suspend(|| {
            use std::io::Write as _;
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(std::io::stderr(), "headcount: {text}");
        });
    }
}

impl Observer for Progress {
    fn accepted(&self, events: u64) {
        self.meter.add_accepted(events);
    }

    fn interrupted(&self, reason: &str, retry_for: Duration) {
        let (server, seconds) = (&self.server, retry_for.as_secs());
        self.notice(&format!("no connection to {server} ({reason}); trying again for {seconds} s"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.bar.finish_and_clear();
    }
}

/// Draws the meter until it is aborted.
async fn draw(bar: ProgressBar, meter: Arc<Meter>) {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(DRAW_EVERY);
    loop {
        ticks.tick().await;
        let lines = meter.lines.load(Ordering::Relaxed);
        let accepted = meter.accepted.load(Ordering::Relaxed);
        bar.set_position(meter.bytes());
        bar.set_message(format!(
            "{lines} lines, {}/s, {accepted} accepted",
            lines_per_second(lines, started.elapsed())
        ));
        bar.tick();
    }
}

/// Whole lines a second; 0 where no time has passed.
pub(super) fn lines_per_second(lines: u64, elapsed: Duration) -> u64 {
    let micros = elapsed.as_micros();
    if micros == 0 {
        return 0;
    }
    u64::try_from(u128::from(lines) * 1_000_000 / micros).unwrap_or(u64::MAX)
}
