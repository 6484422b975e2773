//! The range of a question: the dates that it names, and the days that are meant.

use headcount_model::calendar::{Day, Period, PeriodKind};
use jiff::ToSpan;

use super::AskError;

/// The longest range that one answer covers, in days: ten years.
pub const RANGE_DAYS_MAX: i32 = 3_660;

/// 52 weeks, in days.
const WEEKS_OF_YEAR_DAYS: i32 = 52 * 7;

/// What a range is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Compare {
    /// Nothing.
    #[default]
    None,
    /// [`Range::previous`].
    Previous,
    /// [`Range::year_before`].
    Year,
}

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

    /// The range just before: the calendar month or year before one, and as many days before any other range.
    #[must_use]
    pub fn previous(self) -> Self {
        let to = self.from.plus(-1);
        let from = match self.as_period() {
            Some(Period { kind: PeriodKind::Month, .. }) => to.month_start(),
            _ if self.is_year() => year_before(self.from),
            _ => self.from.plus(-self.days()),
        };
        Self { from, to }
    }

    /// The same dates a year before; of a week, the week 52 weeks before, which has the same days of the week.
    #[must_use]
    pub fn year_before(self) -> Self {
        match self.as_period() {
            Some(Period { kind: PeriodKind::Week, .. }) => {
                Self { from: self.from.plus(-WEEKS_OF_YEAR_DAYS), to: self.to.plus(-WEEKS_OF_YEAR_DAYS) }
            }
            // The last day of February is the 28th or the 29th.
            Some(Period { kind: PeriodKind::Month, .. }) => {
                let month = Period::month_of(year_before(self.from));
                Self { from: month.start, to: month.end_day().plus(-1) }
            }
            _ => Self { from: year_before(self.from), to: year_before(self.to) },
        }
    }

    /// What it is compared with.
    #[must_use]
    pub fn compared(self, compare: Compare) -> Option<Self> {
        match compare {
            Compare::None => None,
            Compare::Previous => Some(self.previous()),
            Compare::Year => Some(self.year_before()),
        }
    }

    fn is_year(self) -> bool {
        let (from, to) = (self.from.date(), self.to.date());
        from.year() == to.year() && from == from.first_of_year() && to == to.last_of_year()
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

/// The same date a year before; of a 29th of February, the 28th.
fn year_before(day: Day) -> Day {
    Day::from_date(day.date().saturating_sub(1.year()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn day(y: i16, m: i8, d: i8) -> Day {
        Day::from_date(date(y, m, d))
    }

    #[test]
    fn a_year_before_is_the_same_month_week_or_dates() {
        let of = |from, to| Range::new(from, to).unwrap();
        let february = of(day(2028, 2, 1), day(2028, 2, 29));
        assert_eq!(february.year_before(), of(day(2027, 2, 1), day(2027, 2, 28)));
        assert_eq!(of(day(2025, 2, 1), day(2025, 2, 28)).year_before(), of(day(2024, 2, 1), day(2024, 2, 29)));
        let week = of(day(2026, 11, 23), day(2026, 11, 29));
        assert_eq!(week.year_before(), of(day(2025, 11, 24), day(2025, 11, 30)));
        assert_eq!(week.year_before().as_period(), Some(Period::week_of(day(2025, 11, 24))));
        assert_eq!(of(day(2028, 2, 29), day(2028, 3, 5)).year_before(), of(day(2027, 2, 28), day(2027, 3, 5)));
        let year = of(day(2028, 1, 1), day(2028, 12, 31));
        assert_eq!((year.previous(), year.year_before()), (year.year_before(), of(day(2027, 1, 1), day(2027, 12, 31))));
        assert_eq!(year.compared(Compare::None), None);
    }

    #[test]
    fn a_range_knows_what_period_it_is_and_what_was_before() {
        let november = Range::new(day(2026, 11, 1), day(2026, 11, 30)).unwrap();
        assert_eq!(november.as_period(), Some(Period::month_of(november.from)));
        assert_eq!(november.previous(), Range { from: day(2026, 10, 1), to: day(2026, 10, 31) });
        let week = Range::new(day(2026, 11, 23), day(2026, 11, 29)).unwrap();
        assert_eq!(week.as_period(), Some(Period::week_of(week.from)));
        assert_eq!(Range::new(week.from, week.from).unwrap().as_period(), Some(Period::day(week.from)));
        assert_eq!(Range::new(week.from, week.to.plus(1)).unwrap().as_period(), None);
        assert_eq!(week.previous(), Range { from: day(2026, 11, 16), to: day(2026, 11, 22) });
        let part = Range::new(day(2026, 11, 3), day(2026, 11, 12)).unwrap();
        assert_eq!(part.previous(), Range { from: day(2026, 10, 24), to: day(2026, 11, 2) });
        assert!(Range::new(week.to, week.from).is_err());
        assert!(Range::new(week.from, week.from.plus(RANGE_DAYS_MAX)).is_err());
    }
}
