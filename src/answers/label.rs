//! How the start of a period is written. A release knows the zone that it was cut by, which the site may have left since.

use crate::{
    calendar::{Calendar, Period},
    vault::Release,
};

/// The start of a release's period: a date, or for an hour the local time with its offset.
#[must_use]
pub fn start(release: &Release) -> String {
    of(release, release.period)
}

/// The start of a period within a release.
#[must_use]
pub fn of(release: &Release, period: Period) -> String {
    Calendar::new(&release.zone).map_or_else(|_| period.start.to_string(), |calendar| calendar.label(period))
}
