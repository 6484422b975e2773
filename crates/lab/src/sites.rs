//! All other numbers that headcount publishes: the site as a whole, and the tables of attributes. There is nothing of
//! Wikimedia's to compare them with, so they are held against the truth alone.

use std::collections::BTreeMap;

use super::{
    Place,
    edition::Edition,
    score::{COUNT_MIN, Pool},
};
use headcount_vault::probe::World;

use crate::{
    Table,
    calendar::{HOURS_PER_DAY_MAX, Period, PeriodKind},
    query::AskError,
};

/// What one edition showed, by the name of a number and its kind of period.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) pools: BTreeMap<(&'static str, PeriodKind), Pool>,
}

impl Numbers {
    /// Notes a number, if it is large enough to be judged.
    pub(super) fn add(&mut self, name: &'static str, kind: PeriodKind, estimate: Option<i64>, truth: u64) {
        if truth >= COUNT_MIN {
            self.pools.entry((name, kind)).or_default().add(estimate, truth, truth);
        }
    }

    /// Asks about all numbers of an edition but its pages.
    pub(super) fn look(&mut self, place: &Place, world: &World, edition: &Edition<'_>) -> Result<(), AskError> {
        for kind in [PeriodKind::Hour, PeriodKind::Day, PeriodKind::Week, PeriodKind::Month] {
            self.look_at_site(place, world, edition, kind)?;
        }
        for kind in [PeriodKind::Day, PeriodKind::Month] {
            for period in place.asked(world, kind) {
                for table in Table::attributes().filter(|table| table.has_period(kind)) {
                    let published = edition.attributes(table, period)?;
                    for (key, truth) in world.attribute_truth(table, period) {
                        let estimate = published.get(&key).and_then(|number| number.estimate);
                        self.add(table.name(), kind, estimate, truth);
                    }
                }
            }
        }
        Ok(())
    }

    fn look_at_site(
        &mut self,
        place: &Place,
        world: &World,
        edition: &Edition<'_>,
        kind: PeriodKind,
    ) -> Result<(), AskError> {
        let days_or_more = if kind == PeriodKind::Hour { PeriodKind::Day } else { kind };
        for period in world.periods(days_or_more, place.from) {
            let hours = (0..HOURS_PER_DAY_MAX).map(|hour| Period::hour(period.start, hour));
            let periods = if kind == PeriodKind::Hour { hours.collect() } else { vec![period] };
            let points = edition.traffic(kind, period.start, period.end_day().plus(-1))?;
            for (period, figures) in periods.into_iter().zip(points) {
                let Some(truth) = world.site_truth(period) else { continue };
                self.add("site visits", kind, figures.visits.estimate, truth.visits);
                self.add("site views", kind, figures.views.estimate, truth.views);
                self.add("site visitors", kind, figures.visitors.estimate, truth.visitors);
            }
        }
        Ok(())
    }
}
