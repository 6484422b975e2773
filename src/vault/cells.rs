//! The open cells of all sites, and the delta that one commit adds to them. Both are made of the same tallies.

use std::collections::{BTreeMap, HashMap};

use super::{
    anonymize::Visit,
    keys::Epoch,
    limit::{self, Bounded, VisitorDay},
    outcome::Outcome,
    release::index::Sealed,
    site::Site,
    tables::{Bounds, OTHER_KEY},
    tally::{Activity, DayTally, Keys, MonthTally, ProducerId, WeekTally, see},
};
use crate::calendar::{Period, PeriodKind};

/// Distinct pages, and distinct referrers, of a site and day beyond which further ones count as `(other)`. It guards
/// memory and lies far above what sites have: it is the one place where a visitor's page view may be counted under
/// another key because of others (docs/PRIVACY.md, hazards).
pub(super) const KEYS_PER_DAY_MAX: usize = 100_000;

/// Tallies by site and period: the open cells, or a delta.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) days: BTreeMap<Epoch, DayTally>,
    pub(super) weeks: BTreeMap<Epoch, WeekTally>,
    pub(super) months: BTreeMap<Epoch, MonthTally>,
}

impl Cells {
    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty() && self.weeks.is_empty() && self.months.is_empty()
    }

    /// Adds a delta. Any order and any grouping gives the same cells.
    pub(super) fn merge(&mut self, delta: &Self) {
        for (epoch, tally) in &delta.days {
            self.days.entry(epoch.clone()).or_default().merge(tally);
        }
        for (epoch, tally) in &delta.weeks {
            self.weeks.entry(epoch.clone()).or_default().merge(tally);
        }
        for (epoch, tally) in &delta.months {
            self.months.entry(epoch.clone()).or_default().merge(tally);
        }
    }

    /// All epochs that have a tally.
    pub(super) fn epochs(&self) -> impl Iterator<Item = &Epoch> {
        self.days.keys().chain(self.weeks.keys()).chain(self.months.keys())
    }

    /// The stored form of one epoch's tally, or nothing where there is none.
    pub(super) fn encode(&self, epoch: &Epoch) -> Option<Result<Vec<u8>, postcard::Error>> {
        match epoch.period.kind {
            PeriodKind::Hour => None,
            PeriodKind::Day => self.days.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Week => self.weeks.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Month => self.months.get(epoch).map(postcard::to_allocvec),
        }
    }

    /// Adds a tally from its stored form.
    pub(super) fn merge_encoded(&mut self, epoch: &Epoch, bytes: &[u8]) -> Result<(), postcard::Error> {
        match epoch.period.kind {
            PeriodKind::Hour => return Err(postcard::Error::DeserializeBadEnum),
            PeriodKind::Day => self.days.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Week => self.weeks.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Month => self.months.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
        }
        Ok(())
    }

    /// Forgets an epoch.
    pub(super) fn remove(&mut self, epoch: &Epoch) {
        self.days.remove(epoch);
        self.weeks.remove(epoch);
        self.months.remove(epoch);
    }
}

/// Bounds visits against what is committed and what this delta already adds, and puts them into the delta.
pub(super) struct Bounder<'a> {
    pub(super) site: &'a Site,
    pub(super) bounds: Bounds,
    pub(super) sealed: &'a Sealed,
    pub(super) open: &'a Cells,
    pub(super) activity: Activity,
    /// [`KEYS_PER_DAY_MAX`].
    pub(super) keys_max: usize,
}

impl<'a> Bounder<'a> {
    pub(super) fn new(
        site: &'a Site,
        bounds: Bounds,
        sealed: &'a Sealed,
        open: &'a Cells,
        by: ProducerId,
        now_unix_ms: i64,
    ) -> Self {
        Self { site, bounds, sealed, open, activity: Activity::of(by, now_unix_ms), keys_max: KEYS_PER_DAY_MAX }
    }

    /// Adds one visit to the delta, and says how it ended.
    pub(super) fn add(&self, visit: &Visit, delta: &mut Cells) -> Outcome {
        let period = Period::day(visit.day);
        if self.sealed.contains(period) {
            return Outcome::Late;
        }
        let epoch = Epoch { site: self.site.name.clone(), period };
        let open = self.open.days.get(&epoch);
        if !delta.days.contains_key(&epoch) {
            delta.days.insert(epoch.clone(), DayTally { activity: self.activity.clone(), ..DayTally::default() });
        }
        let day = delta.days.entry(epoch).or_default();
        day.activity.merge(&self.activity);
        let visitor = both(open, day, |d| d.visitors.get(&visit.visitor_tag).copied(), VisitorDay::merge);
        let page = self.guarded(open, day, &visit.page, |d| &d.pages);
        // What counts as one key is bounded as one page, so that no counter moves by more than one a visitor-day.
        let pair = if page == OTHER_KEY { visit.other_pair_tag } else { visit.pair_tag };
        let views_of_page = both(open, day, |d| d.pairs.get(&pair).copied(), u8::saturating_add);
        match limit::bound(self.bounds, visitor, views_of_page, visit.hour) {
            Bounded::Beyond { newly_limited } => {
                if newly_limited {
                    day.limit(visit);
                }
                Outcome::BeyondBound
            }
            Bounded::Counted(contribution) => {
                let referrer = self.guarded(open, day, &visit.referrer, |d| &d.attributes.referrers);
                let keys = Keys { page, pair, referrer };
                let hour_is_open = !self.sealed.contains(Period::hour(visit.day, visit.hour));
                day.count(visit, keys, contribution, hour_is_open);
                self.see(visit, page, delta);
                Outcome::Counted
            }
        }
    }

    /// A key of an open key space, or `(other)` where the guard is reached and the key is new.
    fn guarded<'k, T>(
        &self,
        open: Option<&DayTally>,
        delta: &DayTally,
        key: &'k str,
        map: impl Fn(&DayTally) -> &HashMap<Box<str>, T>,
    ) -> &'k str {
        let (open, delta) = (open.map(&map), map(delta));
        let distinct = open.map_or(0, HashMap::len) + delta.len();
        let is_known = || delta.contains_key(key) || open.is_some_and(|map| map.contains_key(key));
        if distinct < self.keys_max || is_known() { key } else { OTHER_KEY }
    }

    /// Raises the sketches of the week and the month, where these are open.
    fn see(&self, visit: &Visit, page: &str, delta: &mut Cells) {
        let epoch = |period| Epoch { site: self.site.name.clone(), period };
        let (week, month) = (Period::week_of(visit.day), Period::month_of(visit.day));
        if let Some(tag) = visit.week_tag.filter(|_| !self.sealed.contains(week)) {
            let tally = delta.weeks.entry(epoch(week)).or_default();
            tally.activity.merge(&self.activity);
            see(&mut tally.visitors, tag);
        }
        if let Some(tag) = visit.month_tag.filter(|_| !self.sealed.contains(month)) {
            let tally = delta.months.entry(epoch(month)).or_default();
            tally.activity.merge(&self.activity);
            tally.see(tag, page);
        }
    }
}

/// What the open cell and the delta hold together.
fn both<T: Default>(
    open: Option<&DayTally>,
    delta: &DayTally,
    get: impl Fn(&DayTally) -> Option<T>,
    merge: impl Fn(T, T) -> T,
) -> T {
    match (open.and_then(&get), get(delta)) {
        (Some(a), Some(b)) => merge(a, b),
        (a, b) => a.or(b).unwrap_or_default(),
    }
}
