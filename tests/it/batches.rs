//! Edge cases of batches, sent by a client that speaks the protocol directly: empty, far too large, out of order.

use headcount::proto::{AccessEvent, IngestRequest, IngestResponse, ingest_service_client::IngestServiceClient};
use tokio_stream::StreamExt;
use tonic::{Code, Status};

use crate::harness::{BROWSER, House, Server};

fn event() -> AccessEvent {
    AccessEvent {
        address: "192.0.2.1".into(),
        target: "/".into(),
        user_agent: BROWSER.into(),
        ..AccessEvent::default()
    }
}

fn request(sequence: u64, events: usize) -> IngestRequest {
    IngestRequest {
        site: "www".into(),
        producer: "edge".into(),
        sequence,
        events: (0..events).map(|_| event()).collect(),
        producer_secret: b"known to the edge".to_vec(),
        ..IngestRequest::default()
    }
}

/// Sends requests on one stream and collects the answers; the last may be an error.
fn send(server: &Server, requests: Vec<IngestRequest>) -> Vec<Result<IngestResponse, Status>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = IngestServiceClient::connect(server.url()).await.expect("a connection");
        match client.ingest(tokio_stream::iter(requests)).await {
            Ok(answers) => answers.into_inner().collect().await,
            Err(status) => vec![Err(status)],
        }
    })
}

#[test]
fn batches_at_the_edges_are_answered_and_lose_nothing() {
    let house = House::new();
    let server = house.serve();
    let answers = send(&server, vec![request(0, 0), request(1, 0), request(2, 3)]);
    let durable: Vec<u64> = answers.iter().map(|a| a.as_ref().expect("an answer").durable_sequence).collect();
    assert_eq!(durable, [0, 1, 2]);

    let too_large = send(&server, vec![request(3, 100_000)]).pop().expect("an answer").expect_err("an error");
    assert_eq!(too_large.code(), Code::InvalidArgument, "{too_large}");
    assert!(too_large.message().contains("20000"), "{too_large}");
    let gap = send(&server, vec![request(9, 1)]).pop().expect("an answer").expect_err("an error");
    assert_eq!(gap.code(), Code::FailedPrecondition);
    assert!(gap.message().contains('3'), "{gap}");
    let greeting_with_events = send(&server, vec![request(0, 1)]).pop().expect("an answer").expect_err("an error");
    assert_eq!(greeting_with_events.code(), Code::InvalidArgument);
    // None of these was counted; the sequence continues where it was.
    let last = send(&server, vec![request(2, 3), request(3, 20_000)]);
    assert!(last[0].as_ref().expect("an answer").duplicate);
    let full = last[1].as_ref().expect("an answer");
    assert_eq!((full.durable_sequence, full.accepted, full.rejected), (3, 20_000, 0));
    let log = server.stop();
    assert!(!log.contains("panicked") && !log.contains("192.0.2.1"), "{log}");
}

#[test]
fn a_server_that_stops_tells_producers_to_come_again() {
    let house = House::new();
    let server = house.serve();
    let url = server.url();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let mut answers = runtime.block_on(async {
        let mut client = IngestServiceClient::connect(url).await.expect("a connection");
        sender.send(request(1, 5)).await.expect("a stream");
        client.ingest(tokio_stream::wrappers::ReceiverStream::new(receiver)).await.expect("a stream").into_inner()
    });
    let first = runtime.block_on(answers.next()).expect("an answer").expect("no error");
    assert_eq!(first.durable_sequence, 1);
    // The stream is still open while the server is told to stop.
    let watcher = std::thread::spawn(move || runtime.block_on(async move { answers.next().await }));
    server.stop();
    let last = watcher.join().expect("no panic").expect("a last word").expect_err("an error");
    assert_eq!(last.code(), Code::Unavailable, "{last}");
    drop(sender);
}
