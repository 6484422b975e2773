//! What stops shipping altogether, told so that the person who started it knows what to do.
//!
//! Damage in one input is not here: it is told in that input's summary, and the rest is shipped.

use headcount_client::{SendError, UsageError};

/// Why shipping stopped. What had been acknowledged is kept by the server, and running the same command again goes
/// on from there (standard input excepted).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShipError {
    /// An option is outside its limits; nothing was sent.
    #[error("{0}")]
    Usage(String),
    /// The server answered that it will not take this.
    #[error("the server refused: {message} ({code})")]
    Refused {
        /// The gRPC code's name.
        code: &'static str,
        /// The server's message and its details.
        message: String,
    },
    /// No answer within the time to retry.
    #[error(
        "the server at {server} could not be reached or did not take anything for {seconds} s: {reason}. \
         Run the same command again to go on: of a file, only what was not acknowledged is sent"
    )]
    Unreachable {
        /// Its URL.
        server: String,
        /// How long it was tried.
        seconds: u64,
        /// The last failure.
        reason: String,
    },
    /// The server knows fewer batches than it had acknowledged.
    #[error(
        "the server had acknowledged batch {acknowledged} of producer {producer} and now knows {durable} only \
         (was it restored from a backup?). Run the same command again to send what it lost"
    )]
    WentBack {
        /// Who sends.
        producer: String,
        /// The last batch it had acknowledged.
        acknowledged: u64,
        /// The last batch it says is durable.
        durable: u64,
    },
    /// Somebody else sends under the same name at the same time.
    #[error(
        "producer {producer} has a batch {sequence} that this run did not send: another run ships the same content \
         or uses the same name. Wait for it, then run the same command again"
    )]
    Diverged {
        /// Who sends.
        producer: String,
        /// The batch that is not ours.
        sequence: u64,
    },
    /// The server's answers do not fit the protocol.
    #[error("the server does not keep to the protocol: {0}. Do its version and this one match?")]
    Protocol(String),
}

impl From<SendError> for ShipError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Usage(error) => Self::Usage(error.to_string()),
            SendError::Refused { code, message } => Self::Refused { code, message },
            SendError::Unreachable { server, seconds, reason } => Self::Unreachable { server, seconds, reason },
            SendError::WentBack { producer, acknowledged, durable } => {
                Self::WentBack { producer, acknowledged, durable }
            }
            SendError::Diverged { producer, sequence } => Self::Diverged { producer, sequence },
            SendError::Protocol(problem) => Self::Protocol(problem),
        }
    }
}

impl From<UsageError> for ShipError {
    fn from(error: UsageError) -> Self {
        Self::Usage(error.to_string())
    }
}
