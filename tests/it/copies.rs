//! An older copy is put in the place of the data. A failure is a day that is drawn a second time without a word, or a start that
//! is refused without saying how to go on.

use std::{fs, path::Path, process::Command};

use crate::harness::{House, Server, log_lines};

fn path(house: &House, name: &str) -> String {
    house.path(name).display().to_string()
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs").success());
}

/// Arguments of `serve` with keys and archive in these places.
fn args(house: &House, keys: &str, archive: &str) -> Vec<String> {
    let free = "127.0.0.1:0";
    let all =
        ["serve", "--verbose", "--listen", free, "--data", "data", "--keys", keys, "--archive", archive, "--web", free];
    let is_place = |at: usize| [5, 7, 9].contains(&at);
    all.iter().enumerate().map(|(at, text)| if is_place(at) { path(house, text) } else { (*text).to_owned() }).collect()
}

fn day(server: &Server) -> serde_json::Value {
    server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17"])["traffic"].clone()
}

/// Ships a part of a day, keeps a copy of these directories, publishes the day, and puts the copies back. Gives the day as it
/// was published.
fn rolled_back(house: &House, args: &[String], directories: &[&str]) -> serde_json::Value {
    let server = Server::start(args);
    let file = house.write("access.txt", log_lines(0, 300));
    assert_eq!(server.ship("www", &file, &["--live"]).0, Some(0));
    server.stop();
    for name in directories {
        copy(&house.path(name), &house.path(&format!("{name}.old")));
    }
    let server = Server::start(args);
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    server.wait_for_a_day("www");
    let published = day(&server);
    server.stop();
    for name in directories {
        fs::remove_dir_all(house.path(name)).expect("it is there");
        fs::rename(house.path(&format!("{name}.old")), house.path(name)).expect("it is put back");
    }
    published
}

fn refused(args: &[String], more: &[&str]) -> String {
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.extend(more);
    let output = crate::harness::run(&args);
    assert_eq!(output.status.code(), Some(1));
    crate::harness::text(&output.stderr)
}

#[test]
fn data_without_its_archive_are_refused() {
    let house = House::new();
    let args = args(&house, "data/keys", "archive");
    rolled_back(&house, &args, &["data"]);
    let said = refused(&args, &[]);
    assert!(said.contains("an older copy of the database") && said.contains("headcount restore"), "{said}");
}

#[test]
fn data_with_their_archive_are_refused_by_the_keys_and_published_as_gaps() {
    let house = House::new();
    let args = args(&house, "keys", "data/archive");
    let published = rolled_back(&house, &args, &["data"]);
    assert!(published["points"][0]["visits"]["estimate"].is_i64(), "{published}");
    let said = refused(&args, &[]);
    assert!(said.contains("were published") && said.contains("--give-up copy"), "{said}");
    // The keys of what was published are gone with it.
    let server =
        Server::start(&args.iter().cloned().chain(["--give-up", "copy"].map(str::to_owned)).collect::<Vec<_>>());
    let file = path(&house, "access.txt");
    let (_, summary, _) = server.ship("www", &file, &[]);
    assert_eq!(summary["files"][0]["outcomes"]["counted"].as_u64().unwrap_or(0), 0, "{summary}");
    server.wait_until(|server| {
        let traffic = day(server);
        (!traffic["points"][0]["visits"]["estimate"].is_i64()).then_some(())
    });
    server.stop();
    // Once is enough.
    Server::start(&args).stop();
}

#[test]
fn where_nothing_outside_of_a_copy_can_know_a_start_says_so() {
    let house = House::new();
    let args = args(&house, "data/keys", "data/archive");
    let server = Server::start(&args);
    let log = server.log();
    assert!(log.contains("cannot be noticed"), "{log}");
    server.stop();
    for (keys, archive) in [("keys", "data/archive"), ("data/keys", "archive")] {
        let house = House::new();
        let server = Server::start(&self::args(&house, keys, archive));
        assert!(!server.stop().contains("cannot be noticed"), "{keys} {archive}");
    }
}

#[test]
fn data_that_were_put_back_with_all_that_knows_are_noticed_by_a_sender() {
    let house = House::new();
    let args = args(&house, "data/keys", "data/archive");
    let file = house.write("access.txt", log_lines(0, 300));
    let state = path(&house, "state");
    let ship = |server: &Server, more: &[&str]| server.ship("www", &file, &[more, &["--state", &state]].concat());
    let listen = |mut args: Vec<String>, address: &str| {
        // The sender knows a server by its address.
        args[3] = address.to_owned();
        Server::start(&args)
    };
    let server = Server::start(&args);
    let address = server.address.clone();
    assert_eq!(ship(&server, &["--live"]).0, Some(0));
    server.stop();
    copy(&house.path("data"), &house.path("old"));
    let server = listen(args.clone(), &address);
    assert_eq!(ship(&server, &[]).0, Some(0));
    server.wait_for_a_day("www");
    assert_eq!(ship(&server, &[]).0, Some(0), "this run sees what is published");
    server.stop();
    fs::remove_dir_all(house.path("data")).expect("it is there");
    fs::rename(house.path("old"), house.path("data")).expect("it is put back");

    let server = listen(args.clone(), &address);
    let (code, _, said) = ship(&server, &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("older copy"), "{said}");
    let ended = server.ended();
    assert!(!ended.status.success() && ended.log.contains("an older copy of the data"), "{ended:?}");
    assert!(refused(&args, &[]).contains("--give-up copy"), "and no start goes on without a word");
    // A mark that nobody sealed stops nothing.
    fs::write(house.path("state.marks"), format!("http://{address} {}\n", "ff".repeat(24))).expect("a file");
    let server = listen(args.iter().cloned().chain(["--give-up", "copy"].map(str::to_owned)).collect(), &address);
    let (code, _, said) = ship(&server, &[]);
    assert_eq!(code, Some(0), "{said}");
    server.stop();
}
