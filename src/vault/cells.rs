//! The open cells of all sites, and the delta that one commit adds to them. Both are made of the same tallies.

use std::collections::{BTreeMap, HashMap};

use super::{
    anonymize::{Seen, Sighting, Visit},
    keys::Epoch,
    limit::{self, Bounded, VisitorDay},
    outcome::Outcome,
    release::{index::SiteIndex, terms::InForce},
    site::Site,
    tables::{OTHER_KEY, Table},
    tally::{Activity, DayTally, Keys, MonthTally, ProducerId, QuarterTally, WeekTally, see},
};
use crate::{
    calendar::{Day, Period, PeriodKind},
    units::SiteName,
};

/// Distinct pages, referrers, campaigns or errors of a site and day beyond which further ones count as `(other)`. It guards
/// memory and lies far above what sites have: it is the one place where a visitor's page view may be counted under
/// another key because of others (docs/PRIVACY.md, hazards).
pub(super) const KEYS_PER_DAY_MAX: usize = 100_000;

/// Tallies by site and period: the open cells, or a delta.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) days: BTreeMap<Epoch, DayTally>,
    pub(super) weeks: BTreeMap<Epoch, WeekTally>,
    pub(super) months: BTreeMap<Epoch, MonthTally>,
    pub(super) quarters: BTreeMap<Epoch, QuarterTally>,
}

impl Cells {
    pub(super) fn is_empty(&self) -> bool {
        self.epochs().next().is_none()
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
        for (epoch, tally) in &delta.quarters {
            self.quarters.entry(epoch.clone()).or_default().merge(tally);
        }
    }

    /// All epochs that have a tally.
    pub(super) fn epochs(&self) -> impl Iterator<Item = &Epoch> {
        self.days.keys().chain(self.weeks.keys()).chain(self.months.keys()).chain(self.quarters.keys())
    }

    /// The periods of a kind for which a site has a tally, in order.
    pub(super) fn periods(&self, site: &SiteName, kind: PeriodKind) -> Vec<Period> {
        let first = Epoch { site: site.clone(), period: Period { kind, start: Day::from_number(i32::MIN), hour: 0 } };
        let of_site = |epoch: &&Epoch| epoch.site == *site && epoch.period.kind == kind;
        match kind {
            PeriodKind::Hour => Vec::new(),
            PeriodKind::Day => periods(self.days.range(first..).map(|(e, _)| e).take_while(of_site)),
            PeriodKind::Week => periods(self.weeks.range(first..).map(|(e, _)| e).take_while(of_site)),
            PeriodKind::Month => periods(self.months.range(first..).map(|(e, _)| e).take_while(of_site)),
            PeriodKind::Quarter => periods(self.quarters.range(first..).map(|(e, _)| e).take_while(of_site)),
        }
    }

    /// The stored form of one epoch's tally, or nothing where there is none.
    pub(super) fn encode(&self, epoch: &Epoch) -> Option<Result<Vec<u8>, postcard::Error>> {
        match epoch.period.kind {
            PeriodKind::Hour => None,
            PeriodKind::Day => self.days.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Week => self.weeks.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Month => self.months.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Quarter => self.quarters.get(epoch).map(postcard::to_allocvec),
        }
    }

    /// Adds a tally from its stored form.
    pub(super) fn merge_encoded(&mut self, epoch: &Epoch, bytes: &[u8]) -> Result<(), postcard::Error> {
        match epoch.period.kind {
            PeriodKind::Hour => return Err(postcard::Error::DeserializeBadEnum),
            PeriodKind::Day => self.days.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Week => self.weeks.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Month => self.months.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Quarter => {
                self.quarters.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?);
            }
        }
        Ok(())
    }

    /// Forgets an epoch.
    pub(super) fn remove(&mut self, epoch: &Epoch) {
        self.days.remove(epoch);
        self.weeks.remove(epoch);
        self.months.remove(epoch);
        self.quarters.remove(epoch);
    }
}

fn periods<'a>(epochs: impl Iterator<Item = &'a Epoch>) -> Vec<Period> {
    epochs.map(|epoch| epoch.period).collect()
}

/// Bounds what was seen against what is committed and what this delta already adds, and puts it into the delta.
pub(super) struct Bounder<'a> {
    pub(super) site: &'a Site,
    /// What is sealed and public of the site.
    pub(super) index: &'a SiteIndex,
    pub(super) open: &'a Cells,
    pub(super) activity: Activity,
    /// [`KEYS_PER_DAY_MAX`].
    pub(super) keys_max: usize,
}

impl<'a> Bounder<'a> {
    pub(super) fn new(site: &'a Site, index: &'a SiteIndex, open: &'a Cells, by: ProducerId, now_unix_ms: i64) -> Self {
        Self { site, index, open, activity: Activity::of(by, now_unix_ms), keys_max: KEYS_PER_DAY_MAX }
    }

    /// Adds one sighting to the delta, and says how it ended.
    pub(super) fn add(&self, sighting: &Sighting, delta: &mut Cells) -> Outcome {
        let period = Period::day(sighting.day);
        if self.index.sealed.contains(period) {
            return Outcome::Late;
        }
        let epoch = Epoch { site: self.site.name.clone(), period };
        let open = self.open.days.get(&epoch);
        if !delta.days.contains_key(&epoch) {
            delta.days.insert(epoch.clone(), DayTally { activity: self.activity.clone(), ..DayTally::default() });
        }
        let day = delta.days.entry(epoch).or_default();
        day.activity.merge(&self.activity);
        let tag = sighting.visitor_tag;
        let visitor = both(open, day, |d| d.visitors.get(&tag).copied(), VisitorDay::merge);
        let terms = self.site.terms_of(sighting.day);
        match &sighting.seen {
            Seen::Visit(visit) => match self.view(tag, visit, sighting.day, visitor, terms, open, day) {
                Some(page) => {
                    self.see(visit, sighting.day, page, delta);
                    Outcome::Counted
                }
                None => Outcome::BeyondBound,
            },
            Seen::Error { class, key } => {
                let mark = VisitorDay::mark_error(*class);
                if !visitor.has(mark) {
                    self.error(tag, mark, *class, key, terms, open, day);
                }
                Outcome::NotSuccess
            }
            Seen::Robot { family } => {
                let mark = VisitorDay::mark_robot();
                if !visitor.has(mark) && terms.has(Table::Bot) {
                    day.mark(tag, mark);
                    day.attributes.add_listed(Table::Bot, *family);
                }
                Outcome::Bot
            }
        }
    }

    /// Counts a page view, unless it is beyond a bound. Gives the key under which its page counts.
    #[allow(clippy::too_many_arguments, reason = "each is looked up once for all kinds of sightings")]
    fn view<'v>(
        &self,
        tag: u64,
        visit: &'v Visit,
        date: Day,
        visitor: VisitorDay,
        terms: &InForce,
        open: Option<&DayTally>,
        day: &mut DayTally,
    ) -> Option<&'v str> {
        let page = self.guarded(open, day, &visit.page, |d| Some(&d.pages));
        // What counts as one key is bounded as one page, so that no counter moves by more than one a visitor-day.
        let pair = if page == OTHER_KEY { visit.other_pair_tag } else { visit.pair_tag };
        let views_of_page = both(open, day, |d| d.pairs.get(&pair).copied(), u8::saturating_add);
        match limit::bound(terms.bounds(), visitor, views_of_page, visit.hour) {
            Bounded::Beyond { newly_limited } => {
                if newly_limited {
                    day.limit(tag);
                }
                None
            }
            Bounded::Counted(contribution) => {
                let text = |table, key| self.guarded(open, day, key, |d| d.attributes.texts(table));
                let (referrer, campaign) =
                    (text(Table::Referrer, &visit.referrer), text(Table::Campaign, &visit.campaign));
                let keys = Keys { page, pair, referrer, campaign };
                let hour_is_open = !self.index.sealed.contains(Period::hour(date, visit.hour));
                day.count(tag, visit, keys, contribution, hour_is_open, terms.tables());
                // What is public needs no votes; and what is public follows from releases alone.
                let votes = contribution.is_first_of_page && page != OTHER_KEY && !self.is_public(page);
                if votes {
                    day.vote(tag, page, visitor.votes());
                }
                Some(page)
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "each is looked up once for all kinds of sightings")]
    fn error(
        &self,
        tag: u64,
        mark: VisitorDay,
        class: u8,
        key: &str,
        terms: &InForce,
        open: Option<&DayTally>,
        day: &mut DayTally,
    ) {
        day.mark(tag, mark);
        if terms.has(Table::Status) {
            day.attributes.add_listed(Table::Status, class.into());
        }
        if terms.has(Table::Error) {
            let key = self.guarded(open, day, key, |d| d.attributes.texts(Table::Error));
            // Errors of two classes would be one key beyond the guard, and move it by two.
            if key != OTHER_KEY {
                day.attributes.add_text(Table::Error, key);
            }
        }
    }

    fn is_public(&self, page: &str) -> bool {
        self.site.is_known_page(page) || self.index.is_public(Table::Page, page)
    }

    /// A key of an open key space, or `(other)` where the guard is reached and the key is new.
    fn guarded<'k, T>(
        &self,
        open: Option<&DayTally>,
        delta: &DayTally,
        key: &'k str,
        map: impl Fn(&DayTally) -> Option<&HashMap<Box<str>, T>>,
    ) -> &'k str {
        let (open, delta) = (open.and_then(&map), map(delta));
        let distinct = open.map_or(0, HashMap::len) + delta.map_or(0, HashMap::len);
        let is_known = || [delta, open].into_iter().flatten().any(|map| map.contains_key(key));
        if distinct < self.keys_max || is_known() { key } else { OTHER_KEY }
    }

    /// Raises the sketches of the week and the month, where these are open.
    fn see(&self, visit: &Visit, day: Day, page: &str, delta: &mut Cells) {
        let epoch = |period| Epoch { site: self.site.name.clone(), period };
        let (week, month) = (Period::week_of(day), Period::month_of(day));
        if let Some(tag) = visit.week_tag.filter(|_| !self.index.sealed.contains(week)) {
            let tally = delta.weeks.entry(epoch(week)).or_default();
            tally.activity.merge(&self.activity);
            see(&mut tally.visitors, tag);
        }
        if let Some(tag) = visit.month_tag.filter(|_| !self.index.sealed.contains(month)) {
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
