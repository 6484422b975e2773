//! When a period is due. It follows from the calendar, from when producers state watermarks, and from when old logs were
//! imported: never from whether somebody came, nor from what was counted.
//!
//! A producer that states watermarks is *expected* in every period that ends within [`EXPECTED_MS`] after it last stated one.
//! A period that is over is due once all who are expected have stated its end, and at the latest a fixed time after its end.
//! Days before a site's first start are imported: these wait for those who import them.

use crate::{
    calendar::{Day, Period},
    commit::group::Producers,
    sites::settings::Site,
    store::rows::ProducerRow,
    units::{MS_PER_DAY, MS_PER_HOUR},
};

/// How long after its last statement a producer is expected to state again; the fixed lateness where that is longer.
pub(crate) const EXPECTED_MS: i64 = 2 * MS_PER_DAY;

/// What decides when a site's periods are due.
pub(super) struct Schedule<'a> {
    pub(super) site: &'a Site,
    pub(super) producers: &'a Producers,
    pub(super) created_unix_ms: i64,
    pub(super) max_lateness_ms: i64,
    pub(super) now_unix_ms: i64,
}

impl Schedule<'_> {
    /// The day of the site's first start. What is older is imported.
    pub(super) fn first_day(&self) -> Day {
        self.site.calendar.day_at(self.created_unix_ms)
    }

    /// Since when a period is due by the schedule; none where it is not. The moment at which this is asked is not in it.
    pub(super) fn due_since(&self, period: Period) -> Option<i64> {
        let end_unix_ms = self.site.calendar.end_unix_ms(period);
        if end_unix_ms > self.now_unix_ms {
            return None;
        }
        let is_imported = end_unix_ms <= self.site.calendar.start_unix_ms(Period::day(self.first_day()));
        if is_imported { self.imported_since(end_unix_ms) } else { self.running_since(end_unix_ms) }
    }

    fn rows(&self) -> impl Iterator<Item = &ProducerRow> {
        self.producers.of_site(&self.site.name).map(|(_, row)| row)
    }

    /// All who are expected count, whether they had something to send or not.
    fn running_since(&self, end_unix_ms: i64) -> Option<i64> {
        let expected_from = end_unix_ms - EXPECTED_MS.max(self.max_lateness_ms);
        let has_passed = |row: &ProducerRow| row.complete_through_unix_ms >= end_unix_ms;
        let all_passed = self.rows().filter(|row| row.stated_unix_ms >= expected_from).all(has_passed);
        if all_passed && self.rows().any(has_passed) {
            return Some(end_unix_ms);
        }
        let fixed_unix_ms = end_unix_ms.saturating_add(self.max_lateness_ms);
        (fixed_unix_ms <= self.now_unix_ms).then_some(fixed_unix_ms)
    }

    /// Who imports has stated the period's end, or has sent nothing of such days for a while.
    fn imported_since(&self, end_unix_ms: i64) -> Option<i64> {
        let mut since_unix_ms = self.created_unix_ms.max(end_unix_ms);
        for row in self.rows().filter(|row| row.imported_unix_ms > 0) {
            let has_passed = row.complete_through_unix_ms >= end_unix_ms;
            let waits_ms = if has_passed { 0 } else { self.max_lateness_ms };
            let passes_unix_ms = row.imported_unix_ms.saturating_add(waits_ms);
            if !has_passed && passes_unix_ms > self.now_unix_ms {
                return None;
            }
            since_unix_ms = since_unix_ms.max(passes_unix_ms);
        }
        Some(since_unix_ms)
    }
}

/// An instant cut to the hour.
pub(crate) fn hour_of(unix_ms: i64) -> i64 {
    unix_ms - unix_ms.rem_euclid(MS_PER_HOUR)
}

/// The end of the hour of an instant.
pub(crate) fn hour_after(unix_ms: i64) -> i64 {
    hour_of(unix_ms).saturating_add(MS_PER_HOUR)
}
