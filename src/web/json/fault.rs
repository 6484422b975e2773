//! Errors as the Connect protocol writes them: `{"code": ..., "message": ..., "details": [...]}` with the HTTP code that goes with
//! it. What the service says (its sentence, its google.rpc details) passes through; what is refused before it is said here.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};
use prost::Message;
use prost_reflect::{DescriptorError, DescriptorPool, DynamicMessage};
use serde::Serialize;
use serde_json::{Value as Json, json};
use tonic::{Code, Status, body::Body};

use crate::{rpc::bad_field, web::body};

/// Why a call has no answer.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    code: Code,
    message: String,
    /// A `google.rpc.Status`, as gRPC carries it; empty where there are no details.
    details: Vec<u8>,
    /// The HTTP methods that are allowed, where another one was used.
    allow: Option<&'static str>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, code: Code, message: String) -> Self {
        Self { status, code, message, details: Vec::new(), allow: None }
    }

    /// What the service said.
    pub(super) fn of(status: &Status) -> Self {
        let (message, details) = (status.message().to_owned(), status.details().to_vec());
        Self { status: http_of(status.code()), code: status.code(), message, details, allow: None }
    }

    /// A field or a header cannot be read; in the words of the service.
    pub(super) fn bad(field: &str, what: &str, allowed: &str) -> Self {
        Self::of(&bad_field(field, what, allowed))
    }

    /// The HTTP method is not one of those that are allowed.
    pub(super) fn method(message: String, allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, message) }
    }

    /// Our own failure.
    pub(super) fn internal() -> Self {
        let message = "the server failed to write its answer; please report this".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, message)
    }
}

/// A fault as it is sent.
#[derive(Serialize)]
struct Written<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Json>,
}

/// Writes faults. It knows the types of their details.
pub(super) struct Faults(DescriptorPool);

impl Faults {
    pub(super) fn new() -> Result<Self, DescriptorError> {
        DescriptorPool::decode(tonic_types::pb::FILE_DESCRIPTOR_SET).map(Self)
    }

    pub(super) fn response(&self, fault: Fault) -> Response<Body> {
        let details = tonic_types::pb::Status::decode(&*fault.details).map(|status| status.details).unwrap_or_default();
        let details = details.iter().map(|detail| self.detail(&detail.type_url, &detail.value)).collect();
        let written = Written { code: name(fault.code), message: &fault.message, details };
        // Text, lists and objects with text for keys: this cannot fail.
        let mut json = serde_json::to_vec(&written).unwrap_or_default();
        json.push(b'\n');
        let mut response = Response::new(body(json));
        *response.status_mut() = fault.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(fault.allow.map(|allow| (ALLOW, HeaderValue::from_static(allow))));
        response
    }

    /// A detail as bytes for programs, and readable for people.
    fn detail(&self, type_url: &str, value: &[u8]) -> Json {
        let name = type_url.rsplit('/').next().unwrap_or_default();
        let mut written = json!({ "type": name, "value": STANDARD_NO_PAD.encode(value) });
        let readable = self.0.get_message_by_name(name).and_then(|of| DynamicMessage::decode(of, value).ok());
        if let Some(readable) = readable.and_then(|message| serde_json::to_value(message).ok()) {
            written["debug"] = readable;
        }
        written
    }
}

/// The name of a code in the Connect protocol.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok | Code::Unknown => "unknown",
        Code::Cancelled => "canceled",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

/// The HTTP code of a code, as the Connect protocol has it.
fn http_of(code: Code) -> StatusCode {
    match code {
        // 499 has no name: the client closed the request.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
