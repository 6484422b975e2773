//! Which periods are sealed, and which keys are public since they were published once. Kept in memory beside the
//! store; a period enters only after its release is durable.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    calendar::{Day, Period, PeriodKind},
    tables::Table,
    units::SiteName,
};

/// The sealed periods of one site, with the numbers of their releases.
#[derive(Debug, Clone, Default)]
pub(crate) struct PublishedPeriods {
    periods: BTreeMap<Period, u64>,
    /// How many of them are days.
    days: usize,
    /// The greatest number of a release that was ever among them.
    latest: u64,
}

impl PublishedPeriods {
    pub(crate) fn contains(&self, period: Period) -> bool {
        self.periods.contains_key(&period)
    }

    pub(crate) fn release(&self, period: Period) -> Option<u64> {
        self.periods.get(&period).copied()
    }

    pub(crate) fn insert(&mut self, period: Period, release: u64) {
        self.latest = self.latest.max(release);
        let is_new = self.periods.insert(period, release).is_none();
        self.days += usize::from(is_new && period.kind == PeriodKind::Day);
    }

    pub(crate) fn remove(&mut self, period: Period) {
        let is_gone = self.periods.remove(&period).is_some();
        self.days -= usize::from(is_gone && period.kind == PeriodKind::Day);
    }

    /// Whether no day is missing between the first and the last.
    pub(crate) fn has_every_day(&self) -> bool {
        self.days().is_none_or(|(first, last)| usize::try_from(last.number() - first.number()) == Ok(self.days - 1))
    }

    /// The sealed periods of a kind from a day to a day (both included), in order.
    pub(crate) fn range(
        &self,
        kind: PeriodKind,
        from: Day,
        to: Day,
    ) -> impl DoubleEndedIterator<Item = (Period, u64)> + '_ {
        let first = Period { kind, start: from, hour: 0 };
        let last = Period { kind, start: to, hour: u8::MAX };
        let range = (from <= to).then(|| self.periods.range(first..=last));
        range.into_iter().flatten().map(|(period, release)| (*period, *release))
    }

    /// All sealed periods of a kind, in order.
    pub(crate) fn all(&self, kind: PeriodKind) -> impl DoubleEndedIterator<Item = (Period, u64)> + '_ {
        self.range(kind, Day::from_number(i32::MIN), Day::from_number(i32::MAX))
    }

    /// First and last sealed day.
    pub(crate) fn days(&self) -> Option<(Day, Day)> {
        let mut days = self.all(PeriodKind::Day).map(|(period, _)| period.start);
        let first = days.next()?;
        Some((first, days.next_back().unwrap_or(first)))
    }

    /// The last day of which an hour is sealed and not yet a part of its day.
    pub(crate) fn last_day_with_hours(&self) -> Option<Day> {
        self.all(PeriodKind::Hour).next_back().map(|(period, _)| period.start)
    }

    /// The greatest number of a release.
    pub(crate) fn latest(&self) -> u64 {
        self.latest
    }

    pub(crate) fn len(&self) -> usize {
        self.periods.len()
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = (Period, u64)> + '_ {
        self.periods.iter().map(|(period, release)| (*period, *release))
    }
}

/// Keys that were published once, by table.
pub(crate) type PublicKeys = HashMap<Table, BTreeSet<Box<str>>>;

/// The index over all sites.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub(crate) sites: BTreeMap<SiteName, SiteIndex>,
    /// The number of the latest release; 0 where there is none.
    pub(crate) last_release: u64,
}

impl Index {
    /// The numbers of all releases after one, of one site or of all, in order.
    pub(crate) fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64> {
        let sites = self.sites.iter().filter(|(name, _)| site.is_none_or(|site| site == *name));
        let numbers = sites.flat_map(|(_, of_site)| of_site.sealed.numbers().map(|(_, number)| number));
        let mut numbers: Vec<u64> = numbers.filter(|number| *number > after).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// The index of one site.
#[derive(Debug, Clone, Default)]
pub(crate) struct SiteIndex {
    /// Shared with the batches under way, which go on with what was sealed when they began.
    pub(crate) sealed: Arc<PublishedPeriods>,
    pub(crate) public: PublicKeys,
    pub(crate) created_unix_ms: i64,
}

impl SiteIndex {
    /// Whether a key was published once.
    pub(crate) fn is_public(&self, table: Table, key: &str) -> bool {
        self.public.get(&table).is_some_and(|keys| keys.contains(key))
    }
}
