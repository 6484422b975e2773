//! The columns of each kind of file, and how a row of it is made. The server's files and the published ones have the same.

use super::sheet::{Column, Field, Kind};
use crate::calendar::{Calendar, Day, Period};

const fn column(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, may_be_empty: false, meaning }
}

const fn optional(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, may_be_empty: true, meaning }
}

const SITE: Column = column("site", Kind::Text, "Name of the site.");
const METRIC: Column = column(
    "metric",
    Kind::Text,
    "visits: all that a visitor does on the site from local midnight to midnight is one; views: page views, of each visitor only \
     up to a daily bound; visitors: distinct visitors within exactly this period, which do not add up over periods; \
     limited_visits: visits of which some page views were left out by that bound.",
);
const ESTIMATE: Column = optional("estimate", Kind::Count, "Best estimate. Empty where there is none; 0 is zero.");
const LOW: Column = optional(
    "low",
    Kind::Count,
    "Lower end of the 95 % interval of the noise. Where it is 0, what is seen may be noise alone.",
);
const HIGH: Column = optional("high", Kind::Count, "Upper end of the 95 % interval of the noise.");
const STANDARD_ERROR: Column =
    optional("standard_error", Kind::Number, "Standard error of the unbiased value that the interval is made of.");
const REASON: Column = optional(
    "reason",
    Kind::Text,
    "Why there is no estimate: not_sealed, before_first_day, visitors_do_not_add, not_measured, gap, not_published, \
     not_counted or below_threshold. Empty where there is one.",
);

/// A series of a site: a row for each period and metric.
pub static TRAFFIC: [Column; 8] = [
    column("time", Kind::Time, "Start of the period in the local time of the site, with its offset (RFC 3339)."),
    SITE,
    METRIC,
    ESTIMATE,
    LOW,
    HIGH,
    STANDARD_ERROR,
    REASON,
];

/// A breakdown of a range by one table: a row for each key and metric.
pub static TABLE: [Column; 11] = [
    column("from", Kind::Date, "First local date."),
    column("to", Kind::Date, "Last local date, included."),
    SITE,
    column("table", Kind::Text, "What the numbers are broken down by."),
    optional(
        "key",
        Kind::Text,
        "The page, the country ... \"(other)\" is what was not published under a key. Empty where whole days are missing: the row \
         says which and why. In CSV, a key that begins with = + - @ ' or a control character has one ' before it, so that no \
         spreadsheet takes it for a formula.",
    ),
    METRIC,
    ESTIMATE,
    LOW,
    HIGH,
    STANDARD_ERROR,
    REASON,
];

/// The sites.
pub static SITES: [Column; 9] = [
    SITE,
    optional("title_en", Kind::Text, "What people call the site, in English; empty where the operator gave no title."),
    optional("title_ja", Kind::Text, "The same in Japanese."),
    optional("group", Kind::Text, "The group of sites that it belongs to; empty for none."),
    optional("country", Kind::Text, "ISO 3166 code of the country that it serves; empty for none."),
    column("time_zone", Kind::Text, "IANA name of the time zone that all of its dates are local to."),
    column(
        "profile",
        Kind::Text,
        "How the privacy budget is shared: small, standard, busy or one of the operator's own.",
    ),
    optional("first_date", Kind::Date, "First published day; empty where nothing is published yet."),
    optional("last_date", Kind::Date, "Last published day."),
];

/// A published number, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The best estimate.
    pub estimate: Option<i64>,
    /// The lower end of the 95 % interval.
    pub low: i64,
    /// The upper end.
    pub high: i64,
    /// The standard error.
    pub standard_error: f64,
    /// Why there is no estimate; a word of the column `reason`.
    pub reason: &'static str,
}

/// What stands in the place of an estimate that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbols {
    /// Nothing, so that the column holds numbers alone.
    None,
    /// The symbols of Japanese official statistics: `x` for what was not published by
    /// name, `…` for what is not available, `-` where there is no such figure.
    Japanese,
}

impl Symbols {
    fn of(self, reason: &str) -> Field {
        match (self, reason) {
            (Self::None, _) => Field::Empty,
            (Self::Japanese, "visitors_do_not_add" | "not_measured" | "not_counted") => Field::text("-"),
            (Self::Japanese, "below_threshold") => Field::text("x"),
            (Self::Japanese, _) => Field::text("…"),
        }
    }
}

impl Value {
    /// The last five columns.
    fn fields(&self, symbols: Symbols) -> [Field; 5] {
        let Some(estimate) = self.estimate else {
            let reason = Field::text(if self.reason.is_empty() { "unspecified" } else { self.reason });
            return [symbols.of(self.reason), Field::Empty, Field::Empty, Field::Empty, reason];
        };
        let [estimate, low, high] = [estimate, self.low, self.high].map(Field::Count);
        [estimate, low, high, Field::number(self.standard_error), Field::Empty]
    }
}

/// A row of [`TRAFFIC`].
#[must_use]
pub fn traffic_row(time: &str, site: &str, metric: &'static str, value: &Value, symbols: Symbols) -> Vec<Field> {
    let row = [time, site, metric].map(Field::text);
    row.into_iter().chain(value.fields(symbols)).collect()
}

/// A row of [`TABLE`]. `range`: the first and the last local date.
#[must_use]
pub fn table_row(
    [from, to]: [&str; 2],
    site: &str,
    table: &str,
    [key, metric]: [&str; 2],
    value: &Value,
    symbols: Symbols,
) -> Vec<Field> {
    let row = [from, to, site, table, key, metric].map(Field::text);
    row.into_iter().chain(value.fields(symbols)).collect()
}

/// A row of [`SITES`]: a text for each column, empty where there is none.
#[must_use]
pub fn site_row(texts: [&str; SITES.len()]) -> Vec<Field> {
    texts.map(Field::text).to_vec()
}

/// Days without numbers, those in a row with the same reason as one: the first, the last, and the reason.
pub fn stretches<R: PartialEq>(missing: impl Iterator<Item = (Day, R)>) -> Vec<(Day, Day, R)> {
    let mut found: Vec<(Day, Day, R)> = Vec::new();
    for (day, why) in missing {
        match found.last_mut() {
            Some((_, last, same)) if *same == why && last.plus(1) == day => *last = day,
            _ => found.push((day, day, why)),
        }
    }
    found
}

/// The instant of a point's start, as RFC 3339 writes it. `start` is a local date, or for an hour the local time with its
/// offset.
#[must_use]
pub fn moment(calendar: &Calendar, start: &str) -> String {
    let label = match start.parse() {
        Ok(date) if start.len() == "2026-11-24".len() => calendar.label(Period::hour(Day::from_date(date), 0)),
        _ => start.to_owned(),
    };
    // Labels leave out the seconds, which RFC 3339 wants.
    match label.split_at_checked("2026-11-24T00:00".len()) {
        Some((minutes, offset)) if !offset.starts_with(':') => format!("{minutes}:00{offset}"),
        _ => label,
    }
}
