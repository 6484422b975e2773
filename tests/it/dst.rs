//! An import over the days on which the clock changes, in two zones at once, through the real binary.
//!
//! A failure: a day of 23 or 25 hours whose visits or hours are not those of the log, an hour that is counted twice or in
//! none, two hours with one label, and visits around midnight that are in the wrong day.

use std::{collections::BTreeMap, fmt::Write as _};

use headcount::proto::{ExportReleasesResponse, PeriodKind};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use crate::{
    faults::truth::{self, Named},
    harness::{BROWSER, House, Server},
};

/// Little noise on days and hours, and hardly any budget for the rest.
const CONFIG: &str = r#"
[privacy]
epsilon = 10.0
delta = 1e-4
[bounds]
views_per_visitor_day = 2
[profiles.hours]
hour = 5800
day_site = 3900
day_pages = 40
day_attributes = 40
week_site = 40
month_site = 40
month_pages = 40
month_attributes = 40
selection = 60
"#;
/// Visitors of each elapsed hour.
const VISITORS: i64 = 40;
/// A day on which a clock changes, and how many hours it has.
type Changed = (&'static str, usize);
/// A site's zone, the two days on which its clock changes in 2015, and how many hours they have.
const SITES: [(&str, &str, [Changed; 2]); 2] = [
    ("paris", "Europe/Paris", [("2015-03-29", 23), ("2015-10-25", 25)]),
    ("ottawa", "America/Toronto", [("2015-03-08", 23), ("2015-11-01", 25)]),
];

/// A log from the day before to the day after, in local time, an hour's visitors at its first, middle and last minute.
fn log(zone: &TimeZone, day: Date) -> String {
    let midnight = |day: Date| zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().unwrap().as_second();
    let (mut at, end) = (midnight(day.yesterday().unwrap()), midnight(day.saturating_add(Span::new().days(2))));
    let mut text = String::new();
    let mut address = 0_u32;
    while at < end {
        for n in 0..VISITORS {
            let minute = [0, 30, 59][usize::try_from(n % 3).unwrap()];
            let instant = Timestamp::from_second(at + 60 * minute).unwrap();
            let time = instant.to_zoned_datetime(zone.clone()).strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
            let (a, b) = (address >> 8, address & 255);
            let _ = writeln!(text, "10.1.{a}.{b} - - [{time}] \"GET /page HTTP/1.1\" 200 512 \"-\" \"{BROWSER}\"");
            address += 1;
        }
        at += 3_600;
    }
    text
}

fn assert_close(what: &str, found: (i64, f64), expected: i64) {
    let (value, error) = found;
    assert!((value - expected).abs() as f64 <= 6.0 * error, "{what}: {value}, not {expected} ({error})");
}

fn check_day(releases: &BTreeMap<Named, ExportReleasesResponse>, site: &str, day: Date, hours: usize) {
    let release = &releases[&(site.to_owned(), PeriodKind::Day, day.to_string())];
    let expected = VISITORS * i64::try_from(hours).unwrap();
    assert_close(&format!("{site} {day}"), truth::counter(release, "access-1").expect("the visits"), expected);
    let of_hours: Vec<_> = release.counters.iter().filter(|c| c.counter == "hour-visit").collect();
    let mut labels: Vec<&str> = of_hours.iter().map(|c| c.key.as_str()).collect();
    labels.dedup();
    assert_eq!((labels.len(), of_hours.len()), (hours, hours), "{site} {day}: {labels:?}");
    assert!(labels.iter().all(|label| label.starts_with(&day.to_string())), "{labels:?}");
    for hour in of_hours {
        assert_close(&format!("{site} {}", hour.key), (hour.value, hour.standard_error), VISITORS);
    }
}

#[test]
fn days_of_23_and_25_hours_are_counted_hour_by_hour() {
    let house = House::new();
    let mut config = CONFIG.to_owned();
    for (site, zone, _) in SITES {
        let _ = write!(config, "[[site]]\nname = \"{site}\"\ntime_zone = \"{zone}\"\nprofile = \"hours\"\n");
    }
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", config)]);
    let server = Server::start(&args);
    for (site, zone, days) in SITES {
        let zone = TimeZone::get(zone).unwrap();
        for (day, hours) in days {
            let day: Date = day.parse().unwrap();
            let file = house.write(&format!("{site}-{day}.log"), log(&zone, day));
            let (code, summary, _) = server.ship(site, &file, &[]);
            let lines = VISITORS.unsigned_abs() * (48 + hours as u64);
            assert_eq!((code, summary["accepted"].as_u64()), (Some(0), Some(lines)), "{summary}");
            let last = (site.to_owned(), PeriodKind::Day, day.tomorrow().unwrap().to_string());
            let releases = server
                .wait_until(|server| truth::export(&server.url()).ok().filter(|releases| releases.contains_key(&last)));
            check_day(&releases, site, day.yesterday().unwrap(), 24);
            check_day(&releases, site, day, hours);
            check_day(&releases, site, day.tomorrow().unwrap(), 24);
        }
    }
    assert!(!server.stop().contains("panicked"));
}
