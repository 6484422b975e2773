//! The health service: statistics are served as long as the process runs; ingest is served while there is room for events
//! and the server is not draining.

use tokio::{sync::watch, task::JoinSet};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{
    receive::{EnvoyServer, LogsServer},
    rpc::{IngestServer, StatsServer},
};

/// Updates the health until the returned set is dropped. The server as a whole (the empty name) is healthy while it takes
/// events.
pub(super) async fn follow(
    reporter: HealthReporter,
    mut accepts: watch::Receiver<bool>,
    mut draining: watch::Receiver<bool>,
) -> JoinSet<()> {
    reporter.set_serving::<StatsServer>().await;
    say(&reporter, true).await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let is_draining = *draining.borrow_and_update();
            let takes_events = *accepts.borrow_and_update() && !is_draining;
            say(&reporter, takes_events).await;
            let changed = tokio::select! {
                changed = accepts.changed() => changed,
                changed = draining.changed() => changed,
            };
            if is_draining || changed.is_err() {
                // The committer has ended: nothing is taken any more.
                return say(&reporter, false).await;
            }
        }
    });
    tasks
}

async fn say(reporter: &HealthReporter, takes_events: bool) {
    if takes_events {
        reporter.set_serving::<IngestServer>().await;
        reporter.set_serving::<LogsServer>().await;
        reporter.set_serving::<EnvoyServer>().await;
        reporter.set_service_status("", ServingStatus::Serving).await;
    } else {
        reporter.set_not_serving::<IngestServer>().await;
        reporter.set_not_serving::<LogsServer>().await;
        reporter.set_not_serving::<EnvoyServer>().await;
        reporter.set_service_status("", ServingStatus::NotServing).await;
    }
}
