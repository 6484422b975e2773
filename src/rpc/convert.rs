//! From answers and releases to the protocol's messages. Decides nothing: every number passes through as it is.

use crate::{
    calendar::{Calendar, Day, Period, PeriodKind},
    proto,
    query::{
        number::{Number, Why},
        range::Range,
        top::{Row, Top},
        traffic::{Figures, Point, Traffic},
        words::{self, Metric},
    },
    vault::{Bounds, DayLedger, KeySpace, Mechanism, Release, SiteInfo, Table, Terms},
};

pub(super) fn value(number: &Number) -> proto::Value {
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
    }
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

fn scope(site: &SiteInfo, range: Option<Range>) -> proto::Scope {
    let date = |day: Option<Day>| day.map(|d| d.to_string()).unwrap_or_default();
    proto::Scope {
        site: site.name.to_string(),
        time_zone: site.calendar.zone_name().to_owned(),
        from_date: date(range.map(|r| r.from)),
        to_date: date(range.map(|r| r.to)),
    }
}

/// How the start of a release's period is written. A release knows the zone it was cut by.
pub(super) fn start(release: &Release) -> String {
    label(release, release.period)
}

fn label(release: &Release, period: Period) -> String {
    Calendar::new(&release.zone).map_or_else(|_| period.start.to_string(), |calendar| calendar.label(period))
}

fn block(release: &Release) -> proto::Block {
    proto::Block { kind: kind(release.kind()).into(), start: release.period.start.to_string(), release: release.number }
}

fn missing((day, why): &(Day, Why)) -> proto::Missing {
    proto::Missing { kind: proto::PeriodKind::Day.into(), start: day.to_string(), reason: reason(*why).into() }
}

fn definition((metric, text): (Metric, String)) -> proto::MetricDefinition {
    let metric = match metric {
        Metric::Visits => proto::Metric::Visits,
        Metric::Views => proto::Metric::Views,
        Metric::Visitors => proto::Metric::Visitors,
        Metric::LimitedVisits => proto::Metric::LimitedVisits,
    };
    proto::MetricDefinition { metric: metric.into(), text }
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

pub(super) fn traffic(
    site: &SiteInfo,
    granularity: PeriodKind,
    bounds: Bounds,
    answer: &Traffic,
) -> proto::GetTrafficResponse {
    proto::GetTrafficResponse {
        scope: Some(scope(site, answer.range)),
        granularity: kind(granularity).into(),
        points: answer.points.iter().map(point).collect(),
        total: Some(point(&answer.total)),
        previous: Some(point(&answer.previous)),
        blocks: answer.blocks.iter().map(|b| block(b)).collect(),
        missing: answer.missing.iter().map(missing).collect(),
        definitions: words::of_traffic(bounds).into_iter().map(definition).collect(),
    }
}

pub(super) fn top(site: &SiteInfo, asked: Table, bounds: Bounds, answer: Top) -> proto::ListTopResponse {
    let row = |row: Row| {
        let count = Some(value(&row.count));
        let (visits, views) = if asked == Table::Page { (None, count) } else { (count, None) };
        proto::TopRow { key: row.key, visits, views, visitors: row.visitors.as_ref().map(value) }
    };
    proto::ListTopResponse {
        scope: Some(scope(site, answer.range)),
        table: table(asked).into(),
        other: answer.other.as_ref().map(value),
        keys: answer.keys,
        next_page_token: answer.next_page_token,
        blocks: answer.blocks.iter().map(|b| block(b)).collect(),
        missing: answer.missing.iter().map(missing).collect(),
        definitions: words::of_top(asked, bounds).into_iter().map(definition).collect(),
        key_space: key_space(asked, site).into(),
        source: String::new(),
        rows: answer.rows.into_iter().map(row).collect(),
        percentiles: answer
            .percentiles
            .into_iter()
            .map(|(percent, value)| proto::Percentile { percent, value })
            .collect(),
    }
}

pub(super) fn bounds(bounds: Bounds) -> proto::Bounds {
    proto::Bounds {
        views_per_visitor_day: bounds.views_per_visitor_day.into(),
        views_per_page: bounds.views_per_page.into(),
        attributes_per_visitor_day: 1,
    }
}

/// `total_rho_nano`: the whole budget of a visitor-day.
pub(super) fn mechanism(mechanism: &Mechanism, total_rho_nano: u64) -> proto::Mechanism {
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

pub(super) fn ledger_entry(release: &Release) -> proto::LedgerEntry {
    proto::LedgerEntry {
        release: release.number,
        kind: kind(release.kind()).into(),
        start: start(release),
        sealed_at_unix_s: release.sealed_at_unix_s,
        rho_nano: release.rho_nano(),
        gap: release.gap.clone().unwrap_or_default(),
    }
}

/// The first day of terms; empty for the first terms of a site, which hold from the beginning.
fn terms_from(day: Day) -> String {
    if day == Day::from_number(i32::MIN) { String::new() } else { day.to_string() }
}

pub(super) fn terms(terms: &Terms) -> proto::Terms {
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

pub(super) fn day_ledger(ledger: &DayLedger) -> proto::DayLedger {
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

pub(super) fn notice(release: &Release) -> proto::WatchReleasesResponse {
    proto::WatchReleasesResponse {
        release: release.number,
        site: release.site.to_string(),
        kind: kind(release.kind()).into(),
        start: start(release),
    }
}

pub(super) fn export(release: &Release) -> proto::ExportReleasesResponse {
    proto::ExportReleasesResponse {
        release: release.number,
        site: release.site.to_string(),
        time_zone: release.zone.clone(),
        kind: kind(release.kind()).into(),
        start: start(release),
        gap: release.gap.clone().unwrap_or_default(),
        rho_nano: release.rho_nano(),
        counters: counters(release),
    }
}

/// All counters of a release: the site's, its hours' (the key is the hour's start), then those of the tables.
fn counters(release: &Release) -> Vec<proto::ExportedCounter> {
    let mut all = Vec::new();
    let mut add = |of: Table, key: &str, counter: &str, value: i64, error_milli: u64| {
        all.push(proto::ExportedCounter {
            table: table(of).into(),
            key: key.to_owned(),
            counter: counter.to_owned(),
            value,
            standard_error: error_milli as f64 / 1e3,
        });
    };
    if let Some(numbers) = &release.site_numbers {
        for (rank, noisy) in (1..).zip(&numbers.ranks) {
            add(Table::Site, "", &format!("access-{rank}"), noisy.count, noisy.sigma_milli);
        }
        add(Table::Site, "", "limited", numbers.limited.count, numbers.limited.sigma_milli);
        if let Some(visitors) = numbers.visitors {
            add(Table::Site, "", "visitors", whole(visitors.estimate_milli), visitors.standard_error_milli);
        }
    }
    for hour in &release.hours {
        let key = label(release, Period::hour(release.period.start, hour.hour));
        for (position, count) in hour.counts.iter().enumerate() {
            add(Table::Site, &key, &hour_counter(position), *count, hour.sigma_milli);
        }
    }
    for numbers in &release.tables {
        let names: &[&str] = if numbers.table == Table::Page { &["first-views", "repeat-views"] } else { &["visits"] };
        for key in &numbers.keys {
            if key.counts.is_empty() {
                add(numbers.table, &key.key, "published", 1, 0);
            }
            for (name, count) in names.iter().zip(&key.counts) {
                add(numbers.table, &key.key, name, *count, numbers.sigma_milli);
            }
            if let Some(visitors) = key.visitors {
                let value = whole(visitors.estimate_milli);
                add(numbers.table, &key.key, "visitors", value, visitors.standard_error_milli);
            }
        }
    }
    all
}

fn hour_counter(position: usize) -> String {
    match position {
        0 => "hour-visit".to_owned(),
        1 => "hour-arrival".to_owned(),
        rank => format!("hour-access-{rank}"),
    }
}

/// Thousandths, rounded to the nearest whole.
fn whole(milli: i64) -> i64 {
    milli.saturating_add(500).div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        query::fixture::{self, Memory},
        vault::Measured,
    };

    #[test]
    fn every_table_is_the_protocols_and_every_one_of_the_protocol_is_a_table() {
        for ours in Table::ALL {
            let name = ours.name().to_uppercase().replace('-', "_");
            assert_eq!(table(ours).as_str_name(), format!("TABLE_{name}"));
            assert_eq!(asked_table(table(ours) as i32), Some(ours));
        }
        for number in -1..1_000 {
            assert_eq!(proto::Table::try_from(number).is_ok(), asked_table(number).is_some(), "{number}");
        }
    }

    #[test]
    fn counters_have_the_names_that_the_protocol_promises() {
        let mut memory = Memory::new(&["www"]);
        let release = memory.put(Period::day(Day::from_number(20_000)), &[9, -2]);
        release.hours = vec![fixture::hour(7, &[1, 2, 3])];
        let mut pages = fixture::table(Table::Page, &[("/", &[5, -6])]);
        pages.keys[0].visitors = Some(Measured { estimate_milli: -1_600, standard_error_milli: 2_500 });
        release.tables = vec![pages, fixture::table(Table::Os, &[("Linux", &[4])])];
        let counters = export(release).counters;
        let all: Vec<_> = counters.iter().map(|c| (c.key.as_str(), c.counter.as_str(), c.value)).collect();
        let hour = "2024-10-04T07:00+02:00";
        let expected = [
            ("", "access-1", 9),
            ("", "access-2", -2),
            ("", "limited", 3),
            (hour, "hour-visit", 1),
            (hour, "hour-arrival", 2),
            (hour, "hour-access-2", 3),
            ("/", "first-views", 5),
            ("/", "repeat-views", -6),
            ("/", "visitors", -2),
            ("Linux", "visits", 4),
        ];
        assert_eq!(all, expected);
        assert_eq!(counters[8].standard_error, 2.5);
    }
}
