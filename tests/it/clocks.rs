//! A clock that jumps forward and back while the server runs: by an hour, a day, a month and a year.
//!
//! A failure: a panic, a period that is published twice or changes, a day whose published numbers are not what was accepted
//! for it by then, and acknowledged batches that are lost, also after a restart under the wrong clock.
//! Not a failure: that periods are published early where the clock, a few days ahead, says that they have waited long enough;
//! events of such days are rejected as late from then on. A clock that is further ahead publishes nothing.

use std::collections::BTreeMap;

use headcount::proto::ExportReleasesResponse;

use crate::{
    faults::{
        quiet_args, scene,
        shim::{Faults, Field},
        truth::{self, Named},
    },
    harness::{House, Server},
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// 2015-05-04, a Monday.
const FIRST_DAY: i64 = 16_559;
const VISITORS: i64 = 40;

/// What was sent and read under all clocks.
#[derive(Default)]
struct Books {
    sequence: u64,
    accepted: BTreeMap<i64, i64>,
    seen: BTreeMap<Named, ExportReleasesResponse>,
}

impl Books {
    /// A batch for a day, and one without events that makes the server look at what is due.
    fn send(&mut self, server: &Server, day: i64) {
        let batches = vec![scene::batch(self.sequence + 1, day, VISITORS), scene::complete(self.sequence + 2, 1)];
        let answers = scene::send(&server.url(), batches);
        let first = answers[0].as_ref().expect("an answer");
        assert_eq!(first.accepted + first.rejected, VISITORS as u64);
        *self.accepted.entry(day).or_default() += i64::try_from(first.accepted).expect("a count");
        self.sequence = answers.last().expect("two").as_ref().expect("an answer").durable_sequence;
    }

    /// Everything seen before is unchanged, except hours that became part of their day.
    fn read(&mut self, server: &Server) {
        let now = truth::export(&server.url()).expect("the releases");
        for (named, release) in &self.seen {
            let is_hour = named.1 == headcount::proto::PeriodKind::Hour;
            assert!(is_hour || now.get(named) == Some(release), "{named:?} has changed");
        }
        self.seen = now;
    }

    fn compare(&self) {
        for (day, accepted) in &self.accepted {
            let Some(release) = self.seen.get(&truth::day(*day)) else { continue };
            let (visits, error) = truth::counter(release, "access-1").expect("the visits");
            assert!(
                (visits - accepted).abs() as f64 <= 6.0 * error,
                "{day}: {visits} visits, not {accepted} ({error})"
            );
        }
    }
}

fn go_through(jumps: &[i64], restarts: bool) {
    let house = House::new();
    let Some(faults) = Faults::new(&house) else { return };
    let args = quiet_args(&house);
    let mut server = faults.launch(&args, &[]).expect("it starts");
    let mut books = Books::default();
    for (n, jump) in (0..).zip(jumps) {
        faults.set(Field::ClockMs, *jump);
        books.send(&server, FIRST_DAY + n / 2);
        if *jump >= 30 * DAY_MS {
            // Nothing is published by a clock that nobody confirms.
            server.wait_until(|server| server.log().contains("the clock is far ahead").then_some(()));
            assert!(truth::export(&server.url()).expect("the releases").keys().eq(books.seen.keys()));
        }
        books.read(&server);
        if restarts {
            server.kill();
            server = faults.launch(&args, &[(Field::ClockMs, *jump)]).expect("it starts under a wrong clock");
            let (durable, _) = scene::greet(&server.url()).expect("a greeting");
            assert_eq!(durable, books.sequence);
            books.read(&server);
        }
    }
    faults.set(Field::ClockMs, 0);
    let last = FIRST_DAY + 20;
    let ending = scene::complete(books.sequence + 1, last);
    scene::send(&server.url(), vec![ending]).pop().expect("an answer").expect("no error");
    for day in books.accepted.iter().filter(|(_, accepted)| **accepted > 0).map(|(day, _)| *day) {
        server.wait_until(|server| truth::export(&server.url()).ok()?.remove(&truth::day(day)));
    }
    books.read(&server);
    books.compare();
    assert!(books.accepted.values().sum::<i64>() >= 2 * VISITORS, "nothing was accepted");
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_clock_that_jumps_publishes_nothing_twice_and_loses_nothing() {
    go_through(&[0, HOUR_MS, -HOUR_MS, 0, -DAY_MS, 0, DAY_MS, 2 * DAY_MS, 0, -30 * DAY_MS, 30 * DAY_MS, 0], false);
}

#[test]
fn a_clock_that_is_a_year_wrong_for_a_while_publishes_nothing_twice() {
    go_through(&[0, -366 * DAY_MS, 0, 366 * DAY_MS, 0, 366 * DAY_MS, 0], false);
}

#[test]
fn a_restart_under_a_wrong_clock_finds_everything() {
    go_through(&[0, -400 * DAY_MS, HOUR_MS, -HOUR_MS, 3 * DAY_MS, 0, 40 * DAY_MS, 0], true);
}
