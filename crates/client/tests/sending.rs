//! A producer against a server in memory that fails on demand. A failure is an event that is counted twice or lost, a wait
//! that does not end, or an error that does not say what to do.

#![allow(clippy::unwrap_used, reason = "what a test did not expect may stop it")]

mod fake;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake::{Fake, Fault};
use headcount_client::{
    AccessEvent, Batch, Connection, Observer, Position, Producer, ProducerSecret, SendError, ServerAddress, UsageError,
    WINDOW_BATCHES,
};

fn secret() -> ProducerSecret {
    ProducerSecret::new([7; 32]).unwrap()
}

fn connection(url: &str) -> Connection {
    let address = ServerAddress::parse(url).unwrap();
    Connection::new(address, "www", secret()).unwrap().with_retry_for(Duration::from_secs(20))
}

async fn producer(url: &str) -> Producer {
    Producer::open(connection(url), "web1").await.unwrap()
}

/// A batch of ten events that can be told apart from those of every other batch.
fn batch(number: usize) -> Batch {
    let mut batch = Batch::new();
    for target in targets(number..number + 1) {
        batch.add(&AccessEvent { target, address: "192.0.2.77".to_owned(), ..AccessEvent::default() });
    }
    batch.set_cursor(number.to_le_bytes().to_vec());
    batch
}

fn targets(batches: std::ops::Range<usize>) -> Vec<String> {
    batches.flat_map(|number| (0..10).map(move |event| format!("/{number}/{event}"))).collect()
}

#[tokio::test]
async fn each_event_arrives_once_and_in_order() {
    let server = Fake::start().await;
    let mut producer = producer(&server.url()).await;
    assert_eq!(producer.position(), &Position::default());
    for number in 0..3 * WINDOW_BATCHES {
        producer.send(batch(number)).await.unwrap();
        assert!(producer.unanswered() <= WINDOW_BATCHES);
    }
    producer.flush().await.unwrap();
    assert_eq!(server.targets(), targets(0..3 * WINDOW_BATCHES));
    assert_eq!((producer.receipt().accepted, producer.receipt().outcomes[&1]), (960, 960));
    producer.complete_through(1_800_000_000_000).await.unwrap();
    assert_eq!(producer.position().durable_sequence, 97);
    assert_eq!(producer.position().cursor, 95_usize.to_le_bytes(), "a statement keeps the cursor");
    assert_eq!(server.state().stated, [("web1".to_owned(), 1_800_000_000_000, 960)]);
}

#[tokio::test]
async fn each_fault_counts_once() {
    for fault in [Fault::LoseAnswer, Fault::LoseBatch, Fault::Unavailable] {
        for at in [1, 4, 40] {
            let server = Fake::start().await;
            server.state().faults.push_back((at, fault));
            let mut producer = producer(&server.url()).await;
            for number in 0..40 {
                producer.send(batch(number)).await.unwrap();
            }
            producer.flush().await.unwrap();
            assert_eq!(server.targets(), targets(0..40), "{fault:?} at {at}");
            let receipt = producer.receipt();
            assert_eq!(receipt.accepted + receipt.duplicates, 400, "{fault:?} at {at}: {receipt:?}");
        }
    }
}

#[tokio::test]
async fn a_call_given_up_halfway_loses_nothing() {
    let server = Fake::start().await;
    let url = server.through_broken_line(vec![20, 0, 30, 1]).await;
    let mut producer = producer(&url).await;
    let (sender, mut batches) = tokio::sync::mpsc::channel(2);
    let feeding = tokio::spawn(async move {
        for number in 0..200 {
            sender.send(batch(number)).await.unwrap();
        }
    });
    let mut given_up = 0;
    loop {
        // Each try is short at first, so that it ends at any place: while connecting, greeting, waiting.
        let limit = Duration::from_millis(1 + given_up);
        match tokio::time::timeout(limit, producer.send_all(&mut batches)).await {
            Ok(sent) => break sent.unwrap(),
            Err(_) => given_up += 1,
        }
    }
    feeding.await.unwrap();
    assert_eq!(server.targets(), targets(0..200), "given up {given_up} times");
    let receipt = producer.receipt();
    assert_eq!(receipt.accepted + receipt.duplicates, 2_000, "{receipt:?}");
}

#[tokio::test]
async fn the_next_process_goes_on_where_the_last_one_ended() {
    let server = Fake::start().await;
    let mut first = producer(&server.url()).await;
    first.send(batch(0)).await.unwrap();
    // What was not flushed is given up; it may be durable or not, and the next greeting tells.
    let (connection, _) = first.into_parts();
    let mut next = Producer::open(connection, "web1").await.unwrap();
    let done = usize::try_from(next.position().durable_sequence).unwrap();
    for number in done..3 {
        next.send(batch(number)).await.unwrap();
    }
    next.flush().await.unwrap();
    let (connection, position) = next.into_parts();
    let mut resumed = Producer::resume(connection, "web1", position).unwrap();
    resumed.send(batch(3)).await.unwrap();
    resumed.flush().await.unwrap();
    assert_eq!(server.targets(), targets(0..4));
}

#[derive(Default)]
struct Heard {
    accepted: AtomicU64,
    interrupted: Mutex<Vec<String>>,
}

impl Observer for Heard {
    fn accepted(&self, events: u64) {
        self.accepted.fetch_add(events, Ordering::Relaxed);
    }

    fn interrupted(&self, reason: &str, retry_for: Duration) {
        self.interrupted.lock().unwrap().push(format!("{reason}, {} s", retry_for.as_secs()));
    }
}

#[tokio::test]
async fn an_observer_hears_what_was_accepted_and_each_outage_once() {
    let server = Fake::start().await;
    // The second one only loses an answer, so nothing is acknowledged before the third.
    let faults = [(2, Fault::Unavailable), (3, Fault::Unavailable), (5, Fault::LoseAnswer), (6, Fault::Unavailable)];
    server.state().faults.extend(faults);
    let heard = Arc::new(Heard::default());
    let connection = connection(&server.url()).with_observer(Arc::clone(&heard) as _);
    let mut producer = Producer::open(connection, "web1").await.unwrap();
    for number in 0..5 {
        producer.send(batch(number)).await.unwrap();
        producer.flush().await.unwrap();
    }
    assert_eq!(heard.accepted.load(Ordering::Relaxed), 40);
    let outages = ["draining, 20 s", "the server closed the stream, 20 s", "draining, 20 s"];
    assert_eq!(*heard.interrupted.lock().unwrap(), outages);
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_sent() {
    let server = Fake::start().await;
    let address = ServerAddress::parse(&server.url()).unwrap();
    assert!(matches!(Connection::new(address, "A b", secret()), Err(UsageError::Site(_))));
    let unnamed = Producer::open(connection(&server.url()), "").await;
    assert!(matches!(unnamed, Err(SendError::Usage(UsageError::Producer(_)))));

    let mut producer = producer(&server.url()).await;
    let mut many = Batch::new();
    for _ in 0..20_001 {
        many.add(&AccessEvent::default());
    }
    let error = producer.send(many).await.unwrap_err().to_string();
    assert!(error.contains("20001 events") && error.contains("send it as several"), "{error}");
    let mut long = Batch::new();
    long.add(&AccessEvent { target: "x".repeat(4_000_000), ..AccessEvent::default() });
    assert!(matches!(producer.send(long).await, Err(SendError::Usage(UsageError::Batch { events: 1, .. }))));
    let mut far = Batch::new();
    far.set_cursor(vec![0; 257]);
    assert_eq!(producer.send(far).await, Err(UsageError::Cursor { bytes: 257 }.into()));

    // And the producer is as good as before.
    producer.send(batch(0)).await.unwrap();
    producer.flush().await.unwrap();
    assert_eq!(server.targets(), targets(0..1));
}

#[tokio::test]
async fn errors_say_what_to_do_and_hold_nothing_of_an_event() {
    let cases = [
        (Fault::Refuse, "the server refused: too much (PERMISSION_DENIED)"),
        (Fault::Intrude, "Give each sender a name of its own"),
        (Fault::GoBack, "send what came after batch 3"),
    ];
    for (fault, advice) in cases {
        let server = Fake::start().await;
        let mut producer = producer(&server.url()).await;
        for number in 0..5 {
            producer.send(batch(number)).await.unwrap();
        }
        producer.flush().await.unwrap();
        server.state().faults.push_back((6, fault));
        producer.send(batch(5)).await.unwrap();
        let error = producer.flush().await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(advice), "{text}");
        assert!(!text.contains("192.0.2.77") && !text.contains("/5/"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_given_up_in_time() {
    // Bound and never listening: whoever connects is refused.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    for retry_for in [Duration::ZERO, Duration::from_secs(1)] {
        let started = std::time::Instant::now();
        let connection = connection(&url).with_retry_for(retry_for);
        let error = Producer::open(connection, "web1").await.map(drop).unwrap_err();
        assert!(started.elapsed() >= retry_for && started.elapsed() < retry_for + Duration::from_secs(9));
        let text = error.to_string();
        assert!(text.contains(&url) && text.contains("refused") && text.contains("Call again"), "{text}");
    }
}
