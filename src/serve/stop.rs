//! The stages of a stop. First nothing new is taken and what has begun is finished; after the time that clients have for that, whatever
//! is left is cut off. So a stop ends, whatever clients do: what was acknowledged is on the disk at every moment.

use std::{future::Future, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::telemetry::{self, Refusals, Refused};

/// How often what was refused is summed up in the log.
const SUM_INTERVAL: Duration = Duration::from_secs(60);

/// What the parts of the server wait for.
pub(super) struct Stages {
    /// Turns true when nothing new is taken.
    pub(super) draining: watch::Receiver<bool>,
    /// Turns true when nothing is waited for any more.
    pub(super) cut: watch::Receiver<bool>,
}

/// Leads through the stages when `stop` turns true or the store has ended. What is given back must be polled; it never ends.
pub(super) fn begin(
    mut stop: watch::Receiver<bool>,
    mut ended: watch::Receiver<bool>,
    drain_wait: Duration,
) -> (impl Future<Output = ()>, Stages) {
    let ((drain, draining), (cut, cutting)) = (watch::channel(false), watch::channel(false));
    let stopping = async move {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => telemetry::draining(),
            _ = ended.wait_for(|ended| *ended) => {}
        }
        drain.send_replace(true);
        tokio::time::sleep(drain_wait).await;
        cut.send_replace(true);
        std::future::pending().await
    };
    (stopping, Stages { draining, cut: cutting })
}

/// Sums up what was refused, once a minute, until the returned set is dropped.
pub(super) fn sum_up(refusals: Refusals) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut before = refusals.totals();
        let mut minutes = interval(SUM_INTERVAL);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            minutes.tick().await;
            let now = refusals.totals();
            let since = since(&before, &now);
            if !since.is_empty() {
                telemetry::refused(&since);
            }
            before = now;
        }
    });
    tasks
}

/// What was added.
fn since(before: &[(Refused, u64)], now: &[(Refused, u64)]) -> Vec<(Refused, u64)> {
    let added = before.iter().zip(now).map(|(before, now)| (now.0, now.1 - before.1));
    added.filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_summed_up() {
        let refusals = Refusals::default();
        refusals.count(Refused::Idle);
        let before = refusals.totals();
        refusals.count(Refused::CheapFrames);
        refusals.count(Refused::CheapFrames);
        assert_eq!(since(&before, &refusals.totals()), [(Refused::CheapFrames, 2)]);
        assert!(since(&before, &before).is_empty());
    }
}
