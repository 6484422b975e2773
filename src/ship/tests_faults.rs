//! Shipping over connections and servers that fail. A failure is an event that is counted twice or lost, or a wait that
//! does not end.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::fake::Fault;
use super::tests::{Place, gzip, line, log, options, targets};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_each_batch_counts_once() {
    for fault in [Fault::LoseAnswer, Fault::LoseBatch, Fault::Unavailable] {
        for at in [1, 2, 5, 6] {
            let place = Place::new().await;
            place.server.state().faults.push_back((at, fault));
            let file = place.write("a.log", log(0..4_500));
            let summary = place.ship(&[&file]).await;
            assert_eq!(place.server.targets(), targets(0..4_500), "{fault:?} at {at}");
            let lost = fault == Fault::LoseAnswer && at < 6;
            assert_eq!(summary.duplicates > 0, lost, "{fault:?} at {at}: {summary:?}");
            assert_eq!(summary.accepted + summary.duplicates, 4_500);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_line_counts_once() {
    let place = Place::new().await;
    let file = place.write("a.gz", gzip(log(0..40_000).as_bytes()));
    let url = place.server.through_broken_line(vec![5, 40, 70, 0, 100]).await;
    let summary = ship(options(url, &[&file])).await.unwrap();
    assert!(summary.files[0].is_balanced());
    assert_eq!(place.server.targets().len(), 40_000);
    assert_eq!(place.server.targets(), targets(0..40_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_ends_at_once_and_says_why() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..10));
    place.server.state().only_site = "other".to_owned();
    let error = ship(options(place.server.url(), &[&file])).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ShipError::Refused { code: "NOT_FOUND", .. }), "{text}");
    assert!(text.starts_with("the server refused: no site \"www\""), "{text}");

    place.server.state().only_site.clear();
    place.server.state().faults.push_back((1, Fault::Refuse));
    let error = ship(options(place.server.url(), &[&file])).await.unwrap_err();
    assert!(matches!(error, ShipError::Refused { code: "PERMISSION_DENIED", .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_server_is_given_up() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..10));
    // A port that was free a moment ago and to which nobody listens while it stays bound here.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    drop(socket);
    let started = Instant::now();
    let mut options = options(url, &[&file]);
    options.retry_for = Duration::from_secs(1);
    let error = ship(options).await.unwrap_err();
    assert!(matches!(error, ShipError::Unreachable { seconds: 1, .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_always_fails_is_given_up() {
    let place = Place::new().await;
    let file = place.write("a.log", line(0));
    let faults = (1..1_000).map(|at| (at, Fault::Unavailable));
    place.server.state().faults.extend(faults);
    let mut options = options(place.server.url(), &[&file]);
    options.retry_for = Duration::from_secs(1);
    let error = ship(options).await.unwrap_err();
    assert!(error.to_string().contains("draining"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_went_back_gets_the_rest_in_the_next_run() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..40_000));
    // Late enough that the window has moved: batches that are lost have been acknowledged.
    place.server.state().faults.push_back((40, Fault::GoBack));
    let options = options(place.server.url(), &[&file]);
    let error = ship(options).await.unwrap_err();
    assert!(matches!(error, ShipError::WentBack { durable: 3, .. }), "{error}");
    let rest = place.ship(&[&file]).await;
    assert_eq!((rest.already_counted_lines, rest.sent), (3_000, 37_000));
    assert_eq!(place.server.targets(), targets(0..40_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sender_under_the_same_name_is_noticed() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..3_000));
    place.server.state().faults.push_back((2, Fault::Intrude));
    let error = ship(options(place.server.url(), &[&file])).await.unwrap_err();
    assert!(matches!(error, ShipError::Diverged { sequence: 2, .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any faults, and a log that grows between runs: each line exactly once, in order.
    #[test]
    fn exactly_once(
        ends in proptest::collection::vec(0_usize..6_000, 1..4),
        faults in proptest::collection::btree_map(
            1_u64..20,
            prop_oneof![Just(Fault::LoseAnswer), Just(Fault::LoseBatch), Just(Fault::Unavailable)],
            0..5,
        ),
        compressed: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let place = Place::new().await;
            place.server.state().faults.extend(faults);
            let mut end = 0;
            for next in ends {
                end = end.max(next);
                let content = log(0..end);
                let bytes = if compressed { gzip(content.as_bytes()) } else { content.into_bytes() };
                let file = place.write("a.log", bytes);
                let summary = place.ship(&[&file]).await;
                assert_eq!(summary.already_counted_lines + summary.sent, end as u64);
            }
            assert_eq!(place.server.targets(), targets(0..end));
        });
    }
}
