//! Two worlds, one of which has a producer more. A failure is an answer of the server by which a sender without that producer's
//! secret can tell them apart.

use std::collections::BTreeMap;

use headcount::proto::{AccessEvent, IngestRequest, IngestResponse, ingest_service_client::IngestServiceClient};
use tokio_stream::StreamExt;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::harness::{BROWSER, House, Server, log_lines};

/// What a sender gets: the answer, or the error with its details.
type Told = Vec<Result<IngestResponse, (Code, String, String)>>;

fn request(producer: &str, secret: &str, sequence: u64, events: u8) -> IngestRequest {
    let event = |visitor: u8| AccessEvent {
        time_unix_ms: 1_431_856_800_000,
        address: format!("198.51.100.{visitor}"),
        target: "/".into(),
        user_agent: BROWSER.into(),
        ..AccessEvent::default()
    };
    IngestRequest {
        site: "www".into(),
        producer: producer.into(),
        producer_secret: secret.into(),
        sequence,
        events: (0..events).map(event).collect(),
        cursor: b"mine".to_vec(),
        ..IngestRequest::default()
    }
}

fn told(server: &Server, requests: Vec<IngestRequest>) -> Told {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let error = |status: Status| {
        let details = status.get_error_details();
        // A map, whose order is another one each time.
        let facts: Option<BTreeMap<_, _>> =
            details.error_info().map(|info| info.metadata.clone().into_iter().collect());
        let rest =
            (details.error_info().map(|info| &info.reason), details.bad_request(), details.precondition_failure());
        (status.code(), status.message().to_owned(), format!("{facts:?} {rest:?} {:?}", details.resource_info()))
    };
    runtime.block_on(async {
        let mut client = IngestServiceClient::connect(server.url()).await.expect("a connection");
        let answers = match client.ingest(tokio_stream::iter(requests)).await {
            Ok(answers) => answers.into_inner().collect::<Vec<_>>().await,
            Err(status) => vec![Err(status)],
        };
        answers.into_iter().map(|answer| answer.map_err(error)).collect()
    })
}

/// All that a sender can try in another's name: greetings, numbers that may be next or known, one stream or many.
fn probes(server: &Server, producer: &str, secret: &str) -> Vec<Told> {
    let one = |sequence, events| vec![request(producer, secret, sequence, events)];
    let streams = [one(0, 0), one(2, 0), one(3, 1), one(4, 0), one(9, 0), one(1, 0), one(1, 3), one(2, 3), one(0, 0)];
    let together = (0..6).map(|sequence| request(producer, secret, sequence, 1)).skip(1).collect();
    streams.into_iter().chain([together]).map(|requests| told(server, requests)).collect()
}

#[test]
fn no_answer_tells_of_another_producer() {
    let own = "the secret of web-1";
    let worlds = [false, true].map(|is_there| {
        let house = House::new();
        let server = house.serve();
        // The site is there in both.
        let file = house.write("access.txt", log_lines(0, 5));
        assert_eq!(server.ship("www", &file, &["--live"]).0, Some(0));
        let (_, summary, _) = server.ship("www", &file, &["--live"]);
        let log = summary["files"][0]["producer"].as_str().expect("its name").to_owned();
        if is_there {
            let sent = told(&server, (1..=3).map(|sequence| request("web-1", own, sequence, 4)).collect());
            assert_eq!(sent.iter().flatten().map(|answer| answer.durable_sequence).collect::<Vec<_>>(), [1, 2, 3]);
        }
        let short = told(&server, vec![request("web-1", "short", 0, 0)]);
        let mut seen = vec![short];
        for (producer, secret) in [("web-1", ""), ("web-1", "a secret of somebody else")] {
            seen.extend(probes(&server, producer, secret));
        }
        // A log's name can be worked out from its first line; it is told as little of as of one that is not there.
        for secret in ["", "one more secret of somebody"] {
            assert_eq!(probes(&server, &log, secret), probes(&server, "file-0", secret));
        }
        let known = told(&server, vec![request("web-1", own, 0, 0)])[0].clone().expect("an answer");
        assert_eq!(known.durable_sequence, if is_there { 3 } else { 0 }, "whoever has the secret is told");
        server.stop();
        seen
    });
    assert!(worlds[0].iter().flatten().any(Result::is_ok) && worlds[0].iter().flatten().any(Result::is_err));
    assert_eq!(worlds[0], worlds[1]);
}

#[test]
fn a_stream_without_a_secret_is_a_producer_of_its_own() {
    let house = House::new();
    let server = house.serve();
    for _ in 0..2 {
        let sent =
            told(&server, (0..=2).map(|sequence| request("web-1", "", sequence, u8::from(sequence > 0))).collect());
        let sent: Vec<_> = sent.into_iter().map(|answer| answer.expect("an answer")).collect();
        let seen: Vec<_> = sent.iter().map(|answer| (answer.durable_sequence, answer.duplicate)).collect();
        assert_eq!(seen, [(0, false), (1, false), (2, false)]);
    }
    let gap = told(&server, vec![request("web-1", "", 3, 1)]).remove(0).expect_err("a gap");
    assert!(gap.0 == Code::FailedPrecondition && gap.1.contains("go on with 1"), "{gap:?}");
    server.stop();
}
