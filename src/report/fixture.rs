//! Hand-built answers for the tests of this room. Nothing here comes from a server or from real data.

use super::{Numbers, ReportData, TruthColumns, TruthDay};
use crate::proto::{
    Block, Bounds, Change, GetPrivacyResponse, GetTrafficResponse, KeySpace, LedgerEntry, ListTopResponse, Mechanism,
    Metric, MetricDefinition, Missing, PeriodKind, Reason, Retention, Scope, Site, Table, TopRow, TrafficChange,
    TrafficPoint, Value,
};

pub(super) fn value(estimate: i64, half: i64) -> Value {
    Value {
        estimate: Some(estimate),
        low: (estimate - half).max(0),
        high: estimate + half,
        standard_error: 10.0,
        noisy_zero: estimate <= half,
        reason: 0,
    }
}

pub(super) fn absent(reason: Reason) -> Value {
    Value { reason: i32::from(reason), ..Value::default() }
}

pub(super) fn scope(from: &str, to: &str) -> Option<Scope> {
    Some(Scope {
        site: "www.example.jp".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
        from_date: from.to_owned(),
        to_date: to.to_owned(),
    })
}

pub(super) fn point(start: &str, end: &str, [visits, visitors, views]: [Value; 3]) -> TrafficPoint {
    TrafficPoint {
        start: start.to_owned(),
        end: end.to_owned(),
        visits: Some(visits),
        visitors: Some(visitors),
        views: Some(views),
        ..TrafficPoint::default()
    }
}

pub(super) fn day(date: &str, visits: i64, views: i64) -> TrafficPoint {
    point(date, date, [value(visits, 20), value(visits, 20), value(views, 55)])
}

pub(super) fn traffic() -> GetTrafficResponse {
    let not_add = absent(Reason::VisitorsDoNotAdd);
    let gone = absent(Reason::Gap);
    let total = point("2026-11-22", "2026-11-25", [value(2_454, 35), not_add, value(5_350, 96)]);
    GetTrafficResponse {
        scope: scope("2026-11-22", "2026-11-25"),
        granularity: i32::from(PeriodKind::Day),
        points: vec![
            day("2026-11-22", 1_204, 2_700),
            day("2026-11-23", 12, 40),
            point("2026-11-24", "2026-11-24", [gone, gone, gone]),
            day("2026-11-25", 1_238, 2_610),
        ],
        total: Some(TrafficPoint {
            bounce_percent: Some(61.2),
            views_per_visit: Some(2.18),
            limited_visits: Some(value(120, 31)),
            ..total
        }),
        previous: Some(point("2026-11-18", "2026-11-21", [value(2_000, 35), not_add, value(5_300, 96)])),
        blocks: vec![Block { kind: i32::from(PeriodKind::Day), start: "2026-11-22".to_owned(), release: 7 }],
        missing: vec![Missing {
            kind: i32::from(PeriodKind::Day),
            start: "2026-11-24".to_owned(),
            reason: i32::from(Reason::Gap),
        }],
        definitions: vec![MetricDefinition {
            metric: i32::from(Metric::Visits),
            text: "A visitor's accesses to one site from local midnight to midnight are one visit.".to_owned(),
        }],
        change: Some(TrafficChange {
            visits: Some(Change { estimate: Some(454), low: 394, high: 514, percent: Some(22.7), ..Change::default() }),
            views: Some(Change { estimate: Some(53), low: -95, high: 201, within_noise: true, ..Change::default() }),
            visitors: Some(Change { reason: i32::from(Reason::VisitorsDoNotAdd), ..Change::default() }),
        }),
        ..GetTrafficResponse::default()
    }
}

pub(super) fn top(table: Table, rows: &[(&str, i64)]) -> ListTopResponse {
    let row = |(key, estimate): &(&str, i64)| {
        let pages = table == Table::Page;
        TopRow {
            key: (*key).to_owned(),
            visits: (!pages).then(|| value(*estimate, 25)),
            views: pages.then(|| value(*estimate, 25)),
            visitors: pages.then(|| value(*estimate / 2, 25)),
            ..TopRow::default()
        }
    };
    ListTopResponse {
        scope: scope("2026-10-01", "2026-10-31"),
        table: i32::from(table),
        rows: rows.iter().map(row).collect(),
        other: Some(value(90, 60)),
        keys: u64::try_from(rows.len()).unwrap_or(0),
        key_space: i32::from(if table == Table::Browser { KeySpace::Public } else { KeySpace::Open }),
        ..ListTopResponse::default()
    }
}

pub(super) fn privacy() -> GetPrivacyResponse {
    GetPrivacyResponse {
        site: "www.example.jp".to_owned(),
        profile: "standard".to_owned(),
        epsilon: 3.0,
        delta: 1e-7,
        delta_keys: 1e-8,
        robot_list_date: "2026-11-28".to_owned(),
        rho_nano: 152_000_000,
        bounds: Some(Bounds { views_per_visitor_day: 8, views_per_page: 2, attributes_per_visitor_day: 1 }),
        mechanisms: vec![Mechanism {
            table: i32::from(Table::Page),
            period: i32::from(PeriodKind::Month),
            what: "counters".to_owned(),
            share_basis_points: 1_400,
            rho_nano: 21_280_000,
            sensitivity_l2_squared: 8,
            sigma: 13.71,
            threshold: 78,
        }],
        later: Vec::new(),
        days: Vec::new(),
        ledger: vec![LedgerEntry {
            release: 42,
            kind: i32::from(PeriodKind::Day),
            start: "2026-11-24".to_owned(),
            sealed_at_unix_s: 1_795_964_400,
            rho_nano: 76_000_000,
            gap: String::new(),
        }],
        retention: vec![Retention {
            what: "open counters".to_owned(),
            how: "encrypted".to_owned(),
            until: "the period is published".to_owned(),
        }],
        epsilon_week: 8.9,
        epsilon_month: 21.25,
        epsilon_year: 120.0,
        delta_week: 9.1e-8,
        delta_month: 0.0921,
        delta_year: 0.69,
        not_covered: "The first day is exact.".into(),
    }
}

pub(super) fn site() -> Site {
    Site {
        site: "www.example.jp".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
        profile: "standard".to_owned(),
        first_date: "2026-10-01".to_owned(),
        last_date: "2026-11-25".to_owned(),
        last_visits: Some(value(1_238, 20)),
        releases: 60,
        ..Site::default()
    }
}

pub(super) fn data() -> ReportData {
    let month = point("2026-11-01", "2026-11-30", [value(30_000, 60), value(9_100, 180), value(70_000, 140)]);
    let months = GetTrafficResponse {
        scope: scope("2026-11-01", "2026-11-30"),
        granularity: i32::from(PeriodKind::Month),
        points: vec![month],
        ..GetTrafficResponse::default()
    };
    let week = point("2026-11-23", "2026-11-29", [value(8_000, 40), value(3_000, 90), value(9_000, 70)]);
    let weeks = GetTrafficResponse {
        scope: scope("2026-11-16", "2026-11-29"),
        granularity: i32::from(PeriodKind::Week),
        points: vec![week],
        ..GetTrafficResponse::default()
    };
    let tops = vec![
        top(Table::Page, &[("/", 4_000), ("/visa/", 900), ("/rare", 12)]),
        top(Table::Referrer, &[("", 3_000), ("google", 1_200)]),
        top(Table::Browser, &[("Chrome 142", 2_000), ("Firefox 145", 700)]),
    ];
    ReportData {
        sites: vec![site()],
        site: Some(site()),
        privacy: Some(privacy()),
        numbers: Some(Numbers {
            traffic: traffic(),
            weeks: Some(weeks),
            months: Some(months),
            tops,
            ..Numbers::default()
        }),
    }
}

/// The truth of [`data`]: the day of 23 November and the page /visa/ lie outside their intervals.
pub(super) fn truth() -> TruthColumns {
    let mut truth = TruthColumns::default();
    for (date, visits, views) in [("2026-11-22", 1_200, 2_688), ("2026-11-23", 40, 60), ("2026-11-25", 1_240, 2_600)] {
        truth.days.insert(date.to_owned(), TruthDay { visits, visitors: visits, views });
    }
    let pages = [("/", 4_010), ("/visa/", 800), ("/rare", 0), ("/hidden", 70)];
    let pages = pages.map(|(key, views)| (key.to_owned(), views));
    truth.tables.insert(i32::from(Table::Page), pages.into_iter().collect());
    truth.month_visitors.insert("2026-11-01".to_owned(), 9_000);
    truth.week_visitors.insert("2026-11-23".to_owned(), 3_010);
    truth
}
