//! The room as a whole, over releases in memory: what each file holds, and what is refused in which words.

use super::*;
use crate::{
    answers::tests::Shelf,
    calendar::{Day, Period},
    query::fixture::table,
    vault::Table,
};

/// Two days of October 2026 with numbers and a gap between them, at a site of Paris; another site without any.
fn answers() -> Answers<Shelf> {
    let shelf = Shelf::new(&["empty", "a.site"]);
    let day = |day: i8| Period::day(Day::from_date(jiff::civil::date(2026, 10, day)));
    let mut memory = shelf.memory.write().unwrap();
    for (number, visits) in [(24, 100), (25, 0), (26, 140)] {
        let release = memory.put(day(number), &[visits, 40]);
        let pages = table(Table::Page, &[("/", &[60, 20]), ("=1+1,\"x\"", &[30, 0])]);
        release.tables = vec![pages, table(Table::Campaign, &[("@x / mail / y", &[50])])];
        if number == 25 {
            release.gap = Some("on purpose".to_owned());
        }
    }
    drop(memory);
    Answers::new(shelf, crate::telemetry::Refusals::default())
}

async fn text(path: &str, query: &str) -> String {
    let answer =
        answer(&answers(), &Scope::All, path, query).await.unwrap_or_else(|error| panic!("{path}?{query}: {error}"));
    String::from_utf8(answer.body).unwrap()
}

async fn refused(path: &str, query: &str) -> (ErrorKind, String) {
    let error = answer(&answers(), &Scope::All, path, query).await.expect_err(path);
    (error.kind, error.message)
}

#[tokio::test]
async fn a_series_has_a_row_for_each_point_and_metric() {
    let range = "from=2026-10-24&to=2026-10-26";
    let found = text("a.site/traffic.csv", &format!("{range}&metric=visits")).await;
    // The clock goes back on the 25th.
    let expected = "\u{feff}time,site,metric,estimate,low,high,standard_error,reason\r\n\
         2026-10-24T00:00:00+02:00,a.site,visits,100,96,104,2,\r\n\
         2026-10-25T00:00:00+02:00,a.site,visits,,,,,gap\r\n\
         2026-10-26T00:00:00+01:00,a.site,visits,140,136,144,2,\r\n";
    assert_eq!(found, expected);
    let all = text("a.site/traffic.csv", range).await;
    assert_eq!(all.lines().count(), 1 + 3 * ask::METRICS.len());
    let hours = text("a.site/traffic.csv", &format!("{range}&by=hour&metric=visits")).await;
    assert_eq!(hours.lines().count(), 1 + 24 + 25 + 24);
    assert!(hours.contains("\r\n2026-10-25T02:00:00+01:00,a.site,visits,,,,,gap\r\n"));
    let months = text("a.site/traffic.csv", &format!("{range}&by=month&metric=visitors,visits&symbols=ja")).await;
    assert!(
        months.ends_with("visitors,…,,,,not_sealed\r\n2026-10-01T00:00:00+02:00,a.site,visits,…,,,,not_sealed\r\n")
    );
}

#[tokio::test]
async fn a_breakdown_has_its_keys_the_rest_and_the_days_that_are_missing() {
    let found = text("a.site/pages.csv", "from=2026-10-24&to=2026-10-26").await;
    let mut reader = ::csv::Reader::from_reader(found.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let names: Vec<[&str; 2]> = rows.iter().map(|row| [row[4].as_str(), row[5].as_str()]).collect();
    let expected = [
        ["/", "views"],
        ["/", "visitors"],
        ["'=1+1,\"x\"", "views"],
        ["'=1+1,\"x\"", "visitors"],
        ["(other)", "views"],
        ["", "views"],
    ];
    assert_eq!(names, expected);
    assert_eq!(rows[0][..4], ["2026-10-24", "2026-10-26", "a.site", "pages"]);
    assert_eq!(rows[0][6], "160");
    assert_eq!((rows[1][6].as_str(), rows[1][10].as_str()), ("", "visitors_do_not_add"));
    assert_eq!(rows[5], ["2026-10-25", "2026-10-25", "a.site", "pages", "", "views", "", "", "", "", "gap"]);
}

#[tokio::test]
async fn json_says_what_csv_says() {
    let json = text("a.site/campaigns.json", "from=2026-10-24&to=2026-10-24").await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["key"], "@x / mail / y");
    assert_eq!((&rows[0]["metric"], &rows[0]["estimate"]), (&"visits".into(), &50.into()));
    assert!(rows[0]["low"].is_i64() && rows[0]["standard_error"].is_f64() && rows[0]["reason"].is_null());
    let csv = text("a.site/campaign.csv", "from=2026-10-24&to=2026-10-24").await;
    assert!(csv.contains(",'@x / mail / y,visits,50,"), "{csv}");
    assert_eq!(csv.lines().count(), rows.len() + 1);
}

#[tokio::test]
async fn all_sites_are_in_one_file() {
    let sites = text("sites.csv", "").await;
    let expected = "\u{feff}site,title_en,title_ja,group,country,time_zone,profile,first_date,last_date\r\n\
         a.site,,,,,Europe/Paris,standard,2026-10-24,2026-10-26\r\n";
    assert!(sites.starts_with(expected), "{sites}");
    assert_eq!(sites.lines().count(), 3);
    let overview = text("overview.csv", "month=2026-10").await;
    assert_eq!(overview.lines().count(), 1 + 2 * ask::METRICS.len());
    assert!(overview.contains("2026-10-01T00:00:00+02:00,a.site,visits,,,,,not_sealed\r\n"), "{overview}");
    assert_eq!(text("overview.csv", "").await, overview);
}

#[tokio::test]
async fn a_file_has_a_type_and_a_name_of_its_own() {
    let of = |path, query| async move { answer(&answers(), &Scope::All, path, query).await.unwrap() };
    let csv = of("%61.site/traffic.csv", "from=2026-10-24&to=2026-10-26&by=week").await;
    assert_eq!(csv.name, "a.site-traffic-week-2026-10-24-2026-10-26.csv");
    assert_eq!(csv.content_type, "text/csv; charset=utf-8; header=present");
    let json = of("overview.json", "month=2026-10").await;
    assert_eq!((json.name.as_str(), json.content_type), ("overview-2026-10.json", "application/json"));
    assert_eq!(of("a.site/pages.csv", "").await, of("a.site/page.csv", "").await);
}

#[tokio::test]
async fn what_is_not_there_is_said_with_what_is() {
    for (path, words) in [
        ("", "there is no file \"\""),
        ("visitors.csv", "There are sites, overview and"),
        ("a.site/visitors.csv", "pages, referrers"),
        ("a.site/pages.xlsx", "each as .csv and .json"),
        ("a.site/pages", "there is no file"),
        ("a.site/x/pages.csv", "there is no file"),
        ("/pages.csv", "there is no file"),
        ("nowhere/pages.csv", "there is no site \"nowhere\". Known sites: a.site, empty"),
        ("%ff/pages.csv", "not UTF-8"),
        ("../traffic.csv", "there is no site \"..\""),
    ] {
        let (kind, message) = refused(path, "").await;
        assert_eq!(kind, ErrorKind::NotFound, "{path}");
        assert!(message.contains(words), "{path}: {message}");
    }
}

#[tokio::test]
async fn a_parameter_that_cannot_be_had_is_refused_with_what_is_allowed() {
    for (path, query, words) in [
        (
            "a.site/traffic.csv",
            "by=quarter",
            "by: \"quarter\" is no length of a period. Allowed: hour, day, week, month",
        ),
        ("a.site/traffic.csv", "from=yesterday", "from: \"yesterday\" is no such date. Allowed: a date such as"),
        ("a.site/traffic.csv", "from=2026-10-26&to=2026-10-24", "from: 2026-10-26 is after"),
        ("a.site/traffic.csv", "from=1999-01-01", "Allowed: at most"),
        ("a.site/traffic.csv", "from=2024-01-01&by=hour", "by: 2024-01-01 to 2026-10-26 by hour is more than"),
        ("a.site/traffic.csv", "metric=visits,clicks", "metric: \"clicks\" is no metric. Allowed: visits, views"),
        (
            "a.site/traffic.csv",
            "form=2026-10-24",
            "form: this file has no such parameter. Allowed: from, to, by, metric",
        ),
        ("a.site/pages.csv", "by=day", "by: this file has no such parameter. Allowed: from, to, symbols"),
        ("a.site/pages.csv", "from=2026-10-24&from=2026-10-25", "from: it is there twice"),
        ("a.site/pages.json", "symbols=ja", "symbols: \"ja\" is not known for .json"),
        ("overview.csv", "month=2026-13", "month: \"2026-13\" is no month. Allowed: a month such as 2026-10"),
        ("sites.csv", "%ff=1", "not UTF-8"),
    ] {
        let (kind, message) = refused(path, query).await;
        assert_eq!(kind, ErrorKind::BadRequest, "{path}?{query}");
        assert!(message.contains(words), "{path}?{query}: {message}");
    }
    let long = "x".repeat(3_000);
    assert!(refused("sites.csv", &long).await.1.contains("3000 bytes are too long"));
}
