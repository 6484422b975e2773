//! One key of a table over time: a page, a referrer, a country.
//!
//! Each point and the total are the row that a breakdown of the same days has ([`super::top`]), so that both say the same. A
//! period of which anything is missing has no number, and says why. A key that a period did not publish by name gets what the
//! threshold may hide: the answer follows from releases alone, whoever was there or not.

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    source::SiteInfo,
    tables::{OTHER_KEY, Table},
};

use super::{
    AskError, Source,
    change::Change,
    excerpt,
    number::{Number, Why},
    range::{Compare, Dates, Range},
    top::{Reader, check_table},
    traffic::{periods, understand},
};

/// The longest key, in bytes: an error has its class before its page.
const KEY_BYTES_MAX: usize = 600;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyAsk {
    /// The table; not the site itself.
    pub table: Table,
    /// The key, as a breakdown names it.
    pub key: String,
    /// The first and the last day.
    pub dates: Dates,
    /// The length of each point: a day, week or month.
    pub granularity: PeriodKind,
    /// What the range is compared with.
    pub compare: Compare,
}

/// A point of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyPoint {
    /// The first day.
    pub start: Day,
    /// The last day.
    pub end: Day,
    /// Views of a page; visits of any other key.
    pub count: Number,
    /// Visitors of a page, where they are published.
    pub visitors: Option<Number>,
}

/// A key over time.
#[derive(Debug, Clone)]
pub struct KeySeries {
    /// The range as understood; `None` where nothing is published and no date was given.
    pub range: Option<Range>,
    /// The points, in order.
    pub points: Vec<KeyPoint>,
    /// The whole range, as a breakdown gives it.
    pub total: Number,
    /// What it is compared with: the range, its number, and the change since.
    pub previous: Option<(Range, Number, Change)>,
    /// The days that are missing in the total.
    pub missing: Vec<(Day, Why)>,
}

impl KeySeries {
    /// What it takes in memory, in bytes, about.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.points) + size_of_val(&*self.missing)
    }
}

/// Answers what is asked of a site.
///
/// # Errors
/// When the table has no keys, the key cannot be one of it, the range asks for too much, or the store cannot be read.
pub fn key_series(source: &impl Source, site: &SiteInfo, ask: &KeyAsk) -> Result<KeySeries, AskError> {
    check(ask)?;
    let Some(range) = understand(site, ask.dates)? else { return Ok(nothing()) };
    let reader = Reader::new(source, site, ask.table);
    let points = periods(site, range, ask.granularity)?.into_iter().map(|period| point(&reader, &ask.key, period));
    let points: Vec<KeyPoint> = points.collect::<Result<_, _>>()?;
    let (total, missing) = reader.row(&ask.key, range, ask.compare)?;
    let previous = range.compared(ask.compare).zip(total.previous);
    let previous = previous.map(|(range, compared)| (range, compared.count, compared.change));
    Ok(KeySeries { range: Some(range), points, total: total.count, previous, missing })
}

fn point<S: Source>(reader: &Reader<'_, S>, key: &str, period: Period) -> Result<KeyPoint, AskError> {
    let range = Range::new(period.start, period.end_day().plus(-1))?;
    reader.columns.forget_before(range.from);
    let (row, missing) = reader.row(key, range, Compare::None)?;
    let (count, visitors) = match missing.first() {
        // A part of a period would look like a drop.
        Some((_, why)) => (Number::absent(*why), None),
        None => (row.count, row.visitors),
    };
    Ok(KeyPoint { start: range.from, end: range.to, count, visitors })
}

/// The answer where nothing is published and nothing was asked for.
fn nothing() -> KeySeries {
    let total = Number::absent(Why::NotSealed);
    KeySeries { range: None, points: Vec::new(), total, previous: None, missing: Vec::new() }
}

fn check(ask: &KeyAsk) -> Result<(), AskError> {
    check_table(ask.table)?;
    if !matches!(ask.granularity, PeriodKind::Day | PeriodKind::Week | PeriodKind::Month) {
        let what = format!("keys are not counted by {}", ask.granularity.name());
        return Err(AskError::field("granularity", what, "day (2), week (3) or month (4)"));
    }
    let refused = |what: String| {
        Err(AskError::field("key", what, format!("a key of the table {} as ListTop gives it", ask.table.name())))
    };
    let (key, shown) = (ask.key.as_str(), excerpt(&ask.key));
    let is_page = matches!(ask.table, Table::Page | Table::Entry);
    match () {
        () if key.is_empty() => refused("no key is named".to_owned()),
        () if key == OTHER_KEY => refused(format!("{key:?} is what is in no key")),
        () if key.len() > KEY_BYTES_MAX => {
            refused(format!("{shown:?} has {} bytes and not at most {KEY_BYTES_MAX}", key.len()))
        }
        () if key.contains(char::is_control) => refused(format!("{shown:?} holds a control character")),
        () if is_page && !key.starts_with('/') => refused(format!("{shown:?} is no page, which begins with \"/\"")),
        () => Ok(()),
    }
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
