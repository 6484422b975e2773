//! The rows of a range: all of them, or the one of a key that is asked for, published or not.
//!
//! A list and a key's series both take their numbers from here, so both say the same. Ranges that are read one after the other
//! share what they have in common.

use std::sync::Arc;

use headcount_model::{
    calendar::Day,
    release::Release,
    source::{ReadError, SiteInfo},
    tables::Table,
};

use super::{Row, compare::Previous, exact_block, missing_of, visitors::Visitors};
use crate::{
    AskError, Source,
    estimate::{
        Part,
        columns::Columns,
        direct::Directs,
        keys::{Keys, Shown},
        site::{Site, Total},
    },
    number::{Number, Why},
    plan::{self, Cover},
    range::{Compare, Range},
    why_missing,
};

/// Reads ranges of one table of one site.
pub(crate) struct Reader<'a, S> {
    pub(super) source: &'a S,
    pub(super) site: &'a SiteInfo,
    pub(super) table: Table,
    pub(crate) columns: Columns<'a, S>,
    numbers: Site<'a, S>,
}

/// What is published of a range.
pub(super) struct Counts {
    pub(super) range: Range,
    pub(super) cover: Cover<Arc<Release>>,
    pub(super) missing: Vec<(Day, Why)>,
    pub(super) total: Total,
    pub(super) direct: Directs,
}

/// The rows of a range.
pub(super) struct Rows<'r, S> {
    pub(super) reader: &'r Reader<'r, S>,
    pub(super) counts: Counts,
    pub(super) shown: Vec<Shown>,
    visitors: Option<Visitors>,
    previous: Option<Previous<'r, S>>,
}

impl<'a, S: Source> Reader<'a, S> {
    pub(crate) fn new(source: &'a S, site: &'a SiteInfo, table: Table) -> Self {
        let (columns, numbers) = (Columns::new(source, &site.name, table), Site::new(source, &site.name));
        Self { source, site, table, columns, numbers }
    }

    /// What a range is made of.
    pub(super) fn cover(&self, range: Range) -> Result<Cover<Arc<Release>>, AskError> {
        let state = |period| plan::state_of_table(self.source, &self.site.name, self.table, period);
        Ok(plan::cover(range, state, |day| why_missing(self.site, day))?)
    }

    pub(super) fn counts(&self, range: Range, cover: Cover<Arc<Release>>) -> Result<Counts, ReadError> {
        let total = self.numbers.blocks(cover.blocks.iter().map(|block| block.period))?;
        let direct = self.keys(&cover.blocks, Part::All).direct()?;
        Ok(Counts { range, missing: missing_of(self.table, &cover), cover, total, direct })
    }

    pub(super) fn keys<'b>(&'b self, blocks: &'b [Arc<Release>], part: Part) -> Keys<'b, S> {
        Keys { columns: &self.columns, part, blocks }
    }

    pub(super) fn shown(&self, counts: &Counts) -> Result<Vec<Shown>, ReadError> {
        self.keys(&counts.cover.blocks, Part::All).shown(&counts.direct, counts.whole(self.table))
    }

    /// A key that no block publishes.
    pub(super) fn unpublished(&self, counts: &Counts, key: &str) -> Number {
        let hiding = self.keys(&counts.cover.blocks, Part::All).hiding();
        hiding.map_or(Number::absent(Why::NotMeasured), |hiding| Number::below_threshold(hiding.of(key)))
    }

    /// The row of one key, and the days that are missing in it.
    pub(crate) fn row(&self, key: &str, range: Range, compare: Compare) -> Result<(Row, Vec<(Day, Why)>), AskError> {
        let rows = Rows::read(self, range, compare, Some(key))?;
        let row = rows.counts.direct.position(key).map_or_else(|| rows.unpublished(key), |place| rows.row(place, key));
        Ok((row, rows.counts.missing))
    }
}

impl Counts {
    /// What the site shows of the range: what the keys are parts of.
    pub(super) fn whole(&self, table: Table) -> i64 {
        let total = if table == Table::Page { self.total.views_shown() } else { self.total.visits_shown() };
        total.estimate.unwrap_or(0)
    }

    /// Why a part of the range is missing.
    pub(super) fn why_missing(&self) -> Option<Why> {
        self.missing.first().map(|(_, why)| *why)
    }
}

impl<'r, S: Source> Rows<'r, S> {
    /// Reads a range; where one key is asked for, what it takes to tell that one.
    pub(super) fn read(
        reader: &'r Reader<'r, S>,
        range: Range,
        compare: Compare,
        asked: Option<&str>,
    ) -> Result<Self, AskError> {
        let counts = reader.counts(range, reader.cover(range)?)?;
        let is_told = asked.is_none_or(|key| counts.direct.position(key).is_some());
        let exact = exact_block(range, &counts.cover.blocks);
        let visitors = match reader.table {
            Table::Page if is_told => Some(Visitors::of_pages(reader, exact, &counts.total)?),
            _ => None,
        };
        let shown = if is_told { reader.shown(&counts)? } else { Vec::new() };
        let previous = range.compared(compare).map(|before| Previous::read(reader, before)).transpose()?;
        Ok(Self { reader, counts, shown, visitors, previous })
    }

    /// The row of the published key at a position.
    pub(super) fn row(&self, position: usize, key: &str) -> Row {
        let count = self.shown[position].number;
        let visitors = self.visitors.as_ref().map(|visitors| visitors.of(key, count));
        let previous = self.previous.as_ref().map(|previous| previous.of(key, &self.counts));
        Row { key: key.to_owned(), count, visitors, previous }
    }

    fn unpublished(&self, key: &str) -> Row {
        let count = match self.counts.why_missing().filter(|_| self.counts.cover.blocks.is_empty()) {
            Some(why) => Number::absent(why),
            None => self.reader.unpublished(&self.counts, key),
        };
        let previous = self.previous.as_ref().map(|previous| previous.of(key, &self.counts));
        Row { key: key.to_owned(), count, visitors: None, previous }
    }
}
