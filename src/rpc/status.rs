//! Errors as the wire carries them: the one place that makes a `Status`.
//!
//! Each says what was wrong, the value and what is allowed, and carries google.rpc details for programs: an `ErrorInfo`
//! with a fixed reason, and the field, the way to go on or the time to wait. What went wrong inside is never shown.

use std::{collections::HashMap, fmt::Display, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{
    access::decide::Denied,
    answers::{AnswerError, follow::Ended, limit::Busy},
    query::AskError,
    telemetry,
    vault::{CommitError, KeyFault, Refusal},
};

/// The domain of every reason.
const DOMAIN: &str = "headcount";
/// When whoever met a limit may come again.
const RETRY_WAIT: Duration = Duration::from_secs(5);
/// When a reader of releases that was cut off may come again, in seconds.
const READER_RETRY_SECONDS: u64 = 5;
/// The reason of whoever is refused for want of a token that would do.
const TOKEN_REFUSED: &str = "TOKEN_REFUSED";
/// When a batch that was not taken may come again, in seconds.
const BATCH_RETRY_SECONDS: u64 = 1;
/// How many known sites a message lists.
const SITES_LISTED_MAX: usize = 20;

fn details(reason: &str, facts: &[(&str, String)]) -> ErrorDetails {
    let facts: HashMap<String, String> = facts.iter().map(|(name, fact)| ((*name).to_owned(), fact.clone())).collect();
    ErrorDetails::with_error_info(reason, DOMAIN, facts)
}

/// INVALID_ARGUMENT: a field cannot be read or is outside its limits. `what` says what is wrong, with the value.
pub(crate) fn bad_field(field: &str, what: &str, allowed: &str) -> Status {
    let mut details = details("BAD_FIELD", &[("field", field.to_owned()), ("allowed", allowed.to_owned())]);
    details.add_bad_request_violation(field, format!("{what}; allowed: {allowed}"));
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {what}. Allowed: {allowed}"), details)
}

/// NOT_FOUND: there is no site of this name. The message lists the known ones, 20 at most.
pub(super) fn unknown_site(name: &str, known: &[String]) -> Status {
    let listed = known.iter().take(SITES_LISTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match known.len().saturating_sub(SITES_LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more (ListSites gives all)"),
    };
    let sites = if known.is_empty() { "there is none yet".to_owned() } else { format!("{listed}{more}") };
    let mut details = details("UNKNOWN_SITE", &[("site", name.to_owned())]);
    details.add_bad_request_violation("site", format!("no such site; known: {sites}"));
    details.set_resource_info("site", name, "", "no such site");
    Status::with_error_details(Code::NotFound, format!("there is no site {name:?}. Known sites: {sites}"), details)
}

/// NOT_FOUND: there is no site of this name, or it may not be read or sent to: in the same words. UNAUTHENTICATED where a token
/// might help.
pub(super) fn hidden_site(name: &str, needs_token: bool) -> Status {
    if needs_token {
        let message = format!("there is no site {name:?} that is read without a token. {}", Denied::NoToken);
        let details = details(TOKEN_REFUSED, &[("site", name.to_owned())]);
        return Status::with_error_details(Code::Unauthenticated, message, details);
    }
    let mut details = details("UNKNOWN_SITE", &[("site", name.to_owned())]);
    details.set_resource_info("site", name, "", "no such site for this token");
    let message = format!("there is no site {name:?} for this token");
    Status::with_error_details(Code::NotFound, message, details)
}

/// NOT_FOUND: there is no group of this name, or none of its sites may be read: in the same words.
pub(super) fn hidden_group(name: &str) -> Status {
    let mut details = details("UNKNOWN_GROUP", &[("group", name.to_owned())]);
    details.set_resource_info("group", name, "", "no such group for this reader");
    let message = format!("there is no group {name:?} with a site that may be read here");
    Status::with_error_details(Code::NotFound, message, details)
}

/// UNAUTHENTICATED: no token, or none that is good. PERMISSION_DENIED: a good one that is for something else.
pub(crate) fn denied(denied: Denied) -> Status {
    let mut details = details(TOKEN_REFUSED, &[]);
    let code = match denied {
        Denied::WrongRole(..) => Code::PermissionDenied,
        Denied::TooMany(seconds) => {
            details.set_retry_info(Some(Duration::from_secs(seconds)));
            Code::ResourceExhausted
        }
        _ => Code::Unauthenticated,
    };
    Status::with_error_details(code, denied.to_string(), details)
}

/// NOT_FOUND: there is no group of this name. The message lists the known ones.
pub(super) fn unknown_group(name: &str, known: &[String]) -> Status {
    let groups = if known.is_empty() { "the configuration names none".to_owned() } else { known.join(", ") };
    let mut details = details("UNKNOWN_GROUP", &[("group", name.to_owned())]);
    details.add_bad_request_violation("group", format!("no such group; known: {groups}"));
    details.set_resource_info("group", name, "", "no such group");
    Status::with_error_details(Code::NotFound, format!("there is no group {name:?}. Known groups: {groups}"), details)
}

/// NOT_FOUND: there is no site at all.
pub(super) fn no_sites() -> Status {
    let message = "nothing is counted yet, so there is no site to ask about. Send a log first: \
                   headcount ship --site www access.log";
    Status::with_error_details(Code::NotFound, message, details("NO_SITES", &[]))
}

/// FAILED_PRECONDITION: a batch left a gap in its producer's sequence.
pub(super) fn sequence_gap(expected: u64, got: u64) -> Status {
    let mut details = details("SEQUENCE_GAP", &[("expected", expected.to_string()), ("got", got.to_string())]);
    let what = format!("expected sequence {expected}, got {got}");
    details.add_precondition_failure_violation("SEQUENCE", "sequence", &what);
    let message = format!("sequence {got} leaves a gap: go on with {expected}, the first that is not durable yet");
    Status::with_error_details(Code::FailedPrecondition, message, details)
}

/// FAILED_PRECONDITION: the sender has seen more releases than there are, so the server's data are an older copy.
pub(super) fn older_copy(seen: u64, stored: u64) -> Status {
    let details = details("OLDER_COPY", &[("stored", stored.to_string())]);
    let message = format!(
        "the server's data are an older copy: {seen} releases were published, and it holds {stored}. It stops, so that nothing is \
         published twice; its log says how to go on"
    );
    Status::with_error_details(Code::FailedPrecondition, message, details)
}

/// INTERNAL, as every gRPC server answers: the bytes are no message of the protocol. What they held is not shown.
pub(super) fn unreadable() -> Status {
    Status::new(Code::Internal, "the message cannot be read as the protocol says; nothing of it was counted")
}

/// INTERNAL, as every gRPC server answers: a message says that it is compressed, and the request does not say how.
pub(super) fn compressed() -> Status {
    Status::new(Code::Internal, "a message is marked as compressed without a grpc-encoding; nothing of it was counted")
}

/// INTERNAL, as every gRPC server answers: the first byte of a message is neither 0 nor 1.
pub(super) fn bad_flag(flag: u8) -> Status {
    let message = format!("a message begins with the compression flag {flag}; allowed: 0. Nothing of it was counted");
    Status::new(Code::Internal, message)
}

/// UNIMPLEMENTED: the request is compressed.
pub(super) fn encoding() -> Status {
    let mut status = Status::unimplemented("the request is compressed, which is not supported here; allowed: identity");
    status.metadata_mut().insert("grpc-accept-encoding", tonic::metadata::MetadataValue::from_static("identity"));
    status
}

/// OUT_OF_RANGE: a message is longer than allowed.
pub(super) fn long_message(bytes: usize, longest: usize) -> Status {
    let details = details("LONG_MESSAGE", &[("bytes", bytes.to_string()), ("allowed", longest.to_string())]);
    let message = format!("the message has {bytes} bytes; allowed: at most {longest} bytes. Send smaller batches");
    Status::with_error_details(Code::OutOfRange, message, details)
}

/// RESOURCE_EXHAUSTED: a message did not arrive in time.
pub(super) fn slow_message(wait: Duration) -> Status {
    let mut details = details("SLOW_MESSAGE", &[("seconds", wait.as_secs().to_string())]);
    details.set_retry_info(Some(RETRY_WAIT));
    let message = format!(
        "the message did not arrive within {} seconds of its first byte; nothing of it was counted. Send smaller batches",
        wait.as_secs()
    );
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// RESOURCE_EXHAUSTED: unfinished messages take too much, and this one had held the most for the longest.
pub(super) fn too_much_unfinished() -> Status {
    let mut details = details("UNFINISHED_MESSAGES", &[]);
    details.set_retry_info(Some(RETRY_WAIT));
    let message = "too much of unfinished messages is waiting, and this one has held the most for the longest; nothing of it was \
                   counted. Finish a message before the next begins, or send smaller batches";
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// RESOURCE_EXHAUSTED: as many of something are under way as there may be.
pub(super) fn busy(busy: &Busy) -> Status {
    let mut details = details("BUSY", &[("what", busy.what.to_owned()), ("allowed", busy.allowed.to_string())]);
    details.set_retry_info(Some(RETRY_WAIT));
    let seconds = RETRY_WAIT.as_secs();
    Status::with_error_details(Code::ResourceExhausted, format!("{busy}: try again in {seconds} s"), details)
}

/// UNAVAILABLE: the server is draining or its store refuses; the same request may be sent again.
pub(crate) fn unavailable(retry_seconds: u64) -> Status {
    let mut details = details("UNAVAILABLE", &[]);
    details.set_retry_info(Some(Duration::from_secs(retry_seconds)));
    let message = format!("the server is stopping or cannot store now: try again in {retry_seconds} s");
    Status::with_error_details(Code::Unavailable, message, details)
}

/// RESOURCE_EXHAUSTED: more is under way than the server holds; the same request may be sent again.
pub(crate) fn exhausted(retry_seconds: u64) -> Status {
    let mut details = details("BUSY", &[]);
    details.set_retry_info(Some(Duration::from_secs(retry_seconds)));
    let message = format!("more requests are under way than the server takes at once: try again in {retry_seconds} s");
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// A batch that the vault did not take. `sequence`: as the sender gave it.
pub(crate) fn refused(refusal: Refusal, sequence: u64) -> Status {
    match refusal {
        Refusal::Gap { expected } => sequence_gap(expected, sequence),
        Refusal::OlderCopy { seen, stored } => older_copy(seen, stored),
        Refusal::Unreadable => unreadable(),
        Refusal::Unavailable => unavailable(BATCH_RETRY_SECONDS),
        Refusal::Fault(fault) => {
            telemetry::internal_fault(&fault);
            match fault {
                // A key of a new period could not be written, perhaps for want of room: nothing of the batch was counted,
                // and it may be sent again.
                CommitError::Key(KeyFault::Io { .. }) => unavailable(BATCH_RETRY_SECONDS),
                _ => internal(),
            }
        }
    }
}

/// INTERNAL: our own failure, which only the server's log describes.
pub(crate) fn internal() -> Status {
    let message = "the server failed; its log says why";
    Status::with_error_details(Code::Internal, message, details("INTERNAL", &[]))
}

/// Our own failure: logged here, and hidden from the caller.
fn fault(fault: &impl Display) -> Status {
    telemetry::internal_fault(fault);
    internal()
}

/// A question without an answer.
pub(super) fn unanswered(error: &AskError) -> Status {
    match error {
        AskError::NoSites => no_sites(),
        AskError::UnknownSite { name, known } => {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            unknown_site(name, &known)
        }
        AskError::HiddenSite { name, needs_token } => hidden_site(name, *needs_token),
        AskError::UnknownGroup { name, known } => unknown_group(name, known),
        AskError::Field { field, what, allowed } => bad_field(field, what, allowed),
        AskError::Read(inner) => fault(inner),
    }
}

/// An answer that could not be given.
pub(super) fn failed(error: &AnswerError) -> Status {
    match error {
        AnswerError::Unanswered(error) => unanswered(error),
        AnswerError::Busy(of) => busy(of),
        AnswerError::Failed => internal(),
    }
}

/// The end of a stream of releases.
pub(super) fn ended(ended: &Ended) -> Status {
    match ended {
        Ended::Stopping => unavailable(READER_RETRY_SECONDS),
        Ended::Unread(error) => fault(error),
        Ended::Failed => internal(),
    }
}

#[cfg(test)]
mod tests {
    use headcount_model::source::ReadError;

    use super::*;

    #[test]
    fn every_error_carries_a_reason_of_this_domain() {
        let all = [
            bad_field("to_date", "\"x\" is no date", "a date"),
            unknown_site("x", &[]),
            unknown_group("x", &[]),
            hidden_site("x", false),
            hidden_site("x", true),
            hidden_group("x"),
            denied(Denied::NoToken),
            denied(Denied::TooMany(3)),
            no_sites(),
            sequence_gap(3, 5),
            older_copy(7, 3),
            unavailable(2),
            long_message(17, 16),
            slow_message(RETRY_WAIT),
            too_much_unfinished(),
            busy(&Busy { what: "questions", allowed: 3 }),
            exhausted(2),
            internal(),
        ];
        for status in all {
            let details = status.get_error_details();
            let info = details.error_info().unwrap();
            assert_eq!(info.domain, DOMAIN);
            assert!(!info.reason.is_empty() && !status.message().is_empty());
        }
    }

    #[test]
    fn details_name_the_field_and_the_wait() {
        let details = bad_field("to_date", "\"x\" is no date", "a date").get_error_details();
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!((violation.field.as_str(), violation.description.contains("a date")), ("to_date", true));
        let wait = unavailable(2).get_error_details().retry_info().unwrap().retry_delay;
        assert_eq!(wait, Some(Duration::from_secs(2)));
    }

    #[test]
    fn known_sites_are_listed_up_to_a_limit() {
        let known: Vec<String> = (0..25).map(|n| format!("site-{n}")).collect();
        let status = unknown_site("x", &known);
        assert!(status.message().contains("site-19 and 5 more"), "{}", status.message());
        assert!(!status.message().contains("site-20"));
    }

    #[test]
    fn a_fault_shows_nothing_of_itself() {
        let inner = ReadError::new("/secret/place");
        let status = unanswered(&AskError::Read(inner));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("secret"));
    }
}
