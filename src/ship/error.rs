//! What stops shipping altogether, told so that the person who started it knows what to do.
//!
//! Damage in one input is not here: it is told in that input's summary, and the rest is shipped.

use std::error::Error as _;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

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

/// What a failed call means: the end, or a reason to try again.
pub(super) enum Failure {
    /// No use in trying again.
    Fatal(ShipError),
    /// The connection is gone, or the server asks to come back later.
    Broken(String),
}

impl From<ShipError> for Failure {
    fn from(error: ShipError) -> Self {
        Self::Fatal(error)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        // A status that was made on this side, for a connection that broke, has the reason for it as its source.
        if let Some(source) = status.source() {
            return Self::Broken(innermost(source));
        }
        if matches!(status.code(), Code::Unavailable | Code::Cancelled) {
            return Self::Broken(described(&status));
        }
        Self::Fatal(ShipError::Refused { code: code_name(status.code()), message: described(&status) })
    }
}

impl From<tonic::transport::Error> for Failure {
    fn from(error: tonic::transport::Error) -> Self {
        Self::Broken(innermost(&error))
    }
}

/// The innermost reason, which is the one that says something ("Connection refused").
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A status' message and what its details name.
fn described(status: &Status) -> String {
    let mut text = match status.message() {
        "" => "no message".to_owned(),
        message => message.to_owned(),
    };
    let details = status.get_error_details();
    let fields = details.bad_request().into_iter().flat_map(|bad| {
        let violations = bad.field_violations.iter();
        violations.map(|violation| (&violation.field, &violation.description))
    });
    let conditions = details.precondition_failure().into_iter().flat_map(|failure| {
        let violations = failure.violations.iter();
        violations.map(|violation| (&violation.subject, &violation.description))
    });
    for (subject, description) in fields.chain(conditions) {
        // A detail that repeats the message says nothing more.
        if !text.contains(description.as_str()) {
            text.push_str(&format!("; {subject}: {description}"));
        }
    }
    text
}

/// A gRPC code as the protocol writes it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
