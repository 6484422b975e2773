//! The ingest service as the transport calls it. It is written by hand because the generated one copies each text of each
//! event; it reads messages with [`Message`] and answers with the generated type.

use std::sync::Arc;

use tonic::{
    Request, Response, Status, Streaming,
    codec::{Codec, DecodeBuf, Decoder},
    codegen::{Body, StdError, http},
    server::{Grpc, StreamingService},
};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::{
    ingest::{Answers, Ingest},
    message::Message,
    server::{Answer, Methods, Server},
    status,
};
use crate::proto::{IngestResponse, ingest_service_server};

/// The ingest service with the limit on its messages.
pub type IngestServer = Server<Limited>;

/// The ingest service, and the longest message that it takes in bytes.
pub struct Limited {
    ingest: Arc<Ingest>,
    message_bytes_max: usize,
}

impl IngestServer {
    /// Takes messages up to a length in bytes.
    #[must_use]
    pub fn new(ingest: Ingest, message_bytes_max: usize) -> Self {
        Self(Arc::new(Limited { ingest: Arc::new(ingest), message_bytes_max }))
    }
}

impl Methods for Limited {
    const SERVICE: &'static str = ingest_service_server::SERVICE_NAME;

    async fn answer<B>(self: Arc<Self>, method: &str, request: http::Request<B>) -> Option<Answer>
    where
        B: Body + Send + 'static,
        B::Error: Into<StdError> + Send + 'static,
    {
        if method != "Ingest" {
            return None;
        }
        let mut grpc = Grpc::new(MessageCodec).apply_max_message_size_config(Some(self.message_bytes_max), None);
        Some(grpc.streaming(Method(self.ingest.clone()), request).await)
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
