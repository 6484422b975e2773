//! The examples of site backends, run as they stand. A failure: a visitor of theirs who is not counted, or not once.
//!
//! Each is asked for a page over a connection of its own, from this machine, by browsers that differ in their user agents.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use crate::{
    clients::tool,
    faults::shim::{Faults, Field},
    harness::{House, Server},
    receive::{counts_of, finish, runtime},
};
use headcount::clock::{Clock, SystemClock};

const VISITORS: i64 = 1_500;
const DAY_MS: i64 = 24 * 3_600_000;

fn ask(address: &str, visitor: i64) {
    let mut stream = TcpStream::connect(address).expect("the site listens");
    let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:145.{visitor}) Gecko/20100101 Firefox/145.{visitor}");
    write!(stream, "GET / HTTP/1.0\r\nHost: www.example.jp\r\nUser-Agent: {agent}\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("Welcome"), "{answer}");
}

/// Where a site says that it listens.
fn address_of(site: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(site.stdout.take().expect("a pipe")).read_line(&mut line).expect("its address");
    line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// Visits a site that sends to a server, stops it, and compares what is published.
fn check(house: &House, start: impl FnOnce(&Server) -> Command) {
    let Some(faults) = Faults::new(house) else { return };
    let server = faults.launch(&house.serve_args(), &[]).expect("it starts");
    let mut site = start(&server).stdout(Stdio::piped()).spawn().expect("the site starts");
    let address = address_of(&mut site);
    (0..VISITORS).for_each(|visitor| ask(&address, visitor));
    assert!(Command::new("kill").args(["-TERM", &site.id().to_string()]).status().expect("kill runs").success());
    assert!(site.wait().expect("it ends").success(), "all was sent");
    let now = jiff::Timestamp::from_millisecond(SystemClock.now_unix_ms()).expect("a time").to_string();
    // It has said that it sends no more, so nobody waits for it once the day is over.
    faults.set(Field::ClockMs, DAY_MS);
    runtime().block_on(finish(&server, "www"));
    let (visits, _) = counts_of(&server, "www", &now[..10]);
    assert!((visits - VISITORS).abs() < 200, "{visits}");
    server.stop();
}

#[test]
fn a_backend_in_python_is_counted() {
    let Some(python) = tool("HEADCOUNT_PYTHON") else { return };
    check(&House::new(), |server| {
        let mut command = Command::new(python);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/backend.py");
        command.args([script, &server.address, "www", "127.0.0.1:0"]);
        command
    });
}
