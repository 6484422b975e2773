//! The way in over gRPC: checks what a producer sends, hands the batch to the vault, and answers when it is durable.

use std::{collections::HashMap, pin::Pin};

use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::status;
use crate::{
    proto::{self, IngestRequest, IngestResponse, OutcomeCount, ingest_service_server::IngestService},
    units::SiteName,
    vault::{
        AccessEvent, Batch, Books, CURSOR_BYTES_MAX, EVENTS_PER_BATCH_MAX, Fault, Intake, KeyFault, Lane, Outcome,
        PRODUCER_BYTES_MAX, Receipt, Refusal,
    },
};

/// Batches of one stream that wait for their answers; then the sender waits.
const BATCHES_IN_FLIGHT_MAX: usize = 64;
/// Producers that one stream may carry.
const LANES_PER_STREAM_MAX: usize = 256;
/// When a producer should try again, in seconds.
const RETRY_SECONDS: u64 = 1;

/// The ingest service.
pub struct Ingest {
    intake: Intake,
    shutdown: watch::Receiver<bool>,
}

impl Ingest {
    /// A service that hands events to the intake until shutdown turns true.
    #[must_use]
    pub fn new(intake: Intake, shutdown: watch::Receiver<bool>) -> Self {
        Self { intake, shutdown }
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

#[tonic::async_trait]
impl IngestService for Ingest {
    type IngestStream = Answers;

    async fn ingest(&self, request: Request<Streaming<IngestRequest>>) -> Result<Response<Answers>, Status> {
        let (answers, receiver) = mpsc::channel(BATCHES_IN_FLIGHT_MAX);
        let session = Session { intake: self.intake.clone(), lanes: HashMap::new() };
        tokio::spawn(session.run(request.into_inner(), answers, self.shutdown.clone()));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// One stream.
struct Session {
    intake: Intake,
    lanes: HashMap<(String, String), Lane>,
}

impl Session {
    /// Takes batches until the sender ends, something is wrong, or the server drains.
    async fn run(
        mut self,
        mut requests: Streaming<IngestRequest>,
        answers: mpsc::Sender<Result<IngestResponse, Status>>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        loop {
            let request = tokio::select! {
                // What is under way is finished first; what comes after is refused.
                biased;
                _ = shutdown.wait_for(|stop| *stop) => Err(status::unavailable(RETRY_SECONDS)),
                next = requests.next() => match next {
                    None => return,
                    Some(request) => request,
                },
            };
            let answer = match request {
                Ok(request) => self.take(request).await,
                Err(status) => Err(status),
            };
            let is_last = answer.is_err();
            if answers.send(answer).await.is_err() || is_last {
                return;
            }
        }
    }

    async fn take(&mut self, request: IngestRequest) -> Result<IngestResponse, Status> {
        check(&request)?;
        let IngestRequest { site, producer, sequence, events, complete_through_unix_ms, cursor } = request;
        let lane = self.lane(site, producer)?;
        let sent = events.len() as u64;
        let events = events.into_iter().map(event).collect();
        match lane.send(Batch { sequence, events, complete_through_unix_ms, cursor }).await {
            Ok(receipt) => Ok(answer(sequence, sent, &receipt)),
            Err(Refusal::Gap { expected }) => Err(status::sequence_gap(expected, sequence)),
            Err(Refusal::Unavailable) => Err(status::unavailable(RETRY_SECONDS)),
            Err(Refusal::Fault(fault)) => {
                crate::telemetry::internal_fault(&fault);
                Err(match fault {
                    // A key of a new period could not be written, perhaps for want of room: nothing of the batch was
                    // counted, and it may be sent again.
                    Fault::Key(KeyFault::Io { .. }) => status::unavailable(RETRY_SECONDS),
                    _ => status::internal(),
                })
            }
        }
    }

    fn lane(&mut self, site: String, producer: String) -> Result<&Lane, Status> {
        let key = (site, producer);
        if !self.lanes.contains_key(&key) {
            if self.lanes.len() >= LANES_PER_STREAM_MAX {
                let what = "one stream carries too many producers";
                return Err(status::bad_field("producer", what, "at most 256 a stream"));
            }
            let lane = self.open_lane(&key.0, &key.1)?;
            self.lanes.insert(key.clone(), lane);
        }
        // Unwrap safety: inserted just above if it was not there.
        Ok(self.lanes.get(&key).expect("the lane is there"))
    }

    fn open_lane(&self, site: &str, producer: &str) -> Result<Lane, Status> {
        let name = SiteName::new(site)
            .map_err(|e| status::bad_field("site", &format!("{site:?} is no site's name"), &e.to_string()))?;
        check_producer(producer)?;
        self.intake.lane(&name, producer).ok_or_else(|| {
            let known: Vec<String> = self.intake.site_names().iter().map(ToString::to_string).collect();
            status::unknown_site(site, &known)
        })
    }
}

fn check_producer(producer: &str) -> Result<(), Status> {
    let is_good = (1..=PRODUCER_BYTES_MAX).contains(&producer.len()) && producer.bytes().all(|b| b.is_ascii_graphic());
    if is_good {
        return Ok(());
    }
    let what = format!("the producer's name has {} bytes or other characters", producer.len());
    Err(status::bad_field("producer", &what, "1 to 128 printable ASCII characters without space"))
}

fn check(request: &IngestRequest) -> Result<(), Status> {
    let events = request.events.len();
    if events > EVENTS_PER_BATCH_MAX {
        let what = format!("the batch has {events} events");
        return Err(status::bad_field("events", &what, &format!("at most {EVENTS_PER_BATCH_MAX}")));
    }
    if request.sequence == 0 && (events > 0 || request.complete_through_unix_ms != 0) {
        let what = format!("a greeting (sequence 0) has {events} events or a watermark");
        return Err(status::bad_field("sequence", &what, "1 or more with events or a watermark"));
    }
    let cursor = request.cursor.len();
    if cursor > CURSOR_BYTES_MAX {
        let what = format!("the cursor has {cursor} bytes");
        return Err(status::bad_field("cursor", &what, &format!("at most {CURSOR_BYTES_MAX}")));
    }
    if request.complete_through_unix_ms < 0 {
        let what = format!("{} is before 1970", request.complete_through_unix_ms);
        return Err(status::bad_field("complete_through_unix_ms", &what, "0 (states nothing) or more"));
    }
    Ok(())
}

/// Moves an event's texts to where nobody can print them.
fn event(event: proto::AccessEvent) -> AccessEvent {
    AccessEvent::at(event.time_unix_ms, event.status)
        .from_whom(event.address, event.cookie, event.user_agent)
        .for_what(event.method, event.target)
        .with_context(event.referrer, event.accept_language)
        .with_answer(event.client_host, event.response_time_ms, event.response_bytes)
}

/// What a sender is told of how its events ended. Whether a page view was beyond a visitor's bound is not: who can send
/// events in somebody's name could find out by it whether that visitor was there.
fn told(books: Option<&Books>) -> Vec<(Outcome, u32, u32)> {
    let mut rows: Vec<(Outcome, u32, u32)> = Vec::new();
    for (outcome, count, first) in books.into_iter().flat_map(Books::close) {
        let outcome = if outcome == Outcome::BeyondBound { Outcome::Counted } else { outcome };
        match rows.iter_mut().find(|row| row.0 == outcome) {
            Some(row) => *row = (outcome, row.1 + count, row.2.min(first)),
            None => rows.push((outcome, count, first)),
        }
    }
    rows
}

fn answer(sequence: u64, sent: u64, receipt: &Receipt) -> IngestResponse {
    let rows = told(receipt.books.as_ref());
    let rejected =
        rows.iter().filter(|(outcome, ..)| !outcome.is_accepted()).map(|(_, count, _)| u64::from(*count)).sum();
    let duplicate = sequence > 0 && receipt.books.is_none();
    IngestResponse {
        sequence,
        durable_sequence: receipt.durable_sequence,
        cursor: receipt.cursor.clone(),
        duplicate,
        accepted: if duplicate { 0 } else { sent - rejected },
        rejected,
        outcomes: rows
            .into_iter()
            // The discriminants are those of the protocol.
            .map(|(outcome, count, first_index)| OutcomeCount {
                outcome: outcome as i32,
                count: count.into(),
                first_index,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_the_numbers_and_names_of_the_protocol() {
        for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::BeyondBound) {
            let wire = proto::Outcome::try_from(outcome as i32).unwrap();
            let name = format!("{outcome:?}").to_ascii_lowercase();
            assert_eq!(wire.as_str_name().to_ascii_lowercase().replace("outcome_", "").replace('_', ""), name);
        }
    }

    #[test]
    fn nobody_is_told_that_a_visitor_hit_a_bound() {
        let mut books = Books::open(4);
        for (index, outcome) in
            [Outcome::Asset, Outcome::BeyondBound, Outcome::Counted, Outcome::BeyondBound].into_iter().enumerate()
        {
            books.enter(u32::try_from(index).unwrap(), outcome);
        }
        assert_eq!(told(Some(&books)), [(Outcome::Counted, 3, 1), (Outcome::Asset, 1, 0)]);
    }
}
