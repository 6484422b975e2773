//! Weeks, months and quarters: sums of sealed days, and sketches of visitors whom no one may remember.

use serde::{Deserialize, Serialize};

use super::{AttributeTally, ByTable, DayTally, PageTally, SiteTally, Texts, merge_texts};
use crate::{
    names::{Beside, TextMap},
    sketch::{PAGE_PRECISION, SITE_PRECISION, Sketch},
    tables::{Table, TableSet},
};

/// One week of one site.
#[derive(Clone)]
pub(crate) struct WeekTally {
    /// Sums of the sealed days.
    pub(crate) site: SiteTally,
    /// Distinct visitors, under the week's key.
    pub(crate) visitors: Sketch,
    /// Sums of those sealed days whose terms publish pages by week.
    pub(crate) pages: TextMap<PageTally>,
}

impl Default for WeekTally {
    fn default() -> Self {
        let visitors = Sketch::new(SITE_PRECISION);
        Self { site: SiteTally::default(), visitors, pages: TextMap::default() }
    }
}

impl WeekTally {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.site.merge(&other.site);
        join(&mut self.visitors, &other.visitors);
        for (name, page) in other.pages.rows() {
            self.pages.at(name).merge(*page);
        }
    }

    /// Takes the counters of a day that is being sealed. `with_pages`: whether the day's terms publish pages by week.
    pub(crate) fn absorb(&mut self, day: &DayTally, with_pages: bool) {
        self.site.merge(&day.site);
        for (name, page) in day.pages.rows().filter(|_| with_pages) {
            self.pages.at(name).merge(page.counts);
        }
    }

    /// Whether its sums can be those of a week. `with_pages`: whether all of its days counted pages for it.
    pub(crate) fn balances(&self, with_pages: bool) -> bool {
        let pages: u64 = self.pages.values().map(|page| page.sum()).sum();
        self.site.is_possible() && (!with_pages || pages == self.site.ranks.sum())
    }

    /// Its stored form. Pages follow the rest where there are any, so a week without pages is stored as weeks were before
    /// pages had them.
    pub(crate) fn encode(&self) -> postcard::Result<Vec<u8>> {
        let bytes = postcard::to_allocvec(&(&self.site, &self.visitors))?;
        if self.pages.len() == 0 { Ok(bytes) } else { postcard::to_extend(&self.pages, bytes) }
    }

    /// A week from its stored form.
    pub(crate) fn decode(bytes: &[u8]) -> postcard::Result<Self> {
        let ((site, visitors), rest) = postcard::take_from_bytes(bytes)?;
        let pages = if rest.is_empty() { TextMap::default() } else { postcard::from_bytes(rest)? };
        Ok(Self { site, visitors, pages })
    }
}

/// A page's month.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PageMonthTally {
    pub(crate) counts: PageTally,
    pub(crate) visitors: Sketch,
}

impl Default for PageMonthTally {
    fn default() -> Self {
        Self { counts: PageTally::default(), visitors: Sketch::new(PAGE_PRECISION) }
    }
}

/// One month of one site.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct MonthTally {
    /// Sums of the sealed days.
    pub(crate) site: SiteTally,
    /// Distinct visitors, under the month's key.
    pub(crate) visitors: Sketch,
    pub(crate) pages: TextMap<PageMonthTally>,
    pub(crate) attributes: AttributeTally,
    /// What speaks for pages that are not public, in hundredths: of those sealed days whose terms choose pages by month.
    #[serde(skip)]
    pub(crate) votes: Texts,
}

impl Default for MonthTally {
    fn default() -> Self {
        Self {
            site: SiteTally::default(),
            visitors: Sketch::new(SITE_PRECISION),
            pages: TextMap::default(),
            attributes: AttributeTally::default(),
            votes: Texts::default(),
        }
    }
}

impl MonthTally {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.site.merge(&other.site);
        join(&mut self.visitors, &other.visitors);
        for (name, page) in other.pages.rows() {
            let mine = self.pages.at(name);
            mine.counts.merge(page.counts);
            join(&mut mine.visitors, &page.visitors);
        }
        self.attributes.merge(&other.attributes);
        merge_texts(&mut self.votes, &other.votes, |_| true);
    }

    /// Its stored form. Votes follow the rest where there are any, so a month without votes is stored as months were before
    /// they had them.
    pub(crate) fn encode(&self) -> postcard::Result<Vec<u8>> {
        let bytes = postcard::to_allocvec(self)?;
        if self.votes.len() == 0 { Ok(bytes) } else { postcard::to_extend(&self.votes, bytes) }
    }

    /// A month from its stored form.
    pub(crate) fn decode(bytes: &[u8]) -> postcard::Result<Self> {
        let (month, rest) = postcard::take_from_bytes::<Self>(bytes)?;
        let votes = if rest.is_empty() { Texts::default() } else { postcard::from_bytes(rest)? };
        Ok(Self { votes, ..month })
    }

    /// Takes what a day that is being sealed says of pages that are not public.
    pub(crate) fn absorb_votes(&mut self, day: &DayTally, is_public: impl Fn(&str) -> bool) {
        add_votes(&mut self.votes, day, is_public);
    }

    /// Raises the visitor sketch of the page at a place, and that of a delta where that changed something.
    pub(crate) fn see_on(&mut self, tag: u64, page: usize, delta: &mut Self) {
        if see(&mut self.pages.value(page).visitors, tag) {
            let beside = self.pages.beside(page, Beside::Delta, &mut delta.pages);
            see(&mut delta.pages.value(beside).visitors, tag);
        }
    }

    /// Takes the counters of a day that is being sealed. `active`: the tables that count on the day.
    pub(crate) fn absorb(&mut self, day: &DayTally, active: TableSet) {
        self.site.merge(&day.site);
        for (name, page) in day.pages.rows() {
            self.pages.at(name).counts.merge(page.counts);
        }
        self.attributes.merge(&day.attributes(active));
    }

    /// Whether its sums agree with each other. `active`: tables that counted on every day; `ever`: on any day.
    pub(crate) fn balances(&self, active: TableSet, ever: TableSet) -> bool {
        let pages: u64 = self.pages.values().map(|p| p.counts.sum()).sum();
        pages == self.site.ranks.sum()
            && self.site.is_possible()
            && self.attributes.balances(self.site.ranks.get(0), active, ever)
    }
}

/// A quarter of one site: what speaks for keys that are not public yet. It knows of no visitor.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuarterTally {
    /// By table: votes for pages, in hundredths; visits by referrer and by campaign.
    votes: ByTable<Texts>,
}

impl QuarterTally {
    /// The tables whose new keys are chosen by quarter.
    pub(crate) const TABLES: [Table; 3] = [Table::Page, Table::Referrer, Table::Campaign];

    pub(crate) fn merge(&mut self, other: &Self) {
        self.votes.merge(&other.votes);
    }

    /// Takes what a day that is being sealed says of keys that are not public.
    pub(crate) fn absorb(&mut self, day: &DayTally, is_public: impl Fn(Table, &str) -> bool) {
        add_votes(&mut self.votes[Table::Page], day, |page| is_public(Table::Page, page));
        for table in [Table::Referrer, Table::Campaign] {
            merge_texts(&mut self.votes[table], day.texts(table), |key| !is_public(table, key));
        }
    }

    /// What speaks for the keys of a table.
    pub(crate) fn votes(&self, table: Table) -> &Texts {
        &self.votes[table]
    }
}

/// Adds a day's votes for pages that are not public.
fn add_votes(all: &mut Texts, day: &DayTally, is_public: impl Fn(&str) -> bool) {
    for (name, votes) in day.votes().filter(|(name, _)| !is_public(name.text)) {
        *all.at(name) += votes;
    }
}

#[expect(
    clippy::expect_used,
    reason = "Unwrap safety: sketches of one table have one precision; what the disk gives is authenticated."
)]
pub(super) fn join(mine: &mut Sketch, theirs: &Sketch) {
    mine.merge(theirs).expect("sketches of one table have one precision");
}

/// Raises a sketch by a visitor's tag, and that of a delta where that changed something.
pub(crate) fn see_both(sketch: &mut Sketch, delta: &mut Sketch, tag: u64) {
    if see(sketch, tag) {
        see(delta, tag);
    }
}

/// Raises a sketch by a visitor's tag, which serves as its keyed 64-bit hash. True if that changed it.
fn see(sketch: &mut Sketch, tag: u64) -> bool {
    let (index, rank) = sketch.precision().position(tag);
    sketch.raise(index, rank)
}
