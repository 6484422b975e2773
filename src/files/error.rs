//! Why there is no file, and what to say of it. Our own failures go to the log; whoever asked learns that there was one.

use std::fmt::Display;

use crate::{answers::AnswerError, query::AskError, telemetry, units::SiteName};

/// How many known sites a message lists.
const SITES_LISTED_MAX: usize = 20;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no such file or site.
    NotFound,
    /// A parameter cannot be read, or is outside its limits.
    BadRequest,
    /// Too much is asked for at the same time.
    Busy,
    /// There is no such site, or one that a token is needed for: nothing tells which.
    NeedsToken,
    /// The server failed.
    Failed,
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FileError {
    /// Whose fault it is.
    pub kind: ErrorKind,
    /// What was wrong, the value, and what is allowed.
    pub message: String,
}

impl FileError {
    /// There is no such file.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::NotFound, message: message.into() }
    }

    /// A parameter is wrong. `what`: with its value.
    pub(super) fn parameter(name: &str, what: &str, allowed: &str) -> Self {
        Self { kind: ErrorKind::BadRequest, message: format!("{name}: {what}. Allowed: {allowed}") }
    }

    fn failed(fault: &impl Display) -> Self {
        telemetry::internal_fault(fault);
        Self { kind: ErrorKind::Failed, message: "the server failed; its log says why".to_owned() }
    }
}

impl From<AskError> for FileError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NoSites => Self::not_found("nothing is counted yet, so there is no site to ask about"),
            AskError::UnknownSite { name, known } => Self::not_found(unknown_site(&name, &known)),
            error @ AskError::HiddenSite { needs_token, .. } => {
                let kind = if needs_token { ErrorKind::NeedsToken } else { ErrorKind::NotFound };
                Self { kind, message: error.to_string() }
            }
            // No file is about a group; the words are those of the question.
            error @ AskError::UnknownGroup { .. } => Self::not_found(error.to_string()),
            AskError::Field { field, what, allowed } => Self::parameter(parameter_of(field), &what, &allowed),
            AskError::Read(fault) => Self::failed(&fault),
        }
    }
}

impl From<AnswerError> for FileError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Unanswered(error) => error.into(),
            AnswerError::Busy(busy) => {
                Self { kind: ErrorKind::Busy, message: format!("{busy}: try again in some seconds") }
            }
            AnswerError::Failed => Self::failed(&error),
        }
    }
}

/// The parameter of a file that a question has by another name.
fn parameter_of(field: &'static str) -> &'static str {
    match field {
        "from_date" => "from",
        "to_date" => "to",
        "granularity" => "by",
        other => other,
    }
}

fn unknown_site(name: &str, known: &[SiteName]) -> String {
    let listed: Vec<&str> = known.iter().take(SITES_LISTED_MAX).map(SiteName::as_str).collect();
    let more = match known.len().saturating_sub(SITES_LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more (sites.csv lists all)"),
    };
    format!("there is no site {name:?}. Known sites: {}{more}", listed.join(", "))
}
