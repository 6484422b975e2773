//! The range of a question: dates as they were typed, and what is meant where they were left out.

use headcount_model::calendar::{Day, Period, PeriodKind};
use jiff::civil::Date;

use super::{AskError, excerpt};

/// The longest range that one answer covers, in days: ten years.
pub const RANGE_DAYS_MAX: i32 = 3_660;
/// How a date is written.
const DATE_ALLOWED: &str = "a date such as 2026-11-24, from 1970-01-01 to 2999-12-31";

/// Local days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub from: Day,
    /// The last day, not before `from`.
    pub to: Day,
}

impl Range {
    /// How many days it has.
    #[must_use]
    pub fn days(self) -> i32 {
        self.to.number() - self.from.number() + 1
    }

    /// The range of the same length just before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { from: self.from.plus(-self.days()), to: self.from.plus(-1) }
    }

    /// The day, week or month that it is exactly.
    #[must_use]
    pub fn as_period(self) -> Option<Period> {
        [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month]
            .map(|kind| Period::of(kind, self.from))
            .into_iter()
            .find(|period| period.start == self.from && period.end_day() == self.to.plus(1))
    }

    /// A range from the first to the last day.
    ///
    /// # Errors
    /// When it ends before it begins, or is too long.
    pub fn new(from: Day, to: Day) -> Result<Self, AskError> {
        if from > to {
            let what = format!("{from} is after the last day of the range, {to}");
            return Err(AskError::field("from_date", what, "a date not after to_date (empty: the latest data)"));
        }
        let range = Self { from, to };
        if range.days() > RANGE_DAYS_MAX {
            let what = format!("the range {from} to {to} has {} days", range.days());
            return Err(AskError::field("from_date", what, format!("at most {RANGE_DAYS_MAX} days in one answer")));
        }
        Ok(range)
    }
}

/// A date as it was typed; `None` where it is empty.
///
/// # Errors
/// When it is no date.
pub fn parse_date(field: &'static str, text: &str) -> Result<Option<Day>, AskError> {
    if text.is_empty() {
        return Ok(None);
    }
    // The length leaves out other forms that the parser would take.
    let date = (text.len() == "2026-11-24".len()).then(|| text.parse::<Date>().ok()).flatten();
    match date {
        Some(date) if (1970..=2999).contains(&date.year()) => Ok(Some(Day::from_date(date))),
        _ => Err(AskError::field(field, format!("{:?} is no such date", excerpt(text)), DATE_ALLOWED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn day(y: i16, m: i8, d: i8) -> Day {
        Day::from_date(date(y, m, d))
    }

    #[test]
    fn dates_are_read_in_one_form_only() {
        assert_eq!(parse_date("to_date", "").unwrap(), None);
        assert_eq!(parse_date("to_date", "2026-11-24").unwrap(), Some(day(2026, 11, 24)));
        for bad in ["20261124", "2026-11-24T00", "2026-11-31", "yesterday", "1969-12-31", "3000-01-01", "2026-W48-2"] {
            assert!(matches!(parse_date("to_date", bad), Err(AskError::Field { field: "to_date", .. })), "{bad}");
        }
    }

    #[test]
    fn a_range_knows_what_period_it_is_and_what_was_before() {
        let november = Range::new(day(2026, 11, 1), day(2026, 11, 30)).unwrap();
        assert_eq!(november.as_period(), Some(Period::month_of(november.from)));
        assert_eq!(november.previous(), Range { from: day(2026, 10, 2), to: day(2026, 10, 31) });
        let week = Range::new(day(2026, 11, 23), day(2026, 11, 29)).unwrap();
        assert_eq!(week.as_period(), Some(Period::week_of(week.from)));
        assert_eq!(Range::new(week.from, week.from).unwrap().as_period(), Some(Period::day(week.from)));
        assert_eq!(Range::new(week.from, week.to.plus(1)).unwrap().as_period(), None);
        assert!(Range::new(week.to, week.from).is_err());
        assert!(Range::new(week.from, week.from.plus(RANGE_DAYS_MAX)).is_err());
    }
}
