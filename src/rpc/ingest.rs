//! The way in over gRPC: checks what a producer sends, hands the batch to the vault, and answers when it is durable.
//!
//! A sender need not wait for an answer before it sends the next batch. While the disk is busy with one batch, the next are
//! read and anonymised; answers come in the order of the batches. When one leaves does not tell how much work its batch was
//! ([`super::slot`]).

use std::{collections::HashMap, pin::Pin, sync::Arc};

use http::Request;
use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::Status;
use zeroize::Zeroizing;

use super::{incoming::Messages, message::Message, slot::Slots, status};
use crate::{
    access::{Access, Deed, Pass},
    proto::{IngestResponse, OutcomeCount},
    units::SiteName,
    vault::{
        Batch, CURSOR_BYTES_MAX, EVENTS_PER_BATCH_MAX, Intake, Lane, Outcome, OutcomeCounts, PRODUCER_BYTES_MAX,
        PRODUCER_SECRET_BYTES, Pending, Receipt,
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
    access: Arc<Access>,
    shutdown: watch::Receiver<bool>,
}

/// Responses in the order of the batches.
pub(super) type ResponseStream = Pin<Box<dyn Stream<Item = Result<IngestResponse, Status>> + Send>>;

impl Ingest {
    /// A service that hands events of whoever may send them to the intake, until shutdown turns true.
    #[must_use]
    pub fn new(intake: Intake, access: Arc<Access>, shutdown: watch::Receiver<bool>) -> Self {
        Self { intake, access, shutdown }
    }

    /// Leave to send, for whoever began a stream.
    pub(super) fn pass<M>(&self, request: &Request<M>) -> Result<Pass, Status> {
        self.access.pass(request.headers(), request.extensions(), Deed::Write).map_err(status::denied)
    }

    /// Begins a stream: reads it on a task of its own, and gives its answers.
    pub(super) fn begin(&self, requests: Messages, pass: Pass) -> ResponseStream {
        let (sender, handed_over) = mpsc::channel(BATCHES_IN_FLIGHT_MAX);
        let session = Session { intake: self.intake.clone(), pass, lanes: HashMap::new() };
        tokio::spawn(session.run(requests, sender, self.shutdown.clone()));
        Box::pin(ReceiverStream::new(handed_over).then(settle))
    }
}

/// A batch that was handed over.
struct HandedOver {
    slots: Slots,
    sequence: u64,
    /// How many events it has.
    sent: u64,
    /// How much was published, where the sender asks.
    release_mark: Option<Vec<u8>>,
    pending: Pending,
}

/// Waits until a batch is durable and until its answer may leave, and answers it.
async fn settle(handed_over: Result<HandedOver, Status>) -> Result<IngestResponse, Status> {
    let HandedOver { slots, sequence, sent, release_mark, pending } = handed_over?;
    let receipt = pending.receipt().await;
    slots.next().await;
    match receipt {
        Ok(receipt) => {
            Ok(IngestResponse { release_mark: release_mark.unwrap_or_default(), ..response(sequence, sent, &receipt) })
        }
        Err(refusal) => Err(status::refused(refusal, sequence)),
    }
}

/// A producer's secret, and its lane.
type Known = (Zeroizing<Vec<u8>>, Lane);

/// One stream.
struct Session {
    intake: Intake,
    pass: Pass,
    /// By site and producer, with the secret that each came with last.
    lanes: HashMap<(String, String), Known>,
}

impl Session {
    /// Takes batches until the sender ends or may not go on, something is wrong, or the server drains.
    async fn run(
        mut self,
        mut requests: Messages,
        handed_over: mpsc::Sender<Result<HandedOver, Status>>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let pass = self.pass.clone();
        let mut ended = std::pin::pin!(pass.ended());
        loop {
            // Where nobody takes responses any more, the client is gone.
            let Ok(room) = handed_over.reserve().await else { return };
            let message = tokio::select! {
                // What is under way is finished first; what comes after is refused.
                biased;
                _ = shutdown.wait_for(|stop| *stop) => Err(status::unavailable(RETRY_SECONDS)),
                () = handed_over.closed() => return,
                denied = ended.as_mut() => Err(status::denied(denied)),
                next = requests.next() => match next {
                    None => return,
                    Some(message) => message,
                },
            };
            let taken = match message {
                Ok(message) => self.take(message).await,
                Err(status) => Err(status),
            };
            let is_last = taken.is_err();
            room.send(taken);
            if is_last {
                return;
            }
        }
    }

    async fn take(&mut self, mut message: Message) -> Result<HandedOver, Status> {
        let slots = Slots::begin();
        check(&message)?;
        let release_mark = match message.release_mark.take() {
            Some(mark) => {
                self.intake.see_mark(&mark).map_err(|refusal| status::refused(refusal, message.sequence))?;
                Some(self.intake.release_mark())
            }
            None => None,
        };
        let (site, producer) = (std::mem::take(&mut message.site), std::mem::take(&mut message.producer));
        let secret = std::mem::take(&mut message.producer_secret);
        let lane = self.lane(site, producer, secret)?;
        let (sequence, length) = (message.sequence, message.length);
        let batch = Batch {
            sequence,
            length,
            complete_through_unix_ms: message.complete_through_unix_ms,
            cursor: std::mem::take(&mut message.cursor),
            events: message.events(),
        };
        let pending = lane.hand_over(batch).await.map_err(|refusal| status::refused(refusal, sequence))?;
        Ok(HandedOver { slots, sequence, sent: length as u64, release_mark, pending })
    }

    #[expect(clippy::expect_used, reason = "Unwrap safety: the lane is inserted just above if it was not there.")]
    fn lane(&mut self, site: String, producer: String, secret: Zeroizing<Vec<u8>>) -> Result<&Lane, Status> {
        let key = (site, producer);
        let known = self.lanes.get(&key).map(|(known, _)| *known == secret);
        if known != Some(true) {
            if known.is_none() && self.lanes.len() >= LANES_PER_STREAM_MAX {
                let what = "one stream carries too many producers";
                return Err(status::bad_field("producer", what, "at most 256 a stream"));
            }
            let lane = self.open_lane(&key.0, &key.1, &secret)?;
            self.lanes.insert(key.clone(), (secret, lane));
        }
        Ok(&self.lanes.get(&key).expect("the lane is there").1)
    }

    fn open_lane(&self, site: &str, producer: &str, secret: &[u8]) -> Result<Lane, Status> {
        let name = SiteName::new(site)
            .map_err(|e| status::bad_field("site", &format!("{site:?} is no site's name"), &e.to_string()))?;
        check_producer(producer)?;
        let allowed = Some(&name).filter(|name| self.pass.scope().allows(name));
        let lane = allowed.and_then(|name| self.intake.lane(name, producer, secret, self.pass.owner()));
        lane.ok_or_else(|| {
            if self.pass.is_by_token() {
                return status::hidden_site(site, false);
            }
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

fn check(request: &Message) -> Result<(), Status> {
    let events = request.length;
    if events > EVENTS_PER_BATCH_MAX {
        let what = format!("the batch has {events} events");
        return Err(status::bad_field("events", &what, &format!("at most {EVENTS_PER_BATCH_MAX}")));
    }
    if request.sequence == 0 && (events > 0 || request.complete_through_unix_ms != 0) {
        let what = format!("a greeting (sequence 0) has {events} events or a watermark");
        return Err(status::bad_field("sequence", &what, "1 or more with events or a watermark"));
    }
    let secret = request.producer_secret.len();
    if secret > 0 && !PRODUCER_SECRET_BYTES.contains(&secret) {
        let what = format!("the secret has {secret} bytes");
        return Err(status::bad_field("producer_secret", &what, "16 to 64 bytes, or none"));
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

/// What a sender is told of how its events ended. Whether a page view was beyond a visitor's bound is not: who can send
/// events in somebody's name could find out by it whether that visitor was there.
fn told(books: Option<&OutcomeCounts>) -> Vec<(Outcome, u32, u32)> {
    let mut rows: Vec<(Outcome, u32, u32)> = Vec::new();
    for (outcome, count, first) in books.into_iter().flat_map(OutcomeCounts::close) {
        let outcome = if outcome == Outcome::BeyondBound { Outcome::Counted } else { outcome };
        match rows.iter_mut().find(|row| row.0 == outcome) {
            Some(row) => *row = (outcome, row.1 + count, row.2.min(first)),
            None => rows.push((outcome, count, first)),
        }
    }
    rows
}

fn response(sequence: u64, sent: u64, receipt: &Receipt) -> IngestResponse {
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
        release_mark: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;

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
        let mut books = OutcomeCounts::open(4);
        for (index, outcome) in
            [Outcome::Asset, Outcome::BeyondBound, Outcome::Counted, Outcome::BeyondBound].into_iter().enumerate()
        {
            books.enter(u32::try_from(index).unwrap(), outcome);
        }
        assert_eq!(told(Some(&books)), [(Outcome::Counted, 3, 1), (Outcome::Asset, 1, 0)]);
    }
}
