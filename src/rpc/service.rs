//! The ingest service as the transport calls it. It is written by hand because the generated one copies each text of each
//! event; it reads messages with [`Message`] and answers with the generated type.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use tonic::{
    Code, Request, Response, Status, Streaming,
    codec::{Codec, DecodeBuf, Decoder},
    codegen::{Body, BoxFuture, Service, StdError, http},
    server::{Grpc, NamedService, StreamingService},
};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::{
    ingest::{Answers, Ingest},
    message::Message,
    status,
};
use crate::proto::{IngestResponse, ingest_service_server};

/// The method's path, from the protocol's package and service.
const INGEST_PATH: &str = "/headcount.v1.IngestService/Ingest";

/// The ingest service with the limit on its messages.
#[derive(Clone)]
pub struct IngestServer {
    ingest: Arc<Ingest>,
    message_bytes_max: usize,
}

impl IngestServer {
    /// Takes messages up to a length in bytes.
    #[must_use]
    pub fn new(ingest: Ingest, message_bytes_max: usize) -> Self {
        Self { ingest: Arc::new(ingest), message_bytes_max }
    }
}

impl NamedService for IngestServer {
    const NAME: &'static str = ingest_service_server::SERVICE_NAME;
}

impl<B> Service<http::Request<B>> for IngestServer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path() != INGEST_PATH {
            return Box::pin(async { Ok(Status::new(Code::Unimplemented, "").into_http()) });
        }
        let (method, limit) = (Method(self.ingest.clone()), self.message_bytes_max);
        Box::pin(async move {
            let mut grpc = Grpc::new(MessageCodec).apply_max_message_size_config(Some(limit), None);
            Ok(grpc.streaming(method, request).await)
        })
    }
}

struct Method(Arc<Ingest>);

impl StreamingService<Message> for Method {
    type Response = IngestResponse;
    type ResponseStream = Answers;
    type Future = std::future::Ready<Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Streaming<Message>>) -> Self::Future {
        std::future::ready(Ok(Response::new(self.0.begin(request.into_inner()))))
    }
}

struct MessageCodec;

impl Codec for MessageCodec {
    type Encode = IngestResponse;
    type Decode = Message;
    type Encoder = ProstEncoder<IngestResponse>;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<IngestResponse, IngestResponse>::raw_encoder(tonic::codec::BufferSettings::default())
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Decoder for MessageCodec {
    type Item = Message;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Message>, Status> {
        Message::read(bytes).map(Some).map_err(|_| status::unreadable())
    }
}
