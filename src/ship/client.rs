//! Sends batches over one stream, with a window of unacknowledged ones, and goes on after a broken connection.
//!
//! After each reconnect it greets, learns which batches are durable, and sends the others again: exactly once, whatever
//! breaks when. It gives up when nothing was acknowledged for a given time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message as _;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tonic::transport::Endpoint;

use super::error::{Failure, ShipError};
use super::progress::{Meter, Progress};
use super::reader::Batch;
use super::window::{Answers, Position, Window};
use super::wire::{OpenStream, endpoint};
use crate::proto::IngestRequest;

/// How many batches may wait for their acknowledgement.
pub const WINDOW_BATCHES: usize = 32;

/// The longest wait before the first try after a failure; it doubles with each one.
const BACKOFF_MIN: Duration = Duration::from_millis(100);

/// The longest wait between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A connection to one server for one site.
pub(super) struct Uplink<'a> {
    endpoint: Endpoint,
    server: String,
    site: String,
    retry_for: Duration,
    stream: Option<OpenStream>,
    outage: Option<Outage>,
    progress: &'a Progress,
    meter: Arc<Meter>,
}

/// The time since something was acknowledged last, once something failed.
struct Outage {
    since: Instant,
    tries: u32,
}

impl<'a> Uplink<'a> {
    /// Prepares without connecting.
    pub(super) fn new(
        server: &str,
        site: &str,
        retry_for: Duration,
        progress: &'a Progress,
        meter: Arc<Meter>,
    ) -> Result<Self, ShipError> {
        Ok(Self {
            endpoint: endpoint(server).map_err(ShipError::Usage)?,
            server: server.to_owned(),
            site: site.to_owned(),
            retry_for,
            stream: None,
            outage: None,
            progress,
            meter,
        })
    }

    /// Asks where a producer ended, as often as it takes.
    pub(super) async fn greet(&mut self, producer: &str) -> Result<Position, ShipError> {
        loop {
            match self.try_greet(producer).await {
                Ok(position) => {
                    self.outage = None;
                    return Ok(position);
                }
                Err(failure) => self.broken(failure).await?,
            }
        }
    }

    /// Sends all batches that come and waits until they are durable.
    pub(super) async fn deliver(
        &mut self,
        producer: &str,
        position: Position,
        mut batches: mpsc::Receiver<Batch>,
    ) -> Result<(Position, Answers), ShipError> {
        let mut window = Window::new(producer, position);
        loop {
            match self.pump(&mut window, &mut batches).await {
                Ok(()) => return Ok((window.position, window.answers)),
                Err(failure) => self.broken(failure).await?,
            }
        }
    }

    /// States that a producer has sent everything before an instant.
    pub(super) async fn state_complete(
        &mut self,
        producer: &str,
        position: Position,
        complete_through_unix_ms: i64,
    ) -> Result<Position, ShipError> {
        let sequence = position.durable_sequence + 1;
        let request = IngestRequest {
            site: self.site.clone(),
            producer: producer.to_owned(),
            sequence,
            events: Vec::new(),
            complete_through_unix_ms,
            cursor: position.cursor.clone(),
        };
        let batch =
            Batch { sequence, request: request.encode_to_vec().into(), events: 0, cursor: position.cursor.clone() };
        let (sender, batches) = mpsc::channel(1);
        // The channel has room for one, so this cannot fail.
        let _ = sender.try_send(batch);
        drop(sender);
        let (position, _) = self.deliver(producer, position, batches).await?;
        Ok(position)
    }

    /// Moves batches and answers until no more come, or something breaks.
    async fn pump(&mut self, window: &mut Window, batches: &mut mpsc::Receiver<Batch>) -> Result<(), Failure> {
        if self.stream.is_none() {
            self.resume(window).await?;
        }
        let Some(stream) = &mut self.stream else {
            return Err(Failure::Broken("not connected".to_owned()));
        };
        let mut more = true;
        while more || window.len() > 0 {
            tokio::select! {
                answer = stream.answer(), if window.len() > 0 => {
                    let accepted = window.answered(&answer?)?;
                    self.meter.add_accepted(accepted);
                    self.outage = None;
                }
                batch = batches.recv(), if more && window.len() < WINDOW_BATCHES => match batch {
                    Some(batch) => stream.send(window.push(batch))?,
                    None => more = false,
                }
            }
        }
        Ok(())
    }

    /// Greets anew after a broken connection and sends what was not durable.
    async fn resume(&mut self, window: &mut Window) -> Result<(), Failure> {
        let position = self.try_greet(window.producer()).await?;
        window.resumed(position)?;
        if let Some(stream) = &self.stream {
            for request in window.requests() {
                stream.send(request)?;
            }
        }
        Ok(())
    }

    /// Greets once, over a new stream where there is none.
    async fn try_greet(&mut self, producer: &str) -> Result<Position, Failure> {
        let greeting = self.greeting(producer);
        let stream = match self.stream.take() {
            Some(stream) => {
                stream.send(greeting)?;
                self.stream.insert(stream)
            }
            None => {
                let stream = OpenStream::open(&self.endpoint, greeting).await?;
                self.stream.insert(stream)
            }
        };
        let answer = stream.answer().await?;
        if answer.sequence != 0 {
            return Err(Failure::Fatal(ShipError::Protocol(format!(
                "a greeting was answered with batch {}",
                answer.sequence
            ))));
        }
        Ok(Position { durable_sequence: answer.durable_sequence, cursor: answer.cursor })
    }

    fn greeting(&self, producer: &str) -> Bytes {
        let request =
            IngestRequest { site: self.site.clone(), producer: producer.to_owned(), ..IngestRequest::default() };
        request.encode_to_vec().into()
    }

    /// Waits before the next try, or ends when there is no use or no time left.
    async fn broken(&mut self, failure: Failure) -> Result<(), ShipError> {
        self.stream = None;
        let reason = match failure {
            Failure::Fatal(error) => return Err(error),
            Failure::Broken(reason) => reason,
        };
        let seconds = self.retry_for.as_secs();
        let outage = self.outage.get_or_insert_with(|| {
            self.progress.notice(&format!("no connection to {} ({reason}); trying again for {seconds} s", self.server));
            Outage { since: Instant::now(), tries: 0 }
        });
        let left = self.retry_for.saturating_sub(outage.since.elapsed());
        if left.is_zero() {
            return Err(ShipError::Unreachable { server: self.server.clone(), seconds, reason });
        }
        let wait = backoff(outage.tries).min(left);
        outage.tries += 1;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// The wait before a try: a random part, at least half, of a time that doubles up to a limit. Random, so that many
/// senders do not come back in the same instant.
fn backoff(tries: u32) -> Duration {
    let full = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(tries)).min(BACKOFF_MAX);
    // Without randomness the wait is merely less spread.
    let random = getrandom::u64().unwrap_or(u64::MAX);
    let part = 500 + u32::try_from(random % 501).unwrap_or(500);
    full * part / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_and_is_capped() {
        for tries in 0..40 {
            let full = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(tries)).min(BACKOFF_MAX);
            let wait = backoff(tries);
            assert!(wait >= full / 2 && wait <= full, "{tries}: {wait:?}");
        }
        assert!(backoff(u32::MAX) <= BACKOFF_MAX);
    }
}
