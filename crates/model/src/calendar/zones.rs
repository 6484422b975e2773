//! The calendar in every time zone that there is: the days on which clocks change, leap days and ends of months and years.
//!
//! A failure: an instant that belongs to no day or hour, or to two; days that leave a gap or overlap; a week, month or
//! quarter that is not exactly its days.

use std::collections::HashSet;

use jiff::{Timestamp, civil::date, tz};

use super::*;

/// The first events that are taken are of 1990.
const FIRST: &str = "1990-01-03T00:00:00Z";
const LAST: &str = "2038-01-01T00:00:00Z";

/// Every zone of the database that is not the same as another under a second name, but for stations in Antarctica, of
/// which one once had a day of 27 hours.
fn zones() -> Vec<Calendar> {
    let mut known = HashSet::new();
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    let mut calendars: Vec<Calendar> =
        names.iter().filter(|name| !name.contains("Antarctica")).filter_map(|name| Calendar::new(name).ok()).collect();
    assert!(calendars.len() >= 200, "there are only {} zones", calendars.len());
    calendars.retain(|calendar| {
        let offset = calendar.zone.to_offset(FIRST.parse().unwrap()).seconds();
        known.insert((offset, changes(calendar)))
    });
    calendars
}

/// When a zone's clock changes, and to what offset.
fn changes(calendar: &Calendar) -> Vec<(i64, i32)> {
    let (first, last): (Timestamp, Timestamp) = (FIRST.parse().unwrap(), LAST.parse().unwrap());
    let changes = calendar.zone.following(first).take_while(|change| change.timestamp() < last);
    changes.map(|change| (change.timestamp().as_millisecond(), change.offset().seconds())).collect()
}

/// The days around every change of a zone's clock, and some that are special everywhere.
fn special_days(calendar: &Calendar) -> Vec<Day> {
    let changes = changes(calendar).into_iter();
    let mut days: Vec<Day> = changes.flat_map(|(at, _)| (-1..=1).map(move |n| calendar.day_at(at).plus(n))).collect();
    for (year, month, day) in
        [(2000, 2, 28), (2000, 2, 29), (2023, 2, 28), (2024, 2, 29), (2024, 12, 31), (2026, 4, 30)]
    {
        days.extend((0..2).map(|n| Day::from_date(date(year, month, day)).plus(n)));
    }
    days.sort_unstable();
    days.dedup();
    days
}

/// A day is its hours, one after the other, and each of its instants knows where it belongs.
fn check_day(calendar: &Calendar, day: Day) {
    let zone = calendar.zone_name();
    let (start, end) = (calendar.start_unix_ms(Period::day(day)), calendar.end_unix_ms(Period::day(day)));
    assert_eq!(end, calendar.start_unix_ms(Period::day(day.plus(1))), "{zone} {day} and the next day");
    assert!(start <= end && end - start <= i64::from(HOURS_PER_DAY_MAX) * MS_PER_HOUR, "{zone} {day}");
    let mut at = start;
    for hour in 0..calendar.hours_in(day) {
        let period = Period::hour(day, hour);
        assert_eq!(calendar.start_unix_ms(period), at, "{zone} {day} hour {hour}");
        at = calendar.end_unix_ms(period);
        for instant in [calendar.start_unix_ms(period), (calendar.start_unix_ms(period) + at) / 2, at - 1] {
            let local = calendar.locate(instant, &mut CalendarMemo::default());
            assert_eq!((local.day, local.hour), (day, hour), "{zone} {day} hour {hour} at {instant}");
            assert!(local.hour_of_week < HOURS_PER_WEEK, "{zone} {instant}");
            assert_eq!(
                local.hour_of_week / 24,
                day.date().weekday().to_monday_zero_offset().unsigned_abs(),
                "{zone} {instant}"
            );
        }
    }
    assert_eq!(at, end, "{zone} {day}: its hours are not the day");
}

#[test]
fn in_every_zone_each_instant_has_one_day_and_one_hour() {
    let mut checked = 0;
    for calendar in zones() {
        for day in special_days(&calendar) {
            check_day(&calendar, day);
            checked += 1;
        }
    }
    assert!(checked > 20_000, "only {checked} days");
}

#[test]
fn in_every_zone_a_longer_period_is_exactly_its_days() {
    for calendar in zones() {
        let zone = calendar.zone_name();
        for day in special_days(&calendar) {
            for kind in [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter] {
                let period = Period::of(kind, day);
                let (first, last) = (period.start, period.end_day().plus(-1));
                assert!(first <= day && day <= last, "{zone} {day} is not in its {}", kind.name());
                assert_eq!(calendar.start_unix_ms(period), calendar.start_unix_ms(Period::day(first)), "{zone} {day}");
                assert_eq!(calendar.end_unix_ms(period), calendar.end_unix_ms(Period::day(last)), "{zone} {day}");
                let next = Period::of(kind, period.end_day());
                assert_eq!(next.start, period.end_day(), "{zone} {day}: the next {}", kind.name());
            }
        }
    }
}

#[test]
fn days_on_which_the_clock_changes_have_23_or_25_hours() {
    for (zone, day, hours) in [
        ("Europe/Paris", date(2015, 3, 29), 23),
        ("Europe/Paris", date(2015, 10, 25), 25),
        ("America/New_York", date(2015, 3, 8), 23),
        ("America/New_York", date(2015, 11, 1), 25),
        // At midnight, where the day has no first hour.
        ("Asia/Beirut", date(2015, 3, 29), 23),
        // Over midnight: the evening before comes twice, and the new day has begun already.
        ("America/St_Johns", date(2010, 11, 7), 25),
        // A day that never was: the date line moved.
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Tokyo", date(2024, 2, 29), 24),
    ] {
        assert_eq!(Calendar::new(zone).unwrap().hours_in(Day::from_date(day)), hours, "{zone} {day}");
    }
}

#[test]
fn a_day_that_a_zone_left_out_is_none() {
    let apia = Calendar::new("Pacific/Apia").unwrap();
    let missing = Day::from_date(date(2011, 12, 30));
    assert!(!apia.has_day(missing) && apia.hours_in(missing) == 0);
    assert!(apia.has_day(missing.plus(-1)) && apia.has_day(missing.plus(1)));
    assert!(Calendar::new("Pacific/Auckland").unwrap().has_day(missing));
}
