//! The ingest service as the transport calls it: requests are read by [`Messages`], which keeps no more of them than has come, and
//! responses are of the generated type.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use tonic::{
    Status,
    body::Body,
    codec::{EncodeBody, SingleMessageCompressionOverride},
    codegen::Service,
    server::NamedService,
};
use tonic_prost::ProstCodec;

use super::{incoming::Messages, ingest::Ingest, status, unfinished::Unfinished};
use crate::{
    answers::limit::Connection,
    proto::{IngestResponse, path::ingest_service::INGEST},
};

/// The ingest service.
#[derive(Clone)]
pub struct IngestServer {
    ingest: Arc<Ingest>,
    unfinished: Unfinished,
}

impl IngestServer {
    /// Takes batches for the service; what is kept of unfinished ones counts there.
    #[must_use]
    pub fn new(ingest: Ingest, unfinished: Unfinished) -> Self {
        Self { ingest: Arc::new(ingest), unfinished }
    }

    fn answer(&self, request: Request<Body>) -> Response<Body> {
        if request.uri().path() != INGEST {
            return Status::unimplemented("").into_http();
        }
        let pass = match is_plain(request.headers()).and_then(|()| self.ingest.pass(&request)) {
            Ok(pass) => pass,
            Err(status) => return status.into_http(),
        };
        let connection = request.extensions().get::<Connection>().copied().unwrap_or_default();
        let messages = Messages::new(request.into_body(), self.unfinished.clone(), connection);
        let encoder =
            ProstCodec::<IngestResponse, IngestResponse>::raw_encoder(tonic::codec::BufferSettings::default());
        let (compression, longest) = (SingleMessageCompressionOverride::default(), None);
        let body = EncodeBody::new_server(encoder, self.ingest.begin(messages, pass), None, compression, longest);
        let mut response = Response::new(Body::new(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        response
    }
}

/// Refuses what is compressed: nothing is unpacked here.
fn is_plain(headers: &HeaderMap) -> Result<(), Status> {
    match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(()),
        Some(_) => Err(status::encoding()),
    }
}

impl NamedService for IngestServer {
    const NAME: &'static str = "headcount.v1.IngestService";
}

impl Service<Request<Body>> for IngestServer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(Ok(self.answer(request)))
    }
}
