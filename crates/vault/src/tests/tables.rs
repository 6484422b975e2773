//! Every table counts what it says, from events to releases.

use super::*;
use crate::calendar::{Day, Period, PeriodKind};
use std::io::Write;

const PEOPLE: u32 = 3_000;

/// Where everybody comes from, asks and is answered in the same way.
fn event(who: u32, status: u32, target: &str, agent: &str) -> AccessEvent<'static> {
    AccessEvent::at(NOON_UNIX_MS, status)
        .from_whom(format!("192.0.2.{}", who % 250), format!("c{who}"), agent.to_owned())
        .for_what("GET".to_owned(), target.to_owned())
        .with_context("https://blog.example.net/".to_owned(), "ja,en;q=0.5".to_owned())
        .with_answer(format!("host-{who}.kyoto-u.ac.jp"), Some(42), Some(30_000))
        .at_host("WWW.example.jp:443".to_owned())
}

/// A site with all tables; the documentation range lies in Japan there.
fn options(house: &House) -> Options {
    let countries = house.directory.path().join("geoip");
    writeln!(std::fs::File::create(&countries).unwrap(), "3221225984,3221226239,JP").unwrap();
    let plain = SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("Asia/Tokyo").unwrap());
    let site = SiteSettings {
        tables: TableSet::all(),
        hosts: vec!["www.example.jp".to_owned(), "*.emb.example.jp".to_owned()],
        known_pages: vec!["/visa/".to_owned()],
        has_page_list: true,
        is_configured: true,
        ..plain
    };
    Options { sites: vec![site], countries: vec![countries], ..house.options() }
}

fn count_of(release: &Release, table: Table, key: &str) -> i64 {
    let numbers = release.table(table).unwrap_or_else(|| panic!("{} is there", table.name()));
    let found = numbers.key(key).unwrap_or_else(|| panic!("{key} is in {}", table.name()));
    found.counts[0]
}

/// Everybody's accesses, and those of as many robots.
fn everybody() -> Vec<AccessEvent<'static>> {
    let robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let mut events = Vec::new();
    for who in 0..PEOPLE {
        // A style sheet before the page, and after it.
        if who % 2 == 0 {
            events.push(event(who, 200, "/style.css", BROWSER));
        }
        events.push(event(who, 200, "/visa/?utm_source=News&utm_medium=mail&utm_campaign=spring", BROWSER));
        if who % 2 == 1 {
            events.push(event(who, 304, "/style.css", BROWSER));
        }
        // Two of each class: the first counts.
        for (status, target) in [(404, "/gone"), (404, "/gone-too"), (500, "/broken"), (503, "/broken-too")] {
            events.push(event(who, status, target, BROWSER));
        }
        // A robot's second page is the same visit.
        events.push(event(100_000 + who, 200, "/visa/", robot));
        events.push(event(100_000 + who, 200, "/", robot));
    }
    events
}

/// The table, a key that everybody is under, a key that nobody is under.
const EXPECTED: [(Table, &str, Option<&str>); 21] = [
    (Table::Page, "/visa/", None),
    (Table::Entry, "/visa/", None),
    (Table::Referrer, "example.net", Some("Google")),
    (Table::Campaign, "news / mail / spring", Some("(none)")),
    (Table::Country, "JP", Some("(unknown)")),
    (Table::Domain, "ac.jp", Some("jp")),
    (Table::Browser, "Firefox", Some("Chrome")),
    (Table::Os, "Linux", Some("Windows")),
    (Table::Device, "desktop", Some("mobile")),
    (Table::Language, "ja", Some("en")),
    (Table::ResponseTime, "30-50 ms", Some("(unknown)")),
    (Table::ResponseSize, "20-50 KiB", Some("(unknown)")),
    (Table::Status, "4xx", None),
    (Table::Status, "5xx", None),
    (Table::Error, "4xx /gone", None),
    (Table::Error, "5xx /broken", None),
    (Table::Bot, "Googlebot", Some("Bingbot")),
    (Table::Hostname, "www.example.jp", Some("*.emb.example.jp")),
    (Table::Hostname, "www.example.jp", Some("(other)")),
    (Table::Reader, "loaded files", Some("pages only")),
    (Table::Reader, "loaded files", Some("robot-like")),
];

fn assert_counts(release: &Release) {
    for (table, key, nobody) in EXPECTED {
        // Six standard deviations of the noise.
        let slack = 6 * i64::try_from(release.table(table).unwrap().sigma_milli / 1_000).unwrap();
        let found = count_of(release, table, key);
        assert!((found - i64::from(PEOPLE)).abs() < slack, "{} {key}: {found}", table.name());
        if let Some(nobody) = nobody {
            let none = count_of(release, table, nobody);
            assert!(none.abs() < slack, "{} {nobody}: {none}", table.name());
        }
    }
    let errors = release.table(Table::Error).unwrap();
    assert_eq!(errors.keys.len(), 2, "the first error of each class alone: {:?}", errors.keys);
}

#[test]
fn every_table_counts_what_it_says() {
    let house = House::new();
    let running = house.open_with(options(&house)).unwrap();
    let lane = running.lane("www", "p");
    let mut rest = everybody();
    let mut sequence = 0;
    while !rest.is_empty() {
        let after = rest.split_off(rest.len().min(EVENTS_PER_BATCH_MAX));
        sequence += 1;
        block_on(lane.send(batch(sequence, std::mem::replace(&mut rest, after), 0))).unwrap();
    }
    let end = NOON_UNIX_MS + 35 * DAY_MS;
    house.clock.set(end);
    block_on(lane.send(batch(sequence + 1, vec![], end))).unwrap();

    let noon = Day::from_date("2026-11-02".parse().unwrap());
    let published = [running.wait_for("www", Period::day(noon)), running.wait_for("www", Period::month_of(noon))];
    for release in &published {
        assert_counts(release);
    }
    // Noon in UTC is nine in the evening in Tokyo, on a Monday. The profile is a month's.
    assert!(published[0].table(Table::HourOfWeek).is_none());
    assert!((count_of(&published[1], Table::HourOfWeek, "Mon 21:00") - i64::from(PEOPLE)).abs() < 300);
    assert!(count_of(&published[1], Table::HourOfWeek, "Mon 12:00").abs() < 300);
    // Robots are no visitors.
    let visits = published[0].site_numbers.as_ref().unwrap().ranks[0];
    assert!((visits.count - i64::from(PEOPLE)).abs() < 100, "{visits:?}");
    drop(lane);
    running.close();
}

#[test]
fn a_table_without_its_source_is_not_there() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, vec![event(1, 200, "/", BROWSER)], 0))).unwrap();
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(lane.send(batch(2, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let noon = Day::from_date("2026-11-02".parse().unwrap());
    let release = running.wait_for("www", Period::day(noon));
    let there: Vec<Table> = release.tables.iter().map(|t| t.table).collect();
    let wanted = |table: &Table| {
        let needs_source = matches!(table, Table::Country | Table::Domain | Table::Hostname);
        table.has_period(PeriodKind::Day) && !needs_source && *table != Table::Site
    };
    assert_eq!(there, Table::ALL.into_iter().filter(wanted).collect::<Vec<_>>());
    drop(lane);
    running.close();
}
