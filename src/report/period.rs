//! The cells that describe a period: its label, its bar, and its change against the period that it is compared with.
//!
//! Whether there is a change is the server's answer, which knows the noise of both numbers.

use headcount_model::format::Language;
use jiff::civil::{Date, Weekday};

use super::{
    table::{Cell, Ink},
    value::{Digits, Notes, clean},
    wire,
};
use crate::proto::{Change, PeriodKind, Reason, TrafficPoint};

/// Above this a percentage says nothing that the numbers do not.
const PERCENT_MAX: f64 = 999.0;

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

/// A change as the server tells it: with its interval, and in percent where it does.
pub(super) fn change_cell(change: Option<&Change>, digits: Digits, notes: &mut Notes) -> Cell {
    let Some((change, interval)) = change.and_then(|change| Some((change, wire::change(change)?))) else {
        return Cell::new(notes.absent(change.map_or(Reason::Unspecified, |change| change.reason())), Ink::Dim);
    };
    let ink = match (interval.is_within_noise, interval.estimate < 0) {
        (true, _) => Ink::Dim,
        (false, false) => Ink::Up,
        (false, true) => Ink::Down,
    };
    let percent = change.percent.filter(|percent| percent.abs() <= PERCENT_MAX);
    let percent = percent.map_or_else(String::new, |percent| format!(" ({percent:+.0} %)"));
    Cell::new(interval.cell(digits, Language::English) + &percent, ink)
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

    #[test]
    fn a_change_is_what_the_server_says_it_is() {
        let cell = |change: Option<&Change>| change_cell(change, Digits::Full, &mut Notes::default());
        let change = |estimate: i64, half: i64, percent| Change {
            estimate: Some(estimate),
            low: estimate - half,
            high: estimate + half,
            within_noise: estimate.abs() <= half,
            percent,
            ..Change::default()
        };
        let up = cell(Some(&change(200, 60, Some(20.4))));
        assert_eq!((up.text.as_str(), up.ink), ("+200 ± 60 (+20 %)", Ink::Up));
        let down = cell(Some(&change(-100, 60, Some(-10.0))));
        assert_eq!((down.text.as_str(), down.ink), ("-100 ± 60 (-10 %)", Ink::Down));
        let noise = cell(Some(&change(50, 60, None)));
        assert_eq!((noise.text.as_str(), noise.ink), ("within the noise", Ink::Dim));
        assert_eq!(cell(Some(&change(900, 20, None))).text, "+900 ± 20");
        assert_eq!(cell(Some(&change(90_000, 20, Some(9e4)))).text, "+90,000 ± 20");
        assert_eq!((cell(Some(&Change::default())).text, cell(None).text), ("—¹".to_owned(), "—¹".to_owned()));
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
