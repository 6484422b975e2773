//! A breakdown of a range by the keys of one table.
//!
//! A key of an open key space may be absent in one of several blocks, because its noisy count lay below that block's
//! threshold there. The estimate then leaves that block out, and the upper end of the interval grows by what may be
//! hidden there.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    AskError, Source, State,
    number::{Number, Sum, Why},
    plan,
    range::{Range, parse_date},
    token,
    traffic::SiteSums,
    why_absent,
};
use crate::{
    bins,
    calendar::{Day, Period, PeriodKind},
    vault::{KeyNumbers, OTHER_KEY, Release, SiteInfo, Table, TableNumbers},
};

/// Rows of a page where none is asked for.
pub const PAGE_SIZE_DEFAULT: u32 = 20;
/// The most rows of a page.
pub const PAGE_SIZE_MAX: u32 = 1_000;

/// The percentiles that are read from bins.
const PERCENTS: [u32; 3] = [50, 90, 99];

/// What is asked for. Empty texts mean the latest data, all keys and the first page.
#[derive(Debug, Clone)]
pub struct TopAsk<'a> {
    /// The table; not the site itself.
    pub table: Table,
    /// The first day.
    pub from_date: &'a str,
    /// The last day.
    pub to_date: &'a str,
    /// Only keys that start with this.
    pub prefix: &'a str,
    /// Rows of a page; 0 means [`PAGE_SIZE_DEFAULT`].
    pub page_size: u32,
    /// From the page before.
    pub page_token: &'a str,
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
}

/// A page of a breakdown.
#[derive(Debug, Clone)]
pub struct Top {
    /// The range as understood; `None` where nothing is published and no date was given.
    pub range: Option<Range>,
    /// The rows, largest first, then by key.
    pub rows: Vec<Row>,
    /// What is in no published key; `None` for a table whose keys are all public, or whose counts are no part of the
    /// visits.
    pub other: Option<Number>,
    /// Percents and the values below which so many of the visits lie, for a table of bins, in the unit of the bins.
    pub percentiles: Vec<(u32, f64)>,
    /// How many keys match, over all pages of the answer.
    pub keys: u64,
    /// The token of the next page; empty on the last.
    pub next_page_token: String,
    /// The blocks of the answer.
    pub blocks: Vec<Arc<Release>>,
    /// The days that are missing.
    pub missing: Vec<(Day, Why)>,
}

/// Answers what is asked of a site.
///
/// # Errors
/// When a field cannot be read, the range is too long, or the store cannot be read.
pub fn top(source: &impl Source, site: &SiteInfo, ask: &TopAsk<'_>) -> Result<Top, AskError> {
    check(ask)?;
    let Some(range) = understand(source, site, ask)? else {
        return Ok(nothing(ask.table));
    };
    let state = |period| super::state(source, &site.name, period);
    let cover = plan::cover(range, state, |period| why_absent(site, period))?;
    let counted = count(ask.table, &cover.blocks);
    let other =
        has_other(ask.table).then(|| other(ask.table, &cover.blocks, &counted, cover.missing.first().map(|m| m.1)));
    let percentiles = percentiles(ask.table, &counted);

    let mut matching: Vec<(&str, &Sum)> =
        counted.iter().filter(|(key, _)| key.starts_with(ask.prefix)).map(|(key, sum)| (*key, sum)).collect();
    // The keys are in order already, and the sort is stable.
    matching.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.raw()));

    let question = question(site, ask, range, &cover.blocks);
    let offset = offset(ask, question, matching.len())?;
    let size = page_size(ask);
    let exact = exact_block(range, &cover.blocks);
    let row = |(key, sum): &(&str, &Sum)| Row {
        key: (*key).to_owned(),
        count: sum.number(),
        visitors: (ask.table == Table::Page).then(|| visitors(exact, key)),
    };
    let rows: Vec<Row> = matching.iter().skip(offset).take(size).map(row).collect();
    let end = offset + rows.len();
    let next_page_token = if end < matching.len() { token::write(end as u64, question) } else { String::new() };
    let keys = matching.len() as u64;
    let mut missing = cover.missing;
    missing.extend(not_counted(ask.table, &cover.blocks));
    missing.sort_unstable();
    Ok(Top { range: Some(range), rows, other, percentiles, keys, next_page_token, missing, blocks: cover.blocks })
}

/// The days of the blocks that do not have the table.
fn not_counted(table: Table, blocks: &[Arc<Release>]) -> impl Iterator<Item = (Day, Why)> {
    let without = blocks.iter().filter(move |block| block.table(table).is_none());
    without.flat_map(move |block| {
        let why = if table.has_period(block.kind()) { Why::NotCounted } else { Why::NotMeasured };
        block.period.days().map(move |day| (day, why))
    })
}

/// Whether what is in no published key can be told as the rest of the site's total.
fn has_other(table: Table) -> bool {
    matches!(table, Table::Page | Table::Referrer | Table::Campaign | Table::Entry)
}

/// The percentiles of a table of bins.
fn percentiles(table: Table, counted: &BTreeMap<&str, Sum>) -> Vec<(u32, f64)> {
    let bins = match table {
        Table::ResponseTime => &bins::RESPONSE_TIMES,
        Table::ResponseSize => &bins::RESPONSE_SIZES,
        _ => return Vec::new(),
    };
    let counts: Vec<f64> = bins.labels.iter().map(|key| counted.get(key).map_or(0, Sum::raw) as f64).collect();
    let found =
        PERCENTS.into_iter().map(|percent| Some((percent, bins.percentile(&counts, f64::from(percent) / 100.0)?)));
    found.flatten().map(|(percent, at)| (percent, at.value)).collect()
}

fn check(ask: &TopAsk<'_>) -> Result<(), AskError> {
    if ask.table == Table::Site {
        let names: Vec<&str> = Table::ALL.into_iter().skip(1).map(Table::name).collect();
        let what = "the site as a whole has no keys to list; GetTraffic gives its numbers";
        return Err(AskError::field("table", what, names.join(", ")));
    }
    if ask.page_size > PAGE_SIZE_MAX {
        let allowed = format!("1 to {PAGE_SIZE_MAX}; 0 means {PAGE_SIZE_DEFAULT}");
        return Err(AskError::field("page_size", format!("{} rows a page are too many", ask.page_size), allowed));
    }
    Ok(())
}

fn page_size(ask: &TopAsk<'_>) -> usize {
    let size = if ask.page_size == 0 { PAGE_SIZE_DEFAULT } else { ask.page_size };
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// Up to the end of the latest published month (or the last published day), from the first of that month.
fn understand(source: &impl Source, site: &SiteInfo, ask: &TopAsk<'_>) -> Result<Option<Range>, AskError> {
    let (from, to) = (parse_date("from_date", ask.from_date)?, parse_date("to_date", ask.to_date)?);
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

fn nothing(table: Table) -> Top {
    Top {
        range: None,
        rows: Vec::new(),
        other: has_other(table).then(|| Number::absent(Why::NotSealed)),
        percentiles: Vec::new(),
        keys: 0,
        next_page_token: String::new(),
        blocks: Vec::new(),
        missing: Vec::new(),
    }
}

/// The sums of every key over the blocks, in the order of the keys.
fn count(table: Table, blocks: &[Arc<Release>]) -> BTreeMap<&str, Sum> {
    let tables: Vec<(&Release, &TableNumbers)> = blocks.iter().filter_map(|b| Some((&**b, b.table(table)?))).collect();
    let mut sums: BTreeMap<&str, (Sum, usize)> = BTreeMap::new();
    for (_, numbers) in &tables {
        for key in published(numbers) {
            let (sum, seen) = sums.entry(&key.key).or_default();
            *seen += 1;
            for &count in &key.counts {
                sum.add(count, numbers.sigma_milli);
            }
        }
    }
    if table.is_open_key_space() {
        for (key, (sum, _)) in sums.iter_mut().filter(|(_, (_, seen))| *seen < tables.len()) {
            for (release, numbers) in tables.iter().filter(|(_, numbers)| numbers.key(key).is_none()) {
                // The threshold is on first views; each may be followed by more of the same page.
                let times = if table == Table::Page { i64::from(release.bounds.views_per_page) } else { 1 };
                sum.add_unpublished(numbers.threshold, numbers.sigma_milli, times);
            }
        }
    }
    sums.into_iter().map(|(key, (sum, _))| (key, sum)).collect()
}

/// The keys that are rows. What was counted under no key of its own belongs to the rest.
fn published(numbers: &TableNumbers) -> impl Iterator<Item = &KeyNumbers> {
    numbers.keys.iter().filter(|key| key.key != OTHER_KEY)
}

/// The site's total less all published keys.
fn other(table: Table, blocks: &[Arc<Release>], counted: &BTreeMap<&str, Sum>, missing: Option<Why>) -> Number {
    if blocks.is_empty() {
        return Number::absent(missing.unwrap_or(Why::NotSealed));
    }
    let mut sums = SiteSums::default();
    for release in blocks {
        sums.add(release.site_numbers.as_ref());
    }
    let mut rest = if table == Table::Page { sums.views } else { sums.visits };
    for sum in counted.values() {
        rest.subtract(sum);
    }
    rest.number()
}

/// The one block that is exactly the range, if there is one.
fn exact_block(range: Range, blocks: &[Arc<Release>]) -> Option<&Release> {
    match blocks {
        [block] if range.as_period() == Some(block.period) => Some(block),
        _ => None,
    }
}

/// The visitors of a page: on a day those who saw it first, in a month those of its sketch.
fn visitors(exact: Option<&Release>, key: &str) -> Number {
    let Some(release) = exact else { return Number::absent(Why::VisitorsDoNotAdd) };
    let table = release.table(Table::Page);
    let Some((numbers, key)) = table.and_then(|t| Some((t, t.key(key)?))) else {
        return Number::absent(Why::NotMeasured);
    };
    match (release.kind(), key.visitors, key.counts.first()) {
        (PeriodKind::Day, _, Some(&first)) => {
            let mut sum = Sum::default();
            sum.add(first, numbers.sigma_milli);
            sum.number()
        }
        (_, Some(measured), _) => Number::measured(measured),
        _ => Number::absent(Why::NotMeasured),
    }
}

/// The digest of a question and of the blocks that answer it: with new blocks, the pages would not fit together.
fn question(site: &SiteInfo, ask: &TopAsk<'_>, range: Range, blocks: &[Arc<Release>]) -> u64 {
    let numbers: Vec<u8> = blocks.iter().flat_map(|b| b.number.to_le_bytes()).collect();
    token::digest(&[
        site.name.as_str().as_bytes(),
        ask.table.name().as_bytes(),
        &range.from.number().to_le_bytes(),
        &range.to.number().to_le_bytes(),
        ask.prefix.as_bytes(),
        &page_size(ask).to_le_bytes(),
        &numbers,
    ])
}

fn offset(ask: &TopAsk<'_>, question: u64, matching: usize) -> Result<usize, AskError> {
    if ask.page_token.is_empty() {
        return Ok(0);
    }
    let offset = token::read(ask.page_token, question).and_then(|offset| usize::try_from(offset).ok());
    offset.filter(|offset| *offset < matching).ok_or_else(|| {
        AskError::field(
            "page_token",
            "this token belongs to another request, or something was published since",
            "the next_page_token of the answer before, with the rest of the request unchanged; or empty, to begin again",
        )
    })
}

#[cfg(test)]
#[path = "top_tests.rs"]
mod tests;
