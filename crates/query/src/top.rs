//! A breakdown of a range by the keys of one table.
//!
//! A key may be absent in one of several blocks, because its noisy count lay below that block's threshold. The estimate then
//! leaves that block out, and the upper end of the interval grows by what may be hidden there.
//!
//! What is shown leans on totals and on each key's past ([`super::estimate`]); intervals and what is in no key do not.

mod compare;
mod page;
mod rows;
mod visitors;

use std::sync::Arc;

use headcount_model::{
    bins,
    calendar::{Day, Period, PeriodKind},
    release::Release,
    source::SiteInfo,
    tables::Table,
    units::SiteName,
};

use super::{
    AskError, Block, Source, State,
    change::Change,
    estimate::{direct::Directs, keys::Shown, measure::Measure},
    number::{Number, Why},
    plan,
    range::{Compare, Dates, Range},
    rest, token,
};
use page::offset;
pub use page::{CONTAINS_CHARACTERS_MAX, Contains, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, PageAsk, PageSize};
pub(crate) use rows::Reader;
use rows::Rows;

/// The percentiles that are read from bins.
const PERCENTS: [u32; 3] = [50, 90, 99];

/// The breakdown that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopAsk {
    /// The table; not the site itself.
    pub table: Table,
    /// The first and the last day.
    pub dates: Dates,
    /// What each row is compared with.
    pub compare: Compare,
}

/// A key's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The key.
    pub key: String,
    /// Views of a page; visits by any other key.
    pub count: Number,
    /// Visitors of a page.
    pub visitors: Option<Number>,
    /// What it is compared with.
    pub previous: Option<Compared>,
}

/// A row's number in the range that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// The number.
    pub count: Number,
    /// From it to the row's count.
    pub change: Change,
}

/// All keys of a table over a range, of which answers show pages.
#[derive(Debug)]
pub struct Breakdown {
    site: SiteName,
    table: Table,
    range: Option<Range>,
    previous: Option<Range>,
    compare: Compare,
    keys: Vec<Row>,
    other: Option<Number>,
    percentiles: Vec<(u32, f64)>,
    blocks: Vec<Block>,
    missing: Vec<(Day, Why)>,
    /// Of all that it shows.
    digest: u64,
}

/// A page of a breakdown.
#[derive(Debug, Clone)]
pub struct Top {
    /// The range as understood; `None` where nothing is published and no date was given.
    pub range: Option<Range>,
    /// The range that the rows are compared with.
    pub previous: Option<Range>,
    /// The rows, largest first, then by key.
    pub rows: Vec<Row>,
    /// What the blocks did not publish; `None` for a table whose keys are all public or no part of the visits.
    pub other: Option<Number>,
    /// Percents and the values below which so many of the visits lie, for a table of bins, in the unit of the bins.
    pub percentiles: Vec<(u32, f64)>,
    /// How many keys match, over all pages of the answer.
    pub keys: u64,
    /// The token of the next page; empty on the last.
    pub next_page_token: String,
    /// The blocks of the answer.
    pub blocks: Vec<Block>,
    /// The days that are missing.
    pub missing: Vec<(Day, Why)>,
}

/// Answers what is asked of a site.
///
/// # Errors
/// Those of [`breakdown`] and [`Breakdown::page`].
pub fn top(source: &impl Source, site: &SiteInfo, ask: &TopAsk, page: &PageAsk) -> Result<Top, AskError> {
    breakdown(source, site, ask)?.page(page)
}

/// All keys of what is asked for, whatever the prefix and the page.
///
/// # Errors
/// When the table has no breakdown, the range is too long, or the store cannot be read.
pub fn breakdown(source: &impl Source, site: &SiteInfo, ask: &TopAsk) -> Result<Breakdown, AskError> {
    check_table(ask.table)?;
    match understand(source, site, ask.dates)? {
        Some(range) => all(&Reader::new(source, site, ask.table), range, ask.compare),
        None => Ok(nothing(site, ask.table)),
    }
}

/// All rows of a range.
fn all<S: Source>(reader: &Reader<'_, S>, range: Range, compare: Compare) -> Result<Breakdown, AskError> {
    let (table, rows) = (reader.table, Rows::read(reader, range, compare, None)?);
    let counts = &rows.counts;
    let other = table.is_part_of_total().then(|| {
        let Some(_) = counts.cover.blocks.first() else {
            return Number::absent(counts.cover.missing.first().map_or(Why::NotSealed, |(_, why)| *why));
        };
        let named: i64 = rows.shown.iter().filter_map(|key| key.number.estimate).fold(0, i64::saturating_add);
        let left = counts.whole(table).saturating_sub(named);
        rest::shown(rest::measured(table, &counts.total, &counts.direct), left)
    });
    let keys: Vec<&str> = counts.direct.keys().map(|key| &**key).collect();
    let order = sorted(&keys, &rows.shown);
    let keys: Vec<Row> = order.into_iter().map(|position| rows.row(position, keys[position])).collect();
    Ok(Breakdown {
        site: reader.site.name.clone(),
        table,
        range: Some(range),
        previous: range.compared(compare),
        compare,
        digest: digest(&keys),
        keys,
        other,
        percentiles: percentiles(table, &counts.direct),
        blocks: Block::of_all(&counts.cover.blocks),
        missing: rows.counts.missing,
    })
}

impl Breakdown {
    /// A page of it.
    ///
    /// # Errors
    /// When the token belongs to another request.
    pub fn page(&self, ask: &PageAsk) -> Result<Top, AskError> {
        let matching: Vec<&Row> =
            self.keys.iter().filter(|row| row.key.starts_with(&ask.prefix) && ask.contains.is_in(&row.key)).collect();
        let question = self.range.map_or(0, |range| self.question(ask, range));
        let offset = offset(&ask.token, question, matching.len())?;
        let rows: Vec<Row> = matching.iter().skip(offset).take(ask.size.rows()).copied().cloned().collect();
        let end = offset + rows.len();
        let next_page_token = if end < matching.len() { token::write(end as u64, question) } else { String::new() };
        Ok(Top {
            range: self.range,
            previous: self.previous,
            rows,
            other: self.other,
            percentiles: self.percentiles.clone(),
            keys: matching.len() as u64,
            next_page_token,
            missing: self.missing.clone(),
            blocks: self.blocks.clone(),
        })
    }

    /// The digest of a question and of all that it shows.
    fn question(&self, ask: &PageAsk, range: Range) -> u64 {
        token::digest(&[
            self.site.as_str().as_bytes(),
            self.table.name().as_bytes(),
            &range.from.number().to_le_bytes(),
            &range.to.number().to_le_bytes(),
            &[self.compare as u8],
            ask.prefix.as_bytes(),
            ask.contains.as_str().as_bytes(),
            &ask.size.rows().to_le_bytes(),
            &self.digest.to_le_bytes(),
        ])
    }

    /// What it takes in memory, in bytes, about.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let rows: usize = self.keys.iter().map(|row| size_of::<Row>() + row.key.len()).sum();
        rows + size_of_val(&*self.blocks) + size_of_val(&*self.missing)
    }
}

/// The days without numbers, and those of the blocks that do not have the table.
fn missing_of(table: Table, cover: &plan::Cover<Arc<Release>>) -> Vec<(Day, Why)> {
    let mut missing = cover.missing.clone();
    missing.extend(not_counted(table, &cover.blocks));
    missing.sort_unstable();
    missing
}

/// The days of the blocks that do not have the table.
fn not_counted(table: Table, blocks: &[Arc<Release>]) -> impl Iterator<Item = (Day, Why)> {
    let without = blocks.iter().filter(move |block| block.table(table).is_none());
    without.flat_map(move |block| {
        let why = if table.has_period(block.kind()) { Why::NotCounted } else { Why::NotMeasured };
        block.period.days().map(move |day| (day, why))
    })
}

/// The percentiles of a table of bins.
fn percentiles(table: Table, direct: &Directs) -> Vec<(u32, f64)> {
    let bins = match table {
        Table::ResponseTime => &bins::RESPONSE_TIMES,
        Table::ResponseSize => &bins::RESPONSE_SIZES,
        _ => return Vec::new(),
    };
    let of = |key: &&str| direct.get(key).map(|d| d.measure).unwrap_or_default();
    let measures: Vec<Measure> = bins.labels.iter().map(of).collect();
    // Where hardly any answer was measured, percentiles would be those of the noise.
    if Number::of(Measure::sum(measures[..bins.count()].iter().copied()), 0).noisy_zero {
        return Vec::new();
    }
    let counts: Vec<f64> = measures.iter().map(|measure| measure.value).collect();
    let found =
        PERCENTS.into_iter().map(|percent| Some((percent, bins.percentile(&counts, f64::from(percent) / 100.0)?)));
    found.flatten().map(|(percent, at)| (percent, at.value)).collect()
}

/// The positions of the keys, largest first by what is shown, then by what was rounded, then by key.
fn sorted(keys: &[&str], shown: &[Shown]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| {
        let (of_a, of_b) = (&shown[a], &shown[b]);
        let by_value = of_b.number.estimate.cmp(&of_a.number.estimate).then(of_b.value.total_cmp(&of_a.value));
        by_value.then_with(|| keys[a].cmp(keys[b]))
    });
    order
}

/// Checks that a table has a breakdown.
///
/// # Errors
/// When it has no keys.
pub fn check_table(table: Table) -> Result<(), AskError> {
    if table == Table::Site {
        let names: Vec<&str> = Table::ALL.into_iter().skip(1).map(Table::name).collect();
        let what = "the site as a whole has no keys to list; GetTraffic gives its numbers";
        return Err(AskError::field("table", what, names.join(", ")));
    }
    Ok(())
}

/// Up to the end of the latest published month (or the last published day), from the first of that month.
fn understand(source: &impl Source, site: &SiteInfo, dates: Dates) -> Result<Option<Range>, AskError> {
    let Dates { from, to } = dates;
    let to = match (to, site.days) {
        (Some(to), _) => to,
        (None, Some((first, last))) => {
            latest_month(source, site, first, last)?.map_or(last, |month| month.end_day().plus(-1))
        }
        (None, None) => match from {
            Some(from) => Period::month_of(from).end_day().plus(-1),
            None => return Ok(None),
        },
    };
    Range::new(from.unwrap_or(to.month_start()), to).map(Some)
}

fn latest_month(source: &impl Source, site: &SiteInfo, first: Day, last: Day) -> Result<Option<Period>, AskError> {
    let months = source.published(&site.name, PeriodKind::Month, first.month_start(), last);
    for month in months.into_iter().rev() {
        if let State::Numbers(_) = super::state(source, &site.name, month)? {
            return Ok(Some(month));
        }
    }
    Ok(None)
}

fn nothing(site: &SiteInfo, table: Table) -> Breakdown {
    Breakdown {
        site: site.name.clone(),
        table,
        range: None,
        previous: None,
        compare: Compare::None,
        keys: Vec::new(),
        other: table.is_part_of_total().then(|| Number::absent(Why::NotSealed)),
        percentiles: Vec::new(),
        blocks: Vec::new(),
        missing: Vec::new(),
        digest: 0,
    }
}

/// The one block that is exactly the range, if there is one.
fn exact_block(range: Range, blocks: &[Arc<Release>]) -> Option<&Arc<Release>> {
    match blocks {
        [block] if range.as_period() == Some(block.period) => Some(block),
        _ => None,
    }
}

/// The digest of all rows: after a new release, pages might not fit together.
fn digest(keys: &[Row]) -> u64 {
    let shown: Vec<u8> = keys.iter().flat_map(|row| row.count.estimate.unwrap_or(-1).to_le_bytes()).collect();
    let names: Vec<u8> = keys.iter().flat_map(|row| row.key.bytes().chain([0])).collect();
    token::digest(&[&shown, &names])
}

#[cfg(test)]
#[path = "top_tests.rs"]
mod tests;
