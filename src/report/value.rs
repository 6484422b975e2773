//! Published numbers as text: an estimate is never shown without its interval.
//!
//! It collects the notes for the foot of a report (reasons of absent numbers, zeros that may be noise). It never invents a
//! number: an absent one is a dash.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::table::{Cell, Ink, NO_BREAK};
use crate::proto::{Reason, Value};

/// Marks a number whose interval touches zero.
pub(super) const NOISY_ZERO_MARK: &str = "~0";
/// Marks a true value outside its interval.
pub(super) const OUTSIDE_MARK: &str = "*";

/// How many digits are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// All of them, in groups of three.
    Full,
    /// Three significant ones and a unit (k, M, G, T, P, E), for columns that would not fit.
    Short,
}

/// What the foot of a report explains, collected while its tables are rendered.
#[derive(Debug, Default)]
pub(super) struct Notes {
    reasons: Vec<Reason>,
    noisy_zero: bool,
    outside: bool,
}

impl Notes {
    /// The dash of an absent number with the mark of its footnote.
    pub(super) fn absent(&mut self, reason: Reason) -> String {
        let at = self.reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
            self.reasons.push(reason);
            self.reasons.len() - 1
        });
        const MARKS: [char; 7] = ['¹', '²', '³', '⁴', '⁵', '⁶', '⁷'];
        MARKS.get(at).map_or_else(|| "—".to_owned(), |mark| format!("—{mark}"))
    }

    /// The explanations, one per line, in the order in which their marks first appeared.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut seen = Notes::default();
        let mut lines = Vec::new();
        for reason in &self.reasons {
            lines.push(format!("{} {}.", seen.absent(*reason), reason_words(*reason)));
        }
        if self.noisy_zero {
            lines.push(format!("{NOISY_ZERO_MARK} the interval touches zero: what is seen may be noise alone."));
        }
        if self.outside {
            lines.push(format!("{OUTSIDE_MARK} the interval does not hold the true value, as 5 of 100 do not."));
        }
        lines
    }
}

/// A reason as the end of a sentence, without the full stop.
pub(super) fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Unspecified => "the server gave no number and no reason",
        Reason::NotSealed => "the period is not over, or not every producer has said that it sent everything",
        Reason::BeforeFirstDay => "nothing was counted for this site yet at that time",
        Reason::VisitorsDoNotAdd => {
            "distinct visitors do not add up: they exist for exactly one hour, day, week or month"
        }
        Reason::NotMeasured => {
            "this number does not exist for this table and period; `headcount privacy` lists what does"
        }
        Reason::Gap => "the release of this period failed its own checks, so it is a gap",
        Reason::NotPublished => "the hours of this day were not published before the day was",
        Reason::NotCounted => "this table is not counted at this site",
    }
}

/// The distance from the estimate to the farther end of the 95 % interval; `None` without an estimate.
pub(super) fn half_width(value: &Value) -> Option<u64> {
    let estimate = value.estimate?;
    Some(value.high.abs_diff(estimate).max(value.low.abs_diff(estimate)))
}

/// A column of values: `estimate ± half width`, aligned, zeros that may be noise dimmed. `None` is a value that the answer
/// does not have.
pub(super) fn column(values: &[Option<&Value>], digits: Digits, notes: &mut Notes) -> Vec<Cell> {
    let halves: Vec<String> = values
        .iter()
        .map(|value| value.and_then(half_width).map_or_else(String::new, |half| number(half, digits)))
        .collect();
    let half_columns = halves.iter().map(String::len).max().unwrap_or(0);
    let any_zero = values.iter().any(|value| is_noisy_zero(*value));
    let mut cells = Vec::with_capacity(values.len());
    for (value, half) in values.iter().zip(halves) {
        let zero = is_noisy_zero(*value);
        notes.noisy_zero |= zero;
        let tail = match (any_zero, zero) {
            (true, true) => format!(" {NOISY_ZERO_MARK}"),
            (true, false) => "   ".to_owned(),
            (false, _) => String::new(),
        };
        let estimate = value.and_then(|value| value.estimate);
        cells.push(match estimate {
            Some(estimate) => Cell::new(
                format!("{} ± {half:>half_columns$}{tail}", signed(estimate, digits)),
                if zero { Ink::Dim } else { Ink::Plain },
            ),
            None => {
                let reason = value.map_or(Reason::Unspecified, |value| value.reason());
                Cell::new(format!("{}{tail}", notes.absent(reason)), Ink::Dim)
            }
        });
    }
    cells
}

/// One value inside a sentence, without line breaks.
pub(super) fn inline(value: Option<&Value>, notes: &mut Notes) -> String {
    let cell = column(&[value], Digits::Full, notes).pop();
    cell.map_or_else(String::new, |cell| cell.text.replace(' ', &NO_BREAK.to_string()))
}

fn is_noisy_zero(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.noisy_zero && value.estimate.is_some())
}

/// A column of true values beside their estimates; one outside its interval is marked.
pub(super) fn truth_column(
    values: &[Option<&Value>],
    truths: &[Option<u64>],
    digits: Digits,
    notes: &mut Notes,
) -> Vec<Cell> {
    let outside = |at: usize| {
        let value = values.get(at).copied().flatten();
        truths[at].is_some_and(|truth| value.and_then(|value| holds(value, truth)) == Some(false))
    };
    let any_outside = (0..truths.len()).any(outside);
    notes.outside |= any_outside;
    let mut cells = Vec::with_capacity(truths.len());
    for (at, truth) in truths.iter().enumerate() {
        let tail = match (any_outside, outside(at)) {
            (true, true) => OUTSIDE_MARK,
            (true, false) => " ",
            (false, _) => "",
        };
        let text = truth.map_or_else(String::new, |truth| number(truth, digits));
        let ink = if outside(at) { Ink::Warn } else { Ink::Accent };
        cells.push(Cell::new(format!("{text}{tail}"), ink));
    }
    cells
}

/// Whether the 95 % interval holds this true value; `None` without an estimate.
pub(super) fn holds(value: &Value, truth: u64) -> Option<bool> {
    value.estimate?;
    let truth = i128::from(truth);
    Some(i128::from(value.low) <= truth && truth <= i128::from(value.high))
}

fn signed(n: i64, digits: Digits) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", number(n.unsigned_abs(), digits))
}

/// A count in groups of three (`1,234,567`) or short (`1.23M`).
pub(super) fn number(n: u64, digits: Digits) -> String {
    match digits {
        Digits::Full => grouped(n),
        Digits::Short => short(n),
    }
}

fn grouped(n: u64) -> String {
    let plain = n.to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 3);
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn short(n: u64) -> String {
    if n < 10_000 {
        return grouped(n);
    }
    let mut unit = 1_u64;
    for name in ["k", "M", "G", "T", "P", "E"] {
        unit *= 1_000;
        // Three significant digits, in integers: first two decimals, then one, then none.
        for decimals in (0..3).rev() {
            let step = unit / 10_u64.pow(decimals);
            let steps = n / step + u64::from(n % step >= step - step / 2);
            if steps < 1_000 {
                let scale = 10_u64.pow(decimals);
                return match decimals {
                    0 => format!("{steps}{name}"),
                    1 => format!("{}.{:01}{name}", steps / scale, steps % scale),
                    _ => format!("{}.{:02}{name}", steps / scale, steps % scale),
                };
            }
        }
    }
    grouped(n)
}

/// Text from a server, made safe for a terminal: control and direction characters could move the cursor or reverse the
/// line, so each is replaced.
pub(super) fn clean(text: &str) -> String {
    let unsafe_mark = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
                | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if unsafe_mark(c) { '\u{FFFD}' } else { c }).collect()
}

/// Shortens a text in the middle to at most `columns` columns (wide characters take two): both ends of a path carry
/// information.
pub(super) fn cut_middle(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let head_columns = columns / 2;
    let head = fitting(text.chars(), head_columns);
    let tail = fitting(text.chars().rev(), columns - 1 - head_columns);
    // A combining mark whose base was cut would attach to the dots.
    let tail: String = tail.chars().rev().skip_while(|c| c.width() == Some(0)).collect();
    format!("{head}…{tail}")
}

fn fitting(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
