//! The ingest service as the transport calls it: requests are read by [`Message`], which copies no text of an event, and
//! responses are of the generated type.

use tonic::{
    Request, Response, Status, Streaming,
    codec::{Codec, DecodeBuf, Decoder},
};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::{
    ingest::{Ingest, ResponseStream},
    message::Message,
    status,
    transport::ingest_service_server::{IngestService, IngestServiceServer},
};
use crate::proto::IngestResponse;

/// The ingest service.
pub type IngestServer = IngestServiceServer<Ingest>;

#[tonic::async_trait]
impl IngestService for Ingest {
    type IngestStream = ResponseStream;

    async fn ingest(&self, requests: Request<Streaming<Message>>) -> Result<Response<ResponseStream>, Status> {
        let pass = self.pass(&requests)?;
        Ok(Response::new(self.begin(requests.into_inner(), pass)))
    }
}

#[derive(Default)]
pub(super) struct MessageCodec;

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
