//! The range of a question: the dates that it names, and the days that are meant.

use super::AskError;
use crate::calendar::{Day, Period, PeriodKind};

/// The longest range that one answer covers, in days: ten years.
pub const RANGE_DAYS_MAX: i32 = 3_660;

/// The dates of a question; one that is left out means the latest data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Dates {
    /// The first day.
    pub from: Option<Day>,
    /// The last day.
    pub to: Option<Day>,
}

impl Dates {
    /// Both left out.
    pub const LATEST: Self = Self { from: None, to: None };

    /// Exactly these days.
    #[must_use]
    pub fn of(from: Day, to: Day) -> Self {
        Self { from: Some(from), to: Some(to) }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn day(y: i16, m: i8, d: i8) -> Day {
        Day::from_date(date(y, m, d))
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
