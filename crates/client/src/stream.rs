//! One open stream to the ingest service: requests in, responses out.

use std::time::Duration;

use headcount_proto::{IngestResponse, path};
use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};

use super::address::ServerAddress;
use super::codec::{Frame, IngestCodec};
use super::error::Failure;
use super::window::WINDOW_BATCHES;

/// How long an answer may take while one is owed, before the connection counts as broken.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an idle connection is probed, and how long the probe may take.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// An open stream.
pub(super) struct OpenStream {
    requests: mpsc::Sender<Frame>,
    responses: Streaming<IngestResponse>,
}

impl OpenStream {
    /// Connects, sends `first` and waits for the stream to open.
    pub(super) async fn open(address: &ServerAddress, first: Frame) -> Result<Self, Failure> {
        let endpoint = address
            .endpoint()
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true);
        let channel = endpoint.connect().await?;
        // Never more in here than a full window and a greeting.
        let (requests, receiver) = mpsc::channel(WINDOW_BATCHES + 2);
        let mut stream = tonic::client::Grpc::new(channel);
        let opening = async {
            stream.ready().await.map_err(|error| Failure::from(Status::from_error(error.into())))?;
            let mut request = Request::new(ReceiverStream::new(receiver));
            address.credentials().bearer().put(&mut request);
            let path = PathAndQuery::from_static(path::ingest_service::INGEST);
            Ok::<_, Failure>(stream.streaming(request, path, IngestCodec).await?)
        };
        // A server may wait for the first request before it answers at all.
        let _ = requests.try_send(first);
        let response = within(opening).await??;
        Ok(Self { requests, responses: response.into_inner() })
    }

    /// Sends a request without waiting.
    pub(super) fn send(&self, request: Frame) -> Result<(), Failure> {
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
