//! Reads the body of a request: at most 64 KiB within ten seconds, so that nobody holds up the server by sending slowly.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::bytes::Bytes;
use tokio::time::timeout;
use tonic::body::Body;

/// The longest body, in bytes. A question has some hundred.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a body may take to arrive.
const BODY_WAIT: Duration = Duration::from_secs(10);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyFault {
    #[error("the body is longer than {BODY_BYTES_MAX} bytes; a question is far shorter")]
    TooLong,
    #[error("the body did not arrive within {} seconds", BODY_WAIT.as_secs())]
    TooSlow,
    #[error("the body cannot be read to its end")]
    Broken,
}

impl BodyFault {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// The request with its body in memory.
pub(super) async fn read(request: Request<Body>) -> Result<Request<Bytes>, BodyFault> {
    read_within(request, BODY_WAIT).await
}

async fn read_within(request: Request<Body>, wait: Duration) -> Result<Request<Bytes>, BodyFault> {
    let (head, body) = request.into_parts();
    let whole = timeout(wait, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    match whole.map_err(|_| BodyFault::TooSlow)? {
        Ok(whole) => Ok(Request::from_parts(head, whole.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyFault::TooLong),
        Err(_) => Err(BodyFault::Broken),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    fn request(body: Body) -> Request<Body> {
        Request::new(body)
    }

    #[tokio::test]
    async fn a_body_has_a_limit() {
        let of = |bytes: usize| request(Body::new(Full::new(Bytes::from(vec![b' '; bytes]))));
        assert_eq!(read(of(BODY_BYTES_MAX)).await.unwrap().body().len(), BODY_BYTES_MAX);
        assert_eq!(read(of(BODY_BYTES_MAX + 1)).await.unwrap_err(), BodyFault::TooLong);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_waited_for_only_so_long() {
        let never = StreamBody::new(tokio_stream::pending::<Result<Frame<Bytes>, tonic::Status>>());
        let read = read_within(request(Body::new(never)), Duration::from_millis(20)).await;
        assert_eq!(read.unwrap_err(), BodyFault::TooSlow);
    }
}
