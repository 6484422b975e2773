//! What has been counted of one day, week or month: exact, not yet sealed, and never seen by a query.
//!
//! A tally is at once the open cell of a period and what one commit adds to it: tallies merge, and any order and any
//! grouping of merges gives the same cell. It links no two facts of one visitor: visitors stand in it as keyed tags
//! without their pages, visitor-and-page pairs as other keyed tags, and everything else is a sum or a sketch.

mod attributes;
mod by_table;
mod longer;
mod parts;
mod stored;
mod tags;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    anonymize::Visit,
    limit::{Contribution, VisitorDay},
    names::{Beside, Name, TextMap},
    tables::{Table, TableSet, VOTE_WEIGHTS},
};
use attributes::merge_texts;
pub(super) use attributes::{AttributeTally, Texts};
pub(super) use by_table::{ByTable, Counts};
pub(super) use longer::{MonthTally, PageMonthTally, QuarterTally, WeekTally, see_both};
pub(super) use parts::{Part, Through};
pub(super) use tags::{Pairs, Visitors};

/// A producer's name as the store knows it: a keyed hash.
pub(super) type ProducerId = [u8; 16];

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

    pub(super) fn sum(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Counts for Counters {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn merge(&mut self, other: &Self) {
        for (position, &count) in other.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.add(position, count);
        }
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

impl Counts for Texts {
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn merge(&mut self, other: &Self) {
        merge_texts(self, other, |_| true);
    }

    fn clear(&mut self) {
        TextMap::clear(self);
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

impl PageTally {
    /// All counted views.
    pub(super) fn sum(self) -> u64 {
        self.first + self.repeat
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.first += other.first;
        self.repeat += other.repeat;
    }
}

/// A page's row on a day.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageDay {
    pub(super) counts: PageTally,
    /// Visits that began here.
    entries: u64,
    /// Votes in hundredths, while the page is not public.
    votes: u64,
}

/// A page view that counts, and what it adds.
pub(super) struct Counted<'v> {
    /// The visitor, and the visitor with the page.
    pub(super) tags: [u64; 2],
    pub(super) visit: &'v Visit,
    pub(super) contribution: Contribution,
    /// Where the page stands among the pages of the open tally.
    pub(super) page: usize,
    /// For how many pages the visitor voted before, where it votes for this one.
    pub(super) votes_before: Option<u8>,
    pub(super) hour_is_open: bool,
    pub(super) active: TableSet,
}

/// One local day of one site.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayTally {
    /// The limiter: what each visitor has added.
    pub(super) visitors: Visitors,
    /// The limiter: counted views of each pair of visitor and page.
    pub(super) pairs: Pairs,
    pub(super) site: SiteTally,
    /// By hour from local midnight; positions as [`HOUR_VISIT`], [`HOUR_ARRIVAL`], then the n-th view in the hour.
    pub(super) hours: BTreeMap<u8, Counters>,
    pub(super) pages: TextMap<PageDay>,
    /// All but entry pages, which stand with the pages: see [`DayTally::attributes`].
    beside_entries: AttributeTally,
    /// Tables that take in no more keys that are not public.
    closed: TableSet,
}

impl DayTally {
    /// Nothing is counted any more; the memory is kept for what comes next.
    pub(super) fn clear(&mut self) {
        self.visitors.clear();
        self.pairs.clear();
        self.site = SiteTally::default();
        self.hours.clear();
        self.pages.clear();
        self.beside_entries.clear();
        self.closed = TableSet::default();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.visitors.merge(&other.visitors);
        self.pairs.merge(&other.pairs);
        self.merge_rest(other);
    }

    /// Adds what a record of the journal has that is in no part of the stored cell.
    pub(super) fn merge_record(&mut self, record: &Self, sequence: u64, through: &Through) {
        self.visitors.merge_where(&record.visitors, |order| !through.has(order, sequence));
        self.pairs.merge_where(&record.pairs, |order| !through.has(order, sequence));
        if !through.has_rest(sequence) {
            self.merge_rest(record);
        }
    }

    fn merge_rest(&mut self, other: &Self) {
        self.site.merge(&other.site);
        for (hour, counters) in &other.hours {
            self.hours.entry(*hour).or_default().merge(counters);
        }
        for (name, page) in other.pages.rows() {
            let mine = self.pages.at(name);
            mine.counts.merge(page.counts);
            mine.entries += page.entries;
            mine.votes += page.votes;
        }
        self.beside_entries.merge(&other.beside_entries);
        self.close(other.closed);
    }

    /// How many keys a table has that takes in new ones.
    pub(super) fn keys_of(&self, table: Table) -> usize {
        if table == Table::Page { self.pages.len() } else { self.texts(table).len() }
    }

    /// Whether what is not public in a table counts as `(other)`.
    pub(super) fn is_closed(&self, table: Table) -> bool {
        self.closed.contains(table)
    }

    /// Closes or opens the pages' table as a flaw would have it.
    #[cfg(feature = "lab")]
    pub(super) fn set_pages_closed(&mut self, is_closed: bool) {
        self.closed = self.closed.without(Table::Page);
        if is_closed {
            self.close([Table::Page].into_iter().collect());
        }
    }

    /// From now on these tables take in no more keys that are not public.
    pub(super) fn close(&mut self, tables: TableSet) {
        self.closed = self.closed.with_all(tables);
    }

    /// Counts by the keys of each attribute table, put together for a release. `active`: the tables that count on the day.
    pub(super) fn attributes(&self, active: TableSet) -> AttributeTally {
        let mut all = self.beside_entries.clone();
        if active.contains(Table::Reader) {
            // What visitors did is known when the day is over: a file may come before its page, or long after it.
            for place in self.visitors.iter().filter_map(|row| row.day.reader()) {
                all.add_listed(Table::Reader, place);
            }
        }
        for (name, page) in self.pages.rows().filter(|(_, page)| page.entries > 0) {
            all.add_texts(Table::Entry, name, page.entries);
        }
        all
    }

    /// Forgets who came: what follows from it is counted, as if it had always stood with the sums.
    #[cfg(feature = "lab")]
    pub(super) fn forget_visitors(&mut self, active: TableSet) {
        let counted = self.attributes(active).listed(Table::Reader).clone();
        self.beside_entries.set_listed(Table::Reader, counted);
        (self.visitors, self.pairs) = Default::default();
    }

    /// Votes for pages that are not public yet, in hundredths.
    pub(super) fn votes(&self) -> impl Iterator<Item = (Name<'_>, u64)> {
        self.pages.rows().filter(|(_, page)| page.votes > 0).map(|(name, page)| (name, page.votes))
    }

    /// The counts of a table whose keys are texts; entry pages stand elsewhere.
    pub(super) fn texts(&self, table: Table) -> &Texts {
        self.beside_entries.texts(table)
    }

    /// Adds a counted page view to this open tally and to the delta.
    pub(super) fn count(&mut self, delta: &mut Self, view: &Counted<'_>) {
        let Counted { tags: [tag, pair], visit, contribution, .. } = *view;
        let page = self.pages.beside(view.page, Beside::Delta, &mut delta.pages);
        self.count_here(view, view.page);
        delta.count_here(view, page);
        for day in [self, delta] {
            day.visitors.set(tag, |visitor| {
                let visitor = visitor.with_view(visit.hour).with_marks(visit.marks);
                if view.votes_before.is_some() { visitor.with_vote() } else { visitor }
            });
            day.pairs.count(pair);
            if contribution.rank == 1 {
                day.beside_entries.add_listed_of(visit, view.active);
            }
        }
    }

    /// What is no tag: the counters of site, hour and page.
    fn count_here(&mut self, view: &Counted<'_>, page: usize) {
        let Contribution { rank, rank_in_hour, is_first_of_page } = view.contribution;
        self.site.ranks.add(usize::from(rank - 1), 1);
        if view.hour_is_open {
            let position = match (rank, rank_in_hour) {
                (1, _) => HOUR_VISIT,
                (_, 1) => HOUR_ARRIVAL,
                (_, nth) => usize::from(nth),
            };
            self.hours.entry(view.visit.hour).or_default().add(position, 1);
        }
        let page = self.pages.value(page);
        if is_first_of_page {
            page.counts.first += 1;
        } else {
            page.counts.repeat += 1;
        }
        page.entries += u64::from(rank == 1 && view.active.contains(Table::Entry));
        let weight = view.votes_before.and_then(|before| VOTE_WEIGHTS.get(usize::from(before)));
        page.votes += weight.copied().map_or(0, u64::from);
    }

    /// Adds one to a text of an open table, here and in the delta.
    pub(super) fn count_text(&mut self, delta: &mut Self, table: Table, key: Name<'_>) {
        self.beside_entries.add_text(&mut delta.beside_entries, table, key);
    }

    /// Adds one to a position of a public list.
    pub(super) fn count_listed(&mut self, table: Table, position: u16) {
        self.beside_entries.add_listed(table, position.into());
    }

    /// Adds to what is known of a visitor.
    pub(super) fn mark(&mut self, tag: u64, mark: VisitorDay) {
        self.visitors.set(tag, |visitor| visitor.merge(mark));
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
        let pages: u64 = self.pages.values().map(|p| p.counts.sum()).sum();
        let hours: u64 = self.hours.values().map(Counters::sum).sum();
        let in_limiter: u64 = self.visitors.iter().map(|row| u64::from(row.day.views())).sum();
        let in_pairs: u64 = self.pairs.iter().map(|row| u64::from(row.views())).sum();
        pages == views
            && in_limiter == views
            && in_pairs == views
            && (hours == views || (!all_hours_are_open && hours < views))
            && self.attributes(active).balances(visits, active, active)
            && self.site.limited <= self.visitors.len() as u64
            && self.site.is_possible()
            && self.pages.values().all(|page| page.counts.first <= visits)
    }
}
