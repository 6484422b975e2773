//! From answers to the protocol's messages. Decides nothing: every number passes through as it is.

mod overview;

pub(super) use overview::{overview, sites};

use crate::{
    answers::{
        key::KeyAnswer,
        privacy::{LedgerEntry, PrivacyAnswer},
        top::BreakdownAnswer,
        traffic::TrafficAnswer,
    },
    calendar::{Day, Period, PeriodKind},
    proto,
    query::{
        Block,
        change::Change,
        number::{Number, Why},
        range::{Compare, Range},
        series::KeyPoint,
        top::{Row, Top},
        traffic::{Changes, Figures, Point},
        words::Metric,
    },
    vault::{Bounds, DayLedger, KeySpace, Mechanism, Retention, SiteInfo, Table, Terms},
};

fn value(number: &Number) -> proto::Value {
    proto::Value {
        estimate: number.estimate,
        low: number.low,
        high: number.high,
        standard_error: number.standard_error,
        noisy_zero: number.noisy_zero,
        reason: number.reason.map_or(proto::Reason::Unspecified, reason).into(),
    }
}

fn reason(why: Why) -> proto::Reason {
    match why {
        Why::NotSealed => proto::Reason::NotSealed,
        Why::BeforeFirstDay => proto::Reason::BeforeFirstDay,
        Why::VisitorsDoNotAdd => proto::Reason::VisitorsDoNotAdd,
        Why::NotMeasured => proto::Reason::NotMeasured,
        Why::Gap => proto::Reason::Gap,
        Why::NotPublished => proto::Reason::NotPublished,
        Why::NotCounted => proto::Reason::NotCounted,
        Why::BelowThreshold => proto::Reason::BelowThreshold,
    }
}

fn change(change: &Change) -> proto::Change {
    proto::Change {
        estimate: change.estimate,
        low: change.low,
        high: change.high,
        within_noise: change.is_within_noise,
        percent: change.percent,
        reason: change.reason.map_or(proto::Reason::Unspecified, reason).into(),
    }
}

/// What is compared with; `default` where nothing is said, `None` where the number is none of the protocol's.
pub(super) fn compare(number: i32, default: Compare) -> Option<Compare> {
    Some(match proto::Compare::try_from(number).ok()? {
        proto::Compare::Unspecified => default,
        proto::Compare::None => Compare::None,
        proto::Compare::Previous => Compare::Previous,
        proto::Compare::Year => Compare::Year,
    })
}

pub(super) fn kind(kind: PeriodKind) -> proto::PeriodKind {
    match kind {
        PeriodKind::Hour => proto::PeriodKind::Hour,
        PeriodKind::Day => proto::PeriodKind::Day,
        PeriodKind::Week => proto::PeriodKind::Week,
        PeriodKind::Month => proto::PeriodKind::Month,
        PeriodKind::Quarter => proto::PeriodKind::Quarter,
    }
}

/// The granularity that is meant: days where none is given, `None` where the number is none of the protocol's.
pub(super) fn granularity(number: i32) -> Option<PeriodKind> {
    match proto::PeriodKind::try_from(number).ok()? {
        proto::PeriodKind::Unspecified | proto::PeriodKind::Day => Some(PeriodKind::Day),
        proto::PeriodKind::Hour => Some(PeriodKind::Hour),
        proto::PeriodKind::Week => Some(PeriodKind::Week),
        proto::PeriodKind::Month => Some(PeriodKind::Month),
        proto::PeriodKind::Quarter => None,
    }
}

/// The period of an overview that is meant: a month where none is given, `None` where it cannot be one.
pub(super) fn overview_period(number: i32) -> Option<PeriodKind> {
    match proto::PeriodKind::try_from(number).ok()? {
        proto::PeriodKind::Unspecified | proto::PeriodKind::Month => Some(PeriodKind::Month),
        proto::PeriodKind::Day => Some(PeriodKind::Day),
        proto::PeriodKind::Week => Some(PeriodKind::Week),
        proto::PeriodKind::Hour | proto::PeriodKind::Quarter => None,
    }
}

pub(super) fn table(table: Table) -> proto::Table {
    // Every row's number is one of the protocol's: a test looks at all of them.
    proto::Table::try_from(table.spec().wire_number).unwrap_or(proto::Table::Unspecified)
}

/// The table that is meant: pages where none is given, `None` where the number is none of the protocol's.
pub(super) fn asked_table(number: i32) -> Option<Table> {
    match number {
        0 => Some(Table::Page),
        asked => Table::ALL.into_iter().find(|table| table.spec().wire_number == asked),
    }
}

/// The tables that can be asked for, with their numbers, for error messages.
pub(super) fn tables_allowed() -> String {
    let one = |table: Table| format!("{} ({})", table.name(), table.spec().wire_number);
    Table::ALL.into_iter().filter(|table| *table != Table::Site).map(one).collect::<Vec<_>>().join(", ")
}

fn key_space(table: Table, site: &SiteInfo) -> proto::KeySpace {
    match table.key_space() {
        KeySpace::None => proto::KeySpace::Unspecified,
        KeySpace::Public => proto::KeySpace::Public,
        KeySpace::Pages => proto::KeySpace::Pages,
        KeySpace::Open if table == Table::Page && !site.has_known_pages => proto::KeySpace::Open,
        KeySpace::Open if table == Table::Error => proto::KeySpace::Open,
        // Search engines and social networks are listed; beside them other sites appear.
        KeySpace::Open => proto::KeySpace::Mixed,
    }
}

fn date(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn scope(site: &SiteInfo, range: Option<Range>) -> proto::Scope {
    proto::Scope {
        site: site.name.to_string(),
        time_zone: site.calendar.zone_name().to_owned(),
        from_date: date(range.map(|r| r.from)),
        to_date: date(range.map(|r| r.to)),
    }
}

fn block(block: &Block) -> proto::Block {
    proto::Block { kind: kind(block.period.kind).into(), start: block.period.start.to_string(), release: block.release }
}

fn missing((day, why): &(Day, Why)) -> proto::Missing {
    proto::Missing { kind: proto::PeriodKind::Day.into(), start: day.to_string(), reason: reason(*why).into() }
}

fn definition((metric, text): &(Metric, String)) -> proto::MetricDefinition {
    let metric = match metric {
        Metric::Visits => proto::Metric::Visits,
        Metric::Views => proto::Metric::Views,
        Metric::Visitors => proto::Metric::Visitors,
        Metric::LimitedVisits => proto::Metric::LimitedVisits,
    };
    proto::MetricDefinition { metric: metric.into(), text: text.clone() }
}

fn point(point: &Point) -> proto::TrafficPoint {
    let Figures { visits, views, visitors, limited, bounce_percent, views_per_visit } = &point.figures;
    proto::TrafficPoint {
        start: point.start.clone(),
        end: point.end.clone(),
        visits: Some(value(visits)),
        views: Some(value(views)),
        visitors: Some(value(visitors)),
        limited_visits: Some(value(limited)),
        bounce_percent: *bounce_percent,
        views_per_visit: *views_per_visit,
    }
}

pub(super) fn traffic(answer: &TrafficAnswer) -> proto::GetTrafficResponse {
    let TrafficAnswer { site, granularity, traffic, definitions } = answer;
    proto::GetTrafficResponse {
        scope: Some(scope(site, traffic.range)),
        granularity: kind(*granularity).into(),
        points: traffic.points.iter().map(point).collect(),
        total: Some(point(&traffic.total)),
        previous: traffic.previous.as_ref().map(|previous| point(&previous.total)),
        previous_points: traffic.previous.iter().flat_map(|previous| &previous.points).map(point).collect(),
        change: traffic.previous.as_ref().map(|previous| changes(&previous.changes)),
        blocks: traffic.blocks.iter().map(block).collect(),
        missing: traffic.missing.iter().map(missing).collect(),
        definitions: definitions.iter().map(definition).collect(),
    }
}

fn changes(Changes { visits, views, visitors }: &Changes) -> proto::TrafficChange {
    proto::TrafficChange { visits: Some(change(visits)), views: Some(change(views)), visitors: Some(change(visitors)) }
}

/// A page of a breakdown.
pub(super) fn top(of: &BreakdownAnswer, page: Top) -> proto::ListTopResponse {
    let row = |row: Row| {
        let count = Some(value(&row.count));
        let (visits, views) = if of.table == Table::Page { (None, count) } else { (count, None) };
        proto::TopRow {
            key: row.key,
            visits,
            views,
            visitors: row.visitors.as_ref().map(value),
            previous: row.previous.map(|previous| value(&previous.count)),
            change: row.previous.map(|previous| change(&previous.change)),
        }
    };
    let percentile = |(percent, value)| proto::Percentile { percent, value };
    proto::ListTopResponse {
        scope: Some(scope(&of.site, page.range)),
        previous_scope: page.previous.map(|previous| scope(&of.site, Some(previous))),
        table: table(of.table).into(),
        other: page.other.as_ref().map(value),
        keys: page.keys,
        next_page_token: page.next_page_token,
        blocks: page.blocks.iter().map(block).collect(),
        missing: page.missing.iter().map(missing).collect(),
        definitions: of.definitions.iter().map(definition).collect(),
        key_space: key_space(of.table, &of.site).into(),
        source: of.attribution.clone(),
        rows: page.rows.into_iter().map(row).collect(),
        percentiles: page.percentiles.into_iter().map(percentile).collect(),
    }
}

pub(super) fn key(answer: &KeyAnswer) -> proto::GetKeySeriesResponse {
    let KeyAnswer { site, table: of, key, granularity, series, definitions } = answer;
    let metric = if *of == Table::Page { proto::Metric::Views } else { proto::Metric::Visits };
    let previous = series.previous.as_ref();
    proto::GetKeySeriesResponse {
        scope: Some(scope(site, series.range)),
        table: table(*of).into(),
        key: key.clone(),
        granularity: kind(*granularity).into(),
        metric: metric.into(),
        points: series.points.iter().map(key_point).collect(),
        total: Some(value(&series.total)),
        previous_scope: previous.map(|(range, ..)| scope(site, Some(*range))),
        previous: previous.map(|(_, number, _)| value(number)),
        change: previous.map(|(.., of)| change(of)),
        missing: series.missing.iter().map(missing).collect(),
        definitions: definitions.iter().map(definition).collect(),
    }
}

fn key_point(point: &KeyPoint) -> proto::KeyPoint {
    proto::KeyPoint {
        start: point.start.to_string(),
        end: point.end.to_string(),
        count: Some(value(&point.count)),
        visitors: point.visitors.as_ref().map(value),
    }
}

pub(super) fn privacy(answer: &PrivacyAnswer) -> proto::GetPrivacyResponse {
    let PrivacyAnswer { site, promise, ledger, days, retention: kept } = answer;
    let (terms, privacy) = (&promise.terms, &promise.terms.privacy);
    let rho_nano = privacy.rho_nano();
    let [week, month, year] = promise.regulars;
    proto::GetPrivacyResponse {
        ledger: ledger.iter().map(ledger_entry).collect(),
        days: days.iter().map(day_ledger).collect(),
        later: promise.later.iter().map(self::terms).collect(),
        site: site.to_string(),
        profile: terms.profile.clone(),
        epsilon: privacy.epsilon,
        delta: privacy.delta,
        delta_keys: privacy.delta_keys(),
        rho_nano,
        bounds: Some(bounds(privacy.bounds)),
        mechanisms: promise.mechanisms.iter().map(|m| mechanism(m, rho_nano)).collect(),
        retention: kept.iter().map(retention).collect(),
        epsilon_week: week.epsilon,
        epsilon_month: month.epsilon,
        epsilon_year: year.epsilon,
        delta_week: week.delta,
        delta_month: month.delta,
        delta_year: year.delta,
        not_covered: crate::vault::NOT_COVERED.to_owned(),
        robot_list_date: headcount_model::keys::robot_list_date().to_owned(),
    }
}

fn retention(kept: &Retention) -> proto::Retention {
    proto::Retention { what: kept.what.to_owned(), how: kept.how.to_owned(), until: kept.until.to_owned() }
}

fn bounds(bounds: Bounds) -> proto::Bounds {
    proto::Bounds {
        views_per_visitor_day: bounds.views_per_visitor_day.into(),
        views_per_page: bounds.views_per_page.into(),
        attributes_per_visitor_day: 1,
    }
}

/// `total_rho_nano`: the whole budget of a visitor-day.
fn mechanism(mechanism: &Mechanism, total_rho_nano: u64) -> proto::Mechanism {
    let total = u128::from(total_rho_nano.max(1));
    let share = (u128::from(mechanism.rho_nano) * 10_000 + total / 2) / total;
    proto::Mechanism {
        table: table(mechanism.table).into(),
        period: kind(mechanism.period).into(),
        what: mechanism.what.name().to_owned(),
        share_basis_points: u32::try_from(share).unwrap_or(u32::MAX),
        rho_nano: mechanism.rho_nano,
        sensitivity_l2_squared: mechanism.l2_squared,
        sigma: mechanism.sigma_milli as f64 / 1e3,
        threshold: mechanism.threshold,
    }
}

fn ledger_entry(entry: &LedgerEntry) -> proto::LedgerEntry {
    proto::LedgerEntry {
        release: entry.release,
        kind: kind(entry.kind).into(),
        start: entry.start.clone(),
        sealed_at_unix_s: entry.sealed_at_unix_s,
        rho_nano: entry.rho_nano,
        gap: entry.gap.clone().unwrap_or_default(),
    }
}

/// The first day of terms; empty for the first terms of a site, which hold from the beginning.
fn terms_from(day: Day) -> String {
    if day == Day::from_number(i32::MIN) { String::new() } else { day.to_string() }
}

fn terms(terms: &Terms) -> proto::Terms {
    proto::Terms {
        from_date: terms_from(terms.from),
        profile: terms.profile.clone(),
        epsilon: terms.privacy.epsilon,
        delta: terms.privacy.delta,
        rho_nano: terms.privacy.rho_nano(),
        bounds: Some(bounds(terms.privacy.bounds)),
        tables: Table::ALL.into_iter().filter(|t| terms.tables.contains(*t)).map(|t| table(t).into()).collect(),
    }
}

fn day_ledger(ledger: &DayLedger) -> proto::DayLedger {
    let spent = |(period, release, rho_nano): &(Period, u64, u64)| proto::DaySpent {
        kind: kind(period.kind).into(),
        start: period.start.to_string(),
        release: *release,
        rho_nano: *rho_nano,
    };
    proto::DayLedger {
        date: ledger.day.to_string(),
        terms_from_date: terms_from(ledger.terms_from),
        promised_rho_nano: ledger.promised_rho_nano,
        spent_rho_nano: ledger.spent_rho_nano(),
        spent: ledger.spent.iter().map(spent).collect(),
    }
}
