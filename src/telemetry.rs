//! Every line that headcount logs, as a named event. This room takes nothing from the vault but names of sites,
//! periods and faults, so that nothing about a visitor can be logged.

use std::{fmt::Display, io::IsTerminal};

use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    calendar::{Day, Period},
    units::SiteName,
};

/// Starts logging to the standard error; `RUST_LOG`-like filters are not read, only the level.
pub fn init(level: tracing::Level) {
    // Of libraries, warnings alone: what they say in detail is of no use to an operator, and was never reviewed.
    let wanted = filter_fn(move |event| {
        let most = if event.target().starts_with("headcount") { level } else { tracing::Level::WARN };
        *event.level() <= most
    })
    // sled asks for each row whether somebody wants its traces: this says no before a line of them is made.
    .with_max_level_hint(level.max(tracing::Level::WARN));
    let lines = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_filter(wanted);
    // A second call (in tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// The server takes requests.
pub fn listening(address: std::net::SocketAddr, data: &std::path::Path) {
    tracing::info!(%address, data = %data.display(), "listening");
}

/// The server is ending what it has begun.
pub fn draining() {
    tracing::info!("stopping: what was acknowledged is safe; ending what has begun");
}

/// A period was published.
pub fn released(site: &SiteName, period: Period, release: u64, is_gap: bool) {
    let kind = period.kind.name();
    let start = period.start;
    if is_gap {
        tracing::warn!(%site, kind, %start, release, "published as a gap");
    } else {
        tracing::debug!(%site, kind, %start, hour = period.hour, release, "published");
    }
}

/// The terms of a site change on a day.
pub fn terms_change(site: &SiteName, from: Day) {
    tracing::info!(%site, %from, "the configuration changed: promise, bounds, profile and tables are the new ones from this day on");
}

/// A sitemap was read; so many pages of the site are known now.
pub fn sitemap_read(site: &SiteName, pages: usize) {
    tracing::info!(%site, pages, "sitemap read");
}

/// A sitemap cannot be read; the pages known before stay. The fault names the file or URL, and what the sitemap says.
pub fn sitemap_failed(site: &SiteName, fault: &impl Display) {
    tracing::warn!(%site, %fault, "the sitemap cannot be read; the pages known before stay");
}

/// The store takes nothing now.
pub fn store_refuses(fault: &impl Display) {
    tracing::error!(%fault, "the store refuses; senders are told to try again");
}

/// The store takes events again.
pub fn store_accepts() {
    tracing::info!("the store takes events again");
}

/// The disk does not end a step; the process ends.
pub fn store_is_stuck(limit: std::time::Duration) {
    let seconds = limit.as_secs();
    tracing::error!(seconds, "the disk did not finish a step: stopping. What was acknowledged is safe; start again");
}

/// A backup was handed out.
pub fn backed_up(bytes: u64) {
    tracing::info!(bytes, "a backup was taken");
}

/// A backup was asked for and could not be handed out.
pub fn backup_failed(fault: &impl Display) {
    tracing::warn!(%fault, "a backup was not taken");
}

/// There is no control socket.
pub fn no_control_socket(fault: &impl Display) {
    tracing::warn!(%fault, "no control socket: `headcount backup` cannot reach this server");
}

/// A request failed through our own fault; the sender sees only "internal".
pub fn internal_fault(fault: &impl Display) {
    tracing::error!(%fault, "a request failed");
}
