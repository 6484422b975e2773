//! Every line that the vault logs, as a named event.
//!
//! It is here so that one file shows all that is logged. Only names of sites, periods and faults come in, so nothing about
//! a visitor can be logged. No other file of the vault makes log lines.

use std::fmt::Display;

use crate::{
    calendar::{Day, Period},
    units::SiteName,
};

/// The store takes events again.
pub(crate) fn store_accepts() {
    tracing::info!("the store takes events again");
}

/// The store refuses to take events.
pub(crate) fn store_refuses(fault: &impl Display) {
    tracing::error!(%fault, "the store refuses; senders are told to try again");
}

/// The disk did not finish a step in time; the process stops.
pub(crate) fn store_is_stuck(limit: std::time::Duration) {
    let seconds = limit.as_secs();
    tracing::error!(seconds, "the disk did not finish a step: stopping. What was acknowledged is safe; start again");
}

/// A day of a site has far more keys than sites have: some of its tables take in no more.
pub(crate) fn keys_close(site: &SiteName, day: Period) {
    let start = day.start;
    tracing::warn!(%site, %start, "an unusual number of different pages, referrers, campaigns or errors: \
        for the rest of this day those that are not known count as (other)");
}

/// New terms of a site begin on a day.
pub(crate) fn terms_change(site: &SiteName, from: Day) {
    tracing::info!(%site, %from, "the configuration changed: promise, bounds, profile and tables are the new ones from this day on");
}

/// How many releases there are could not be noted beside the keys.
pub(crate) fn release_not_noted(fault: &impl Display) {
    tracing::warn!(%fault, "the last release could not be noted beside the keys: an older copy of the data may go unnoticed");
}

/// What may have been published before an older copy was put back is published as gaps.
pub(crate) fn closing_doubtful() {
    tracing::warn!("the data may be older than what was published: what may have been published since becomes a gap");
}

/// A period was published.
pub(crate) fn released(site: &SiteName, period: Period, release: u64, is_gap: bool) {
    let kind = period.kind.name();
    let start = period.start;
    if is_gap {
        tracing::warn!(%site, kind, %start, release, "published as a gap");
    } else {
        tracing::debug!(%site, kind, %start, hour = period.hour, release, "published");
    }
}

/// The clock is far ahead of the last time known: nothing is published.
pub(crate) fn clock_is_far_ahead(now_unix_ms: i64, known_unix_ms: i64) {
    let date = |unix_ms| jiff::Timestamp::from_millisecond(unix_ms).unwrap_or_default().strftime("%F").to_string();
    let (clock, known) = (date(now_unix_ms), date(known_unix_ms));
    tracing::warn!(%clock, %known, "the clock is far ahead of the last time known: nothing is published until a producer states a watermark of that day, or the server is started with --accept-clock and its date");
}

/// It is not any more.
pub(crate) fn clock_is_believed() {
    tracing::info!("the clock is believed again: publishing goes on");
}
