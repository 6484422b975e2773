//! Makes batches of what waits, by size and by delay, and states at fixed times how far everything was sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use super::queue::Queue;
use crate::batch::Batch;
use crate::producer::FINISHED_UNIX_MS;

/// How long a request may last and still be sent before its time is stated as complete.
const GRACE: Duration = Duration::from_secs(60);

/// Runs until it is told to stop or nobody takes batches any more.
pub(super) async fn gather(queue: Queue, ready: mpsc::Sender<Batch>, mut stopping: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(queue.options().delay_max);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut statements = Statements::of(&queue);
    loop {
        let is_end = tokio::select! {
            _ = tick.tick() => false,
            () = queue.batch() => false,
            _ = stopping.wait_for(|stop| *stop) => true,
        };
        queue.release_held(is_end);
        while let Some(batch) = queue.next_batch() {
            if ready.send(batch).await.is_err() {
                return;
            }
        }
        let statement = if is_end { Some(FINISHED_UNIX_MS) } else { statements.due(now_unix_ms()) };
        let Some(complete_through_unix_ms) = statement else { continue };
        let mut batch = Batch::new();
        batch.set_complete_through(complete_through_unix_ms);
        if ready.send(batch).await.is_err() || is_end {
            return;
        }
    }
}

/// When to state what. It follows from the clock alone, never from who came.
struct Statements {
    every_ms: Option<i64>,
    behind_ms: i64,
    last: i64,
}

impl Statements {
    fn of(queue: &Queue) -> Self {
        let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let options = queue.options();
        let behind = options.hold_max + options.delay_max + GRACE;
        Self { every_ms: options.state_every.map(ms), behind_ms: ms(behind), last: 0 }
    }

    fn due(&mut self, now_unix_ms: i64) -> Option<i64> {
        let at = now_unix_ms / self.every_ms? * self.every_ms?;
        let is_due = at > self.last;
        self.last = at;
        (is_due && at > self.behind_ms).then(|| at - self.behind_ms)
    }
}

/// The system's clock, in milliseconds since 1970.
#[allow(clippy::disallowed_methods)] // the one place of this crate that reads the clock
fn now_unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Statements;

    #[test]
    fn statements_come_at_fixed_times_and_stay_behind() {
        let mut statements = Statements { every_ms: Some(60_000), behind_ms: 90_000, last: 0 };
        let said: Vec<_> = [600_001, 610_000, 659_999, 660_000, 800_000].map(|now| statements.due(now)).into();
        assert_eq!(said, [Some(510_000), None, None, Some(570_000), Some(690_000)]);
        let mut silent = Statements { every_ms: None, behind_ms: 0, last: 0 };
        assert_eq!(silent.due(600_000), None);
    }
}
