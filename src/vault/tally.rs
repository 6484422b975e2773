//! What has been counted of one day, week or month: exact, not yet sealed, and never seen by a query.
//!
//! A tally is at once the open cell of a period and what one commit adds to it: tallies merge, and any order and any
//! grouping of merges gives the same cell. It links no two facts of one visitor: visitors stand in it as keyed tags
//! without their pages, visitor-and-page pairs as other keyed tags, and everything else is a sum or a sketch.

mod attributes;
mod longer;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    anonymize::Visit,
    limit::{Contribution, VisitorDay},
    names::{Name, Names, Places, TagMap, TextMap},
    tables::{TableSet, VOTE_WEIGHTS},
};
use attributes::merge_texts;
pub(super) use attributes::{AttributeTally, Texts};
pub(super) use longer::{MonthTally, QuarterTally, WeekTally, see};

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
    /// Nobody has a third view without a second.
    fn is_possible(&self) -> bool {
        (0..VOTE_WEIGHTS.len()).all(|rank| self.ranks.get(rank + 1) <= self.ranks.get(rank))
    }

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

/// The keys under which a page view counts: its own, or `(other)` beyond the guard.
#[derive(Clone, Copy)]
pub(super) struct Keys<'k> {
    pub(super) page: Name<'k>,
    /// The tag of the visitor with that page.
    pub(super) pair: u64,
    /// Referrer and campaign, where this is the first page view of the visit.
    pub(super) source: Option<[Name<'k>; 2]>,
}

/// One local day of one site.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayTally {
    /// The limiter: what each visitor has added.
    pub(super) visitors: TagMap<VisitorDay>,
    /// The limiter: counted views of each pair of visitor and page.
    pub(super) pairs: TagMap<u8>,
    pub(super) site: SiteTally,
    /// By hour from local midnight; positions as [`HOUR_VISIT`], [`HOUR_ARRIVAL`], then the n-th view in the hour.
    pub(super) hours: BTreeMap<u8, Counters>,
    pub(super) pages: TextMap<PageTally>,
    /// Votes in hundredths for pages that are not public yet.
    pub(super) votes: Texts,
    pub(super) attributes: AttributeTally,
    pub(super) activity: Activity,
}

/// Where the texts of a batch stand in the maps of a day.
#[derive(Default)]
pub(super) struct DayPlaces {
    pages: Places,
    votes: Places,
    /// Referrer, campaign, entry.
    texts: [Places; 3],
}

impl DayPlaces {
    /// Remembers places of the texts of a batch.
    pub(super) fn of(names: &Names) -> Self {
        let places = || Places::of(names);
        Self { pages: places(), votes: places(), texts: [places(), places(), places()] }
    }
}

impl DayTally {
    /// Nothing is counted any more; the memory is kept for what comes next.
    pub(super) fn clear(&mut self) {
        self.visitors.clear();
        self.pairs.clear();
        self.site = SiteTally::default();
        self.hours.clear();
        self.pages.clear();
        self.votes.clear();
        self.attributes.clear();
        self.activity = Activity::default();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        // What comes in the order of another map's places would pile up in a smaller one that grows.
        self.visitors.reserve(other.visitors.len());
        self.pairs.reserve(other.pairs.len());
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
        for (name, page) in other.pages.rows() {
            let mine = self.pages.at(name);
            mine.first += page.first;
            mine.repeat += page.repeat;
        }
        merge_texts(&mut self.votes, &other.votes, |_| true);
        self.attributes.merge(&other.attributes);
        self.activity.merge(&other.activity);
    }

    /// Adds a counted page view of a visitor.
    #[allow(clippy::too_many_arguments, reason = "each is looked up once for the open tally and the delta")]
    pub(super) fn count(
        &mut self,
        tag: u64,
        visit: &Visit,
        keys: Keys<'_>,
        contribution: Contribution,
        hour_is_open: bool,
        active: TableSet,
        places: &mut DayPlaces,
    ) {
        let visitor = self.visitors.entry(tag).or_default();
        *visitor = visitor.with_view(visit.hour);
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
        let tally = self.pages.at_place(keys.page, &mut places.pages);
        if contribution.is_first_of_page {
            tally.first += 1;
        } else {
            tally.repeat += 1;
        }
        if let Some(source) = keys.source {
            let [referrer, campaign] = source;
            self.attributes.add(visit, [referrer, campaign, keys.page], active, &mut places.texts);
        }
    }

    /// Adds to what is known of a visitor.
    pub(super) fn mark(&mut self, tag: u64, mark: VisitorDay) {
        let visitor = self.visitors.entry(tag).or_default();
        *visitor = visitor.merge(mark);
    }

    /// Adds a visitor's vote for a page; `before`: for how many pages it voted before.
    pub(super) fn vote(&mut self, tag: u64, page: Name<'_>, before: u8, places: &mut DayPlaces) {
        self.mark(tag, VisitorDay::one_vote());
        let weight = VOTE_WEIGHTS.get(usize::from(before)).copied().unwrap_or(0);
        *self.votes.at_place(page, &mut places.votes) += u64::from(weight);
    }

    /// Notes that a visit hit a bound, for the first time.
    pub(super) fn limit(&mut self, tag: u64) {
        self.mark(tag, VisitorDay::mark_limited());
        self.site.limited += 1;
    }

    /// Whether the tables agree with each other. They always do, unless this program or the store is broken.
    pub(super) fn balances(&self, all_hours_are_open: bool, active: TableSet) -> bool {
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
            && self.attributes.balances(visits, active, active)
            && self.site.limited <= self.visitors.len() as u64
            && self.site.is_possible()
            && self.pages.values().all(|page| page.first <= visits)
    }
}
