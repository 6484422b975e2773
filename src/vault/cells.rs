//! The open cells of all sites, and the delta that one commit adds to them. Both are made of the same tallies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    anonymize::{Seen, Sighting, Visit},
    keys::Epoch,
    limit::{self, Bounded, VisitorDay},
    names::{Name, Names, Places, TextMap},
    outcome::Outcome,
    release::{index::SiteIndex, terms::InForce},
    site::Site,
    tables::{OTHER_KEY, Table},
    tally::{Activity, DayPlaces, DayTally, Keys, MonthTally, ProducerId, QuarterTally, WeekTally, see},
};
use crate::{
    calendar::{Day, HOURS_PER_DAY_MAX, Period, PeriodKind},
    units::SiteName,
};

/// Distinct pages, referrers, campaigns or errors of a site and day beyond which further ones count as `(other)`. It guards
/// memory and lies far above what sites have: it is the one place where a visitor's page view may be counted under
/// another key because of others (docs/PRIVACY.md, hazards).
pub(super) const KEYS_PER_DAY_MAX: usize = 100_000;

/// Tallies by site and period: the open cells, or a delta. Equal tallies merge to equal tallies, whatever comes first.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) days: BTreeMap<Epoch, DayTally>,
    pub(super) weeks: BTreeMap<Epoch, WeekTally>,
    pub(super) months: BTreeMap<Epoch, MonthTally>,
    pub(super) quarters: BTreeMap<Epoch, QuarterTally>,
    /// Empty tallies whose memory is used again.
    spare: Vec<DayTally>,
}

/// Empty tallies that are kept at most.
const SPARE_MAX: usize = 8;

impl Cells {
    /// Nothing is in it any more; the memory of some tallies is kept for what comes next.
    pub(super) fn clear(&mut self) {
        for mut tally in std::mem::take(&mut self.days).into_values() {
            if self.spare.len() < SPARE_MAX {
                tally.clear();
                self.spare.push(tally);
            }
        }
        self.weeks.clear();
        self.months.clear();
        self.quarters.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.epochs().next().is_none()
    }

    #[cfg(any(test, feature = "lab"))]
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

/// Bounds what was seen against what the open cells hold, and puts what counts into them and into the delta of the step
/// that makes it durable.
pub(super) struct Bounder<'a> {
    pub(super) site: &'a Site,
    /// What is sealed and public of the site.
    pub(super) index: &'a SiteIndex,
    pub(super) activity: Activity,
    /// [`KEYS_PER_DAY_MAX`].
    pub(super) keys_max: usize,
    pub(super) known_pages: Arc<BTreeSet<Box<str>>>,
    pub(super) public_pages: Option<&'a BTreeSet<Box<str>>>,
}

/// A day's open tally and what the delta adds to it, with what holds on that day.
struct Desk<'a> {
    date: Day,
    open: &'a mut DayTally,
    delta: &'a mut DayTally,
    terms: &'a InForce,
    /// By hour: whether it is published. Looked up once for all that was seen of the day.
    is_hour_sealed: [bool; HOURS_PER_DAY_MAX as usize],
    /// Where the batch's texts stand in the open tally and in the delta.
    places: [DayPlaces; 2],
}

/// Sightings of one day from which on it pays to remember where texts stand.
const REMEMBERED_FROM: usize = 16;

/// A view that counts, with the key under which its page does.
type Counted<'v> = (&'v Visit, Name<'v>);

impl<'a> Bounder<'a> {
    pub(super) fn new(site: &'a Site, index: &'a SiteIndex, by: ProducerId, now_unix_ms: i64) -> Self {
        Self {
            site,
            index,
            activity: Activity::of(by, now_unix_ms),
            keys_max: KEYS_PER_DAY_MAX,
            known_pages: site.known_pages(),
            public_pages: index.public.get(&Table::Page),
        }
    }

    /// Adds all that was seen in a batch, in its order, and tells how each ended.
    pub(super) fn add_all(
        &self,
        names: &Names,
        seen: &[(u32, Sighting)],
        open: &mut Cells,
        delta: &mut Cells,
        mut enter: impl FnMut(u32, Outcome),
    ) {
        let mut counted = Vec::new();
        for of_one_day in seen.chunk_by(|(_, a), (_, b)| a.day == b.day) {
            let Some((_, first)) = of_one_day.first() else { continue };
            let period = Period::day(first.day);
            if self.index.sealed.contains(period) {
                of_one_day.iter().for_each(|(at, _)| enter(*at, Outcome::Late));
                continue;
            }
            counted.clear();
            let remembered = Some(names).filter(|_| of_one_day.len() >= REMEMBERED_FROM);
            let mut desk = self.desk(first.day, open, delta, remembered);
            for (at, sighting) in of_one_day {
                enter(*at, self.add_to_day(sighting, names, &mut desk, &mut counted));
            }
            self.see_all(&counted, first.day, remembered, open, delta);
        }
    }

    /// Adds one sighting, and says how it ended.
    #[cfg(any(test, feature = "lab"))]
    pub(super) fn add(&self, sighting: Sighting, names: &Names, open: &mut Cells, delta: &mut Cells) -> Outcome {
        let mut ended = Outcome::Late;
        self.add_all(names, &[(0, sighting)], open, delta, |_, outcome| ended = outcome);
        ended
    }

    fn desk<'d>(
        &'d self,
        date: Day,
        open: &'d mut Cells,
        delta: &'d mut Cells,
        remembered: Option<&Names>,
    ) -> Desk<'d> {
        let epoch = Epoch { site: self.site.name.clone(), period: Period::day(date) };
        let open = open.days.entry(epoch.clone()).or_default();
        let Cells { days, spare, .. } = delta;
        let delta = days.entry(epoch).or_insert_with(|| spare.pop().unwrap_or_default());
        open.activity.merge(&self.activity);
        delta.activity.merge(&self.activity);
        let mut is_hour_sealed = [false; HOURS_PER_DAY_MAX as usize];
        for (hour, is_sealed) in (0..).zip(&mut is_hour_sealed) {
            *is_sealed = self.index.sealed.contains(Period::hour(date, hour));
        }
        let places = || remembered.map(DayPlaces::of).unwrap_or_default();
        let terms = self.site.terms_of(date);
        Desk { date, open, delta, terms, is_hour_sealed, places: [places(), places()] }
    }

    fn add_to_day<'v>(
        &self,
        sighting: &'v Sighting,
        names: &'v Names,
        desk: &mut Desk<'_>,
        counted: &mut Vec<Counted<'v>>,
    ) -> Outcome {
        debug_assert_eq!(sighting.day, desk.date);
        let tag = sighting.visitor_tag;
        let visitor = desk.open.visitors.get(&tag).copied().unwrap_or_default();
        match &sighting.seen {
            Seen::Visit(visit) => match self.view(tag, visit, names, visitor, desk) {
                Some(page) => {
                    counted.push((visit, page));
                    Outcome::Counted
                }
                None => Outcome::BeyondBound,
            },
            Seen::Error { class, key } => {
                let mark = VisitorDay::mark_error(*class);
                if !visitor.has(mark) {
                    self.error(tag, mark, *class, names.get(*key), desk);
                }
                Outcome::NotSuccess
            }
            Seen::Robot { family } => {
                let mark = VisitorDay::mark_robot();
                if !visitor.has(mark) && desk.terms.has(Table::Bot) {
                    desk.each(|day, _| {
                        day.mark(tag, mark);
                        day.attributes.add_listed(Table::Bot, *family);
                    });
                }
                Outcome::Bot
            }
        }
    }

    /// Counts a page view, unless it is beyond a bound. Gives the key under which its page counts.
    fn view<'v>(
        &self,
        tag: u64,
        visit: &Visit,
        names: &'v Names,
        visitor: VisitorDay,
        desk: &mut Desk<'_>,
    ) -> Option<Name<'v>> {
        let page = self.guarded(&desk.open.pages, names.get(visit.page));
        // What counts as one key is bounded as one page, so that no counter moves by more than one a visitor-day.
        let is_other = page.text == OTHER_KEY;
        let pair = if is_other { visit.other_pair_tag } else { visit.pair_tag };
        let views_of_page = desk.open.pairs.get(&pair).copied().unwrap_or_default();
        match limit::bound(desk.terms.bounds(), visitor, views_of_page, visit.hour) {
            Bounded::Beyond { newly_limited } => {
                if newly_limited {
                    desk.each(|day, _| day.limit(tag));
                }
                None
            }
            Bounded::Counted(contribution) => {
                let text = |desk: &Desk<'_>, table, id| match desk.open.attributes.texts(table) {
                    Some(map) => self.guarded(map, names.get(id)),
                    None => names.get(id),
                };
                // Attributes are those of the first page view.
                let source = (contribution.rank == 1).then(|| {
                    [text(desk, Table::Referrer, visit.referrer), text(desk, Table::Campaign, visit.campaign)]
                });
                let keys = Keys { page, pair, source };
                let hour_is_open = !desk.is_hour_sealed.get(usize::from(visit.hour)).copied().unwrap_or(false);
                // What is public needs no votes; and what is public follows from releases alone.
                let votes = contribution.is_first_of_page && !is_other && !self.is_public(page.text);
                let active = desk.terms.tables();
                desk.each(|day, places| {
                    day.count(tag, visit, keys, contribution, hour_is_open, active, places);
                    if votes {
                        day.vote(tag, page, visitor.votes(), places);
                    }
                });
                Some(page)
            }
        }
    }

    fn error(&self, tag: u64, mark: VisitorDay, class: u8, key: Name<'_>, desk: &mut Desk<'_>) {
        let guarded = desk.open.attributes.texts(Table::Error).map_or(key, |map| self.guarded(map, key));
        let (has_status, has_error) = (desk.terms.has(Table::Status), desk.terms.has(Table::Error));
        desk.each(|day, _| {
            day.mark(tag, mark);
            if has_status {
                day.attributes.add_listed(Table::Status, class.into());
            }
            // Errors of two classes would be one key beyond the guard, and move it by two.
            if has_error && guarded.text != OTHER_KEY {
                day.attributes.add_text(Table::Error, guarded);
            }
        });
    }

    fn is_public(&self, page: &str) -> bool {
        self.known_pages.contains(page) || self.public_pages.is_some_and(|pages| pages.contains(page))
    }

    /// A key of an open key space, or `(other)` where the guard is reached and the key is new.
    fn guarded<'k, T>(&self, open: &TextMap<T>, key: Name<'k>) -> Name<'k> {
        if open.len() < self.keys_max || open.find(key).is_some() { key } else { Name::of(OTHER_KEY) }
    }

    /// Raises the sketches of the week and the month, where these are open. The delta gets what changes them: what does
    /// not is durable already, or comes with the same step.
    fn see_all(
        &self,
        counted: &[Counted<'_>],
        day: Day,
        remembered: Option<&Names>,
        open: &mut Cells,
        delta: &mut Cells,
    ) {
        let epoch = |period| Epoch { site: self.site.name.clone(), period };
        let (week, month) = (Period::week_of(day), Period::month_of(day));
        if counted.iter().any(|(visit, _)| visit.week_tag.is_some()) && !self.index.sealed.contains(week) {
            let open = open.weeks.entry(epoch(week)).or_default();
            let delta = delta.weeks.entry(epoch(week)).or_default();
            open.activity.merge(&self.activity);
            delta.activity.merge(&self.activity);
            for tag in counted.iter().filter_map(|(visit, _)| visit.week_tag) {
                if see(&mut open.visitors, tag) {
                    see(&mut delta.visitors, tag);
                }
            }
        }
        if counted.iter().any(|(visit, _)| visit.month_tag.is_some()) && !self.index.sealed.contains(month) {
            let open = open.months.entry(epoch(month)).or_default();
            let delta = delta.months.entry(epoch(month)).or_default();
            open.activity.merge(&self.activity);
            delta.activity.merge(&self.activity);
            let places = || remembered.map(Places::of).unwrap_or_default();
            let mut places = [places(), places()];
            for (visit, page) in counted {
                let Some(tag) = visit.month_tag else { continue };
                open.see_into(tag, *page, delta, &mut places);
            }
        }
    }
}

impl Desk<'_> {
    /// Does the same to the open tally and to the delta.
    fn each(&mut self, mut change: impl FnMut(&mut DayTally, &mut DayPlaces)) {
        let [of_open, of_delta] = &mut self.places;
        change(self.open, of_open);
        change(self.delta, of_delta);
    }
}
