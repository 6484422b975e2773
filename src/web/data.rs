//! Data as files, for spreadsheets and notebooks: what [`crate::files`] makes of an address below `/data/`.

use http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_DISPOSITION};
use prost::bytes::Bytes;
use tonic::body::Body;

use super::{
    only_reading,
    reply::{Writers, reply},
    sentence,
};
use crate::{
    access::Scope,
    answers::{Answers, source::Published},
    files::{self, ErrorKind, FileError},
};

/// Where the files are.
const FOLDER: &str = "/data/";

/// The path of the file that an address names; `None` where it names none.
pub(super) fn file_named_by(path: &str) -> Option<&str> {
    path.strip_prefix(FOLDER)
}

/// The file that a request asks for.
pub(super) async fn answer<S: Published>(
    answers: &Answers<S>,
    scope: &Scope,
    file: &str,
    request: &Request<Bytes>,
    writers: &Writers,
) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return only_reading(request.method());
    }
    let made = match files::answer(answers, scope, file, request.uri().query().unwrap_or_default()).await {
        Ok(made) => made,
        Err(error) => return refused(&error),
    };
    let (headers, name) = (request.headers().clone(), made.name);
    let written = writers.write(move || reply(made.body, made.content_type, &headers, true)).await;
    let Some(Ok(mut response)) = written else {
        return sentence(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server failed to write the file; please report this".to_owned(),
        );
    };
    let named = HeaderValue::from_str(&format!("inline; filename=\"{name}\""));
    response.headers_mut().extend(named.map(|named| (CONTENT_DISPOSITION, named)));
    response
}

fn refused(error: &FileError) -> Response<Body> {
    let status = match error.kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::NeedsToken => StatusCode::UNAUTHORIZED,
        ErrorKind::BadRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Busy => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    };
    sentence(status, error.message.clone())
}
