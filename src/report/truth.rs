//! Exact numbers beside the estimates, for data whose truth is known: invented visitors, or a public log.
//!
//! The truth comes from the generator of the data (`headcount demo`), never from a server: nothing here or in the protocol
//! can ask for it. It is only compared with what was published.

use std::collections::BTreeMap;

use super::{
    fetch::{Numbers, ReportData},
    value,
};
use crate::proto::{GetTrafficResponse, ListTopResponse, PeriodKind, Table, TopRow, TrafficPoint, Value};

/// Exact bounded counts of a data set: each visitor counted only up to the daily bounds, as the published numbers
/// are, since that is what the intervals are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TruthColumns {
    /// By local date, `2026-11-24`.
    pub days: BTreeMap<String, TruthDay>,
    /// By number of the `Table`, then by key: views for pages, visits for all others, over the range of the report's
    /// breakdowns. An absent key means zero; an absent table is not compared.
    pub tables: BTreeMap<i32, BTreeMap<String, u64>>,
    /// Distinct visitors of a month, by its first day.
    pub month_visitors: BTreeMap<String, u64>,
    /// Distinct visitors of a week, by its Monday.
    pub week_visitors: BTreeMap<String, u64>,
}

/// The exact numbers of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TruthDay {
    /// Visits: visitors of the day.
    pub visits: u64,
    /// Distinct visitors.
    pub visitors: u64,
    /// Page views within the bounds.
    pub views: u64,
}

/// How well the published numbers of a report hold the truth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TruthSummary {
    /// Published intervals whose true value is known.
    pub intervals: u64,
    /// How many of them hold it; about 95 of 100 do.
    pub holding: u64,
    /// Distinct visitors of each month that has both numbers.
    pub months: Vec<PeriodVisitors>,
    /// Distinct visitors of each week that has both numbers.
    pub weeks: Vec<PeriodVisitors>,
}

/// Estimated and exact distinct visitors of one period.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodVisitors {
    /// The local date on which the period starts.
    pub start: String,
    /// The published number; it has an estimate.
    pub published: Value,
    /// The exact number.
    pub exact: u64,
}

impl TruthSummary {
    /// The count as a sentence, e.g. "93 of 96 intervals hold the true value".
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} of {} intervals hold the true value", self.holding, self.intervals)
    }

    fn add(&mut self, value: Option<&Value>, truth: Option<u64>) {
        let held = value.zip(truth).and_then(|(value, truth)| value::holds(value, truth));
        if let Some(held) = held {
            self.intervals += 1;
            self.holding += u64::from(held);
        }
    }
}

/// Counts how many of the published intervals of a report hold the true value.
#[must_use]
pub fn summarize(data: &ReportData, truth: &TruthColumns) -> TruthSummary {
    let mut summary = TruthSummary::default();
    let Some(numbers) = &data.numbers else {
        return summary;
    };
    add_series(&mut summary, &numbers.traffic, truth);
    let total = of_total(truth, &numbers.traffic);
    if let Some(point) = &numbers.traffic.total {
        summary.add(point.visits.as_ref(), total.visits);
        summary.add(point.views.as_ref(), total.views);
    }
    for series in [&numbers.weeks, &numbers.months].into_iter().flatten() {
        add_series(&mut summary, series, truth);
    }
    for top in &numbers.tops {
        for row in &top.rows {
            summary.add(main_value(top, row), of_key(truth, top, &row.key));
        }
        summary.add(top.other.as_ref(), of_other(truth, top));
    }
    summary.weeks = period_visitors(numbers, PeriodKind::Week, &truth.week_visitors);
    summary.months = period_visitors(numbers, PeriodKind::Month, &truth.month_visitors);
    summary
}

fn add_series(summary: &mut TruthSummary, series: &GetTrafficResponse, truth: &TruthColumns) {
    for point in &series.points {
        let exact = of_point(truth, series.granularity(), point);
        summary.add(point.visits.as_ref(), exact.visits);
        summary.add(point.visitors.as_ref(), exact.visitors);
        summary.add(point.views.as_ref(), exact.views);
    }
}

fn period_visitors(numbers: &Numbers, kind: PeriodKind, exact: &BTreeMap<String, u64>) -> Vec<PeriodVisitors> {
    let series = [Some(&numbers.traffic), numbers.weeks.as_ref(), numbers.months.as_ref()];
    let points = series.into_iter().flatten().filter(|series| series.granularity() == kind);
    let mut found = Vec::new();
    for point in points.flat_map(|series| &series.points) {
        let published = point.visitors.filter(|value| value.estimate.is_some());
        if let Some((published, exact)) = published.zip(exact.get(&point.start)) {
            found.push(PeriodVisitors { start: point.start.clone(), published, exact: *exact });
        }
    }
    found
}

/// The exact numbers of a period, where they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PointTruth {
    pub(super) visits: Option<u64>,
    pub(super) visitors: Option<u64>,
    pub(super) views: Option<u64>,
}

/// The truth of one point of a series.
pub(super) fn of_point(truth: &TruthColumns, kind: PeriodKind, point: &TrafficPoint) -> PointTruth {
    match kind {
        PeriodKind::Day => truth.days.get(&point.start).map_or_else(PointTruth::default, |day| PointTruth {
            visits: Some(day.visits),
            visitors: Some(day.visitors),
            views: Some(day.views),
        }),
        PeriodKind::Week => visitors_only(truth.week_visitors.get(&point.start)),
        PeriodKind::Month => visitors_only(truth.month_visitors.get(&point.start)),
        PeriodKind::Hour | PeriodKind::Quarter | PeriodKind::Unspecified => PointTruth::default(),
    }
}

fn visitors_only(visitors: Option<&u64>) -> PointTruth {
    PointTruth { visitors: visitors.copied(), ..PointTruth::default() }
}

/// The truth of a range: the sum of its days, if it is a series of days and each is published and known. Visitors do not
/// add up, so they stay unknown.
pub(super) fn of_total(truth: &TruthColumns, traffic: &GetTrafficResponse) -> PointTruth {
    if traffic.granularity() != PeriodKind::Day || !traffic.missing.is_empty() || traffic.points.is_empty() {
        return PointTruth::default();
    }
    let mut sum = TruthDay::default();
    for point in &traffic.points {
        let Some(day) = truth.days.get(&point.start) else {
            return PointTruth::default();
        };
        sum.visits = sum.visits.saturating_add(day.visits);
        sum.views = sum.views.saturating_add(day.views);
    }
    PointTruth { visits: Some(sum.visits), visitors: None, views: Some(sum.views) }
}

/// The number by which a table is sorted: views for pages, visits for all others.
pub(super) fn main_value<'a>(top: &ListTopResponse, row: &'a TopRow) -> Option<&'a Value> {
    if top.table() == Table::Page { row.views.as_ref() } else { row.visits.as_ref() }
}

/// The truth of a key; `None` if the table is not known.
pub(super) fn of_key(truth: &TruthColumns, top: &ListTopResponse, key: &str) -> Option<u64> {
    truth.tables.get(&top.table).map(|keys| keys.get(key).copied().unwrap_or(0))
}

/// The truth of "(other)": everything that is in no published key. Known only if the answer has all published keys.
pub(super) fn of_other(truth: &TruthColumns, top: &ListTopResponse) -> Option<u64> {
    if !top.next_page_token.is_empty() || u64::try_from(top.rows.len()) != Ok(top.keys) {
        return None;
    }
    let keys = truth.tables.get(&top.table)?;
    let published: u64 = top.rows.iter().filter_map(|row| keys.get(&row.key)).sum();
    keys.values().sum::<u64>().checked_sub(published)
}
