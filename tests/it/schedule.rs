//! The built program as two worlds that differ in one visitor-day: the same configuration, commands and clock.
//!
//! A failure: anything that can be seen but for the numbers is not the same in both: which periods are published when, their
//! numbers and their order, the ledger, what the archive keeps of when they were sealed, what other senders are told, and
//! whether another's late view counts in its hour. And a day, week or month that is not published in the night after its
//! end, with the commands that OPERATIONS.md recommends.

mod world;

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
    harness::{BROWSER, House, Server},
};
use world::{World, archived, at, batch, both};

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

/// The only site that somebody visits; its hours say much.
const BUSY: &str = "[[site]]\nname = \"www\"\nprofile = \"busy\"\npages = [\"/a\"]\n";
/// Visitors of a crowd, by number.
const CROWD: std::ops::Range<u32> = 1..11;
/// Who comes in one world alone.
const ONE: u32 = 0;

fn crowd(minutes: i64) -> Vec<(i64, u32)> {
    CROWD.map(|visitor| (minutes, visitor)).collect()
}

#[test]
fn a_live_log_alone_does_not_tell_who_came_first() {
    let scene = |comes: bool| {
        let mut world = World::begin(Some(BUSY), at(0, 0, 5))?;
        let mut views = Vec::new();
        for hour in [3, 4, 7, 9, 12] {
            views.extend((hour == 3 && comes).then_some((at(0, 3, 10), ONE)));
            views.extend(if hour >= 7 { crowd(at(0, hour, 3)) } else { Vec::new() });
            world.ship_live(at(0, hour, 15), &world::log(&views));
            world.look(0, hour + 1);
        }
        world.look(1, 3);
        Some(world.end())
    };
    let Some([without, with]) = both(scene) else { return };
    assert!(without.iter().any(|line| line.starts_with("0 8: ") && line.contains("Hour 2027-02-02T04")), "{without:?}");
    assert_eq!(without, with);
}

#[test]
fn a_backend_is_waited_for_whether_or_not_it_had_a_visitor() {
    let scene = |comes: bool| {
        let mut world = World::begin(Some(BUSY), at(0, 0, 5))?;
        let views = if comes { vec![(at(0, 3, 10), ONE)] } else { Vec::new() };
        for (n, hour) in (1..).zip([3, 4, 5, 8, 10]) {
            world.send(at(0, hour, 20), batch("a", n, &crowd(at(0, hour, 10)), at(0, hour, 0)));
            // The other states now and then, at times of its own.
            match hour {
                3 => world.send_unseen(at(0, 3, 30), batch("b", 1, &views, at(0, 3, 0))),
                8 => world.send(at(0, 8, 30), batch("b", 2, &[], at(0, 8, 0))),
                _ => {}
            }
            world.look(0, hour + 1);
        }
        world.look(1, 4);
        Some(world.end())
    };
    let Some([without, with]) = both(scene) else { return };
    assert_eq!(without, with);
}

#[test]
fn one_visitor_does_not_decide_whether_a_late_view_counts_in_its_hour() {
    let late: Vec<_> = (1_000..1_400).map(|visitor| (at(0, 3, 20), visitor)).collect();
    let later: Vec<_> = (2_000..2_400).map(|visitor| (at(0, 3, 40), visitor)).collect();
    let counted = std::sync::Mutex::new(Vec::new());
    let scene = |comes: bool| {
        let mut world = World::begin(Some(BUSY), at(0, 0, 5))?;
        let views = if comes { vec![(at(0, 3, 10), ONE)] } else { Vec::new() };
        world.send_unseen(at(0, 3, 15), batch("of-one", 1, &views, 0));
        world.look(0, 4);
        world.send(at(0, 5, 40), batch("late", 1, &late, 0));
        world.look(0, 7);
        // The hour is published, three hours after its end.
        world.send(at(0, 7, 40), batch("late", 2, &later, 0));
        world.look(0, 8);
        counted.lock().expect("no panic").push(world.visits_of_hour("2027-02-02T03"));
        world.look(1, 3);
        Some(world.end())
    };
    let Some([without, with]) = both(scene) else { return };
    assert_eq!(without, with);
    for visits in counted.into_inner().expect("no panic") {
        let (visits, error) = visits.expect("the hour is published");
        assert!((visits - 400).abs() as f64 <= 6.0 * error, "{visits} visits, not 400");
    }
}

#[test]
fn a_site_that_nobody_configured_does_not_tell_of_a_lone_day_or_an_early_hour() {
    let scene = |comes: bool| {
        let mut world = World::begin(None, at(0, 10, 0))?;
        world.send(at(0, 10, 5), batch("live", 1, &crowd(at(0, 10, 4)), 0));
        // A day without anybody else, and the hour before the first of the next.
        for (n, minutes) in (1..).zip([at(1, 4, 10), at(2, 2, 10)]) {
            let views = if comes { vec![(minutes, ONE)] } else { Vec::new() };
            world.send_unseen(minutes + 1, batch("of-one", n, &views, 0));
            world.look(minutes / at(1, 0, 0), 6);
        }
        world.send(at(2, 8, 5), batch("live", 2, &crowd(at(2, 8, 4)), 0));
        world.look(2, 12);
        world.look(3, 3);
        world.look(5, 1);
        Some(world.end())
    };
    let Some([without, with]) = both(scene) else { return };
    assert!(without.iter().any(|line| line.contains("Day 2027-02-03")), "{without:?}");
    assert_eq!(without, with);
}
