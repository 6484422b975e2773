//! What was really counted of made-up visitors, read from the exact tallies: what the laboratory measures errors against.

use std::collections::BTreeMap;

use super::{PageTruth, World, tables};
use crate::{
    Table,
    calendar::{Day, Period, PeriodKind},
    tally::{AttributeTally, Counters, HOUR_ARRIVAL, HOUR_VISIT, SiteTally},
};

/// The site's own numbers in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteTruth {
    /// Visitor-days; of an hour, visits that began in it.
    pub visits: u64,
    /// Page views within the bounds.
    pub views: u64,
    /// Distinct visitors; of a day, its visits; of an hour, those who were there.
    pub visitors: u64,
}

impl World {
    /// The periods of a kind from a day on, in order. Not for hours.
    #[must_use]
    pub fn periods(&self, kind: PeriodKind, from: Day) -> Vec<Period> {
        let all = self.days.keys().chain(self.weeks.keys()).chain(self.months.keys());
        all.copied().filter(|period| period.kind == kind && period.start >= from).collect()
    }

    /// What happened to the pages in a day, week or month, by number.
    #[must_use]
    pub fn page_truth(&self, period: Period) -> &[PageTruth] {
        match period.kind {
            PeriodKind::Day => self.days.get(&period).map_or(&[], |counted| &counted.pages),
            PeriodKind::Week => self.weeks.get(&period).map_or(&[], |counted| &counted.pages),
            PeriodKind::Month => self.months.get(&period).map_or(&[], |counted| &counted.pages),
            PeriodKind::Hour | PeriodKind::Quarter => &[],
        }
    }

    /// The site's numbers in a period, hours included; `None` where nothing is counted of it.
    #[must_use]
    pub fn site_truth(&self, period: Period) -> Option<SiteTruth> {
        let of = |tally: &SiteTally, visitors: Option<u64>| {
            let visits = tally.ranks.get(0);
            SiteTruth { visits, views: tally.ranks.sum(), visitors: visitors.unwrap_or(visits) }
        };
        match period.kind {
            PeriodKind::Hour => {
                let (tally, none) = (&self.days.get(&Period::day(period.start))?.tally, Counters::default());
                let counters = tally.hours.get(&period.hour).unwrap_or(&none);
                let visits = counters.get(HOUR_VISIT);
                Some(SiteTruth { visits, views: counters.sum(), visitors: visits + counters.get(HOUR_ARRIVAL) })
            }
            PeriodKind::Day => self.days.get(&period).map(|c| of(&c.tally.site, None)),
            PeriodKind::Week => self.weeks.get(&period).map(|c| of(&c.tally.site, Some(c.heads.count()))),
            PeriodKind::Month => self.months.get(&period).map(|c| of(&c.tally.site, Some(c.heads.count()))),
            PeriodKind::Quarter => None,
        }
    }

    /// Visits by the keys of an attribute table, those with none left out.
    #[must_use]
    pub fn attribute_truth(&self, table: Table, period: Period) -> BTreeMap<String, u64> {
        let tally: Option<AttributeTally> = match period.kind {
            PeriodKind::Day => self.days.get(&period).map(|c| c.tally.attributes(tables())),
            PeriodKind::Month => self.months.get(&period).map(|c| c.tally.attributes.clone()),
            PeriodKind::Hour | PeriodKind::Week | PeriodKind::Quarter => None,
        };
        let Some(tally) = tally else { return BTreeMap::new() };
        let texts = tally.texts(table).iter().map(|(key, count)| (key.to_owned(), *count));
        let counters = tally.listed(table);
        let listed = table.public_keys().iter().enumerate().map(|(at, key)| ((*key).to_owned(), counters.get(at)));
        texts.chain(listed).filter(|(_, count)| *count > 0).collect()
    }
}
