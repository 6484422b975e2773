//! Periods in a site's local time: which hour, day, week and month an instant belongs to, and when they end.
//!
//! An hour is counted from local midnight in elapsed time, so a day of 23 or 25 hours has 23 or 25 of them and none
//! is ambiguous. A week runs from Monday to Sunday.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::units::MS_PER_HOUR;

/// The most hours that a local day can have. (No zone has ever moved by more than two hours at a time within a
/// day that is still one day, but for a station in Antarctica in 2010; there the last hour took in what came after.)
pub const HOURS_PER_DAY_MAX: u8 = 26;

/// A local calendar day, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(i32);

impl Day {
    /// The day of a civil date.
    #[must_use]
    pub fn from_date(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        Self((date - epoch).get_days())
    }

    /// The civil date of this day.
    #[must_use]
    pub fn date(self) -> Date {
        Date::constant(1970, 1, 1).saturating_add(self.0.days())
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// From days since 1970-01-01.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// The day that many days later (or earlier, if negative).
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The Monday of this day's week.
    #[must_use]
    pub fn monday(self) -> Self {
        self.plus(-i32::from(self.date().weekday().to_monday_zero_offset()))
    }

    /// The first day of this day's month.
    #[must_use]
    pub fn month_start(self) -> Self {
        Self::from_date(self.date().first_of_month())
    }

    /// The first day of the month that many months before this day's.
    fn months_before(self, months: i32) -> Self {
        Self::from_date(self.date().first_of_month().saturating_sub(months.months()))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.date())
    }
}

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PeriodKind {
    /// One hour of a day.
    Hour,
    /// From local midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months from January, April, July or October. Selects new keys; has no numbers of its own.
    Quarter,
}

impl PeriodKind {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// The kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in file names, messages and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
        }
    }
}

/// A period of one site. `hour` is 0 except for hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// Its length.
    pub kind: PeriodKind,
    /// The local day on which it starts.
    pub start: Day,
    /// For an hour: elapsed hours since local midnight.
    pub hour: u8,
}

impl Period {
    /// An hour of a day, counted from local midnight.
    #[must_use]
    pub fn hour(start: Day, hour: u8) -> Self {
        Self { kind: PeriodKind::Hour, start, hour }
    }

    /// A day.
    #[must_use]
    pub fn day(start: Day) -> Self {
        Self { kind: PeriodKind::Day, start, hour: 0 }
    }

    /// The week that a day belongs to.
    #[must_use]
    pub fn week_of(day: Day) -> Self {
        Self { kind: PeriodKind::Week, start: day.monday(), hour: 0 }
    }

    /// The month that a day belongs to.
    #[must_use]
    pub fn month_of(day: Day) -> Self {
        Self { kind: PeriodKind::Month, start: day.month_start(), hour: 0 }
    }

    /// The period of this kind that a day belongs to; for an hour, the day's first.
    #[must_use]
    pub fn of(kind: PeriodKind, day: Day) -> Self {
        match kind {
            PeriodKind::Hour => Self::hour(day, 0),
            PeriodKind::Day => Self::day(day),
            PeriodKind::Week => Self::week_of(day),
            PeriodKind::Month => Self::month_of(day),
            PeriodKind::Quarter => {
                Self { kind, start: day.months_before(i32::from((day.date().month() - 1) % 3)), hour: 0 }
            }
        }
    }

    /// The first local day after it.
    #[must_use]
    pub fn end_day(self) -> Day {
        match self.kind {
            PeriodKind::Hour | PeriodKind::Day => self.start.plus(1),
            PeriodKind::Week => self.start.plus(7),
            PeriodKind::Month => self.start.plus(31).month_start(),
            PeriodKind::Quarter => self.start.plus(92).month_start(),
        }
    }

    /// The days in it, in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        (self.start.0..self.end_day().0).map(Day)
    }
}

/// Where an instant lies in a site's local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// The local day.
    pub day: Day,
    /// Elapsed hours since local midnight, below [`HOURS_PER_DAY_MAX`].
    pub hour: u8,
    /// The hour of the week on the clock on the wall: 0 is Monday from midnight to one, 167 the last of Sunday.
    pub hour_of_week: u8,
}

/// Hours of a week on the clock on the wall.
pub const HOURS_PER_WEEK: u8 = 7 * 24;

/// A site's calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
}

/// A day with its bounds, so that the events of one day need no look-up in the time zone's table each.
#[derive(Debug, Clone, Copy)]
struct DayBounds {
    day: Day,
    start_unix_ms: i64,
    end_unix_ms: i64,
    /// Hours of the week before this day.
    hours_before: u8,
}

/// Remembers the last day that was looked up.
#[derive(Debug, Clone, Copy, Default)]
pub struct CalendarMemo(Option<DayBounds>);

impl Calendar {
    /// The calendar of an IANA time zone, e.g. "Asia/Tokyo".
    ///
    /// # Errors
    /// When there is no zone of this name.
    pub fn new(zone_name: &str) -> Result<Self, jiff::Error> {
        Ok(Self { zone: TimeZone::get(zone_name)?, name: zone_name.to_owned() })
    }

    /// The IANA name of the zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.name
    }

    /// The local day and hour of an instant.
    #[must_use]
    pub fn locate(&self, unix_ms: i64, memo: &mut CalendarMemo) -> Local {
        let bounds = match memo.0 {
            Some(b) if (b.start_unix_ms..b.end_unix_ms).contains(&unix_ms) => b,
            _ => self.bounds_at(unix_ms),
        };
        memo.0 = Some(bounds);
        let hour = (unix_ms - bounds.start_unix_ms).div_euclid(MS_PER_HOUR);
        let hour = u8::try_from(hour).unwrap_or(0).min(HOURS_PER_DAY_MAX - 1);
        Local { day: bounds.day, hour, hour_of_week: bounds.hours_before + self.wall_hour(&bounds, hour, unix_ms) }
    }

    /// The hour on the clock on the wall, 0 to 23.
    fn wall_hour(&self, bounds: &DayBounds, hour: u8, unix_ms: i64) -> u8 {
        if bounds.end_unix_ms - bounds.start_unix_ms == 24 * MS_PER_HOUR {
            return hour;
        }
        let wall = self.zone.to_datetime(timestamp(unix_ms));
        // Where the clock went back over midnight, it shows the evening before for a while.
        if Day::from_date(wall.date()) < bounds.day { 0 } else { u8::try_from(wall.hour()).unwrap_or(0) }
    }

    fn bounds_at(&self, unix_ms: i64) -> DayBounds {
        let day = self.day_at(unix_ms);
        DayBounds {
            day,
            start_unix_ms: self.start_unix_ms(Period::day(day)),
            end_unix_ms: self.end_unix_ms(Period::day(day)),
            hours_before: 24 * u8::try_from(day.date().weekday().to_monday_zero_offset()).unwrap_or(0),
        }
    }

    /// The instant at which a day begins: midnight, or the first instant after it where the clock skips midnight.
    fn day_start_unix_ms(&self, day: Day) -> i64 {
        self.zone
            .to_ambiguous_timestamp(day.date().at(0, 0, 0, 0))
            .compatible()
            .map_or(i64::MAX, Timestamp::as_millisecond)
    }

    /// The instant at which a period begins.
    #[must_use]
    pub fn start_unix_ms(&self, period: Period) -> i64 {
        self.day_start_unix_ms(period.start) + i64::from(period.hour) * MS_PER_HOUR
    }

    /// The first instant after a period.
    #[must_use]
    pub fn end_unix_ms(&self, period: Period) -> i64 {
        let day_end = self.day_start_unix_ms(period.end_day());
        match period.kind {
            PeriodKind::Hour => day_end.min(self.start_unix_ms(period) + MS_PER_HOUR),
            _ => day_end,
        }
    }

    /// Whether there was such a day. Samoa went over the date line and had no 2011-12-30.
    pub fn has_day(&self, day: Day) -> bool {
        self.start_unix_ms(Period::day(day)) < self.end_unix_ms(Period::day(day))
    }

    /// How many hours a day has; the last may be cut short.
    #[must_use]
    pub fn hours_in(&self, day: Day) -> u8 {
        let length = self.end_unix_ms(Period::day(day)) - self.start_unix_ms(Period::day(day));
        u8::try_from((length + MS_PER_HOUR - 1) / MS_PER_HOUR).map_or(HOURS_PER_DAY_MAX, |h| h.min(HOURS_PER_DAY_MAX))
    }

    /// How a period's start is written: the date, or for an hour the local time with its offset.
    #[must_use]
    pub fn label(&self, period: Period) -> String {
        match period.kind {
            PeriodKind::Hour => {
                let zoned = timestamp(self.start_unix_ms(period)).to_zoned_datetime(self.zone.clone());
                zoned.strftime("%Y-%m-%dT%H:%M%:z").to_string()
            }
            _ => period.start.to_string(),
        }
    }

    /// The local day of an instant. A day that has begun stays begun: where the clock goes back over midnight (as it did
    /// in St. John's at one minute past), what follows belongs to the new day, though the clock shows the old one again.
    #[must_use]
    pub fn day_at(&self, unix_ms: i64) -> Day {
        let day = Day::from_date(self.zone.to_datetime(timestamp(unix_ms)).date());
        if unix_ms < self.day_start_unix_ms(day.plus(1)) { day } else { day.plus(1) }
    }
}

fn timestamp(unix_ms: i64) -> Timestamp {
    let clamped = unix_ms.clamp(Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
    Timestamp::from_millisecond(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod zones;

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn day(y: i16, m: i8, d: i8) -> Day {
        Day::from_date(date(y, m, d))
    }

    #[test]
    fn weeks_and_months_start_where_people_expect() {
        assert_eq!(day(2026, 11, 24).monday(), day(2026, 11, 23));
        assert_eq!(day(2026, 11, 23).monday(), day(2026, 11, 23));
        assert_eq!(day(2026, 11, 29).monday(), day(2026, 11, 23));
        assert_eq!(Period::month_of(day(2024, 2, 29)).end_day(), day(2024, 3, 1));
        assert_eq!(Period::month_of(day(2026, 12, 31)).end_day(), day(2027, 1, 1));
        assert_eq!(Period::week_of(day(2026, 12, 31)).days().count(), 7);
        let quarter = Period::of(PeriodKind::Quarter, day(2026, 11, 24));
        assert_eq!((quarter.start, quarter.end_day()), (day(2026, 10, 1), day(2027, 1, 1)));
        assert_eq!(Period::of(PeriodKind::Quarter, day(2026, 1, 31)).end_day(), day(2026, 4, 1));
    }

    #[test]
    fn days_have_as_many_hours_as_the_clock_gives_them() {
        let paris = Calendar::new("Europe/Paris").unwrap();
        assert_eq!(paris.hours_in(day(2026, 3, 29)), 23);
        assert_eq!(paris.hours_in(day(2026, 10, 25)), 25);
        assert_eq!(paris.hours_in(day(2026, 11, 24)), 24);
        assert_eq!(paris.label(Period::hour(day(2026, 10, 25), 2)), "2026-10-25T02:00+02:00");
        assert_eq!(paris.label(Period::hour(day(2026, 10, 25), 3)), "2026-10-25T02:00+01:00");
        // Lord Howe Island moves its clock by half an hour.
        let lord_howe = Calendar::new("Australia/Lord_Howe").unwrap();
        assert_eq!(lord_howe.hours_in(day(2026, 4, 5)), 25);
    }

    #[test]
    fn the_hour_of_the_week_is_that_of_the_clock_on_the_wall() {
        let paris = Calendar::new("Europe/Paris").unwrap();
        let at = |text: &str| {
            let instant: Timestamp = text.parse().unwrap();
            paris.locate(instant.as_millisecond(), &mut CalendarMemo::default())
        };
        // A Monday; then the Sunday on which the hour from two to three comes twice.
        assert_eq!(at("2026-11-23T00:30:00+01:00").hour_of_week, 0);
        let again = at("2026-10-25T02:30:00+01:00");
        assert_eq!((again.hour, again.hour_of_week), (3, 6 * 24 + 2));
        assert_eq!(at("2026-10-25T23:59:59+01:00").hour_of_week, HOURS_PER_WEEK - 1);
    }

    proptest! {
        #[test]
        fn every_instant_lies_inside_its_own_hour_day_week_and_month(
            unix_ms in 631_152_000_000_i64..4_102_444_800_000,
            zone in prop::sample::select(vec![
                "UTC", "Asia/Tokyo", "Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe",
                "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo", "America/St_Johns",
            ]),
        ) {
            let calendar = Calendar::new(zone).unwrap();
            let local = calendar.locate(unix_ms, &mut CalendarMemo::default());
            let periods = [
                Period::hour(local.day, local.hour), Period::day(local.day),
                Period::week_of(local.day), Period::month_of(local.day),
            ];
            for period in periods {
                prop_assert!(calendar.start_unix_ms(period) <= unix_ms);
                prop_assert!(unix_ms < calendar.end_unix_ms(period));
            }
            prop_assert!(local.hour < calendar.hours_in(local.day));
        }
    }
}
