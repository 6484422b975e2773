//! The window on its own: what goes out, and answers that do not fit what was sent.

use headcount_proto::{AccessEvent, OutcomeCount};
use prost::bytes::Bytes;

use super::*;

fn batch(events: usize, cursor: &[u8]) -> Batch {
    let mut batch = Batch::new();
    for number in 0..events {
        batch.add(&AccessEvent { target: format!("/{number}"), ..AccessEvent::default() });
    }
    batch.set_cursor(cursor.to_vec());
    batch
}

fn window() -> Window {
    let head = IngestRequest {
        site: "www".to_owned(),
        producer: "web1".to_owned(),
        producer_secret: vec![7; 32],
        ..IngestRequest::default()
    };
    Window::new(head, Position { durable_sequence: 6, cursor: b"six".to_vec() })
}

fn decoded(frame: Frame) -> IngestRequest {
    let bytes: Bytes = [frame.head, frame.events].concat().into();
    IngestRequest::decode(bytes).unwrap()
}

fn answer(sequence: u64, cursor: &[u8], counts: &[u64]) -> IngestResponse {
    let outcomes = (1..).zip(counts).map(|(outcome, &count)| OutcomeCount { outcome, count, first_index: 0 });
    IngestResponse {
        sequence,
        durable_sequence: sequence,
        cursor: cursor.to_vec(),
        accepted: counts.iter().sum(),
        outcomes: outcomes.collect(),
        ..IngestResponse::default()
    }
}

#[test]
fn two_pieces_are_one_request() {
    let mut sent = batch(300, b"seven");
    sent.set_complete_through(99);
    let request = decoded(window().push(sent));
    let expected = IngestRequest {
        site: "www".to_owned(),
        producer: "web1".to_owned(),
        sequence: 7,
        events: (0..300).map(|number| AccessEvent { target: format!("/{number}"), ..Default::default() }).collect(),
        complete_through_unix_ms: 99,
        cursor: b"seven".to_vec(),
        producer_secret: vec![7; 32],
        release_mark: None,
    };
    // Not `assert_eq`: a request cannot be printed.
    assert!(request == expected);
    assert!(
        decoded(window().push(Batch::new()))
            == IngestRequest { events: Vec::new(), complete_through_unix_ms: 0, cursor: Vec::new(), ..expected }
    );
}

#[test]
fn each_event_is_counted_once() {
    let mut window = window();
    window.push(batch(3, b"seven"));
    window.push(batch(2, b"eight"));
    assert_eq!(window.answered(&answer(7, b"seven", &[2, 1])), Ok(3));
    // The connection broke, and the answer to batch 8 was lost.
    window.resumed(Position { durable_sequence: 8, cursor: b"eight".to_vec() }).unwrap();
    assert_eq!((window.len(), window.position.durable_sequence), (0, 8));
    let receipt = &window.receipt;
    assert_eq!((receipt.accepted, receipt.rejected, receipt.duplicates), (3, 0, 2));
    assert_eq!(receipt.outcomes, [(1, 2), (2, 1)].into());
}

#[test]
fn answers_that_do_not_fit_are_errors() {
    let protocol = |error| matches!(error, Err(SendError::Protocol(_)));
    assert!(protocol(window().answered(&answer(7, b"seven", &[]))), "none was owed");
    let sent = || {
        let mut window = window();
        window.push(batch(3, b"seven"));
        window
    };
    assert!(protocol(sent().answered(&answer(8, b"eight", &[3]))), "another batch");
    assert!(protocol(sent().answered(&answer(7, b"seven", &[2]))), "an event is missing");
    let not_durable = IngestResponse { durable_sequence: 6, ..answer(7, b"six", &[3]) };
    assert!(protocol(sent().answered(&not_durable)));
    let diverged = sent().answered(&answer(7, b"not ours", &[3]));
    assert_eq!(diverged, Err(SendError::Diverged { producer: "web1".to_owned(), sequence: 7 }));
    let back = sent().resumed(Position { durable_sequence: 5, cursor: b"five".to_vec() });
    assert!(matches!(back, Err(SendError::WentBack { acknowledged: 6, durable: 5, .. })), "{back:?}");
}
