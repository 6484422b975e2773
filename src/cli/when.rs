//! Which days are meant: dates and the words that people have for periods.
//!
//! "Yesterday" is the site's own, so words are read in two steps: as typed, and as meant once the site's time zone and last
//! published day are known. Today is no answer: its numbers are published when it is over.

use headcount_model::clock::{Clock as _, SystemClock};
use jiff::{
    Span, Timestamp, ToSpan,
    civil::{Date, ISOWeekDate, Weekday},
    tz::TimeZone,
};
use tonic::transport::Channel;

use super::{Failed, report::Granularity};
use crate::{proto::Site, report};

const ALLOWED: &str =
    "2026-10-15, 2026-W42, 2026-10, 2026, yesterday, last-week, last-month or last-year (`headcount help dates`)";

/// The days that a question is about.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct When {
    /// First local date: 2026-11-01, yesterday; or that of last-month, 2026-W42, 2026-10, 2026
    #[arg(long, value_name = "DATE", value_parser = word)]
    pub from: Option<Word>,

    /// Last local date, included, in the same words
    #[arg(long, value_name = "DATE", value_parser = word)]
    pub to: Option<Word>,

    /// All of it: yesterday, last-week, last-month, last-year, 2026-10-15, 2026-W42, 2026-10, 2026
    #[arg(long, value_name = "PERIOD", value_parser = word, conflicts_with_all = ["from", "to", "last"])]
    pub period: Option<Word>,

    /// So much up to the last published day (or --to): 30d, 4w, 6m, 1y
    #[arg(long, value_name = "LENGTH", value_parser = length, conflicts_with = "from")]
    pub last: Option<Length>,
}

/// A date or a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Exactly these dates, of this unit.
    Dates(Unit, Date, Date),
    /// The one before that of today.
    Before(Unit),
}

/// What a calendar is divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// So many days, weeks, months or years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(i64, Unit);

/// What is known of the site that a question is about.
#[derive(Clone, Copy, Debug)]
struct Known {
    today: Date,
    last_published: Option<Date>,
}

impl Unit {
    /// The dates of the unit that holds a date.
    fn around(self, date: Date) -> Option<(Date, Date)> {
        Some(match self {
            Self::Day => (date, date),
            Self::Week => {
                let monday = date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok()?;
                (monday, monday.checked_add(6.days()).ok()?)
            }
            Self::Month => (date.first_of_month(), date.last_of_month()),
            Self::Year => (date.first_of_year(), date.last_of_year()),
        })
    }
}

impl Word {
    fn of(unit: Unit, date: Date) -> Option<Self> {
        unit.around(date).map(|(from, to)| Self::Dates(unit, from, to))
    }

    /// The first and the last date.
    fn dates(self, today: Date) -> Option<(Date, Date)> {
        match self {
            Self::Dates(_, from, to) => Some((from, to)),
            Self::Before(unit) => unit.around(unit.around(today)?.0.yesterday().ok()?),
        }
    }

    /// The length of a period that is as long, for an overview of sites over one.
    #[must_use]
    pub fn granularity(self) -> Granularity {
        match self {
            Self::Dates(Unit::Day, ..) | Self::Before(Unit::Day) => Granularity::Day,
            Self::Dates(Unit::Week, ..) | Self::Before(Unit::Week) => Granularity::Week,
            _ => Granularity::Month,
        }
    }
}

impl Length {
    /// The first of so many days up to one.
    fn first(self, to: Date) -> Option<Date> {
        let span: Span = match self.1 {
            Unit::Day => self.0.days(),
            Unit::Week => self.0.weeks(),
            Unit::Month => self.0.months(),
            Unit::Year => self.0.years(),
        };
        to.checked_sub(span).ok()?.tomorrow().ok()
    }
}

impl When {
    /// The first and the last date as the protocol writes them, each empty where it is the server's to choose. `site`: its
    /// name; empty for the first.
    ///
    /// # Errors
    /// When the dates are the wrong way round, or the server is needed to read them and does not answer.
    pub async fn dates(&self, channel: &Channel, site: &str) -> Result<[String; 2], Failed> {
        let is_known = |word: &Word| matches!(word, Word::Dates(..));
        let typed = [self.from, self.to, self.period];
        let known = if self.last.is_none() && typed.iter().flatten().all(is_known) {
            // Nothing depends on it.
            Known { today: Date::constant(1970, 1, 1), last_published: None }
        } else {
            let sites = report::fetch_sites(channel.clone()).await?.sites;
            known_of(sites.iter().find(|known| site.is_empty() || known.site == site))
        };
        self.meant(known).map_err(|message| Failed { message, code: 2 })
    }

    fn meant(&self, known: Known) -> Result<[String; 2], String> {
        let far = || "the dates are out of range; allowed: 1970-01-01 to 2999-12-31".to_owned();
        let dates = |word: Word| word.dates(known.today).ok_or_else(far);
        if let Some(period) = self.period {
            let (from, to) = dates(period)?;
            return Ok([from.to_string(), to.to_string()]);
        }
        let to = self.to.map(dates).transpose()?.map(|(_, last)| last);
        let from = match (self.last, to.or(known.last_published)) {
            (Some(length), Some(to)) => Some(length.first(to).ok_or_else(far)?),
            // Nothing is published: the server says so.
            (Some(_), None) => None,
            (None, _) => self.from.map(dates).transpose()?.map(|(first, _)| first),
        };
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(format!("--from {from} is after --to {to}; both are included, so --from may be at most {to}"));
        }
        Ok([from, to].map(|date| date.map_or_else(String::new, |date| date.to_string())))
    }
}

/// A site's today and last published day; in UTC where there is no such site, which the server then says.
fn known_of(site: Option<&Site>) -> Known {
    let zone = site.and_then(|site| TimeZone::get(&site.time_zone).ok()).unwrap_or(TimeZone::UTC);
    let now = Timestamp::from_millisecond(SystemClock.now_unix_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    Known { today: zone.to_datetime(now).date(), last_published: site.and_then(|site| site.last_date.parse().ok()) }
}

/// Reads a date or the word for a period.
///
/// # Errors
/// When it is neither. The text does not repeat it.
fn word(text: &str) -> Result<Word, String> {
    let text = text.trim().to_lowercase().replace([' ', '_'], "-");
    let found = match text.as_str() {
        "today" => {
            return Err("today's numbers are published when it is over; the last day there is: yesterday".to_owned());
        }
        "yesterday" | "last-day" => Some(Word::Before(Unit::Day)),
        "last-week" => Some(Word::Before(Unit::Week)),
        "last-month" => Some(Word::Before(Unit::Month)),
        "last-year" => Some(Word::Before(Unit::Year)),
        text => date(text),
    };
    found.ok_or_else(|| format!("no such date or period; allowed: {ALLOWED}"))
}

/// A day, week, month or year by its numbers.
fn date(text: &str) -> Option<Word> {
    if let Some((year, week)) = text.split_once("-w") {
        let monday = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
        return Word::of(Unit::Week, monday.date());
    }
    let (unit, rest) = match text.len() {
        10 => (Unit::Day, ""),
        7 => (Unit::Month, "-01"),
        4 => (Unit::Year, "-01-01"),
        _ => return None,
    };
    Word::of(unit, format!("{text}{rest}").parse().ok()?)
}

/// Reads a number of days, weeks, months or years.
///
/// # Errors
/// When it is none.
fn length(text: &str) -> Result<Length, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let unit = match unit {
        "d" => Some((Unit::Day, 3_660)),
        "w" => Some((Unit::Week, 520)),
        "m" => Some((Unit::Month, 120)),
        "y" => Some((Unit::Year, 10)),
        _ => None,
    };
    let found =
        unit.and_then(|(unit, most)| Some(Length(number.parse().ok().filter(|n| (1..=most).contains(n))?, unit)));
    found.ok_or_else(|| {
        "no such length; allowed: a number and d, w, m or y, such as 30d, 4w, 6m, 1y; at most 10 years".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A Saturday.
    const KNOWN: Known = Known { today: date(2026, 11, 28), last_published: Some(date(2026, 11, 26)) };

    fn when(name: &str, text: &str) -> When {
        let mut when = When::default();
        match name {
            "period" => when.period = Some(word(text).unwrap()),
            "last" => when.last = Some(length(text).unwrap()),
            "from" => when.from = Some(word(text).unwrap()),
            _ => when.to = Some(word(text).unwrap()),
        }
        when
    }

    #[test]
    fn words_are_the_days_that_people_mean() {
        for (name, text, from, to) in [
            ("period", "yesterday", "2026-11-27", "2026-11-27"),
            ("period", "last week", "2026-11-16", "2026-11-22"),
            ("period", "Last-Month", "2026-10-01", "2026-10-31"),
            ("period", "last-year", "2025-01-01", "2025-12-31"),
            ("period", "2026-10-15", "2026-10-15", "2026-10-15"),
            ("period", "2026-W01", "2025-12-29", "2026-01-04"),
            ("period", "2024-02", "2024-02-01", "2024-02-29"),
            ("period", "2026", "2026-01-01", "2026-12-31"),
            ("last", "30d", "2026-10-28", ""),
            ("last", "1w", "2026-11-20", ""),
            ("last", "1m", "2026-10-27", ""),
            ("last", "1y", "2025-11-27", ""),
            ("from", "2026-10", "2026-10-01", ""),
            ("to", "2026-10", "", "2026-10-31"),
        ] {
            assert_eq!(when(name, text).meant(KNOWN), Ok([from.to_owned(), to.to_owned()]), "{name} {text}");
        }
        let until = When { to: when("to", "2026-10").to, ..when("last", "7d") };
        assert_eq!(until.meant(KNOWN), Ok(["2026-10-25".to_owned(), "2026-10-31".to_owned()]));
        let nothing = Known { last_published: None, ..KNOWN };
        assert_eq!(when("last", "7d").meant(nothing), Ok([String::new(), String::new()]));
    }

    #[test]
    fn what_is_no_period_is_told_without_being_repeated() {
        for wrong in ["2026-13", "2026-11-31", "26", "2026-W54", "canary", "last", "", "２０２６", "+2026-1"] {
            let message = word(wrong).unwrap_err();
            assert!(message.contains("last-month") && !message.contains("canary"), "{wrong}: {message}");
        }
        assert!(word("today").unwrap_err().contains("yesterday"));
        for wrong in ["", "30", "d", "0d", "-1d", "4000d", "3h", "30日"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
        let swapped = When { to: when("to", "2026-11-01").to, ..when("from", "2026-11-02") };
        assert!(swapped.meant(KNOWN).unwrap_err().contains("at most 2026-11-01"));
    }
}
