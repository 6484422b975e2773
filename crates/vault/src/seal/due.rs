//! Which periods are due, and in which order they are sealed: sites by name, days before the hours, weeks, months and
//! quarters, each in the order of the calendar. Like the schedule it never depends on whether somebody came.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, PoisonError, RwLock},
};

use super::schedule::Schedule;
use crate::{
    calendar::{Day, Period, PeriodKind},
    cells::Cells,
    commit::group::Producers,
    keys::Epoch,
    release::index::{Index, PublishedPeriods, SiteIndex},
    sites::{registry::Registry, settings::Site},
    units::SiteName,
};

/// Silent days between two imported ones are published too, unless more than this many lie between them: a log with one
/// wrong date must not publish a century.
const SILENT_DAYS_MAX: i32 = 3_660;
/// An import that ends at most this many days before a site's first start is published up to it.
const DAYS_TO_START_MAX: i32 = 31;

/// A period that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) period: Period,
    /// Since when, by the schedule.
    pub(crate) since_unix_ms: i64,
}

/// Sites of which something may be due, and what is known of it beforehand.
pub(crate) struct SealQueue {
    look_at: BTreeSet<SiteName>,
    /// What was found due of the first of them.
    found: Option<(SiteName, VecDeque<Due>)>,
    /// Weeks and months of which some days were restored without their sums.
    lost: BTreeSet<Epoch>,
    max_lateness_ms: i64,
}

/// What decides whether something is due, as it is now.
pub(crate) struct View<'a> {
    pub(crate) cells: &'a Cells,
    pub(crate) producers: &'a Producers,
    pub(crate) index: &'a RwLock<Index>,
    pub(crate) now_unix_ms: i64,
}

impl SealQueue {
    pub(crate) fn new(lost: BTreeSet<Epoch>, max_lateness_ms: i64) -> Self {
        Self { look_at: BTreeSet::new(), found: None, lost, max_lateness_ms }
    }

    /// A week or month lacks the sums of some of its days.
    pub(crate) fn note_lost(&mut self, epoch: Epoch) {
        self.lost.insert(epoch);
    }

    /// Something may be due of these sites.
    pub(crate) fn look_at(&mut self, sites: impl IntoIterator<Item = SiteName>) {
        self.look_at.extend(sites);
    }

    /// Looks at nothing until it is told to again.
    pub(crate) fn clear(&mut self) {
        self.look_at.clear();
        self.found = None;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.look_at.is_empty()
    }

    /// The next period that is due of the sites to look at. Sites of which nothing is due leave the queue.
    pub(crate) fn next(&mut self, registry: &Registry, view: &View<'_>) -> Option<(Arc<Site>, Due)> {
        while let Some(name) = self.look_at.first().cloned() {
            let site = registry.get(&name);
            let due = site.and_then(|site| Some((self.next_of(&site, view)?, site)));
            match due {
                Some((due, site)) => return Some((site, due)),
                None => self.look_at.remove(&name),
            };
        }
        None
    }

    fn next_of(&mut self, site: &Site, view: &View<'_>) -> Option<Due> {
        let known = self.found.take().filter(|(name, _)| *name == site.name);
        let (sealed, created_unix_ms) = sealed(view.index, site);
        let mut found = known.map(|(_, found)| found).unwrap_or_default();
        // A key that was given up may have ended one of them since.
        found.retain(|due| !sealed.contains(due.period));
        if found.is_empty() {
            let max_lateness_ms = self.max_lateness_ms;
            let (producers, now_unix_ms) = (view.producers, view.now_unix_ms);
            let schedule = Schedule { site, producers, created_unix_ms, max_lateness_ms, now_unix_ms };
            found = view.of_site(&schedule, &sealed);
        }
        let next = found.pop_front();
        self.found = Some((site.name.clone(), found));
        next
    }

    /// Whether the period lacks the sums of some of its days; it is told once.
    pub(crate) fn take_lost(&mut self, site: &SiteName, period: Period) -> bool {
        self.lost.remove(&Epoch { site: site.clone(), period })
    }
}

/// What is sealed of a site, and when it began.
pub(crate) fn sealed(index: &RwLock<Index>, site: &Site) -> (Arc<PublishedPeriods>, i64) {
    let index = index.read().unwrap_or_else(PoisonError::into_inner);
    let none = SiteIndex::default();
    let entry = index.sites.get(&site.name).unwrap_or(&none);
    (entry.sealed.clone(), entry.created_unix_ms)
}

impl View<'_> {
    /// What is due of a site: the first of days (which take their hours in), hours, weeks, months and quarters of which
    /// something is.
    fn of_site(&self, schedule: &Schedule<'_>, sealed: &PublishedPeriods) -> VecDeque<Due> {
        if schedule.created_unix_ms <= 0 {
            return VecDeque::new();
        }
        let unsealed = self.days_unsealed(schedule, sealed);
        let due = |period: Period| Some(Due { period, since_unix_ms: schedule.due_since(period)? });
        let days: VecDeque<Due> = unsealed.iter().filter_map(|day| due(Period::day(*day))).collect();
        if !days.is_empty() {
            return days;
        }
        let hours = hours_unsealed(schedule, sealed, &unsealed);
        let longer = [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter].into_iter();
        let longer = longer.map(|kind| {
            let mut periods = longer_unsealed(sealed, kind);
            periods.retain(|period| !period.days().any(|day| unsealed.contains(&day)));
            periods
        });
        let kinds = std::iter::once(hours).chain(longer);
        kinds
            .map(|periods| periods.into_iter().filter_map(due).collect())
            .find(|due: &VecDeque<Due>| !due.is_empty())
            .unwrap_or_default()
    }

    /// All days that are to be published and are not, up to yesterday: imported ones, and every day from the site's first start
    /// on. A day that the time zone left out is none.
    fn days_unsealed(&self, schedule: &Schedule<'_>, sealed: &PublishedPeriods) -> BTreeSet<Day> {
        let calendar = &schedule.site.calendar;
        let open = self.cells.periods(&schedule.site.name, PeriodKind::Day);
        let mut days = imported_days(schedule.first_day(), &open, sealed);
        let yesterday = calendar.day_at(self.now_unix_ms).plus(-1);
        let last =
            if schedule.site.is_retired { yesterday.min(self.retired(schedule, &open, sealed)) } else { yesterday };
        // Where no day is missing before the last one, only later ones can be.
        let known = sealed.days().filter(|(first, _)| *first <= schedule.first_day() && sealed.has_every_day());
        let from = known.map_or(schedule.first_day(), |(_, last)| last.plus(1).max(schedule.first_day()));
        days.extend((from.number()..=last.number()).map(Day::from_number));
        days.retain(|day| !sealed.contains(Period::day(*day)) && calendar.has_day(*day));
        days
    }

    /// The last day of a site that takes no events any more: as far as somebody stated, or something is there.
    fn retired(&self, schedule: &Schedule<'_>, open: &[Period], sealed: &PublishedPeriods) -> Day {
        let rows = self.producers.of_site(&schedule.site.name);
        let stated = rows.map(|(_, row)| row.complete_through_unix_ms).max().unwrap_or(0);
        let stated = schedule.site.calendar.day_at(stated).plus(-1);
        let open = open.last().map_or(stated, |period| period.start);
        sealed.days().map_or(stated, |(_, last)| last).max(stated).max(open)
    }
}

/// Days before the first start: from the first one that was imported to the last, with the silent ones between.
fn imported_days(first_day: Day, open: &[Period], sealed: &PublishedPeriods) -> BTreeSet<Day> {
    let is_whole = |(first, last)| first >= first_day || (sealed.has_every_day() && last >= first_day.plus(-1));
    let mut days: BTreeSet<Day> = open.iter().map(|period| period.start).filter(|day| *day < first_day).collect();
    if days.is_empty() && sealed.days().is_none_or(is_whole) {
        return days;
    }
    let before = sealed.range(PeriodKind::Day, Day::from_number(i32::MIN), first_day.plus(-1));
    days.extend(before.map(|(period, _)| period.start));
    if days.last().is_some_and(|last| first_day.number() - last.number() <= DAYS_TO_START_MAX) {
        days.insert(first_day.plus(-1));
    }
    let known: Vec<Day> = days.iter().copied().collect();
    for pair in known.windows(2) {
        if pair[1].number() - pair[0].number() <= SILENT_DAYS_MAX {
            days.extend((pair[0].number() + 1..pair[1].number()).map(Day::from_number));
        }
    }
    days
}

/// The hours of today and yesterday that are not published by themselves or in their day. Hours of imported days are
/// published with their day alone.
fn hours_unsealed(schedule: &Schedule<'_>, sealed: &PublishedPeriods, unsealed: &BTreeSet<Day>) -> Vec<Period> {
    let calendar = &schedule.site.calendar;
    let today = calendar.day_at(schedule.now_unix_ms);
    let is_open = |day: &Day| {
        let takes_more = *day == today && !schedule.site.is_retired && !sealed.contains(Period::day(*day));
        *day >= schedule.first_day() && (takes_more || unsealed.contains(day))
    };
    let days = [today.plus(-1), today].into_iter().filter(is_open);
    days.flat_map(|day| (0..calendar.hours_in(day)).map(move |hour| Period::hour(day, hour)))
        .filter(|hour| !sealed.contains(*hour))
        .collect()
}

/// Weeks, months or quarters with a published day that are not published.
fn longer_unsealed(sealed: &PublishedPeriods, kind: PeriodKind) -> Vec<Period> {
    let mut periods = Vec::new();
    let mut from = Day::from_number(i32::MIN);
    while let Some((day, _)) = sealed.range(PeriodKind::Day, from, Day::from_number(i32::MAX)).next() {
        let period = Period::of(kind, day.start);
        if !sealed.contains(period) {
            periods.push(period);
        }
        from = period.end_day();
    }
    periods
}
