//! The privacy page: what is promised, what it costs, what a regular visitor risks, what is kept, and the ledger.
//!
//! It repeats what the server states and computes one number itself: by how much the odds can change, e^epsilon.

use super::{
    RenderOptions,
    render::{Canvas, kind_word},
    table::{Align, Cell, Column, Ink, Line, Table, join},
    top::table_words,
    value::{Digits, clean, number},
};
use crate::proto::{DayLedger, GetPrivacyResponse, LedgerEntry};

/// Renders the answer of `GetPrivacy`.
#[must_use]
pub fn render_privacy(answer: &GetPrivacyResponse, options: &RenderOptions) -> String {
    let canvas = Canvas::new(options, None);
    let mut lines = vec![canvas.line(&format!("Privacy of {}", clean(&answer.site)), Ink::Heading)];
    lines.extend(canvas.wrapped(&guarantee(answer), 0, Ink::Plain));
    lines.extend(canvas.wrapped(&clean(&answer.not_covered), 0, Ink::Plain));
    lines.extend(bounds(answer, &canvas));
    lines.extend(risk(answer, &canvas));
    lines.extend(mechanisms(answer, &canvas));
    lines.extend(retention(answer, &canvas));
    lines.extend(later(answer, &canvas));
    lines.extend(ledger(answer, &canvas));
    lines.extend(days(answer, &canvas));
    join(&lines)
}

/// The guarantee in one line for the head of a report.
pub(super) fn guarantee_short(answer: &GetPrivacyResponse) -> String {
    format!(
        "Noise hides any one visitor's day: ({}, {})-differentially private over everything ever published.",
        decimal(answer.epsilon),
        scientific(answer.delta)
    )
}

fn guarantee(answer: &GetPrivacyResponse) -> String {
    format!(
        "Whether one visitor's day on this site was counted changes the probability of all numbers and names ever \
         published, taken together, by at most a factor of {}, plus {} \
         (differential privacy with epsilon {} and delta {}; {} of delta is for the choice of keys).",
        factor(answer.epsilon),
        scientific(answer.delta),
        decimal(answer.epsilon),
        scientific(answer.delta),
        scientific(answer.delta_keys)
    )
}

fn bounds(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = heading("What one visitor can add in a day", canvas);
    let Some(bounds) = &answer.bounds else {
        lines.push(canvas.line("The server states no bounds.", Ink::Dim));
        return lines;
    };
    for text in [
        format!("{} page views in all, {} of any one page.", bounds.views_per_visitor_day, bounds.views_per_page),
        format!(
            "{} in each other breakdown, taken from the first page view; one of each class in those of errors.",
            bounds.attributes_per_visitor_day
        ),
        format!("Profile: {}. Whole budget of the day: rho {}.", clean(&answer.profile), rho(answer.rho_nano)),
    ] {
        lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
    }
    if !answer.robot_list_date.is_empty() {
        let text =
            format!("Robots are in no other breakdown; the lists of them are of {}.", clean(&answer.robot_list_date));
        lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
    }
    lines
}

fn risk(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = heading("What a regular visitor risks", canvas);
    let text = "Each day is hidden on its own. For somebody who comes every day the days add up, and the promise \
                about all of them together is weaker. Delta holds the chance that a name appears which nobody else \
                brought, as of a page that one visitor alone opens:";
    lines.extend(canvas.wrapped(text, 0, Ink::Plain));
    let rows = [
        ("one day", answer.epsilon, answer.delta),
        ("every day of a week", answer.epsilon_week, answer.delta_week),
        ("every day of a month", answer.epsilon_month, answer.delta_month),
        ("every day of a year", answer.epsilon_year, answer.delta_year),
    ];
    let column = |head, cell: &dyn Fn(&(&str, f64, f64)) -> String| {
        Column::right(head, rows.iter().map(|row| Cell::plain(cell(row))).collect())
    };
    let mut names = column("visits", &|row| row.0.to_owned());
    names.align = Align::Left;
    let columns = vec![
        names,
        column("epsilon", &|row| decimal(row.1)),
        column("odds change by at most", &|row| factor(row.1)),
        column("and on top (delta)", &|row| chance(row.2)),
    ];
    lines.extend(Table { columns, rule_above_row: None }.lines(canvas.width, canvas.colour));
    lines
}

fn mechanisms(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = heading("Mechanisms: discrete Gaussian noise, drawn once", canvas);
    let all = &answer.mechanisms;
    let cells = |cell: &dyn Fn(&crate::proto::Mechanism) -> String| -> Vec<Cell> {
        all.iter().map(|mechanism| Cell::plain(cell(mechanism))).collect()
    };
    let columns = vec![
        Column::left("table", cells(&|m| table_words(m.table()).to_owned())),
        Column::left("period", cells(&|m| kind_word(m.period()).to_owned())),
        Column::key("what", cells(&|m| clean(&m.what))),
        Column::right("share", cells(&|m| basis_points(m.share_basis_points))),
        Column::right("rho", cells(&|m| rho(m.rho_nano))),
        Column::right("L2", cells(&|m| root(m.sensitivity_l2_squared))),
        Column::right("sigma", cells(&|m| format!("{:.1}", m.sigma))),
        Column::right("threshold", cells(&|m| threshold(m.threshold))),
    ];
    lines.extend(Table { columns, rule_above_row: None }.lines(canvas.width, canvas.colour));
    let text = "L2: the most one visitor-day can move the table. Sigma: the standard deviation of the noise on every \
                counter. Threshold: the noisy count that a new key must reach; none where the keys are public.";
    lines.extend(canvas.wrapped(text, 0, Ink::Dim));
    lines
}

fn retention(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = heading("What is kept", canvas);
    for kept in &answer.retention {
        let text = format!("{}: {}; until {}.", clean(&kept.what), clean(&kept.how), clean(&kept.until));
        lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
    }
    if answer.retention.is_empty() {
        lines.push(canvas.line("The server states nothing.", Ink::Dim));
    }
    lines
}

fn ledger(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = heading("Ledger: what the latest releases took from each day in them", canvas);
    if answer.ledger.is_empty() {
        lines.push(canvas.line("Nothing is released yet.", Ink::Dim));
        return lines;
    }
    let cells = |cell: &dyn Fn(&LedgerEntry) -> String| -> Vec<Cell> {
        answer.ledger.iter().map(|entry| Cell::plain(cell(entry))).collect()
    };
    let mut columns = vec![
        Column::right("release", cells(&|entry| number(entry.release, Digits::Full))),
        Column::left("period", cells(&|entry| kind_word(entry.kind()).to_owned())),
        Column::left("start", cells(&|entry| clean(&entry.start))),
        Column::left("sealed (UTC)", cells(&sealed_words)),
        Column::right("rho", cells(&|entry| rho(entry.rho_nano))),
    ];
    if answer.ledger.iter().any(|entry| !entry.gap.is_empty()) {
        columns.push(Column::key("gap", cells(&|entry| clean(&entry.gap))));
    }
    lines.extend(Table { columns, rule_above_row: None }.lines(canvas.width, canvas.colour));
    lines
}

/// What will hold later, after a change of the configuration.
fn later(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for terms in &answer.later {
        let text = format!(
            "From {} on: epsilon {}, delta {}, profile {}, {} page views in all and {} of any one page.",
            clean(&terms.from_date),
            decimal(terms.epsilon),
            scientific(terms.delta),
            clean(&terms.profile),
            terms.bounds.as_ref().map_or(0, |b| b.views_per_visitor_day),
            terms.bounds.as_ref().map_or(0, |b| b.views_per_page),
        );
        if lines.is_empty() {
            lines.extend(heading("What changes", canvas));
        }
        lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
    }
    lines
}

/// What was spent of the latest days, over all releases that hold them.
fn days(answer: &GetPrivacyResponse, canvas: &Canvas<'_>) -> Vec<Line> {
    if answer.days.is_empty() {
        return Vec::new();
    }
    let mut lines = heading("Spent of the latest days so far, over all releases", canvas);
    let cells = |cell: &dyn Fn(&DayLedger) -> String| -> Vec<Cell> {
        answer.days.iter().map(|day| Cell::plain(cell(day))).collect()
    };
    let kinds = |day: &DayLedger| {
        let mut kinds: Vec<&str> = day.spent.iter().map(|spent| kind_word(spent.kind())).collect();
        kinds.dedup();
        kinds.join(", ")
    };
    let columns = vec![
        Column::left("day", cells(&|day| clean(&day.date))),
        Column::right("spent", cells(&|day| rho(day.spent_rho_nano))),
        Column::right("promised at most", cells(&|day| rho(day.promised_rho_nano))),
        Column::key("in its", cells(&kinds)),
    ];
    lines.extend(Table { columns, rule_above_row: None }.lines(canvas.width, canvas.colour));
    lines
}

fn sealed_words(entry: &LedgerEntry) -> String {
    jiff::Timestamp::from_second(entry.sealed_at_unix_s)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

fn heading(text: &str, canvas: &Canvas<'_>) -> Vec<Line> {
    vec![Line::default(), canvas.line(text, Ink::Heading)]
}

/// Up to two decimals, without zeros at the end.
fn decimal(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Up to three significant digits: `1e-7`, `5.5e-8`.
fn scientific(n: f64) -> String {
    let text = format!("{n:.2e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => {
            format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// A delta: small ones as powers of ten, others in percent.
fn chance(delta: f64) -> String {
    if delta < 1e-3 { scientific(delta) } else { format!("{} %", decimal(100.0 * delta)) }
}

/// e^epsilon in words: above a million the promise is of no use to a reader.
fn factor(epsilon: f64) -> String {
    let factor = epsilon.exp();
    if !factor.is_finite() || factor >= 1e6 {
        "more than a million".to_owned()
    } else if factor >= 100.0 {
        // The range is checked above, so the text is digits only.
        format!("{factor:.0}").parse::<u64>().map_or_else(|_| "?".to_owned(), |n| number(n, Digits::Full))
    } else {
        format!("{factor:.1}")
    }
}

/// Billionths of rho as a decimal number, exact.
fn rho(nano: u64) -> String {
    let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn basis_points(share: u32) -> String {
    format!("{}.{:02} %", share / 100, share % 100)
}

fn root(squared: u32) -> String {
    let root = squared.isqrt();
    if root * root == squared { root.to_string() } else { format!("√{squared}") }
}

fn threshold(threshold: i64) -> String {
    if threshold == 0 { "none".to_owned() } else { threshold.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_guarantee_read_as_people_write_them() {
        assert_eq!([decimal(3.0), decimal(2.5), decimal(0.126)], ["3", "2.5", "0.13"]);
        assert_eq!([scientific(1e-7), scientific(5.5e-8), scientific(0.0)], ["1e-7", "5.5e-8", "0e0"]);
        assert_eq!([rho(152_000_000), rho(1), rho(2_000_000_000)], ["0.152", "0.000000001", "2"]);
        assert_eq!([root(8), root(1), root(4)], ["√8", "1", "2"]);
        assert_eq!([factor(3.0), factor(8.0), factor(900.0)], ["20.1", "2,981", "more than a million"]);
        assert_eq!(basis_points(1_405), "14.05 %");
        assert_eq!([chance(9.1e-8), chance(0.0115), chance(1.0)], ["9.1e-8", "1.15 %", "100 %"]);
    }
}
