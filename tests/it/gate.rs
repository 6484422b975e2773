//! Clients that hold on to a server: silent, slow, or busy with nothing, against the real binary with real sockets.
//!
//! A failure: a stop that waits for such a client longer than it says; a signal to reload that ends the server; connections that
//! keep others out, or take the files that the database needs; frames without content that go on.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use crate::harness::{House, Server, headcount, log_lines};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// What a stop says that it takes at most, and what a busy machine may add.
const STOP: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(8);

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(content.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(content);
    frame
}

/// The head of a call, as literal fields of HPACK without an index.
fn call(path: &str) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "x"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let mut head = Vec::new();
    for (name, value) in fields {
        head.push(0);
        for text in [name, value] {
            head.push(u8::try_from(text.len()).unwrap());
            head.extend(text.as_bytes());
        }
    }
    head
}

fn connected(address: &str, sent: &[&[u8]]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    for bytes in sent {
        stream.write_all(bytes).expect("it reads");
    }
    stream
}

/// A client of each kind that a stop has waited for.
fn clinging(server: &Server) -> Vec<TcpStream> {
    let (ingest, watch) = ("/headcount.v1.IngestService/Ingest", "/headcount.v1.StatsService/WatchReleases");
    let no_window = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let mut clients = Vec::new();
    for address in [&server.address, &server.web] {
        let open = |more: &[&[u8]]| connected(address, &[&[PREFACE, SETTINGS], more].concat());
        clients.push(connected(address, &[]));
        clients.push(connected(address, &[b"PRI * HT"]));
        clients.push(connected(address, &[b"POST / HTTP/1.1\r\nhost: x\r\n"]));
        // It does not answer pings, as none of these does.
        clients.push(open(&[]));
        clients.push(open(&[&[0, 0, 9, 0]]));
        clients.push(open(&[&frame(1, 0, 1, &call(watch)[..20])]));
        // Releases without a window for them.
        clients.push(open(&[&no_window, &frame(1, 4, 1, &call(watch)), &frame(0, 1, 1, &[0; 5])]));
        // Half a message.
        clients.push(open(&[&frame(1, 4, 1, &call(ingest)), &frame(0, 0, 1, &[0, 0, 9, 0, 0, 1, 2, 3])]));
    }
    clients
}

#[test]
fn a_stop_ends_in_time_whatever_clients_do() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 50));
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    let clients = clinging(&server);
    // All of them have been looked at.
    let again = house.write("again.txt", log_lines(50, 50));
    assert_eq!(server.ship("www", &again, &[]).0, Some(0));
    let asked = Instant::now();
    let log = server.stop();
    assert!(asked.elapsed() < STOP + SLACK, "{:?}: {log}", asked.elapsed());
    assert!(log.contains("stopping") && !log.contains("panicked"), "{log}");
    drop(clients);
    // What was acknowledged is there.
    let server = house.serve();
    assert_eq!(server.ship("www", &file, &[]).1["sent"].as_u64(), Some(0));
    server.stop();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 50));
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    let clients = clinging(&server);
    server.terminate();
    server.wait_until(|server| server.log().contains("stopping").then_some(()));
    let asked = Instant::now();
    let log = server.stop();
    assert!(asked.elapsed() < STOP && log.contains("stopping at once"), "{:?}: {log}", asked.elapsed());
    drop(clients);
    let server = house.serve();
    server.wait_for_a_day("www");
    server.stop();
}

#[test]
fn a_signal_to_reload_reads_sitemaps_and_ends_nothing() {
    let house = House::new();
    let list = house.write("pages.txt", "https://www.a.jp/\n");
    let mut args = house.serve_args();
    args.extend(["--sitemap".to_owned(), list.clone()]);
    let server = Server::start(&args);
    house.write("pages.txt", "https://www.a.jp/\nhttps://www.a.jp/new\n");
    for _ in 0..3 {
        server.signal("HUP");
    }
    server.wait_until(|server| server.log().contains("pages=2").then_some(()));
    let file = house.write("access.txt", log_lines(0, 50));
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    server.stop();
}

#[test]
fn silent_connections_take_no_file_from_the_database() {
    let house = House::new();
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 300; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_headcount")]).args(house.serve_args());
    limited.env_remove("HEADCOUNT_SERVER").stdin(std::process::Stdio::null());
    let server = Server::launch(&mut limited).expect("it starts");
    let silent: Vec<TcpStream> = (0..400).map(|_| connected(&server.address, &[])).collect();
    for round in 0..3 {
        let file = house.write(&format!("{round}.txt"), log_lines(100 * round, 100));
        let (code, _, message) = server.ship("www", &file, &[]);
        assert_eq!(code, Some(0), "{message}");
    }
    drop(silent);
    let log = server.stop();
    assert!(log.contains("few files") && !log.contains("Too many open files"), "{log}");
}

#[test]
fn frames_that_bring_nothing_end_with_a_reason() {
    let house = House::new();
    let server = house.serve();
    let update = frame(8, 0, 0, &[0, 0, 0, 1]);
    let priority = frame(2, 0, 3, &[0, 0, 0, 0, 9]);
    let unknown = frame(0xbe, 0, 0, b"what");
    for kind in [update, priority, unknown] {
        for address in [&server.address, &server.web] {
            let mut client = connected(address, &[PREFACE, SETTINGS]);
            client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let flood = kind.repeat(3_000);
            // It may close before all of it is sent, and then the reason may be lost with it.
            let _ = client.write_all(&flood);
            let mut answer = Vec::new();
            let end = client.read_to_end(&mut answer);
            let is_told = answer.windows(14).any(|bytes| bytes == b"without conten");
            assert!(is_told || end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
        }
    }
    let running = headcount(&["report", "--server", &server.url()]).output().expect("it runs");
    assert!(running.status.success(), "{running:?}");
    server.stop();
}
