//! The short commands for short questions, of the real binary against a server of which two months are published (`questions`).
//!
//! A failure is a period that means other days than people mean by it, a form that programs cannot read, or a release that nobody is
//! told of.

use std::io::{BufRead as _, BufReader};

use crate::harness::{BROWSER, House, Server, headcount, text};

/// The short commands, and the words that people have for periods.
pub fn periods_are_named_in_words(server: &Server) {
    let url = server.url();
    let said = |words: &[&str]| {
        let output = headcount(words).env("HEADCOUNT_SERVER", url.trim_start_matches("http://")).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, sites, _) = said(&["sites"]);
    assert_eq!((code, sites.lines().count()), (Some(0), 3), "{sites}");
    assert!(sites.contains("2015-04-01 to 2015-05-31") && sites.contains("Embassy in Aurelia"), "{sites}");
    let (_, csv, _) = said(&["sites", "--format", "csv"]);
    assert!(csv.contains("site,title_en,") && csv.contains("aurelia,Embassy in Aurelia,"), "{csv}");
    let (_, json, _) = said(&["sites", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sites"][0]["titles"]["ja"], "在アウレリア大使館");
    for (period, range) in [
        (&["--period", "2015-05"][..], "2015-05-01 to 2015-05-31"),
        (&["--period", "2015-W20"], "2015-05-11 to 2015-05-17"),
        (&["--last", "7d"], "2015-05-25 to 2015-05-31"),
        (&["--last", "1m", "--to", "2015-04"], "2015-03-31 to 2015-04-30"),
        (&[], "2015-05-01 to 2015-05-31"),
    ] {
        let (code, top, error) = said(&[&["top", "pages", "--site", "aurelia"], period].concat());
        assert_eq!(code, Some(0), "{error}");
        assert!(top.starts_with("Pages") && top.contains(range) && top.contains("/page-1"), "{period:?}: {top}");
    }
    let one = ["top", "pages", "--site", "aurelia", "--period", "2015-05", "--contains", "PAGE-2", "--format"];
    let (_, csv, _) = said(&[&one[..], &["csv"]].concat());
    let rows: Vec<&str> =
        csv.lines().filter(|line| line.starts_with("2015-05-01,2015-05-31,aurelia,pages,/page-")).collect();
    assert_eq!(rows.len(), 2, "views and visitors of one page: {csv}");
    let (_, json, _) = said(&[&one[..], &["json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(1), "{json}");
    let (_, csv, _) =
        said(&["report", "--site", "aurelia", "--period", "2015-05", "--granularity", "week", "--format", "csv"]);
    assert!(
        csv.contains("\n2015-05-11T00:00:00Z,aurelia,visits,")
            || csv.contains("2015-05-11T00:00:00+00:00,aurelia,visits,"),
        "{csv}"
    );
    let (_, csv, _) = said(&["report", "--overview", "--period", "2015-05-20", "--format", "csv"]);
    assert_eq!(csv.matches(",visits,").count(), 2, "{csv}");
    let (code, _, error) = said(&["top", "--period", "today"]);
    assert!(code == Some(2) && error.contains("yesterday"), "{error}");
    // Long ago for the server, but a date like any other.
    let (code, _, error) = said(&["report", "--site", "aurelia", "--period", "last-month"]);
    assert_eq!(code, Some(0), "{error}");
}

/// `headcount watch` tells a day that is published while it waits.
pub fn a_release_is_told_as_it_comes(server: &Server, house: &House) {
    let mut watch = headcount(&["watch", "--server", &server.url(), "--json", "--site", "borduria"]);
    let mut watch = watch.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let file = house.write("june.txt", june());
    let (found, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || drop(found.send(lines.next().and_then(Result::ok))));
    let line = server.wait_until(|server| {
        server.ship("borduria", &file, &[]);
        told.try_recv().ok().flatten()
    });
    watch.kill().unwrap();
    watch.wait().unwrap();
    let notice: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((notice["site"].as_str(), notice["kind"].as_str()), (Some("borduria"), Some("day")), "{line}");
    assert!(notice["visits"]["estimate"].is_i64(), "{line}");
}

/// Two days more.
fn june() -> String {
    let line = |day: u32, n: u32| {
        format!(
            "10.6.{day}.{n} - - [{day:02}/Jun/2015:10:00:00 +0000] \"GET /page-1 HTTP/1.1\" 200 512 \"-\" \"{BROWSER}\"\n"
        )
    };
    (1..=2).flat_map(|day| (0..60).map(move |n| line(day, n))).collect()
}
