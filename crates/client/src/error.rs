//! What stops a sender, told so that whoever runs it knows what to do. No error holds anything of an event.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

use super::batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, CURSOR_BYTES_MAX};
use super::connection::SITE_BYTES_MAX;
use super::producer::PRODUCER_BYTES_MAX;
use super::secret::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};

/// Something that was given is outside its limits; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageError {
    /// A server's URL.
    Address {
        /// The URL as given.
        url: String,
        /// What is wrong with it, as a verb.
        problem: String,
    },
    /// What is no site's name.
    Site(String),
    /// What is no producer's name.
    Producer(String),
    /// A secret that is too short or too long.
    Secret {
        /// Its length.
        bytes: usize,
    },
    /// A token that cannot be sent. It is not shown.
    Token,
    /// A certificate authority that cannot be read.
    Authority(String),
    /// A batch that is too large.
    Batch {
        /// How many events it holds.
        events: u64,
        /// How long they are, encoded.
        bytes: usize,
    },
    /// A cursor that is too long.
    Cursor {
        /// Its length.
        bytes: usize,
    },
}

impl Display for UsageError {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { url, problem } => write!(
                to,
                "the server's URL {url:?} {problem}; allowed is http://HOST:PORT or https://HOST:PORT, e.g. \
                 http://127.0.0.1:50051"
            ),
            Self::Token => write!(to, "the token is empty or has characters that no token has; copy all of it"),
            Self::Authority(problem) => {
                write!(to, "the certificate authority cannot be used: {problem}; allowed are certificates in PEM")
            }
            Self::Site(name) => write!(
                to,
                "the site {name:?} is not a site's name: allowed are 1 to {SITE_BYTES_MAX} characters of a-z, 0-9, '.', \
                 '-' and '_'"
            ),
            Self::Producer(name) => write!(
                to,
                "the producer {name:?} is not a producer's name: allowed are 1 to {PRODUCER_BYTES_MAX} printable ASCII \
                 characters without space"
            ),
            Self::Secret { bytes } => write!(
                to,
                "a producer's secret has {bytes} bytes: allowed are {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX}"
            ),
            Self::Batch { events, bytes } => write!(
                to,
                "a batch of {events} events and {bytes} bytes is too large: allowed are {BATCH_EVENTS_MAX} events and \
                 {BATCH_BYTES_MAX} bytes; send it as several"
            ),
            Self::Cursor { bytes } => {
                write!(to, "a cursor of {bytes} bytes is too long: allowed are {CURSOR_BYTES_MAX}")
            }
        }
    }
}

impl Error for UsageError {}

/// Why sending stopped. What had been acknowledged is kept by the server, and whoever opens the same producer again learns
/// where to go on.
///
/// A new variant breaks whoever matches, on purpose: each of them asks for an action of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Something is outside its limits; it was not sent.
    Usage(UsageError),
    /// The server answered that it will not take this. To send the same again is of no use.
    Refused {
        /// The gRPC code's name.
        code: &'static str,
        /// The server's message and its details.
        message: String,
    },
    /// No answer within the time to retry. To go on later is safe: nothing is counted twice.
    Unreachable {
        /// Its URL.
        server: String,
        /// How long it was tried.
        seconds: u64,
        /// The last failure.
        reason: String,
    },
    /// The server knows fewer batches than it had acknowledged.
    WentBack {
        /// Who sends.
        producer: String,
        /// The last batch it had acknowledged.
        acknowledged: u64,
        /// The last batch it says is durable.
        durable: u64,
    },
    /// Somebody else sends under the same name at the same time.
    Diverged {
        /// Who sends.
        producer: String,
        /// The batch that is not ours.
        sequence: u64,
    },
    /// The server's answers do not fit the protocol.
    Protocol(String),
}

impl Display for SendError {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => Display::fmt(error, to),
            Self::Refused { code, message } => write!(to, "the server refused: {message} ({code})"),
            Self::Unreachable { server, seconds, reason } => write!(
                to,
                "the server at {server} could not be reached or did not take anything for {seconds} s: {reason}. Call again \
                 to go on trying"
            ),
            Self::WentBack { producer, acknowledged, durable } => write!(
                to,
                "the server had acknowledged batch {acknowledged} of producer {producer} and now knows {durable} only (was \
                 it restored from a backup?). Open the producer again and send what came after batch {durable}"
            ),
            Self::Diverged { producer, sequence } => write!(
                to,
                "producer {producer} has a batch {sequence} that was not sent from here: somebody else sends under the same \
                 name. Give each sender a name of its own"
            ),
            Self::Protocol(problem) => {
                write!(to, "the server does not keep to the protocol: {problem}. Do its version and this one match?")
            }
        }
    }
}

impl Error for SendError {}

impl From<UsageError> for SendError {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

/// What a failed call means: the end, or a reason to try again.
pub(super) enum Failure {
    /// No use in trying again.
    Fatal(SendError),
    /// The connection is gone, or the server asks to come back later.
    Broken(String),
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self::Fatal(error)
    }
}
