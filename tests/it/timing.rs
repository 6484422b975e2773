//! What the time of an answer tells. A sender tries eight page views in the name of a visitor, one a batch. Where that visitor
//! has been there and is at the bound already, none of them counts. The answers say nothing of it, and their times must not
//! either. It fails where the eight waits together tell the two cases apart.
//!
//! `cargo test --test it timing -- --ignored --nocapture` takes some minutes and prints what was measured. The cases come in
//! random order, so that what else the machine does is in both alike.

use std::time::{Duration, Instant};

use headcount::proto::{AccessEvent, IngestRequest, IngestResponse, ingest_service_client::IngestServiceClient};
use headcount_model::rng::SplitMix64;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::Streaming;

use crate::harness::{BROWSER, House};

/// Visitors of each case.
const VISITORS: usize = 1_000;
/// Counted page views of a visitor-day; and so many tries.
const BOUND: usize = 8;
/// The chance that the longer wait is that of a visitor who was not there; 0.5 tells nothing.
const AUC_MAX: f64 = 0.53;

/// A stream whose next batch is sent when the one before is answered.
struct Prober {
    requests: tokio::sync::mpsc::Sender<IngestRequest>,
    answers: Streaming<IngestResponse>,
    sequence: u64,
}

impl Prober {
    async fn open(url: String) -> Self {
        let (requests, receiver) = tokio::sync::mpsc::channel(1);
        let mut client = IngestServiceClient::connect(url).await.unwrap();
        let answers = client.ingest(ReceiverStream::new(receiver)).await.unwrap().into_inner();
        Self { requests, answers, sequence: 0 }
    }

    /// Sends page views of a visitor in one batch. Gives how long the answer took.
    async fn send(&mut self, visitor: usize, pages: impl Iterator<Item = String>) -> Duration {
        self.sequence += 1;
        let event = |target| AccessEvent {
            address: format!("10.{}.{}.{}", visitor >> 16, visitor >> 8 & 255, visitor & 255),
            target,
            user_agent: BROWSER.into(),
            ..AccessEvent::default()
        };
        let request = IngestRequest {
            site: "www".into(),
            producer: "prober".into(),
            sequence: self.sequence,
            events: pages.map(event).collect(),
            ..IngestRequest::default()
        };
        let sent = Instant::now();
        self.requests.send(request).await.unwrap();
        self.answers.next().await.unwrap().unwrap();
        sent.elapsed()
    }

    /// How long eight tries take together in the name of a visitor who was there, or was not.
    async fn try_visitor(&mut self, visitor: usize, was_there: bool) -> Duration {
        // Somebody comes in any case: what the server has in its caches is the same.
        let comes = if was_there { visitor } else { visitor + 2 * VISITORS };
        self.send(comes, (0..BOUND).map(|page| format!("/before-{page}"))).await;
        let mut all = Duration::ZERO;
        for page in 0..BOUND {
            all += self.send(visitor, std::iter::once(format!("/try-{page}"))).await;
        }
        all
    }
}

/// The chance that one of the first is larger than one of the second; half where they are equal.
fn auc(first: &[Duration], second: &[Duration]) -> f64 {
    let wins = first.iter().flat_map(|one| second.iter().map(move |other| one.cmp(other)));
    let sum: f64 = wins.map(|order| 0.5 * (1.0 + f64::from(order as i8))).sum();
    sum / (first.len() * second.len()) as f64
}

fn median(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    waits[waits.len() / 2]
}

#[test]
#[ignore = "takes minutes"]
fn the_time_of_an_answer_does_not_tell_whether_a_visitor_was_at_the_bound() {
    let house = House::new();
    let server = house.serve();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut order = SplitMix64::new(1);
    let (mut there, mut not_there) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        let mut prober = Prober::open(server.url()).await;
        // What only the first batches wait for.
        for visitor in 0..100 {
            prober.try_visitor(5 * VISITORS + visitor, false).await;
        }
        for visitor in 0..2 * VISITORS {
            let was_there = match (there.len(), not_there.len()) {
                (VISITORS, _) => false,
                (_, VISITORS) => true,
                _ => order.next_unit() < 0.5,
            };
            let waited = prober.try_visitor(visitor, was_there).await;
            if was_there { &mut there } else { &mut not_there }.push(waited);
        }
    });
    let auc = auc(&not_there, &there);
    let one = |waits: &[Duration]| median(waits.to_vec()) / u32::try_from(BOUND).unwrap();
    println!(
        "timing: AUC {auc:.3} with {VISITORS} visitors of each case; an answer takes {:?} where the visitor was at the \
         bound, {:?} where not (medians)",
        one(&there),
        one(&not_there)
    );
    server.stop();
    assert!((1.0 - AUC_MAX..AUC_MAX).contains(&auc), "AUC {auc}");
}
