//! What is read in place is what the generated code reads.

use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::proto;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z/日é]{0,20}", Just("x".repeat(300))]
}

/// An event, encoded: what is not has no `Debug`, and shows itself in no test either.
fn event() -> impl Strategy<Value = Vec<u8>> {
    let numbers = (any::<i64>(), any::<u32>(), any::<Option<u32>>(), any::<Option<u64>>());
    let texts = (text(), text(), text(), text(), text(), text(), text(), text(), text());
    (numbers, texts).prop_map(|((time, status, response_time_ms, response_bytes), texts)| {
        let event = proto::AccessEvent {
            time_unix_ms: time,
            address: texts.0,
            cookie: texts.1,
            user_agent: texts.2,
            method: texts.3,
            target: texts.4,
            status,
            referrer: texts.5,
            accept_language: texts.6,
            client_host: texts.7,
            host: texts.8,
            response_time_ms,
            response_bytes,
        };
        event.encode_to_vec()
    })
}

/// A batch, encoded.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let events = prop::collection::vec(event(), 0..6);
    (text(), text(), any::<u64>(), events, any::<i64>(), any::<Vec<u8>>(), any::<(Vec<u8>, Option<Vec<u8>>)>())
        .prop_map(
            |(site, producer, sequence, events, complete_through_unix_ms, cursor, (producer_secret, release_mark))| {
                let events = events.iter().map(|event| proto::AccessEvent::decode(&**event).unwrap()).collect();
                let request = proto::IngestRequest {
                    site,
                    producer,
                    sequence,
                    events,
                    complete_through_unix_ms,
                    cursor,
                    producer_secret,
                    release_mark,
                };
                request.encode_to_vec()
            },
        )
}

/// Reads as the server does, and says what was read through the generated type; nothing where it cannot be read.
fn read(bytes: &[u8]) -> Option<proto::IngestRequest> {
    let mut message = Message::read(bytes).ok()?;
    let events = message.spans.iter().map(|span| message.body.0[span.clone()].to_vec()).collect::<Vec<_>>();
    let events = events.into_iter().map(|mut bytes| {
        // An event has no eyes: what is lent to it is compared by reading the same bytes with the generated code.
        let same = proto::AccessEvent::decode(&*bytes).ok();
        let readable = read_event(&mut bytes).is_ok();
        assert!(!readable || same.is_some());
        same.filter(|_| readable)
    });
    let events = events.collect::<Option<Vec<_>>>()?;
    assert_eq!(message.events().filter(Result::is_ok).count(), message.length);
    Some(proto::IngestRequest {
        site: std::mem::take(&mut message.site),
        producer: std::mem::take(&mut message.producer),
        sequence: message.sequence,
        events,
        complete_through_unix_ms: message.complete_through_unix_ms,
        cursor: std::mem::take(&mut message.cursor),
        producer_secret: message.producer_secret.to_vec(),
        release_mark: message.release_mark.take(),
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read(request in request()) {
        prop_assert!(read(&request) == proto::IngestRequest::decode(&*request).ok());
    }

    #[test]
    fn a_damaged_message_is_read_as_the_generated_code_reads_it_or_refused(
        mut bytes in request(),
        place in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        if !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        // Groups, which nobody sends, are refused here and skipped there.
        if let Some(read) = read(&bytes) {
            prop_assert!(proto::IngestRequest::decode(&*bytes).ok() == Some(read));
        }
    }

    #[test]
    fn any_bytes_give_an_answer(bytes: Vec<u8>) {
        if let Some(read) = read(&bytes) {
            prop_assert!(proto::IngestRequest::decode(&*bytes).ok() == Some(read));
        }
    }
}

#[test]
fn nothing_is_left_of_an_event_that_was_dropped() {
    let event = proto::AccessEvent { address: "192.0.2.77".into(), cookie: "secret".into(), ..Default::default() };
    let request = proto::IngestRequest { events: vec![event], site: "www".into(), ..Default::default() };
    let mut message = Message::read(&*request.encode_to_vec()).unwrap();
    assert!(message.body.0.windows(6).any(|piece| piece == b"secret"));
    message.events().for_each(drop);
    assert!(!message.body.0.windows(6).any(|piece| piece == b"secret"));
    assert!(!message.body.0.windows(9).any(|piece| piece == b"192.0.2.7"));
}
