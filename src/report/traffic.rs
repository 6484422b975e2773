//! The traffic table: periods with visits, visitors and views, their total, and the change against the period before.
//!
//! It lays out the answers and adds nothing up: the total is the server's.

use super::{
    fetch::Numbers,
    period::{bar, change_cell, label},
    render::{Canvas, count_words, kind_word, range_words},
    table::{Cell, Column, Ink, Line, Table, beside, share_columns},
    truth::{PointTruth, of_point, of_total},
    value::{self, Digits, column, inline, truth_column},
};
use crate::proto::{Change, GetTrafficResponse, PeriodKind, Reason, Scope, TrafficChange, TrafficPoint, Value};

/// The minimum width for bars, in columns.
const WIDTH_WITH_BARS: usize = 100;
const BAR_COLUMNS_MIN: usize = 8;
const BAR_COLUMNS_MAX: usize = 24;

/// The three numbers of a period.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Metric {
    Visits,
    Visitors,
    Views,
}

impl Metric {
    const ALL: [Self; 3] = [Self::Visits, Self::Visitors, Self::Views];

    fn head(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Visitors => "visitors",
            Self::Views => "views",
        }
    }

    fn of(self, point: &TrafficPoint) -> Option<&Value> {
        match self {
            Self::Visits => point.visits.as_ref(),
            Self::Visitors => point.visitors.as_ref(),
            Self::Views => point.views.as_ref(),
        }
    }

    fn change(self, changes: &TrafficChange) -> Option<&Change> {
        match self {
            Self::Visits => changes.visits.as_ref(),
            Self::Visitors => changes.visitors.as_ref(),
            Self::Views => changes.views.as_ref(),
        }
    }

    fn truth(self, truth: PointTruth) -> Option<u64> {
        match self {
            Self::Visits => truth.visits,
            Self::Visitors => truth.visitors,
            Self::Views => truth.views,
        }
    }
}

/// The heading, the table, and the sentences under it.
pub(super) fn section(traffic: &GetTrafficResponse, canvas: &mut Canvas<'_>) -> Vec<Line> {
    let title = format!("Traffic by {}", kind_word(traffic.granularity()));
    let mut lines = vec![Line::default(), canvas.line(&title, Ink::Heading)];
    lines.extend(fitting_tables(traffic, canvas));
    for text in sentences(traffic, canvas) {
        lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
    }
    lines
}

/// The table with all digits, or with short numbers, or one table per metric: the first that fits.
fn fitting_tables(traffic: &GetTrafficResponse, canvas: &mut Canvas<'_>) -> Vec<Line> {
    for digits in [Digits::Full, Digits::Short] {
        let table = build(traffic, &Metric::ALL, digits, canvas);
        if table.natural_width() <= canvas.width {
            return with_bars(table, traffic, canvas).lines(canvas.width, canvas.colour);
        }
    }
    let mut lines = Vec::new();
    for metric in Metric::ALL {
        let table = build(traffic, &[metric], Digits::Short, canvas);
        lines.extend(table.lines(canvas.width, canvas.colour));
        lines.push(Line::default());
    }
    lines.pop();
    lines
}

fn build(traffic: &GetTrafficResponse, metrics: &[Metric], digits: Digits, canvas: &mut Canvas<'_>) -> Table {
    let granularity = traffic.granularity();
    let previous = compared(traffic);
    let totals = traffic.total.iter().chain(previous);
    let rows: Vec<&TrafficPoint> = traffic.points.iter().chain(totals).collect();
    let labels = traffic.points.iter().map(|point| Cell::plain(label(granularity, point)));
    let mut labels: Vec<Cell> = labels.collect();
    for (there, name) in [
        (traffic.total.is_some(), "total"),
        (previous.is_some(), "compared with"),
        (traffic.total.is_some() && previous.is_some(), "change"),
    ] {
        if there {
            labels.push(Cell::new(name, Ink::Heading));
        }
    }
    let mut columns = vec![Column::left(kind_word(granularity), labels)];
    let truths = row_truths(traffic, canvas);
    for metric in metrics {
        let values: Vec<Option<&Value>> = rows.iter().map(|row| metric.of(row)).collect();
        let mut cells = column(&values, digits, &mut canvas.notes);
        if traffic.total.is_some() && previous.is_some() {
            let change = traffic.change.as_ref().and_then(|changes| metric.change(changes));
            cells.push(change_cell(change, digits, &mut canvas.notes));
        }
        columns.push(Column::right(metric.head(), cells));
        if let Some(truths) = &truths {
            let exact: Vec<Option<u64>> = truths.iter().map(|truth| metric.truth(*truth)).collect();
            let cells = truth_column(&values, &exact, digits, &mut canvas.notes);
            columns.push(Column::right("true", cells));
        }
    }
    Table { columns, rule_above_row: Some(traffic.points.len()).filter(|_| traffic.total.is_some()) }
}

/// What the range is compared with, where it has any number.
fn compared(traffic: &GetTrafficResponse) -> Option<&TrafficPoint> {
    let has_number = |before: &&TrafficPoint| {
        Metric::ALL.into_iter().any(|metric| metric.of(before).is_some_and(|value| value.estimate.is_some()))
    };
    traffic.previous.as_ref().filter(has_number)
}

/// What a range is compared with, or why it cannot be.
pub(super) fn compared_words(before: &Scope, is_compared: bool, reason: Reason) -> String {
    let range = range_words(before);
    if is_compared {
        format!("Compared with {range}.")
    } else {
        format!("Not compared with {range}: {}.", value::reason_words(reason))
    }
}

/// The truth of every point, then of the total; none of the period before.
fn row_truths(traffic: &GetTrafficResponse, canvas: &Canvas<'_>) -> Option<Vec<PointTruth>> {
    let truth = canvas.truth?;
    let of = |point| of_point(truth, traffic.granularity(), point);
    let mut truths: Vec<PointTruth> = traffic.points.iter().map(of).collect();
    if traffic.total.is_some() {
        truths.push(of_total(truth, traffic));
    }
    Some(truths)
}

fn with_bars(mut table: Table, traffic: &GetTrafficResponse, canvas: &Canvas<'_>) -> Table {
    let room = canvas.width.saturating_sub(table.natural_width() + 2).min(BAR_COLUMNS_MAX);
    if canvas.width < WIDTH_WITH_BARS || room < BAR_COLUMNS_MIN {
        return table;
    }
    let estimate = |point: &TrafficPoint| point.visits.and_then(|value| value.estimate).unwrap_or(0).max(0);
    let largest = traffic.points.iter().map(estimate).max().unwrap_or(0);
    let bars = traffic.points.iter().map(|point| Cell::new(bar(estimate(point), largest, room), Ink::Accent));
    let bars = bars.collect();
    table.columns.push(Column::left("visits", bars));
    table
}

/// What the total is made of, what it was compared with, and the ratios that it allows.
fn sentences(traffic: &GetTrafficResponse, canvas: &mut Canvas<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    if let Some(total) = &traffic.total {
        if let Some(views) = total.views_per_visit {
            texts.push(format!("Page views a visit: {views:.1}."));
        }
        if let Some(percent) = total.bounce_percent {
            texts.push(format!("Visits with a single page view: {}.", value::percent(percent)));
        }
        if let Some(limited) = total.limited_visits.as_ref().filter(|value| value.estimate.is_some()) {
            let limited = inline(Some(limited), &mut canvas.notes);
            texts.push(format!("Visits cut by a daily bound: {limited}."));
        }
    }
    if !traffic.blocks.is_empty() {
        texts.push(format!("The total is made of {} as published.", blocks_words(traffic)));
    }
    if let Some(before) = &traffic.previous {
        let scope = Scope { from_date: before.start.clone(), to_date: before.end.clone(), ..Scope::default() };
        let visits = before.visits.as_ref().map_or(Reason::Unspecified, Value::reason);
        texts.push(compared_words(&scope, compared(traffic).is_some(), visits));
    }
    if texts.is_empty() { texts } else { vec![texts.join(" ")] }
}

fn blocks_words(traffic: &GetTrafficResponse) -> String {
    let mut words = Vec::new();
    for kind in [PeriodKind::Month, PeriodKind::Week, PeriodKind::Day, PeriodKind::Hour] {
        let count = traffic.blocks.iter().filter(|block| block.kind() == kind).count();
        if count > 0 {
            words.push(count_words(count, kind_word(kind)));
        }
    }
    words.join(" and ")
}

/// Distinct visitors of the whole months and weeks that touch the range, side by side.
pub(super) fn distinct_visitors(numbers: &Numbers, canvas: &mut Canvas<'_>) -> Vec<Line> {
    const GAP: usize = 4;
    let share = share_columns(2, GAP, canvas.width);
    let mut blocks = Vec::new();
    for series in [&numbers.months, &numbers.weeks].into_iter().flatten() {
        let mut table = build_visitors(series, Digits::Full, canvas);
        if table.natural_width() > canvas.width {
            table = build_visitors(series, Digits::Short, canvas);
        }
        if !table.columns.iter().all(|column| column.cells.is_empty()) {
            let title = format!("Distinct visitors by {}", kind_word(series.granularity()));
            let mut block = vec![canvas.line(&title, Ink::Heading)];
            block.extend(table.lines(canvas.width, canvas.colour));
            blocks.push(block);
        }
    }
    if blocks.is_empty() {
        return Vec::new();
    }
    let wide = blocks.iter().flatten().any(|line| line.columns > share);
    let mut lines = vec![Line::default()];
    lines.extend(beside(blocks, if wide { 1 } else { 2 }, GAP, canvas.width));
    lines
}

fn build_visitors(series: &GetTrafficResponse, digits: Digits, canvas: &mut Canvas<'_>) -> Table {
    let kind = series.granularity();
    let labels = series.points.iter().map(|point| Cell::plain(label(kind, point))).collect();
    let values: Vec<Option<&Value>> = series.points.iter().map(|point| point.visitors.as_ref()).collect();
    let cells = column(&values, digits, &mut canvas.notes);
    let mut columns = vec![Column::left(kind_word(kind), labels), Column::right("visitors", cells)];
    if let Some(truth) = canvas.truth {
        let exact: Vec<Option<u64>> = series.points.iter().map(|point| of_point(truth, kind, point).visitors).collect();
        let cells = truth_column(&values, &exact, digits, &mut canvas.notes);
        columns.push(Column::right("true", cells));
    }
    Table { columns, rule_above_row: None }
}
