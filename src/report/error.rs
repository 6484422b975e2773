//! Why a report failed, what to do about it, and the exit code.
//!
//! It carries the server's own message and never guesses at a cause.

use std::error::Error as StdError;

use headcount_client::UsageError;
use thiserror::Error;
use tonic::{Code, Status};

use super::value::clean;

/// Why a report failed.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The server's address cannot be read.
    #[error(transparent)]
    Address(#[from] UsageError),
    /// The token or the certificate authority cannot be used.
    #[error("{0}")]
    Trust(String),
    /// No server answers there.
    #[error(
        "no answer from {server}: {problem}\nIs `headcount serve` running there? Start it, or name another server with --server URL."
    )]
    Unreachable {
        /// The address, or "the server" where the connection broke later.
        server: String,
        /// What the transport said.
        problem: String,
    },
    /// The server answered with an error.
    #[error("the server refused {call} ({code:?}): {message}")]
    Refused {
        /// The call by its name in the protocol.
        call: &'static str,
        /// The gRPC status.
        code: Code,
        /// The server's own words.
        message: String,
    },
}

impl ReportError {
    /// The exit code: 2 if the command line is wrong, 3 if the server cannot be reached or refuses.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Address(_) | Self::Trust(_) => 2,
            Self::Unreachable { .. } | Self::Refused { .. } => 3,
        }
    }

    pub(super) fn from_status(call: &'static str, status: &Status) -> Self {
        let mut message = clean(status.message());
        if let Some(cause) = status.source().map(chain).filter(|cause| *cause != message) {
            message = format!("{message}: {cause}");
        }
        if status.source().is_some() || matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded) {
            return Self::Unreachable { server: "the server".to_owned(), problem: message };
        }
        let message = match status.code() {
            Code::Unimplemented => {
                format!("{message} (it does not speak headcount.v1.StatsService; is it a headcount server?)")
            }
            _ => message,
        };
        Self::Refused { call, code: status.code(), message }
    }
}

/// An error with its chain of causes: the transport's own text is only "transport error". A cause that is already quoted
/// is not repeated.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_from_a_broken_connection_says_what_to_do() {
        let away = ReportError::from_status("GetTraffic", &Status::unavailable("draining"));
        assert!(away.to_string().contains("Is `headcount serve` running"), "{away}");
        let unknown = ReportError::from_status("GetPrivacy", &Status::not_found("site \"x\" is not known"));
        assert_eq!(unknown.to_string(), "the server refused GetPrivacy (NotFound): site \"x\" is not known");
        assert_eq!((away.exit_code(), unknown.exit_code()), (3, 3));
    }
}
