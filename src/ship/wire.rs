//! One open stream to the ingest service: encoded requests in, responses out.
//!
//! Requests arrive here encoded, so that a batch that waits for its acknowledgement is one block of bytes and sending it
//! again costs nothing.

use std::time::Duration;

use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic::{Request, Status, Streaming};

use super::client::WINDOW_BATCHES;
use super::error::Failure;
use crate::proto::IngestResponse;

/// The method's path, from the protocol's package and service.
const INGEST_PATH: &str = "/headcount.v1.IngestService/Ingest";

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an answer may take while one is owed, before the connection counts as broken.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an idle connection is probed, and how long the probe may take.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// An open stream.
pub(super) struct OpenStream {
    requests: mpsc::Sender<Bytes>,
    responses: Streaming<IngestResponse>,
}

impl OpenStream {
    /// Connects, sends `first` and waits for the stream to open.
    pub(super) async fn open(endpoint: &Endpoint, first: Bytes) -> Result<Self, Failure> {
        let channel = endpoint.connect().await?;
        // Never more in here than a full window and a greeting.
        let (requests, receiver) = mpsc::channel(WINDOW_BATCHES + 2);
        let mut stream = tonic::client::Grpc::new(channel);
        let opening = async {
            stream.ready().await.map_err(|error| Failure::from(Status::from_error(error.into())))?;
            let request = Request::new(ReceiverStream::new(receiver));
            let path = PathAndQuery::from_static(INGEST_PATH);
            Ok::<_, Failure>(stream.streaming(request, path, IngestCodec).await?)
        };
        // A server may wait for the first request before it answers at all.
        let _ = requests.try_send(first);
        let response = within(opening).await??;
        Ok(Self { requests, responses: response.into_inner() })
    }

    /// Sends a request without waiting.
    pub(super) fn send(&self, request: Bytes) -> Result<(), Failure> {
        self.requests.try_send(request).map_err(|error| {
            Failure::Broken(match error {
                mpsc::error::TrySendError::Closed(_) => "the connection is closed".to_owned(),
                mpsc::error::TrySendError::Full(_) => "the connection takes nothing".to_owned(),
            })
        })
    }

    /// The next response. Nothing is lost if this is given up halfway.
    pub(super) async fn answer(&mut self) -> Result<IngestResponse, Failure> {
        within(self.responses.message())
            .await??
            .ok_or_else(|| Failure::Broken("the server closed the stream".to_owned()))
    }
}

/// Waits for the server, but not for ever.
async fn within<T>(answer: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(ANSWER_TIMEOUT, answer).await.map_err(|_| {
        let seconds = ANSWER_TIMEOUT.as_secs();
        Failure::Broken(format!("no answer for {seconds} s"))
    })
}

/// How to reach a server, or what is wrong with its URL.
pub(super) fn endpoint(server: &str) -> Result<Endpoint, String> {
    let allowed = "allowed is http://HOST:PORT, e.g. http://127.0.0.1:50051";
    if !server.starts_with("http://") {
        return Err(format!("the server's URL {server:?} does not start with http://; {allowed}"));
    }
    let endpoint = Endpoint::from_shared(server.to_owned())
        .map_err(|error| format!("the server's URL {server:?} cannot be read ({error}); {allowed}"))?;
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true))
}

/// Sends requests that are encoded already, and reads responses.
pub struct IngestCodec;

impl Codec for IngestCodec {
    type Encode = Bytes;
    type Decode = IngestResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for IngestCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for IngestCodec {
    type Item = IngestResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<IngestResponse>, Status> {
        IngestResponse::decode(buffer)
            .map(Some)
            .map_err(|error| Status::internal(format!("an answer cannot be read: {error}")))
    }
}
