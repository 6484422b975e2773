//! What the layer costs a site: 10,000 requests a second, with it and without it.
//!
//! The site runs in this process, which reads its own processor time; requests come from a second process, which also is the
//! server that events are sent to. Rounds alternate, so that what else the machine does is in both alike.
//!
//! `cargo bench -p headcount-tower`

#![allow(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

#[path = "../../client/tests/fake/mod.rs"]
mod fake;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Html;
use axum::routing::get;
use fake::Fake;
use headcount_client::background::{Destination, Options, Queue, spawn};
use headcount_client::{ProducerSecret, ServerAddress};
use headcount_tower::Headcount;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PER_SECOND: u32 = 10_000;
const CONNECTIONS: u32 = 50;
const SECONDS: u32 = 5;
const ROUNDS: usize = 3;
const REQUEST: &[u8] = b"GET /page HTTP/1.1\r\nHost: www.example.jp\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) \
    Gecko/20100101 Firefox/145.0\r\nAccept: text/html\r\nAccept-Language: ja,en;q=0.5\r\nReferer: https://search.example/\r\n\
    Cookie: theme=dark; visitor=0123456789abcdef0123456789abcdef\r\n\r\n";

#[tokio::main]
async fn main() {
    if std::env::args().any(|argument| argument == "load") {
        return load().await;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("load")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut answers = answers.lines().map_while(Result::ok);
    let destination = Destination {
        address: ServerAddress::parse(&answers.next().unwrap()).unwrap(),
        site: "www".to_owned(),
        producer: "site".to_owned(),
        secret: ProducerSecret::new([7; 32]).unwrap(),
        observer: Arc::new(()),
    };
    let (queue, background) = spawn(destination, Options::default()).unwrap();
    let plain = serve(None).await;
    let counted = serve(Some(queue.clone())).await;
    println!("{PER_SECOND} requests a second for {SECONDS} s, {CONNECTIONS} connections");
    for _ in 0..ROUNDS {
        for (name, address) in [("without", plain), ("with", counted)] {
            round(name, address, &mut orders, &mut answers);
        }
    }
    println!("dropped: {}", queue.dropped());
    assert!(background.shutdown(Duration::from_secs(60)).await);
    end(child, orders);
}

fn end(mut child: Child, orders: ChildStdin) {
    drop(orders);
    child.wait().unwrap();
}

/// A site of one page, on a port of its own.
async fn serve(queue: Option<Queue>) -> SocketAddr {
    let app = Router::new().route("/page", get(|| async { Html("<p>a page of usual length".repeat(100)) }));
    let peer = |extensions: &http::Extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let app = match queue {
        Some(queue) => app.layer(Headcount::new(queue).peer(peer).with_cookie("visitor")),
        None => app,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// One round. The order is the site's address; the answer, what the waits were.
fn round(name: &str, address: SocketAddr, orders: &mut ChildStdin, answers: &mut impl Iterator<Item = String>) {
    let before = processor_time();
    writeln!(orders, "{address}").unwrap();
    let waits = tokio::task::block_in_place(|| answers.next().unwrap());
    let spent = processor_time() - before;
    let each = spent / (PER_SECOND * SECONDS);
    println!("{name:>8}: {each:?} of processor time a request; {waits}");
}

/// What this process has used of all processors.
fn processor_time() -> Duration {
    let of_threads = std::fs::read_dir("/proc/self/task").unwrap().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    let all: u64 = of_threads.sum();
    assert!(all > 0, "the system tells no processor time");
    Duration::from_nanos(all)
}

/// The second process: takes events, and sends requests to the addresses that it reads.
async fn load() {
    let server = Fake::start().await;
    println!("{}", server.url());
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let address: SocketAddr = line.parse().unwrap();
        let all = (0..CONNECTIONS).map(|number| tokio::spawn(connection(address, number)));
        let mut waits = Vec::new();
        for one in all.collect::<Vec<_>>() {
            waits.extend(one.await.unwrap());
        }
        waits.sort();
        let at = |share: usize| waits[waits.len() * share / 100];
        println!("waits: half below {:?}, 99 % below {:?}", at(50), at(99));
        server.state().events.clear();
    }
}

/// Requests at fixed times over one connection; each waits from the time that it was due.
async fn connection(address: SocketAddr, number: u32) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let pause = Duration::from_secs(1) * CONNECTIONS / PER_SECOND;
    let begun = Instant::now() + pause * number / CONNECTIONS;
    let (mut waits, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    for request in 0..PER_SECOND / CONNECTIONS * SECONDS {
        let due = begun + pause * request;
        tokio::time::sleep_until(due.into()).await;
        stream.write_all(REQUEST).await.unwrap();
        let mut answer_bytes = 0;
        while answer_bytes < 2_500 {
            answer_bytes += stream.read(&mut buffer).await.unwrap();
        }
        waits.push(due.elapsed());
    }
    waits
}
