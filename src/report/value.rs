//! Published numbers in tables and sentences of a report. The texts are [`headcount_model::format`]'s; here they are aligned
//! and marked.
//!
//! It collects the notes for the foot of a report (reasons of absent numbers, what may be noise, what the intervals are). It
//! never invents a number: an absent one is a dash.

pub(super) use headcount_model::format::Digits;
use headcount_model::format::{self, Language};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    table::{Cell, Ink, NO_BREAK},
    wire::{interval, is_noise, why},
};
use crate::proto::{Reason, Value};

/// Marks a number that may be noise alone.
pub(super) const NOISY_ZERO_MARK: &str = "~0";
/// Marks a true value outside its interval.
pub(super) const OUTSIDE_MARK: &str = "*";

/// The language of the report.
const LANGUAGE: Language = Language::English;

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
        const MARKS: [char; 9] = ['¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
        let mark = MARKS.get(at).map_or_else(String::new, char::to_string);
        format!("{}{mark}", format::DASH)
    }

    /// The explanations, one per line, in the order in which their marks first appeared.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut seen = Notes::default();
        let mut lines = Vec::new();
        for reason in &self.reasons {
            lines.push(format!("{} {}.", seen.absent(*reason), reason_words(*reason)));
        }
        if self.noisy_zero {
            lines.push(format!("{NOISY_ZERO_MARK} within the noise: what is seen may be noise alone."));
        }
        if self.outside {
            lines.push(format!("{OUTSIDE_MARK} the interval does not hold the true value, as 5 of 100 do not."));
        }
        lines
    }
}

/// A reason as the end of a sentence, without the full stop.
pub(super) fn reason_words(reason: Reason) -> &'static str {
    format::reason(why(reason), LANGUAGE)
}

/// A column of values with their intervals, aligned between the two; what may be noise alone is dimmed. `None` is a value that
/// the answer does not have.
pub(super) fn column(values: &[Option<&Value>], digits: Digits, notes: &mut Notes) -> Vec<Cell> {
    let parts: Vec<Option<[String; 2]>> =
        values.iter().map(|value| value.and_then(interval).map(|interval| interval.parts(digits, LANGUAGE))).collect();
    let widest = |part: usize| parts.iter().flatten().map(|parts| parts[part].width()).max().unwrap_or(0);
    let (estimate_columns, spread_columns) = (widest(0), widest(1));
    let any_zero = values.iter().any(|value| is_noise(*value));
    let mut cells = Vec::with_capacity(values.len());
    for (value, parts) in values.iter().zip(parts) {
        let zero = is_noise(*value);
        notes.noisy_zero |= zero;
        let Some([estimate, spread]) = parts else {
            let reason = value.map_or(Reason::Unspecified, |value| value.reason());
            let tail = " ".repeat(spread_columns + usize::from(spread_columns > 0) + if any_zero { 3 } else { 0 });
            cells.push(Cell::new(format!("{:>estimate_columns$}{tail}", notes.absent(reason)), Ink::Dim));
            continue;
        };
        let mark = match (any_zero, zero) {
            (true, true) => format!(" {NOISY_ZERO_MARK}"),
            (true, false) => "   ".to_owned(),
            (false, _) => String::new(),
        };
        let text = format!("{estimate:>estimate_columns$} {spread:spread_columns$}{mark}");
        cells.push(Cell::new(text, if zero { Ink::Dim } else { Ink::Plain }));
    }
    cells
}

/// One value inside a sentence; a line does not end beside its `±`.
pub(super) fn inline(value: Option<&Value>, notes: &mut Notes) -> String {
    let text = match value.and_then(interval) {
        Some(interval) => interval.sentence(LANGUAGE),
        None => notes.absent(value.map_or(Reason::Unspecified, |value| value.reason())),
    };
    text.replace(" ± ", &format!("{NO_BREAK}±{NO_BREAK}"))
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

/// A count in groups of three (`1,234,567`) or short (`1.23M`).
pub(super) fn number(n: u64, digits: Digits) -> String {
    digits.unsigned(n, LANGUAGE)
}

/// A share in whole percent.
pub(super) fn percent(percent: f64) -> String {
    format::percent(percent, LANGUAGE)
}

/// Text from a server, made safe to show: control and direction characters could move a terminal's cursor or reverse the line,
/// so each is replaced.
pub(crate) fn clean(text: &str) -> String {
    let unsafe_mark = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
                | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if unsafe_mark(c) { '\u{FFFD}' } else { c }).collect()
}

/// Text from a server, made safe inside an element of HTML and inside a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Shortens a text in the middle to at most `columns` columns (wide characters take two): both ends of a path carry
/// information.
pub(crate) fn cut_middle(text: &str, columns: usize) -> String {
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
