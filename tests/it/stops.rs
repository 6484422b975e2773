//! Requested stops, and starts that must be refused, under load.
//!
//! A failure: a stop by SIGTERM that fails or loses what was acknowledged; a second process that starts on the same
//! directories or disturbs the first; a foreign key file that is accepted.

use std::fs;

use crate::{
    faults::{
        fleet::{DAYS, FIRST_DAY, Fleet},
        quiet_args,
        scene::{self, BATCHES, Scene},
        truth,
    },
    harness::{House, Server, run, text},
};

/// Ends the chapter and compares its days.
fn assert_all_there(fleet: &mut Fleet, server: &Server) {
    fleet.pause();
    fleet.end_chapter();
    fleet.settle(&server.url()).expect("the rest is taken");
    let expected = i64::try_from(fleet.visitors_of_chapter(0)).expect("a count");
    for day in FIRST_DAY..FIRST_DAY + DAYS {
        let release = server.wait_until(|server| truth::export(&server.url()).ok()?.remove(&truth::day(day)));
        for (counter, expected) in [("access-1", expected), ("access-2", 0)] {
            let (value, error) = truth::counter(&release, counter).expect("the counter");
            assert!((value - expected).abs() as f64 <= 6.0 * error, "{counter} is {value}, not {expected}");
        }
    }
    let wrong = fleet.findings().wrong.lock().expect("the list");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stops_under_load_end_well_and_lose_nothing() {
    let house = House::new();
    let args = quiet_args(&house);
    let mut fleet = Fleet::new(3);
    fleet.load(5);
    for round in 1..=4 {
        let server = Server::start(&args);
        fleet.server_is_at(Some(server.url()));
        let acked = fleet.acked();
        server.wait_until(|_| (fleet.acked() > acked + round).then_some(()));
        let log = server.stop();
        fleet.server_is_at(None);
        assert!(log.contains("stopping") && !log.contains("panicked"), "{log}");
    }
    let server = Server::start(&args);
    assert_all_there(&mut fleet, &server);
    server.stop();
}

#[test]
fn a_second_process_is_refused_under_load_and_disturbs_nothing() {
    let house = House::new();
    let args = quiet_args(&house);
    let server = Server::start(&args);
    let mut fleet = Fleet::new(2);
    fleet.load(6);
    fleet.server_is_at(Some(server.url()));
    for round in 1..=3 {
        let acked = fleet.acked();
        server.wait_until(|_| (fleet.acked() > acked + round).then_some(()));
        let second = run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let message = text(&second.stderr);
        assert_eq!(second.status.code(), Some(1), "{message}");
        assert!(message.contains("in use by another headcount process"), "{message}");
    }
    assert_all_there(&mut fleet, &server);
    server.stop();
}

#[test]
fn a_key_of_another_period_is_refused_and_named() {
    for ends_well in [true, false] {
        let scene = Scene::new(ends_well);
        let (house, args) = scene.copy();
        let key = |name: &str| house.path("keys").join(format!("www.{name}.key"));
        let (first, second) = (key("day-2015-06-29"), key("day-2015-06-30"));
        let (one, other) = (fs::read(&first).unwrap(), fs::read(&second).unwrap());
        fs::write(&first, &other).unwrap();
        fs::write(&second, &one).unwrap();
        let output = run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("www/day-2015-06-") && message.contains("key file"), "{message}");
        assert!(!message.contains("panicked"), "{message}");
        // With the right key file everything is there.
        fs::write(&first, &one).unwrap();
        fs::write(&second, &other).unwrap();
        let server = Server::start(&args);
        assert_eq!(scene::greet(&server.url()).expect("a greeting").0, BATCHES);
        server.stop();
    }
}

#[test]
fn a_log_for_collectors_says_first_what_is_in_force() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let house = House::new();
    let data = house.path("data").display().to_string();
    let ended = run(&["serve", "--log", "json", "--listen", &address, "--data", &data]);
    let log = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{log}");
    let first: serde_json::Value = serde_json::from_str(log.lines().next().expect("a line")).expect("a JSON object");
    assert_eq!(first["message"], "starting");
    assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(first["data"], data);
    assert_eq!((&first["epsilon"], &first["sites"]), (&serde_json::json!(3.0), &serde_json::json!(0)));
}
