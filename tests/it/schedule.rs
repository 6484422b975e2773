//! The built program as two worlds that differ in one visitor-day: the same configuration, commands and clock.
//!
//! A failure: anything that can be seen but for the numbers is not the same in both: which periods are published after each
//! night, their numbers, and what the archive keeps of when they were sealed. And a day, week or month that is not
//! published in the night after its end, with the commands that OPERATIONS.md recommends.

use std::fmt::Write as _;

use headcount::{
    clock::{Clock, SystemClock},
    proto::PeriodKind,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    faults::{
        shim::{Faults, Field},
        truth,
    },
    harness::{BROWSER, House, Server, all_bytes},
};

/// A Friday: with the fourth night a month ends, with the third a week.
const FIRST_NIGHT: &str = "2027-01-29T00:15:00Z";
const NIGHTS: i64 = 5;
/// The night in whose log somebody is in one world alone.
const LOG_OF_ONE: i64 = 1;
const CONFIG: &str = "[[site]]\nname = \"www\"\nprofile = \"small\"\n";

/// The lines of the day before an instant: a crowd, but for one day.
fn log(night: i64, now: Timestamp, comes: bool) -> String {
    let visitors = if night == LOG_OF_ONE { usize::from(comes) } else { 30 };
    let at = (now - SignedDuration::from_hours(14)).strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
    (0..visitors).fold(String::new(), |mut log, n| {
        let _ = writeln!(log, "10.7.0.{n} - - [{at}] \"GET /a HTTP/1.1\" 200 512 \"-\" \"{BROWSER}\"");
        log
    })
}

/// What the archive has of each release, without its numbers.
fn archived(house: &House) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in all_bytes(&house.path("data").join("archive")) {
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
            let release = &line["release"];
            let name = path.file_name().expect("a name").display();
            found.push(format!("{name} {} {} {}", release["number"], release["period"], release["sealed_at_unix_s"]));
        }
    }
    found.sort();
    found
}

fn ship(faults: &Faults, server: &Server, files: [&str; 2]) {
    let url = server.url();
    let args = ["ship", "--site", "www", "--server", &url, files[0], files[1]].map(str::to_owned);
    let output = faults.command(&args).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
}

/// What can be seen after each night.
fn world(is_configured: bool, comes: bool) -> Option<Vec<Vec<String>>> {
    let house = House::new();
    let faults = Faults::new(&house)?;
    let first: Timestamp = FIRST_NIGHT.parse().expect("a time");
    let ahead =
        |night: i64| (first + SignedDuration::from_hours(24 * night)).as_millisecond() - SystemClock.now_unix_ms();
    let mut args = house.serve_args();
    if is_configured {
        args.extend(["--config".to_owned(), house.write("headcount.toml", CONFIG)]);
    }
    let server = faults.launch(&args, &[(Field::ClockMs, ahead(0))]).expect("it starts");
    let mut nights = Vec::new();
    for night in 0..NIGHTS {
        let now = first + SignedDuration::from_hours(24 * night);
        faults.set(Field::ClockMs, ahead(night));
        let (rotated, current) = (house.write("access.log.1", log(night, now, comes)), house.write("access.log", ""));
        ship(&faults, &server, [&rotated, &current]);
        let yesterday = (now - SignedDuration::from_hours(24)).strftime("%F").to_string();
        let mut awaited = vec![(PeriodKind::Day, yesterday)];
        if night == 3 {
            awaited.extend([(PeriodKind::Week, "2027-01-25".to_owned()), (PeriodKind::Month, "2027-01-01".to_owned())]);
        }
        for (kind, start) in awaited {
            let named = ("www".to_owned(), kind, start);
            server.wait_until(|server| truth::export(&server.url()).ok()?.remove(&named));
        }
        let seen = truth::export(&server.url()).expect("the releases").into_iter();
        nights.push(seen.map(|(named, release)| format!("{named:?} {}", release.release)).collect());
    }
    assert!(!server.stop().contains("panicked"));
    nights.push(archived(&house));
    Some(nights)
}

#[test]
fn nightly_logs_are_published_in_the_night_whoever_came() {
    for is_configured in [true, false] {
        let Some(without) = world(is_configured, false) else { return };
        let with = world(is_configured, true).expect("as before");
        assert!(without.last().is_some_and(|archive| archive.len() > 5));
        assert_eq!(without, with);
    }
}
