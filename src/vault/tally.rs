//! What has been counted of one day, week or month: exact, not yet sealed, and never seen by a query.
//!
//! A tally is at once the open cell of a period and what one commit adds to it: tallies merge, and any order and any
//! grouping of merges gives the same cell. It links no two facts of one visitor: visitors stand in it as keyed tags
//! without their pages, visitor-and-page pairs as other keyed tags, and everything else is a sum or a sketch.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    anonymize::Visit,
    limit::{Contribution, VisitorDay},
    sketch::Sketch,
    tables::{PAGE_PRECISION, SITE_PRECISION, Table},
};

/// A producer's name as the store knows it: a keyed hash.
pub(super) type ProducerId = [u8; 16];

/// Who sent something of a period, and when.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Activity {
    pub(super) producers: BTreeSet<ProducerId>,
    /// When the first and the latest batch were committed, in milliseconds since 1970.
    pub(super) committed_unix_ms: Option<(i64, i64)>,
}

impl Activity {
    /// One commit of one producer.
    pub(super) fn of(producer: ProducerId, now_unix_ms: i64) -> Self {
        Self { producers: BTreeSet::from([producer]), committed_unix_ms: Some((now_unix_ms, now_unix_ms)) }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.producers.extend(&other.producers);
        self.committed_unix_ms = match (self.committed_unix_ms, other.committed_unix_ms) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

/// Counters by position; a position that is not there is zero.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counters(Vec<u64>);

impl Counters {
    pub(super) fn get(&self, position: usize) -> u64 {
        self.0.get(position).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, position: usize, count: u64) {
        if self.0.len() <= position {
            self.0.resize(position + 1, 0);
        }
        self.0[position] += count;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (position, &count) in other.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.add(position, count);
        }
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The site's own counters: page views by their rank in the visit, and visits that hit a bound.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SiteTally {
    /// Position 0: first page views (that is, visits); 1: second page views; ...
    pub(super) ranks: Counters,
    /// Visits of which something was left out.
    pub(super) limited: u64,
}

impl SiteTally {
    fn merge(&mut self, other: &Self) {
        self.ranks.merge(&other.ranks);
        self.limited += other.limited;
    }
}

/// Position of an hour's counter: the visit's first page view.
pub(super) const HOUR_VISIT: usize = 0;
/// Position of an hour's counter: the first page view in this hour of a visit that began in another.
pub(super) const HOUR_ARRIVAL: usize = 1;

/// A page's counters.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageTally {
    /// Views by visitors who had not seen the page that day.
    pub(super) first: u64,
    /// All other counted views.
    pub(super) repeat: u64,
}

/// Visits by the keys of each attribute table.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AttributeTally {
    /// The open key space.
    pub(super) referrers: HashMap<Box<str>, u64>,
    /// The public lists, by position: browsers, systems, devices, languages.
    pub(super) listed: [Counters; 4],
}

impl AttributeTally {
    fn merge(&mut self, other: &Self) {
        for (key, count) in &other.referrers {
            *self.referrers.entry(key.clone()).or_default() += count;
        }
        for (mine, theirs) in self.listed.iter_mut().zip(&other.listed) {
            mine.merge(theirs);
        }
    }

    fn add(&mut self, visit: &Visit, referrer: &str) {
        *self.referrers.entry(referrer.into()).or_default() += 1;
        for (counters, position) in self.listed.iter_mut().zip(visit.listed) {
            counters.add(usize::from(position), 1);
        }
    }

    /// Visits with a key of a table.
    pub(super) fn get(&self, table: Table, key: &str) -> u64 {
        let slot = match table {
            Table::Referrer => return self.referrers.get(key).copied().unwrap_or(0),
            Table::Browser => 0,
            Table::Os => 1,
            Table::Device => 2,
            Table::Language => 3,
            Table::Site | Table::Page => return 0,
        };
        let position = table.public_keys().iter().position(|k| *k == key);
        position.map_or(0, |p| self.listed[slot].get(p))
    }
}

/// The keys under which a page view counts: its own, or `(other)` beyond the guard.
#[derive(Clone, Copy)]
pub(super) struct Keys<'k> {
    pub(super) page: &'k str,
    /// The tag of the visitor with that page.
    pub(super) pair: u64,
    pub(super) referrer: &'k str,
}

/// One local day of one site.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayTally {
    /// The limiter: what each visitor has added.
    pub(super) visitors: HashMap<u64, VisitorDay>,
    /// The limiter: counted views of each pair of visitor and page.
    pub(super) pairs: HashMap<u64, u8>,
    pub(super) site: SiteTally,
    /// By hour from local midnight; positions as [`HOUR_VISIT`], [`HOUR_ARRIVAL`], then the n-th view in the hour.
    pub(super) hours: HashMap<u8, Counters>,
    pub(super) pages: HashMap<Box<str>, PageTally>,
    pub(super) attributes: AttributeTally,
    pub(super) activity: Activity,
}

impl DayTally {
    pub(super) fn merge(&mut self, other: &Self) {
        for (tag, visitor) in &other.visitors {
            let mine = self.visitors.entry(*tag).or_default();
            *mine = mine.merge(*visitor);
        }
        for (tag, views) in &other.pairs {
            let mine = self.pairs.entry(*tag).or_default();
            *mine = mine.saturating_add(*views);
        }
        self.site.merge(&other.site);
        for (hour, counters) in &other.hours {
            self.hours.entry(*hour).or_default().merge(counters);
        }
        for (key, page) in &other.pages {
            let mine = self.pages.entry(key.clone()).or_default();
            mine.first += page.first;
            mine.repeat += page.repeat;
        }
        self.attributes.merge(&other.attributes);
        self.activity.merge(&other.activity);
    }

    /// Adds a counted page view.
    pub(super) fn count(&mut self, visit: &Visit, keys: Keys<'_>, contribution: Contribution, hour_is_open: bool) {
        let visitor = self.visitors.entry(visit.visitor_tag).or_default();
        *visitor = visitor.merge(VisitorDay::one_view(visit.hour));
        *self.pairs.entry(keys.pair).or_default() += 1;
        self.site.ranks.add(usize::from(contribution.rank - 1), 1);
        if hour_is_open {
            let position = match (contribution.rank, contribution.rank_in_hour) {
                (1, _) => HOUR_VISIT,
                (_, 1) => HOUR_ARRIVAL,
                (_, nth) => usize::from(nth),
            };
            self.hours.entry(visit.hour).or_default().add(position, 1);
        }
        if !self.pages.contains_key(keys.page) {
            self.pages.insert(keys.page.into(), PageTally::default());
        }
        if let Some(tally) = self.pages.get_mut(keys.page) {
            if contribution.is_first_of_page {
                tally.first += 1;
            } else {
                tally.repeat += 1;
            }
        }
        if contribution.rank == 1 {
            self.attributes.add(visit, keys.referrer);
        }
    }

    /// Notes that a visit hit a bound, for the first time.
    pub(super) fn limit(&mut self, visit: &Visit) {
        let visitor = self.visitors.entry(visit.visitor_tag).or_default();
        *visitor = visitor.merge(VisitorDay::mark_limited());
        self.site.limited += 1;
    }

    /// Whether the tables agree with each other. They always do, unless this program or the store is broken.
    pub(super) fn balances(&self, all_hours_are_open: bool) -> bool {
        let views = self.site.ranks.sum();
        let visits = self.site.ranks.get(0);
        let pages: u64 = self.pages.values().map(|p| p.first + p.repeat).sum();
        let hours: u64 = self.hours.values().map(Counters::sum).sum();
        let in_limiter: u64 = self.visitors.values().map(|v| u64::from(v.views())).sum();
        let in_pairs: u64 = self.pairs.values().map(|n| u64::from(*n)).sum();
        pages == views
            && in_limiter == views
            && in_pairs == views
            && (hours == views || (!all_hours_are_open && hours < views))
            && self.attributes.referrers.values().sum::<u64>() == visits
            && self.attributes.listed.iter().all(|c| c.sum() == visits)
            && self.site.limited <= self.visitors.len() as u64
    }
}

/// One week of one site.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct WeekTally {
    /// Sums of the sealed days.
    pub(super) site: SiteTally,
    /// Distinct visitors, under the week's key.
    pub(super) visitors: Sketch,
    pub(super) activity: Activity,
}

impl Default for WeekTally {
    fn default() -> Self {
        let visitors = Sketch::new(SITE_PRECISION);
        Self { site: SiteTally::default(), visitors, activity: Activity::default() }
    }
}

impl WeekTally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.site.merge(&other.site);
        join(&mut self.visitors, &other.visitors);
        self.activity.merge(&other.activity);
    }

    /// Takes the counters of a day that is being sealed.
    pub(super) fn absorb(&mut self, day: &DayTally) {
        self.site.merge(&day.site);
    }
}

/// A page's month.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PageMonthTally {
    pub(super) counts: PageTally,
    pub(super) visitors: Sketch,
}

impl Default for PageMonthTally {
    fn default() -> Self {
        Self { counts: PageTally::default(), visitors: Sketch::new(PAGE_PRECISION) }
    }
}

/// One month of one site.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct MonthTally {
    /// Sums of the sealed days.
    pub(super) site: SiteTally,
    /// Distinct visitors, under the month's key.
    pub(super) visitors: Sketch,
    pub(super) pages: HashMap<Box<str>, PageMonthTally>,
    pub(super) attributes: AttributeTally,
    pub(super) activity: Activity,
}

impl Default for MonthTally {
    fn default() -> Self {
        Self {
            site: SiteTally::default(),
            visitors: Sketch::new(SITE_PRECISION),
            pages: HashMap::new(),
            attributes: AttributeTally::default(),
            activity: Activity::default(),
        }
    }
}

impl MonthTally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.site.merge(&other.site);
        join(&mut self.visitors, &other.visitors);
        for (key, page) in &other.pages {
            let mine = self.pages.entry(key.clone()).or_default();
            mine.counts.first += page.counts.first;
            mine.counts.repeat += page.counts.repeat;
            join(&mut mine.visitors, &page.visitors);
        }
        self.attributes.merge(&other.attributes);
        self.activity.merge(&other.activity);
    }

    /// Raises the visitor sketches of the site and of a page.
    pub(super) fn see(&mut self, tag: u64, page: &str) {
        see(&mut self.visitors, tag);
        if !self.pages.contains_key(page) {
            self.pages.insert(page.into(), PageMonthTally::default());
        }
        if let Some(tally) = self.pages.get_mut(page) {
            see(&mut tally.visitors, tag);
        }
    }

    /// Takes the counters of a day that is being sealed.
    pub(super) fn absorb(&mut self, day: &DayTally) {
        self.site.merge(&day.site);
        for (key, page) in &day.pages {
            let mine = self.pages.entry(key.clone()).or_default();
            mine.counts.first += page.first;
            mine.counts.repeat += page.repeat;
        }
        self.attributes.merge(&day.attributes);
    }
}

fn join(mine: &mut Sketch, theirs: &Sketch) {
    // Unwrap safety: all sketches of a table are made with one precision, and what is read from the disk is
    // authenticated.
    mine.merge(theirs).expect("sketches of one table have one precision");
}

/// Raises a sketch by a visitor's tag, which serves as its keyed 64-bit hash.
pub(super) fn see(sketch: &mut Sketch, tag: u64) {
    let (index, rank) = sketch.precision().position(tag);
    sketch.raise(index, rank);
}
