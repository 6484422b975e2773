//! The way to one server for one site: opens a stream, asks where a producer stands, and tries again after failures.
//!
//! It gives up when nothing was acknowledged for a given time.

use std::sync::Arc;
use std::time::Duration;

use headcount_proto::IngestRequest;
use prost::Message as _;
use prost::bytes::Bytes;

use super::address::ServerAddress;
use super::codec::Frame;
use super::error::{Failure, SendError, UsageError};
use super::observer::Observer;
use super::retry::Outage;
use super::secret::ProducerSecret;
use super::stream::OpenStream;
use super::window::Position;

/// How long a connection is tried again where nothing else is said.
pub const RETRY_FOR_DEFAULT: Duration = Duration::from_secs(60);

/// The longest site name the protocol allows, in bytes.
pub const SITE_BYTES_MAX: usize = 64;

/// A connection to one server for one site. It connects when something is sent.
pub struct Connection {
    address: ServerAddress,
    site: String,
    secret: ProducerSecret,
    release_mark: Vec<u8>,
    retry_for: Duration,
    observer: Arc<dyn Observer>,
    pub(super) stream: Option<OpenStream>,
    outage: Option<Outage>,
}

impl Connection {
    /// Prepares without connecting. All producers that use the connection are bound to the secret. A failed connection is
    /// tried again for [`RETRY_FOR_DEFAULT`].
    ///
    /// # Errors
    /// [`UsageError::Site`] for what is no site's name.
    pub fn new(address: ServerAddress, site: &str, secret: ProducerSecret) -> Result<Self, UsageError> {
        check_site(site)?;
        Ok(Self {
            address,
            site: site.to_owned(),
            secret,
            release_mark: Vec::new(),
            retry_for: RETRY_FOR_DEFAULT,
            observer: Arc::new(()),
            stream: None,
            outage: None,
        })
    }

    /// Shows the server this token, for one that lets nobody in without.
    ///
    /// # Errors
    /// [`UsageError::Token`] where it cannot be sent.
    pub fn with_token(mut self, token: &str) -> Result<Self, UsageError> {
        let credentials = self.address.credentials().clone().with_token(token)?;
        self.address = self.address.with_credentials(credentials)?;
        Ok(self)
    }

    /// Tries again for this long after something was acknowledged last; zero: not at all.
    #[must_use]
    pub fn with_retry_for(mut self, retry_for: Duration) -> Self {
        self.retry_for = retry_for;
        self
    }

    /// Tells somebody what happens.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Gives the server back what [`Connection::release_mark`] was at the end of an earlier connection to it. A server that is
    /// an older copy of what was there then notices it, refuses and stops.
    #[must_use]
    pub fn with_release_mark(mut self, mark: Vec<u8>) -> Self {
        self.release_mark = mark;
        self
    }

    /// The server's mark of how much it has published; empty before it has answered.
    #[must_use]
    pub fn release_mark(&self) -> &[u8] {
        &self.release_mark
    }

    /// Takes the mark of an answer.
    pub(super) fn note_mark(&mut self, mark: Vec<u8>) {
        if !mark.is_empty() {
            self.release_mark = mark;
        }
    }

    /// The same connection, for another site.
    ///
    /// # Errors
    /// [`UsageError::Site`] for what is no site's name.
    pub fn at_site(mut self, site: &str) -> Result<Self, UsageError> {
        check_site(site)?;
        site.clone_into(&mut self.site);
        Ok(self)
    }

    /// The site's name.
    #[must_use]
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Asks where a producer stands, as often as it takes.
    pub(super) async fn greet(&mut self, producer: &str) -> Result<Position, SendError> {
        loop {
            match self.try_greet(producer).await {
                Ok(position) => {
                    self.recovered();
                    return Ok(position);
                }
                Err(failure) => self.failed(failure)?,
            }
        }
    }

    /// Greets once, over a new stream where there is none. A stream of which an answer may still come is not kept.
    pub(super) async fn try_greet(&mut self, producer: &str) -> Result<Position, Failure> {
        let greeting = self.greeting(producer);
        let mut stream = match self.stream.take() {
            Some(stream) => {
                stream.send(greeting)?;
                stream
            }
            None => {
                if let Some(outage) = &self.outage {
                    outage.wait().await;
                }
                OpenStream::open(&self.address, greeting).await?
            }
        };
        let answer = stream.answer().await?;
        if answer.sequence != 0 {
            let text = format!("a greeting was answered with batch {}", answer.sequence);
            return Err(SendError::Protocol(text).into());
        }
        self.stream = Some(stream);
        self.note_mark(answer.release_mark);
        Ok(Position { durable_sequence: answer.durable_sequence, cursor: answer.cursor })
    }

    fn greeting(&self, producer: &str) -> Frame {
        Frame { head: self.head(producer).encode_to_vec().into(), events: Bytes::new() }
    }

    /// What every request of a producer says.
    pub(super) fn head(&self, producer: &str) -> IngestRequest {
        IngestRequest {
            site: self.site.clone(),
            producer: producer.to_owned(),
            producer_secret: self.secret.bytes().to_vec(),
            release_mark: Some(self.release_mark.clone()),
            ..IngestRequest::default()
        }
    }

    /// The server made a batch durable.
    pub(super) fn acknowledged(&mut self, accepted: u64) {
        self.recovered();
        self.observer.accepted(accepted);
    }

    /// The server takes what it is sent: the next failure has all of its time to be tried again.
    pub(super) fn recovered(&mut self) {
        self.outage = None;
    }

    /// Plans the next try, or ends when there is no use or no time left.
    pub(super) fn failed(&mut self, failure: Failure) -> Result<(), SendError> {
        self.stream = None;
        let reason = match failure {
            Failure::Fatal(error) => return Err(error),
            Failure::Broken(reason) => reason,
        };
        let outage = self.outage.get_or_insert_with(|| {
            self.observer.interrupted(&reason, self.retry_for);
            Outage::begin()
        });
        if outage.plan(self.retry_for) {
            return Ok(());
        }
        // The next call tries again for as long.
        self.outage = None;
        let (server, seconds) = (self.address.url().to_owned(), self.retry_for.as_secs());
        Err(SendError::Unreachable { server, seconds, reason })
    }
}

/// Whether a text can be a site's name.
///
/// # Errors
/// [`UsageError::Site`] with what is allowed.
pub fn check_site(site: &str) -> Result<(), UsageError> {
    let is_site_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    if (1..=SITE_BYTES_MAX).contains(&site.len()) && site.bytes().all(is_site_byte) {
        return Ok(());
    }
    Err(UsageError::Site(site.to_owned()))
}
