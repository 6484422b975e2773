//! The cells that describe a period: its label, its bar, and its change against the period before.
//!
//! A change is shown only if the two intervals do not overlap; otherwise noise alone could explain it.

use jiff::civil::{Date, Weekday};

use super::{
    table::{Cell, Ink},
    value::{Digits, Notes, clean, number},
};
use crate::proto::{PeriodKind, Reason, TrafficPoint, Value};

/// A bar of at most `columns` columns in steps of an eighth of a column.
pub(super) fn bar(value: i64, largest: i64, columns: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if value <= 0 || largest <= 0 {
        return String::new();
    }
    let eighths_max = i128::try_from(columns * 8).unwrap_or(0);
    let eighths = i128::from(value) * eighths_max / i128::from(largest);
    let eighths = usize::try_from(eighths).unwrap_or(0).min(columns * 8);
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

/// The change of a number against the period before, or "no clear change".
pub(super) fn change_cell(now: Option<&Value>, before: Option<&Value>, digits: Digits, notes: &mut Notes) -> Cell {
    let numbers = now
        .zip(before)
        .and_then(|(now, before)| now.estimate.zip(before.estimate).map(|estimates| (now, before, estimates)));
    let Some((now, before, (new, old))) = numbers else {
        let absent = [now, before].into_iter().flatten().find(|value| value.estimate.is_none());
        return Cell::new(notes.absent(absent.map_or(Reason::Unspecified, |value| value.reason())), Ink::Dim);
    };
    if now.low <= before.high && before.low <= now.high {
        return Cell::new("no clear change", Ink::Dim);
    }
    let (sign, ink) = if new >= old { ('+', Ink::Up) } else { ('-', Ink::Down) };
    let by = number(new.abs_diff(old), digits);
    Cell::new(format!("{sign}{by}{}", percent_words(sign, new, old)), ink)
}

/// The change in whole percent, ` (+12 %)`; empty if there was nothing before or the percentage is above 999.
fn percent_words(sign: char, new: i64, old: i64) -> String {
    let change = i128::from(new.abs_diff(old)) * 100;
    let old = i128::from(old);
    if old <= 0 {
        return String::new();
    }
    let percent = (change + old / 2) / old;
    if percent > 999 { String::new() } else { format!(" ({sign}{percent} %)") }
}

/// The label of a period: a date with its weekday, an hour with its offset, a week's two ends, a month.
pub(super) fn label(kind: PeriodKind, point: &TrafficPoint) -> String {
    let start = clean(&point.start);
    match kind {
        PeriodKind::Day => {
            let weekday = start.parse::<Date>().ok().map(|date| weekday_words(date.weekday()));
            weekday.map_or(start.clone(), |weekday| format!("{start} {weekday}"))
        }
        PeriodKind::Hour => match (start.get(..10), start.get(11..16), start.get(16..)) {
            // Seconds are left out; the offset distinguishes the two hours that a clock shows twice in autumn.
            (Some(date), Some(time), Some(rest)) => {
                format!("{date} {time} {}", rest.trim_start_matches(":00").trim())
            }
            _ => start,
        },
        PeriodKind::Week => format!("{start} to {}", clean(&point.end)),
        PeriodKind::Month => start.get(..7).unwrap_or(&start).to_owned(),
        // No series has quarters.
        PeriodKind::Quarter | PeriodKind::Unspecified => start,
    }
}

fn weekday_words(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(estimate: i64, half: i64) -> Value {
        Value { estimate: Some(estimate), low: estimate - half, high: estimate + half, ..Value::default() }
    }

    #[test]
    fn only_intervals_that_do_not_overlap_are_a_change() {
        let change = |new, old| change_cell(Some(&new), Some(&old), Digits::Full, &mut Notes::default()).text;
        assert_eq!(change(value(1_100, 60), value(1_000, 50)), "no clear change");
        assert_eq!(change(value(1_200, 60), value(1_000, 50)), "+200 (+20 %)");
        assert_eq!(change(value(900, 20), value(1_000, 50)), "-100 (-10 %)");
        assert_eq!(change(value(900, 20), value(0, 50)), "+900");
        assert_eq!(change(value(900, 20), Value::default()), "—¹");
        assert_eq!(change(value(i64::MAX - 9, 9), value(1, 0)), "+9,223,372,036,854,775,797");
    }

    #[test]
    fn bars_grow_in_eighths() {
        assert_eq!(bar(100, 100, 8), "████████");
        assert_eq!(bar(50, 100, 8), "████");
        assert_eq!(bar(1, 64, 8), "▏");
        assert_eq!(bar(0, 0, 8), "");
        assert_eq!(bar(i64::MAX, i64::MAX, 8), "████████");
    }

    #[test]
    fn labels_name_the_period() {
        let point = |start: &str, end: &str| TrafficPoint {
            start: start.to_owned(),
            end: end.to_owned(),
            ..TrafficPoint::default()
        };
        assert_eq!(label(PeriodKind::Day, &point("2026-11-24", "2026-11-24")), "2026-11-24 Tue");
        assert_eq!(label(PeriodKind::Day, &point("?", "?")), "?");
        assert_eq!(label(PeriodKind::Hour, &point("2026-10-25T02:00:00+01:00", "")), "2026-10-25 02:00 +01:00");
        assert_eq!(label(PeriodKind::Hour, &point("2026-10-25T02:00+01:00", "")), "2026-10-25 02:00 +01:00");
        assert_eq!(label(PeriodKind::Week, &point("2026-11-23", "2026-11-29")), "2026-11-23 to 2026-11-29");
        assert_eq!(label(PeriodKind::Month, &point("2026-11-01", "2026-11-30")), "2026-11");
    }
}
