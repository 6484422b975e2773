//! `headcount publish` against a real server: the files hold what the server answers, twice the same bytes, and only what changed is
//! written.
//!
//! A failure is a number that differs from the report's, a byte that differs between two runs, a file that an earlier run did not need to
//! write again, or a file of somebody else that was touched.

use std::{collections::BTreeMap, fs, path::Path, time::SystemTime};

use crate::harness::{House, Server, all_bytes, headcount, log_lines, run, text};

/// A server with a published month of a site.
fn published(house: &House) -> Server {
    let server = house.serve();
    let log = house.write("access.log", log_lines(0, 400));
    let (code, _, errors) = server.ship("www", &log, &[]);
    assert_eq!(code, Some(0), "{errors}");
    server.wait_for_a_day("www");
    server.wait_until(|server| {
        let month = server.report("www", &["--granularity", "month"]);
        month["traffic"]["points"][0]["visits"]["estimate"].as_i64()
    });
    server
}

/// Publishes, and gives the exit code and what was said.
fn publish(server: &Server, out: &Path, more: &[&str]) -> (Option<i32>, String) {
    let (url, out) = (server.url(), out.display().to_string());
    let mut args = vec!["publish", "--server", &url, "--out", &out];
    args.extend(more);
    let mut command = headcount(&args);
    let output = command.env_remove("HEADCOUNT_CONFIG").output().expect("the binary runs");
    (output.status.code(), text(&output.stderr))
}

/// Every file by its place.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let place = |path: &Path| path.strip_prefix(root).expect("inside").display().to_string();
    all_bytes(root).into_iter().map(|(path, bytes)| (place(&path), bytes)).collect()
}

fn times(root: &Path) -> BTreeMap<String, SystemTime> {
    files(root)
        .into_keys()
        .map(|place| (place.clone(), fs::metadata(root.join(&place)).unwrap().modified().unwrap()))
        .collect()
}

/// The rows of a file of JSON.
fn rows(root: &Path, place: &str) -> Vec<serde_json::Value> {
    serde_json::from_slice(&fs::read(root.join(place)).expect(place)).expect(place)
}

#[test]
fn what_is_published_is_what_the_server_answers() {
    let house = House::new();
    let server = published(&house);
    let out = house.path("public");
    let (code, said) = publish(&server, &out, &[]);
    assert_eq!(code, Some(0), "{said}");
    let report = server
        .report("www", &["--from", "2015-05-01", "--to", "2015-05-31", "--granularity", "month", "--top", "1000"]);
    let month = &rows(&out, "data/www/2015/traffic-months.json")[0];
    assert_eq!(month["time"], "2015-05-01T00:00:00+00:00");
    for part in ["estimate", "low", "high"] {
        assert_eq!(month[part], report["traffic"]["points"][0]["visits"][part], "{part}");
    }
    let tops = report["tops"].as_array().expect("breakdowns");
    let pages = tops.iter().find(|top| top["table"] == "page").expect("pages");
    let shown = rows(&out, "data/www/2015/pages-months.json");
    let views: Vec<_> = shown.iter().filter(|row| row["metric"] == "views" && row["key"] != "(other)").collect();
    assert!(!views.is_empty());
    for (row, answered) in views.iter().zip(pages["rows"].as_array().expect("rows")) {
        assert_eq!((&row["key"], &row["estimate"]), (&answered["key"], &answered["views"]["estimate"]));
        assert!(row["low"].as_i64() <= row["estimate"].as_i64() && row["estimate"].as_i64() <= row["high"].as_i64());
    }
    // Errors and robots are for whoever runs the site.
    assert!(!out.join("data/www/2015/errors-months.csv").exists());
    let package: serde_json::Value = serde_json::from_slice(&fs::read(out.join("datapackage.json")).unwrap()).unwrap();
    for resource in package["resources"].as_array().expect("resources") {
        let file = fs::metadata(out.join(resource["path"].as_str().unwrap())).expect("every resource is a file");
        assert_eq!(file.len(), resource["bytes"].as_u64().unwrap());
        assert!(out.join(resource["schema"].as_str().unwrap()).is_file());
    }
}

#[test]
fn the_same_numbers_give_the_same_bytes_and_only_what_changed_is_written() {
    let house = House::new();
    let server = published(&house);
    let (first, second) = (house.path("first"), house.path("second"));
    assert_eq!(publish(&server, &first, &[]).0, Some(0));
    assert_eq!(publish(&server, &second, &[]).0, Some(0));
    assert_eq!(files(&first), files(&second));
    fs::write(first.join("robots.txt"), "theirs").unwrap();
    let before = times(&first);
    let (code, said) = publish(&server, &first, &["--prune"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(": 0 written, "), "{said}");
    assert_eq!(times(&first), before);
    // A new day: its year's files and the metadata change, what is about sites without one does not.
    let log = house.write("later.log", log_lines(0, 300).replace("17/May/2015", "18/May/2016"));
    assert_eq!(server.ship("www", &log, &[]).0, Some(0));
    server.wait_until(|server| {
        let report = server.report("www", &["--from", "2016-05-18", "--to", "2016-05-18"]);
        report["traffic"]["points"][0]["visits"]["estimate"].as_i64()
    });
    assert_eq!(publish(&server, &first, &[]).0, Some(0));
    let after = times(&first);
    assert_eq!(after["schemas/traffic.json"], before["schemas/traffic.json"]);
    assert!(after["README.md"] > before["README.md"]);
    assert!(after.contains_key("data/www/2016/traffic-days.csv"));
    assert_eq!(fs::read(first.join("robots.txt")).unwrap(), b"theirs");
}

#[test]
fn sites_and_tables_are_those_of_the_configuration_or_of_the_command_line() {
    let house = House::new();
    let server = published(&house);
    let out = house.path("public");
    let config = house.write(
        "headcount.toml",
        "[publish]\nsites = [\"www\"]\ntables = [\"page\", \"browser\"]\nlicence = \"CC-BY-4.0\"\npublisher = \"Ministry\"\n\
         title_ja = \"統計\"\nurl = \"https://www.example.jp/statistics\"\n",
    );
    assert_eq!(publish(&server, &out, &["--config", &config]).0, Some(0));
    assert!(out.join("data/www/2015/browsers-months.csv").exists());
    assert!(!out.join("data/www/2015/languages-months.csv").exists());
    let dcat: serde_json::Value = serde_json::from_slice(&fs::read(out.join("dcat.jsonld")).unwrap()).unwrap();
    assert_eq!(dcat["@context"]["@base"], "https://www.example.jp/statistics/");
    assert_eq!(dcat["dct:license"]["@id"], "https://creativecommons.org/licenses/by/4.0/");
    assert_eq!(dcat["dct:title"][1]["@value"], "統計");
    let (code, said) = publish(&server, &out, &["--config", &config, "--tables", "page", "--prune"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" removed"), "{said}");
    assert!(!out.join("data/www/2015/browsers-months.csv").exists());
}

#[test]
fn the_report_reads_without_scripts_or_anybody_else_in_both_languages() {
    let house = House::new();
    let server = published(&house);
    let out = house.path("public");
    assert_eq!(publish(&server, &out, &[]).0, Some(0));
    let report = server.report("www", &["--from", "2015-05-01", "--to", "2015-05-31", "--granularity", "month"]);
    let visits = report["traffic"]["points"][0]["visits"]["estimate"].as_i64().expect("a number");
    for (file, language) in [("index.html", "en"), ("index.ja.html", "ja")] {
        for folder in ["", "www/", "www/2015-05/"] {
            let place = format!("{folder}{file}");
            let page = text(&fs::read(out.join(&place)).expect(&place));
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{place}");
            assert!(page.contains(&format!(">{visits}<")), "{place}");
            assert!(!page.contains("<script") && !page.contains("http") && !page.contains("style=\""), "{place}");
            // Every link leads to a file that is there.
            for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let target = out.join(folder).join(link);
                assert!(link.starts_with('#') || target.is_file(), "{place}: {link}");
            }
        }
        let month = text(&fs::read(out.join("www/2015-05").join(file)).unwrap());
        assert!(month.contains("class=\"best\"") || month.contains("class=\"dot\""), "{file}");
    }
}

#[test]
fn what_cannot_be_published_is_told_with_its_exit_code() {
    let house = House::new();
    let empty = house.serve();
    let out = house.path("public");
    let (code, said) = publish(&empty, &out, &[]);
    assert!(code == Some(3) && said.contains("nothing is published yet"), "{code:?} {said}");
    let (code, said) = publish(&empty, &out, &["--sites", "nowhere"]);
    assert!(code == Some(2) && said.contains("there is no site \"nowhere\""), "{code:?} {said}");
    let (code, said) = publish(&empty, &out, &["--tables", "pages"]);
    assert!(code == Some(2) && said.contains("did you mean \"page\"?"), "{code:?} {said}");
    empty.kill();
    let server = published(&House::new());
    let file = house.write("a-file", "x");
    let (code, said) = publish(&server, Path::new(&file), &[]);
    assert!(code == Some(1) && said.contains("a-file: cannot be written"), "{code:?} {said}");
    let nobody = run(&["publish", "--out", &file, "--server", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(3), "{}", text(&nobody.stderr));
}
