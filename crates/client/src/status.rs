//! What a gRPC status means for a sender: to try again, or the end with the server's own words.

use std::error::Error as _;

use prost::Message as _;
use tonic::{Code, Status};

use super::address::innermost;
use super::error::{Failure, SendError};

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        // A status that was made on this side, for a connection that broke, has the reason for it as its source.
        if let Some(source) = status.source() {
            return Self::Broken(innermost(source));
        }
        // Too much at the same time passes; what the server held of this batch was not counted.
        if matches!(status.code(), Code::Unavailable | Code::Cancelled | Code::ResourceExhausted) {
            return Self::Broken(described(&status));
        }
        Self::Fatal(SendError::Refused { code: code_name(status.code()), message: described(&status) })
    }
}

impl From<tonic::transport::Error> for Failure {
    fn from(error: tonic::transport::Error) -> Self {
        Self::Broken(innermost(&error))
    }
}

/// A status' message and what its details name.
fn described(status: &Status) -> String {
    let mut text = match status.message() {
        "" => "no message".to_owned(),
        message => message.to_owned(),
    };
    for Violation { subject, description } in violations(status.details()) {
        // A detail that repeats the message says nothing more.
        if !text.contains(description.as_str()) {
            text.push_str(&format!("; {subject}: {description}"));
        }
    }
    text
}

/// What the details of a status find wrong: fields first, then conditions. Nothing where they cannot be read.
fn violations(details: &[u8]) -> Vec<Violation> {
    let details = RpcStatus::decode(details).unwrap_or_default().details;
    let of = |name: &'static str| details.iter().filter(move |detail| detail.type_url.ends_with(name));
    let fields = of("/google.rpc.BadRequest").flat_map(|detail| {
        let fields = BadRequest::decode(&*detail.value).unwrap_or_default().violations;
        fields.into_iter().map(|field| Violation { subject: field.field, description: field.description })
    });
    let conditions = of("/google.rpc.PreconditionFailure")
        .flat_map(|detail| PreconditionFailure::decode(&*detail.value).unwrap_or_default().violations);
    fields.chain(conditions).collect()
}

// What is read of google.rpc's error model. The crate that has all of it would bring in two more for these few fields.

#[derive(prost::Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// A `google.protobuf.Any`.
#[derive(prost::Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(prost::Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    violations: Vec<FieldViolation>,
}

#[derive(prost::Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

#[derive(prost::Message)]
struct PreconditionFailure {
    #[prost(message, repeated, tag = "1")]
    violations: Vec<Violation>,
}

#[derive(prost::Message)]
struct Violation {
    #[prost(string, tag = "2")]
    subject: String,
    #[prost(string, tag = "3")]
    description: String,
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

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn told(status: Status) -> String {
        match Failure::from(status) {
            Failure::Fatal(error) => error.to_string(),
            Failure::Broken(reason) => format!("again: {reason}"),
        }
    }

    #[test]
    fn details_are_told_where_they_say_more() {
        let mut details = ErrorDetails::new();
        details.add_precondition_failure_violation("SEQUENCE", "producer", "expected 7");
        details.add_bad_request_violation("site", "allowed are a-z");
        details.add_bad_request_violation("cursor", "too long");
        let status = Status::with_error_details(Code::FailedPrecondition, "a cursor is too long", details);
        let text = "the server refused: a cursor is too long; site: allowed are a-z; producer: expected 7 \
                    (FAILED_PRECONDITION)";
        assert_eq!(told(status), text);
        let unreadable = Status::with_details(Code::Internal, "", vec![0xff; 9].into());
        assert_eq!(told(unreadable), "the server refused: no message (INTERNAL)");
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        assert_eq!(told(Status::unavailable("draining")), "again: draining");
        let mut broken = Status::unknown("transport");
        broken.set_source(std::sync::Arc::new(std::io::Error::other("connection reset")));
        assert_eq!(told(broken), "again: connection reset");
    }
}
