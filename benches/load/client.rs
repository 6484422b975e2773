//! A lean producer: sends encoded batches over one stream as a backend with a client of its own would, keeps some of
//! them unanswered, and counts what the server says is durable.

use headcount::proto::{IngestResponse, path};
use prost::bytes::{BufMut as _, Bytes};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Status, Streaming,
    codec::{Codec, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Endpoint,
};
use tonic_prost::{ProstCodec, ProstDecoder};

use super::{Result, encode::Parcel};

/// An open stream.
pub struct Stream {
    requests: mpsc::Sender<Bytes>,
    answers: Streaming<IngestResponse>,
}

impl Stream {
    /// Opens a stream on a connection of its own; `window` batches may be unanswered.
    pub async fn open(url: &str, window: usize) -> Result<Self> {
        let channel = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?;
        Self::over(channel, window).await
    }

    async fn over(channel: tonic::transport::Channel, window: usize) -> Result<Self> {
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready().await?;
        let (requests, receiver) = mpsc::channel(window.max(1));
        let request = Request::new(ReceiverStream::new(receiver));
        let answer = grpc.streaming(request, PathAndQuery::from_static(path::ingest_service::INGEST), Encoded).await?;
        Ok(Self { requests, answers: answer.into_inner() })
    }

    pub async fn send(&self, parcel: &Parcel) -> Result<()> {
        Ok(self.requests.send(parcel.bytes.clone()).await?)
    }

    pub async fn answer(&mut self) -> Result<IngestResponse> {
        self.answers.message().await?.ok_or_else(|| "the server closed the stream".into())
    }

    /// Sends all and waits until all is durable; at most `window` batches are unanswered. Gives how many were accepted.
    pub async fn deliver(&mut self, parcels: &[Parcel], window: usize) -> Result<u64> {
        let (mut sent, mut answered, mut accepted) = (0, 0, 0);
        while answered < parcels.len() {
            while sent < parcels.len() && sent - answered < window {
                self.send(&parcels[sent]).await?;
                sent += 1;
            }
            accepted += self.answer().await?.accepted;
            answered += 1;
        }
        Ok(accepted)
    }
}

/// Sends requests that are encoded already.
pub struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = IngestResponse;
    type Encoder = Self;
    type Decoder = ProstDecoder<IngestResponse>;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<IngestResponse, IngestResponse>::default().decoder()
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> std::result::Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}
