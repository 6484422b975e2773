//! Mails of made-up answers against golden files, and what must hold of every mail: nothing within the noise is called a change, and
//! what visitors asked for stays text.

use std::collections::HashMap;

use headcount_model::format::Language;
use proptest::prelude::*;

use super::{ask::SiteAnswers, letter::Letter, *};
use crate::{golden::assert_text, proto};
use proto::{
    Change, GetOverviewResponse, GetTrafficResponse, Group, ListTopResponse, Missing, PeriodKind, Reason, Site,
    SiteOverview, Table, TopRow, TrafficChange, TrafficPoint, Value,
};

fn frame(language: Language) -> Frame {
    Frame {
        language,
        dashboard_url: Some("https://stats.example.jp/".to_owned()),
        sender: "stats.example.jp".to_owned(),
        now_unix_s: 1_793_600_000,
    }
}

fn value(estimate: i64, half: i64) -> Option<Value> {
    Some(Value { estimate: Some(estimate), low: estimate - half, high: estimate + half, ..Value::default() })
}

fn change(estimate: i64, half: i64) -> Option<Change> {
    let within_noise = estimate.abs() <= half;
    Some(Change {
        estimate: Some(estimate),
        low: estimate - half,
        high: estimate + half,
        within_noise,
        ..Change::default()
    })
}

fn top(table: Table, rows: &[(&str, i64, i64)]) -> ListTopResponse {
    let is_page = table == Table::Page;
    let row = |&(key, estimate, by): &(&str, i64, i64)| TopRow {
        key: key.to_owned(),
        visits: value(estimate, 21).filter(|_| !is_page),
        views: value(estimate, 21).filter(|_| is_page),
        change: change(by, 30),
        ..TopRow::default()
    };
    ListTopResponse { table: table.into(), rows: rows.iter().map(row).collect(), ..ListTopResponse::default() }
}

fn titles(english: &str, japanese: &str) -> HashMap<String, String> {
    [("en", english), ("ja", japanese)].map(|(tag, title)| (tag.to_owned(), title.to_owned())).into()
}

fn answers() -> SiteAnswers {
    let scope = proto::Scope {
        site: "embassy-fr".to_owned(),
        time_zone: "Europe/Paris".to_owned(),
        from_date: "2026-10-01".to_owned(),
        to_date: "2026-10-31".to_owned(),
    };
    let total = TrafficPoint {
        visits: value(8_518, 31),
        visitors: value(6_565, 81),
        views: value(19_712, 190),
        bounce_percent: Some(41.0),
        ..TrafficPoint::default()
    };
    let changes = TrafficChange { visits: change(218, 44), visitors: change(60, 115), views: change(-1_204, 269) };
    let missing = Missing { kind: PeriodKind::Day.into(), start: "2026-10-15".to_owned(), reason: Reason::Gap.into() };
    let site = Site {
        site: "embassy-fr".to_owned(),
        titles: titles("Embassy in France", "在フランス大使館"),
        last_date: "2026-10-31".to_owned(),
        next_due_unix_s: 1_793_599_000,
        ..Site::default()
    };
    let long = format!("/en/{}/", "a-very-long-name-of-a-page-".repeat(6));
    SiteAnswers {
        site,
        traffic: GetTrafficResponse {
            scope: Some(scope),
            total: Some(total),
            change: Some(changes),
            missing: vec![missing],
            ..GetTrafficResponse::default()
        },
        tops: vec![
            top(
                Table::Page,
                &[
                    ("/en/", 2_264, 20),
                    ("/en/visa/", 1_180, -420),
                    ("/ja/<b>&\"'", 1_109, 900),
                    ("/near/", 500, 40),
                    (&long, 90, 75),
                ],
            ),
            top(Table::Referrer, &[("(direct)", 3_000, 25), ("search: google", 1_200, 310)]),
            top(Table::Campaign, &[("newsletter / mail / october", 240, 240)]),
            top(Table::Error, &[("4xx /old/page", 130, 128)]),
        ],
    }
}

fn overview() -> GetOverviewResponse {
    let site = |name: &str, from: &str, visits: i64, by: i64| SiteOverview {
        site: name.to_owned(),
        title: format!("Embassy in {name}"),
        from_date: from.to_owned(),
        visits: value(visits, 39),
        change: change(by, 70),
        last_date: "2026-10-31".to_owned(),
        ..SiteOverview::default()
    };
    let mut sites = vec![
        site("Aurelia", "2026-10-01", 788, 51),
        site("Borduria", "2026-09-01", 640, 200),
        site("Freedonia", "2026-10-01", 2_108, -512),
        site("Sylvania", "2026-10-01", 1_310, 400),
        site("Tomainia", "", 0, 0),
    ];
    sites[0].gap_days = 1;
    sites[2].errors = change(310, 90);
    sites[3].next_due_unix_s = 1_793_599_000;
    let groups = vec![Group { group: "europe".to_owned(), titles: titles("Europe", "欧州") }];
    GetOverviewResponse { sites, groups, ..GetOverviewResponse::default() }
}

fn letter_of(answers: &SiteAnswers, language: Language) -> Letter {
    site::letter(answers, Period::Month, &frame(language)).expect("a mail")
}

#[test]
fn mails_are_as_reviewed() {
    for language in [Language::English, Language::Japanese] {
        let site = letter_of(&answers(), language);
        let all = overview::letter(&overview(), "europe", Period::Month, &frame(language)).expect("a mail");
        for (name, letter) in [("site", site), ("group", all)] {
            let tag = letter.language_tag();
            assert_text(
                &format!("mail/{name}.{tag}.txt"),
                &format!("Subject: {}\n\n{}", letter.subject(), letter.plain()),
            );
            assert_text(&format!("mail/{name}.{tag}.html"), &letter.html());
        }
    }
}

#[test]
fn a_week_is_named_by_its_ends_and_leads_to_its_page() {
    let mut of = answers();
    of.traffic.scope.as_mut().unwrap().from_date = "2026-10-19".to_owned();
    let letter = site::letter(&of, Period::Week, &frame(Language::English)).unwrap();
    assert_eq!(
        letter.subject(),
        "Embassy in France: 8,518 ± 31 visits in the week from 19 October 2026 to 25 October 2026"
    );
    let plain = letter.plain();
    assert!(plain.contains("218 ± 44 more than the week before"), "{plain}");
    assert!(plain.contains("https://stats.example.jp/s/embassy-fr/2026-W43\n"), "{plain}");
}

#[test]
fn where_nothing_changed_one_sentence_says_so() {
    let mut of = answers();
    of.traffic.change = Some(TrafficChange { visits: change(3, 44), ..TrafficChange::default() });
    of.tops.iter_mut().flat_map(|top| &mut top.rows).for_each(|row| row.change = change(5, 30));
    let letter = letter_of(&of, Language::English);
    assert!(letter.changes.is_empty());
    assert!(letter.plain().contains("Nothing changed clearly beyond the noise.\n"));
    assert!(letter.plain().contains("the difference from September is within the noise"));
}

#[test]
fn a_number_that_is_missing_says_why() {
    let mut of = answers();
    let gone = Value { reason: Reason::Gap.into(), ..Value::default() };
    of.traffic.total.as_mut().unwrap().visits = Some(gone);
    let letter = letter_of(&of, Language::English);
    assert_eq!(letter.subject(), "Embassy in France: October 2026");
    assert!(letter.plain().contains("—  the release of this period failed its own checks"), "{}", letter.plain());
}

#[test]
fn nothing_published_is_no_mail() {
    let error =
        overview::letter(&GetOverviewResponse::default(), "", Period::Week, &frame(Language::English)).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().starts_with("no week of any site is published yet; "), "{error}");
}

#[test]
fn a_mail_loads_nothing() {
    for language in [Language::English, Language::Japanese] {
        let html = letter_of(&answers(), language).html();
        for part in ["<img", "<script", "<link", "url(", "@import", "src=", "<iframe", "<form"] {
            assert!(!html.contains(part), "{part}");
        }
        // The one address is that of the dashboard.
        assert_eq!(html.matches("://").count(), 1);
        assert!(html.contains("/ja/&lt;b&gt;&amp;&quot;&#39;"));
    }
}

proptest! {
    #[test]
    fn no_row_within_the_noise_stands_under_changes(
        rows in proptest::collection::vec((-2_000_i64..2_000, 0_i64..2_000), 0..60), turned in any::<bool>(),
    ) {
        let mut of = answers();
        for top in &mut of.tops {
            let of_rows = rows.iter().enumerate().map(|(at, (by, half))| TopRow {
                key: format!("{}-{at}", by.abs() <= *half),
                views: value(100, 5),
                visits: value(100, 5),
                change: change(if turned { -by } else { *by }, *half),
                ..TopRow::default()
            });
            top.rows = of_rows.collect();
        }
        let letter = letter_of(&of, Language::English);
        for part in &letter.changes {
            prop_assert!(part.rows.iter().all(|row| row.name.starts_with("false-") && row.remark != "within the noise"));
        }
    }
}
