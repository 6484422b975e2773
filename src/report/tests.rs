//! Tests of the whole report as text and JSON: golden texts, widths, truth, empty data, all reasons.

use unicode_width::UnicodeWidthStr;

use super::{fixture::*, *};
use crate::proto::{GetPrivacyResponse, ListTopResponse, Reason, Value};

fn plain(width: usize) -> RenderOptions {
    RenderOptions { width, colour: false }
}

/// The lines from the one that starts with `from` up to the next empty one.
fn paragraph<'a>(text: &'a str, from: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| !line.starts_with(from));
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn the_traffic_table_reads_well_in_80_columns() {
    let text = render(&data(), None, &plain(80));
    let expected = "\
Traffic by day
day                         visits            visitors               views
2026-11-22 Sun  1,204 ± 20          1,204 ± 20          2,700 ± 55
2026-11-23 Mon     12 (0 to 32) ~0     12 (0 to 32) ~0     40 (0 to 95) ~0
2026-11-24 Tue     —¹                  —¹                  —¹
2026-11-25 Wed  1,238 ± 20          1,238 ± 20          2,610 ± 55
──────────────────────────────────────────────────────────────────────────
total           2,454 ± 35             —²               5,350 ± 96
compared with   2,000 ± 35             —²               5,300 ± 96
change           +454 ± 60 (+23 %)                  —²    within the noise
Page views a visit: 2.2. Visits with a single page view: 61 %. Visits cut by a
  daily bound: 120 ± 31. The total is made of 1 day as published. Compared with
  2026-11-18 to 2026-11-21.";
    assert_eq!(paragraph(&text, "Traffic by day").join("\n"), expected);
    assert!(!text.contains('█') && !text.contains('\u{1b}'), "{text}");
    assert_eq!(paragraph(&text, "Missing").len(), 3);
    assert!(text.contains("—² distinct visitors do not add up"), "{text}");
}

#[test]
fn the_head_names_site_range_zone_and_guarantee() {
    let text = render(&data(), None, &plain(100));
    let head: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(
        head,
        [
            "www.example.jp",
            "2026-11-22 to 2026-11-25, time zone Asia/Tokyo",
            "Noise hides any one visitor's day: (3, 1e-7)-differentially private over everything ever published.",
        ]
    );
}

#[test]
fn breakdowns_stand_side_by_side_from_100_columns_on() {
    let narrow = render(&data(), None, &plain(80));
    let expected = "\
Pages  2026-10-01 to 2026-10-31
              views    visitors
/        4,000 ± 25  2,000 ± 25
/visa/     900 ± 25    450 ± 25
(other)     90 ± 60
Left out because within the noise: 1 of 3 keys.
This site has no list of its pages, so a page stays in (other) until so many
visitors saw it that no single one can be told. With a list every page has a row
from the first day: `sitemap` or `hosts` in the configuration, or `headcount
serve --sitemap FILE-OR-URL`.";
    assert_eq!(paragraph(&narrow, "Pages").join("\n"), expected);
    assert_eq!(paragraph(&narrow, "Browsers").len(), 5);
    let wide = render(&data(), None, &plain(100));
    let expected = "\
Referrers  2026-10-01 to 2026-10-31                 Browsers  2026-10-01 to 2026-10-31
             visits                                                  visits
(none)   3,000 ± 25                                 Chrome 142   2,000 ± 25
google   1,200 ± 25                                 Firefox 145    700 ± 25
(other)     90 ± 60                                 (other)         90 ± 60";
    assert_eq!(paragraph(&wide, "Referrers").join("\n"), expected);
    assert!(wide.contains('█'), "bars from 100 columns on");
}

#[test]
fn the_truth_stands_beside_the_estimates() {
    let summary = summarize(&data(), &truth());
    assert_eq!((summary.holding, summary.intervals), (12, 15));
    assert_eq!((summary.months[0].exact, summary.months[0].published.estimate), (9_000, Some(9_100)));
    assert_eq!(summary.weeks[0].start, "2026-11-23");
    let text = render(&data(), Some(&truth()), &plain(140));
    assert!(
        text.contains(
            "2026-11-23 Mon     12 (0 to 32) ~0     40*     12 (0 to 32) ~0     40*     40 (0 to 95) ~0     60"
        )
    );
    assert!(text.contains("/visa/     900 ± 25    800*    450 ± 25\n"), "{text}");
    // "(other)" is known too: the whole less the published keys.
    assert!(text.contains("(other)     90 ± 60     70\n"), "{text}");
    assert!(text.contains("12 of 15 intervals hold the true value"), "{text}");
    assert!(text.contains("Visitors of the month from 2026-11-01: 9,100 ± 180, exactly 9,000."), "{text}");
}

#[test]
fn the_truth_of_the_rest_needs_every_key() {
    let mut data = data();
    let numbers = data.numbers.as_mut().expect("published");
    numbers.tops[0].keys = 4;
    let text = render(&data, Some(&truth()), &plain(140));
    assert!(text.contains("Of the 3 largest of 4 keys, 2 are above the noise."), "{text}");
    assert_eq!(summarize(&data, &truth()).intervals, 14);
}

#[test]
fn a_series_without_gaps_compares_its_total() {
    let mut data = data();
    let numbers = data.numbers.as_mut().expect("published");
    numbers.traffic.missing.clear();
    numbers.traffic.points.remove(2);
    // Visits 2,454 ± 35 hold 2,480; views 5,350 ± 96 hold 5,348.
    let summary = summarize(&data, &truth());
    assert_eq!((summary.holding, summary.intervals), (14, 17));
}

fn huge() -> ReportData {
    let mut data = data();
    let numbers = data.numbers.as_mut().expect("published");
    let most = Value { estimate: Some(i64::MAX), low: 0, high: i64::MAX, ..value(0, 0) };
    let series = [Some(&mut numbers.traffic), numbers.weeks.as_mut(), numbers.months.as_mut()];
    for point in series.into_iter().flatten().flat_map(|series| &mut series.points) {
        (point.visits, point.visitors, point.views) = (Some(most), Some(most), Some(most));
    }
    for row in numbers.tops.iter_mut().flat_map(|top| &mut top.rows) {
        row.key = format!("/{}/終わり.html", "とても長い名前".repeat(9));
        let clear = Value { noisy_zero: false, ..most };
        row.visits = row.visits.map(|_| clear);
        row.views = row.views.map(|_| clear);
        row.visitors = row.visitors.map(|_| clear);
    }
    data
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 80, 100, 140] {
        for truth in [None, Some(&truth())] {
            for data in [data(), huge()] {
                let text = render(&data, truth, &plain(width));
                for line in text.lines() {
                    assert!(line.width() <= width, "{} of {width} columns: {line}", line.width());
                    assert_eq!(line, line.trim_end());
                }
            }
        }
    }
    let text = render(&huge(), None, &plain(80));
    assert!(text.contains("9.22E ± 9.22E ~0"), "{text}");
    assert!(text.contains("とても") && text.contains('…') && text.contains("終わり.html"), "{text}");
}

#[test]
fn colours_change_nothing_but_colours() {
    for width in [80, 140] {
        let coloured = render(&data(), Some(&truth()), &RenderOptions { width, colour: true });
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_ne!(coloured, stripped);
        assert_eq!(stripped, render(&data(), Some(&truth()), &plain(width)));
    }
    let coloured = render(&data(), None, &RenderOptions { width: 80, colour: true });
    assert!(coloured.contains("\u{1b}[2m   12 (0 to 32) ~0\u{1b}[0m"), "{coloured:?}");
}

#[test]
fn every_reason_is_explained_and_answers_without_numbers_are_drawn() {
    let mut data = data();
    let numbers = data.numbers.as_mut().expect("published");
    numbers.traffic.points = (0..=6)
        .map(|n| {
            let value = absent(Reason::try_from(n).expect("a reason"));
            point("2026-11-22", "2026-11-22", [value; 3])
        })
        .collect();
    let text = render(&data, None, &plain(80));
    for mark in [
        "—¹ the server",
        "—² the period",
        "—³ nothing",
        "—⁴ distinct",
        "—⁵ this number",
        "—⁶ the release",
        "—⁷ the hours",
    ] {
        assert!(text.contains(&format!("\n{mark}")), "{mark} in {text}");
    }
    data.numbers = Some(Numbers { tops: vec![ListTopResponse::default()], ..Numbers::default() });
    let text = render(&data, Some(&truth()), &plain(80));
    assert!(text.contains("No key is published for this range.") && text.contains("0 of 0 intervals"), "{text}");
}

#[test]
fn json_has_stable_keys_and_no_null_that_means_zero() {
    let json = report_json(&data());
    let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["months", "privacy", "site", "sites", "tops", "traffic", "weeks"]);
    assert_eq!(
        json["traffic"]["points"][1]["visits"],
        serde_json::json!({
            "estimate": 12, "low": 0, "high": 32, "standard_error": 10.0, "noisy_zero": true, "reason": null,
        })
    );
    let gap = &json["traffic"]["points"][2]["visits"];
    assert_eq!((&gap["estimate"], &gap["reason"]), (&serde_json::Value::Null, &serde_json::json!("gap")));
    assert_eq!(json["traffic"]["granularity"], "day");
    assert_eq!(json["tops"][0]["rows"][0]["visits"], serde_json::Value::Null);
    assert_eq!(json["tops"][2]["key_space"], "public");
    assert_eq!(json["privacy"]["mechanisms"][0]["period"], "month");
    assert!(report_json(&ReportData::default())["traffic"].is_null());
}

#[test]
fn the_privacy_page_says_it_plainly() {
    let text = render_privacy(&privacy(), &plain(80));
    for line in text.lines() {
        assert!(line.width() <= 80, "{line}");
    }
    for expected in [
        "Whether one visitor's day on this site was counted changes the probability of",
        "taken together, by at most a factor of\n20.1, plus 1e-7 (",
        "8 page views in all, 2 of any one page.",
        "every day of a week       8.9                   7,332",
        "every day of a year       120     more than a million",
        "9.21 %",
        "Pages  month   counters  14.00 %  0.02128  √8   13.7         78",
        "open counters: encrypted; until the period is published.",
        "     42  day     2026-11-24  2026-11-29 15:00  0.076",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let empty = render_privacy(&GetPrivacyResponse::default(), &plain(80));
    assert!(empty.contains("Nothing is released yet."), "{empty}");
}
