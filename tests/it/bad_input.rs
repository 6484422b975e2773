//! Bad input gets a clear error or a counted rejection; what was accepted stays; nothing panics.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::harness::{House, Server, log_lines, run, text};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn no_panic(server: Server) {
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_truncated_gzip_ships_what_is_whole_and_says_where_it_ends() {
    let house = House::new();
    let server = house.serve();
    let whole = gzip(log_lines(0, 30_000).as_bytes());
    let file = house.write("access.gz", &whole[..whole.len() / 2]);
    let (code, summary, _) = server.ship("www", &file, &[]);
    assert_eq!(code, Some(1));
    assert!(summary["accepted"].as_u64().unwrap() > 1_000, "{summary}");
    assert!(!summary["files"][0]["error"].is_null(), "{summary}");
    // Once the file is repaired the rest is sent, and nothing is counted twice.
    let file = house.write("access.gz", whole);
    let (code, rest, _) = server.ship("www", &file, &[]);
    assert_eq!(code, Some(0), "{rest}");
    assert_eq!(summary["accepted"].as_u64().unwrap() + rest["accepted"].as_u64().unwrap(), 30_000);
    no_panic(server);
}

#[test]
fn strange_lines_are_counted_by_number_and_never_shown() {
    let house = House::new();
    let server = house.serve();
    let mut content = log_lines(0, 2).into_bytes();
    content.extend(b"\x16\x03\x01\x02\x00\xff\xfe garbage\n");
    content.extend(vec![b'a'; 1_000_000]);
    content.extend(b"\n10.1.1.1 - - [17/May/2015:10:00:00 +0000] \"GET /\xff\xfe HTTP/1.1\" 200 5 \"-\" \"\xe9\"\n");
    content.extend(b"10.1.1.2 - - [17/May/2999:10:00:00 +0000] \"GET /future HTTP/1.1\" 200 5 \"-\" \"-\"\n");
    content.extend(b"10.1.1.3 - - [17/May/0001:10:00:00 +0000] \"GET /past HTTP/1.1\" 200 5 \"-\" \"-\"\n");
    content.extend(b"secret-canary 17 May nothing here\n");
    let file = house.write("access.txt", content);
    let (code, summary, stderr) = server.ship("www", &file, &[]);
    assert_eq!(code, Some(0), "{stderr}");
    let file = &summary["files"][0];
    assert_eq!(file["lines"].as_u64(), Some(8), "{summary}");
    assert_eq!(file["too_long"].as_u64(), Some(1));
    assert_eq!(file["outcomes"]["future"].as_u64(), Some(1), "{summary}");
    assert_eq!(
        file["outcomes"]["too_old"].as_u64().unwrap_or(0) + file["malformed"]["bad_time"].as_u64().unwrap_or(0),
        1
    );
    assert_eq!(file["first_malformed_lines"].as_array().unwrap()[..2], [3, 4]);
    assert!(!format!("{summary}{stderr}{}", server.log()).contains("secret-canary"));
    no_panic(server);
}

#[test]
fn a_second_server_on_the_same_data_or_port_is_refused() {
    let house = House::new();
    let server = house.serve();
    let (code, message) = house.serve_fails(&[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("in use by another headcount process"), "{message}");
    let other = House::new();
    let mut args = other.serve_args();
    args[3].clone_from(&server.address);
    let output = run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("choose another port with --listen"), "{}", text(&output.stderr));
    no_panic(server);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let house = House::new();
    // A file in place of the directory: refused even for root.
    house.write("data", "not a directory");
    let (code, message) = house.serve_fails(&[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("data") && !message.contains("panicked"), "{message}");
}

#[test]
fn a_missing_key_file_is_named_and_nothing_is_started_on_a_guess() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 100));
    assert_eq!(server.ship("www", &file, &["--live"]).0, Some(0));
    server.stop();
    std::fs::remove_file(house.path("keys/www.day-2015-05-17.key")).unwrap();
    let (code, message) = house.serve_fails(&[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("--give-up www/day-2015-05-17"), "{message}");
    let mut args = house.serve_args();
    args.extend(["--give-up".to_owned(), "www/day-2015-05-17".to_owned()]);
    no_panic(Server::start(&args));
}

#[test]
fn an_unreachable_server_and_wrong_usage_have_their_own_exit_codes() {
    let house = House::new();
    let file = house.write("access.txt", log_lines(0, 1));
    let unreachable = ["--server", "http://127.0.0.1:1"];
    let ship = run(&[&["ship", "--site", "www", "--retry-for", "0", &file], &unreachable[..]].concat());
    assert_eq!(ship.status.code(), Some(3), "{}", text(&ship.stderr));
    let report = run(&[&["report"], &unreachable[..]].concat());
    assert_eq!(report.status.code(), Some(3), "{}", text(&report.stderr));
    assert_eq!(run(&["ship", &file]).status.code(), Some(2));
    let open_to_all = run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(open_to_all.status.code(), Some(2));
    assert!(text(&open_to_all.stderr).contains("not a loopback address"));
}

#[test]
fn a_configured_server_takes_only_its_own_sites() {
    let house = House::new();
    let config = house.write("headcount.toml", "[[site]]\nname = \"www\"\ntime_zone = \"Asia/Tokyo\"\n");
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), config]);
    let server = Server::start(&args);
    let file = house.write("access.txt", log_lines(0, 10));
    let (code, _, message) = server.ship("ww", &file, &[]);
    assert_eq!(code, Some(3));
    assert!(message.contains("www"), "{message}");
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    no_panic(server);
    let bad =
        house.write("bad.toml", "[server]\nlisten = \"127.0.0.1:0\"\n\n[[site]]\nname = \"www\"\nzone = \"UTC\"\n");
    let output = run(&["check", "--config", &bad]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("bad.toml:6"), "{}", text(&output.stderr));
}
