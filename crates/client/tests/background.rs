//! Sending in the background against a server in memory that fails on demand. A failure is an event that is lost or counted
//! twice while somebody could have it, one that makes a request wait, or a statement that is not true.

#![allow(clippy::unwrap_used, reason = "what a test did not expect may stop it")]

mod fake;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fake::{Fake, Fault};
use headcount_client::background::{Background, Destination, Options, Queue, spawn};
use headcount_client::{AccessEvent, ProducerSecret, ServerAddress, UsageError};

const LIMIT: Duration = Duration::from_secs(60);

fn destination(url: &str) -> Destination {
    Destination {
        address: ServerAddress::parse(url).unwrap(),
        site: "www".to_owned(),
        producer: "backend".to_owned(),
        secret: ProducerSecret::new([7; 32]).unwrap(),
        observer: Arc::new(()),
    }
}

fn start(url: &str, options: Options) -> (Queue, Background) {
    spawn(destination(url), options).unwrap()
}

fn quick() -> Options {
    Options { batch_events_max: 10, delay_max: Duration::from_millis(20), ..Options::default() }
}

fn offer(queue: &Queue, numbers: std::ops::Range<usize>) {
    numbers.for_each(|number| queue.offer(AccessEvent { target: format!("/{number}"), ..AccessEvent::default() }));
}

fn targets(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("/{number}")).collect()
}

async fn wait_for(server: &Fake, events: usize) {
    let begun = Instant::now();
    while server.targets().len() < events {
        assert!(begun.elapsed() < LIMIT, "{} of {events} events came", server.targets().len());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn events_go_out_by_size_and_by_delay_and_once_each() {
    let server = Fake::start().await;
    server.state().faults = VecDeque::from([(2, Fault::LoseAnswer), (4, Fault::LoseBatch), (7, Fault::Unavailable)]);
    let (queue, background) = start(&server.url(), quick());
    offer(&queue, 0..95);
    wait_for(&server, 95).await;
    offer(&queue, 95..96);
    wait_for(&server, 96).await;
    assert!(background.shutdown(LIMIT).await);
    assert_eq!((server.targets(), queue.dropped()), (targets(96), 0));
    let stated = server.state().stated.clone();
    assert_eq!(stated.last(), Some(&("backend".to_owned(), i64::MAX, 96)), "it is finished, with everything before it");
}

#[tokio::test]
async fn an_end_sends_what_waits_and_a_server_that_is_not_there_ends_it_in_time() {
    let server = Fake::start().await;
    let (queue, background) = start(&server.url(), Options::default());
    offer(&queue, 0..25);
    assert!(queue.issue("cookie"));
    queue.offer_first("cookie", AccessEvent { target: "/25".to_owned(), ..AccessEvent::default() });
    assert!(background.shutdown(LIMIT).await);
    assert_eq!(server.targets(), targets(26));

    // Nobody listens there.
    let (queue, background) = start("http://127.0.0.1:1", quick());
    let begun = Instant::now();
    offer(&queue, 0..200_000);
    assert!(begun.elapsed() < Duration::from_secs(20), "no request waits: {:?}", begun.elapsed());
    assert!(queue.dropped() > 0 && queue.waiting_events() <= Options::default().waiting_events_max);
    assert!(!background.shutdown(Duration::from_millis(200)).await);
}

#[tokio::test]
async fn an_error_that_does_not_pass_is_outlived() {
    let server = Fake::start().await;
    server.state().faults = VecDeque::from([(1, Fault::Refuse)]);
    let (queue, background) = start(&server.url(), quick());
    offer(&queue, 0..5);
    // The batch that was refused is counted as dropped; the next one arrives.
    let begun = Instant::now();
    while queue.dropped() == 0 {
        assert!(begun.elapsed() < LIMIT);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    offer(&queue, 5..6);
    wait_for(&server, 1).await;
    assert!(background.shutdown(LIMIT).await);
    assert_eq!((server.targets(), queue.dropped()), (vec!["/5".to_owned()], 5));
}

#[tokio::test]
async fn names_are_checked_at_once() {
    let wrong = Destination { site: "No Site".to_owned(), ..destination("http://127.0.0.1:1") };
    assert!(matches!(spawn(wrong, Options::default()).map(drop), Err(UsageError::Site(_))));
}
