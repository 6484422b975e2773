//! Which period is due: its end has passed, and everybody who sent something of it has said that they sent all of it, or it
//! has waited long enough. Days come before their week, month and quarter.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    calendar::{Day, Period, PeriodKind},
    cells::Cells,
    commit::group::Producers,
    keys::Epoch,
    release::index::{Index, Sealed, SiteIndex},
    sites::{registry::Registry, settings::Site},
    tally::Activity,
    units::SiteName,
};

/// An empty day between two sealed ones is published too, unless more than this many days lie between them.
const QUIET_DAYS_MAX: i32 = 31;
/// How far back weeks and months without an open cell are looked for.
const LOOK_BACK_DAYS: i32 = 70;

/// Days between two published ones that are not far apart.
fn quiet_days(sealed: &Sealed) -> Vec<Day> {
    let mut quiet = Vec::new();
    let mut before: Option<Day> = None;
    for (period, _) in sealed.all(PeriodKind::Day) {
        if let Some(last) = before.filter(|last| period.start.number() - last.number() <= QUIET_DAYS_MAX) {
            quiet.extend((last.number() + 1..period.start.number()).map(Day::from_number));
        }
        before = Some(period.start);
    }
    quiet
}

/// Sites of which something may be due, and what is known of it beforehand.
pub(crate) struct SealQueue {
    look_at: BTreeSet<SiteName>,
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
        Self { look_at: BTreeSet::new(), lost, max_lateness_ms }
    }

    /// A week or month lacks the sums of some of its days.
    pub(crate) fn note_lost(&mut self, epoch: Epoch) {
        self.lost.insert(epoch);
    }

    /// Something may be due of these sites.
    pub(crate) fn look_at(&mut self, sites: impl IntoIterator<Item = SiteName>) {
        self.look_at.extend(sites);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.look_at.is_empty()
    }

    /// The next period that is due of the sites to look at. Sites of which nothing is due leave the queue.
    pub(crate) fn next(&mut self, registry: &Registry, view: &View<'_>) -> Option<(Arc<Site>, Period)> {
        while let Some(name) = self.look_at.first().cloned() {
            let site = registry.get(&name);
            let due = site.and_then(|site| Some((view.next_due(&site, self.max_lateness_ms)?, site)));
            match due {
                Some((period, site)) => return Some((site, period)),
                None => self.look_at.remove(&name),
            };
        }
        None
    }

    /// Whether the period lacks the sums of some of its days; it is told once.
    pub(crate) fn take_lost(&mut self, site: &SiteName, period: Period) -> bool {
        self.lost.remove(&Epoch { site: site.clone(), period })
    }
}

/// What is sealed of a site, and when it began.
pub(crate) fn sealed(index: &RwLock<Index>, site: &Site) -> (Arc<Sealed>, i64) {
    let index = index.read().unwrap_or_else(PoisonError::into_inner);
    let none = SiteIndex::default();
    let entry = index.sites.get(&site.name).unwrap_or(&none);
    (entry.sealed.clone(), entry.created_unix_ms)
}

impl View<'_> {
    /// The next period to seal: days first, which take their hours in, then hours, weeks, months and quarters.
    fn next_due(&self, site: &Site, max_lateness_ms: i64) -> Option<Period> {
        let (sealed, created_unix_ms) = sealed(self.index, site);
        let due = |period: &Period| !sealed.contains(*period) && self.is_due(site, *period, &sealed, max_lateness_ms);
        if let Some(day) = self.days_due(site, &sealed, created_unix_ms).into_iter().map(Period::day).find(due) {
            return Some(day);
        }
        if let Some(hour) = self.hours_open(site, &sealed, created_unix_ms).into_iter().find(due) {
            return Some(hour);
        }
        let from = site.calendar.day_at(self.now_unix_ms).plus(-LOOK_BACK_DAYS);
        let since = site.is_configured.then(|| site.calendar.day_at(created_unix_ms));
        [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter].into_iter().find_map(|kind| {
            let mut periods: BTreeSet<Period> = self.cells.periods(&site.name, kind).into_iter().collect();
            if matches!(kind, PeriodKind::Week | PeriodKind::Month) {
                let recent = sealed.range(PeriodKind::Day, from, Day::from_number(i32::MAX));
                periods.extend(recent.map(|(day, _)| Period::of(kind, day.start)));
            }
            periods.into_iter().filter(|p| self.days_are_sealed(site, &sealed, *p, since)).find(due)
        })
    }

    /// Days that may be due: with a cell, empty between sealed ones, and for a configured site all since its start.
    fn days_due(&self, site: &Site, sealed: &Sealed, created_unix_ms: i64) -> BTreeSet<Day> {
        let mut days: BTreeSet<Day> =
            self.cells.periods(&site.name, PeriodKind::Day).into_iter().map(|p| p.start).collect();
        let today = site.calendar.day_at(self.now_unix_ms);
        if site.is_configured && created_unix_ms > 0 {
            // What is older was sealed long ago.
            let recent = sealed.days().map(|(_, last)| last.plus(-LOOK_BACK_DAYS));
            let mut day = site.calendar.day_at(created_unix_ms).max(recent.unwrap_or(Day::from_number(i32::MIN)));
            while day < today {
                days.insert(day);
                day = day.plus(1);
            }
        }
        if !sealed.has_every_day() {
            days.extend(quiet_days(sealed));
        }
        days.retain(|day| !sealed.contains(Period::day(*day)));
        days
    }

    /// The hours that are over of days that are not.
    fn hours_open(&self, site: &Site, sealed: &Sealed, created_unix_ms: i64) -> Vec<Period> {
        let today = site.calendar.day_at(self.now_unix_ms);
        let mut days: BTreeSet<Period> = self.cells.periods(&site.name, PeriodKind::Day).into_iter().collect();
        if site.is_configured {
            // Also where nobody came: that a day has hours must not tell that it had a visitor.
            let first = site.calendar.day_at(created_unix_ms);
            days.extend([today.plus(-1), today].into_iter().filter(|day| *day >= first).map(Period::day));
        }
        days.retain(|p| p.start >= today.plus(-1) && !sealed.contains(*p));
        days.into_iter()
            .flat_map(|p| (0..site.calendar.hours_in(p.start)).map(move |hour| Period::hour(p.start, hour)))
            .collect()
    }

    fn days_are_sealed(&self, site: &Site, sealed: &Sealed, period: Period, since: Option<Day>) -> bool {
        let open = |day| self.cells.days.contains_key(&Epoch { site: site.name.clone(), period: Period::day(day) });
        period
            .days()
            .all(|day| sealed.contains(Period::day(day)) || (!open(day) && since.is_none_or(|since| day < since)))
    }

    fn activity(&self, site: &Site, period: Period) -> Option<&Activity> {
        let epoch = |period| Epoch { site: site.name.clone(), period };
        match period.kind {
            PeriodKind::Hour | PeriodKind::Day => {
                self.cells.days.get(&epoch(Period::day(period.start))).map(|t| &t.activity)
            }
            PeriodKind::Week => self.cells.weeks.get(&epoch(period)).map(|t| &t.activity),
            PeriodKind::Month => self.cells.months.get(&epoch(period)).map(|t| &t.activity),
            // It is made of days that are sealed.
            PeriodKind::Quarter => None,
        }
    }

    fn is_due(&self, site: &Site, period: Period, sealed: &Sealed, max_lateness_ms: i64) -> bool {
        let now_unix_ms = self.now_unix_ms;
        let end_unix_ms = site.calendar.end_unix_ms(period);
        if end_unix_ms > now_unix_ms {
            return false;
        }
        let complete_through = |id| self.producers.get(&site.name, id).map_or(0, |row| row.complete_through_unix_ms);
        let latest = self.producers.of_site(&site.name).map(|(_, row)| row.complete_through_unix_ms).max();
        let activity = self.activity(site, period);
        let all_passed = activity.is_none_or(|a| a.producers.iter().all(|id| complete_through(id) >= end_unix_ms));
        if all_passed && latest.is_some_and(|latest| latest >= end_unix_ms) {
            return true;
        }
        match activity.and_then(|a| a.committed_unix_ms) {
            // A day that was opened after its end is an import: it waits until nothing has come for a while.
            Some((first, last)) => {
                let from = if first < end_unix_ms { end_unix_ms } else { last };
                now_unix_ms >= from.saturating_add(max_lateness_ms)
            }
            None => {
                let is_between = period.kind == PeriodKind::Day
                    && sealed.days().is_some_and(|(first, last)| first < period.start && period.start < last);
                is_between || now_unix_ms >= end_unix_ms.saturating_add(max_lateness_ms)
            }
        }
    }
}
