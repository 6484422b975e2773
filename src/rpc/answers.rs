//! The statistics service as the transport calls it. It is written by hand because many people ask the same: an answer is
//! encoded once and kept as bytes, where the generated service wants a message of its own for each of them.

use std::{future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use prost::{
    Message,
    bytes::{BufMut, Bytes},
};
use tokio_stream::{Stream, StreamExt};
use tonic::{
    Request, Response, Status,
    codec::{Codec, EncodeBuf, Encoder},
    codegen::{Body, StdError, http},
    server::{Grpc, ServerStreamingService, UnaryService},
};
use tonic_prost::{ProstCodec, ProstDecoder};

use super::{
    server::{Answer, Methods, Server},
    stats::Stats,
};
use crate::proto::stats_service_server;

/// An answer as it goes over the wire.
#[derive(Clone)]
pub(super) struct Encoded(Bytes);

impl Encoded {
    pub(super) fn of(answer: &impl Message) -> Self {
        Self(answer.encode_to_vec().into())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Answers that come one after the other.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<Encoded, Status>> + Send>>;

/// Encodes what a stream gives.
pub(super) fn encoded<M: Message + 'static>(
    answers: impl Stream<Item = Result<M, Status>> + Send + 'static,
) -> Answers {
    Box::pin(answers.map(|answer| answer.map(|answer| Encoded::of(&answer))))
}

/// The statistics service.
pub type StatsServer = Server<Stats>;

impl StatsServer {
    /// Answers with these statistics.
    #[must_use]
    pub fn new(stats: Stats) -> Self {
        Self(Arc::new(stats))
    }
}

impl Methods for Stats {
    const SERVICE: &'static str = stats_service_server::SERVICE_NAME;

    async fn answer<B>(self: Arc<Self>, method: &str, request: http::Request<B>) -> Option<Answer>
    where
        B: Body + Send + 'static,
        B::Error: Into<StdError> + Send + 'static,
    {
        Some(match method {
            "ListSites" => one(request, self, |stats, asked| async move { stats.list_sites(asked).await }).await,
            "GetTraffic" => one(request, self, |stats, asked| async move { stats.get_traffic(asked).await }).await,
            "ListTop" => one(request, self, |stats, asked| async move { stats.list_top(asked).await }).await,
            "GetPrivacy" => one(request, self, |stats, asked| async move { stats.get_privacy(asked).await }).await,
            "WatchReleases" => many(request, self, Stats::watch_releases).await,
            "ExportReleases" => many(request, self, Stats::export_releases).await,
            _ => return None,
        })
    }
}

/// Answers a question once.
async fn one<B, Q, F>(
    request: http::Request<B>,
    stats: Arc<Stats>,
    answer: impl Fn(Arc<Stats>, Q) -> F + Send,
) -> Answer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
    Q: Message + Default + 'static,
    F: Future<Output = Result<Encoded, Status>> + Send + 'static,
{
    Grpc::new(AnswerCodec(PhantomData)).unary(One(stats, answer), request).await
}

/// Answers a question with a stream.
async fn many<B, Q>(
    request: http::Request<B>,
    stats: Arc<Stats>,
    answer: fn(&Stats, &Q) -> Result<Answers, Status>,
) -> Answer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
    Q: Message + Default + 'static,
{
    Grpc::new(AnswerCodec(PhantomData)).server_streaming(Many(stats, answer), request).await
}

struct One<F>(Arc<Stats>, F);

impl<F, Q, A> UnaryService<Q> for One<F>
where
    F: Fn(Arc<Stats>, Q) -> A,
    A: Future<Output = Result<Encoded, Status>> + Send + 'static,
{
    type Response = Encoded;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Encoded>, Status>> + Send>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = (self.1)(self.0.clone(), request.into_inner());
        Box::pin(async move { answer.await.map(Response::new) })
    }
}

struct Many<Q>(Arc<Stats>, fn(&Stats, &Q) -> Result<Answers, Status>);

impl<Q> ServerStreamingService<Q> for Many<Q> {
    type Response = Encoded;
    type ResponseStream = Answers;
    type Future = std::future::Ready<Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        std::future::ready((self.1)(&self.0, &request.into_inner()).map(Response::new))
    }
}

/// Reads a question, and sends an answer that is encoded already.
struct AnswerCodec<Q>(PhantomData<Q>);

impl<Q: Message + Default + 'static> Codec for AnswerCodec<Q> {
    type Encode = Encoded;
    type Decode = Q;
    type Encoder = Self;
    type Decoder = ProstDecoder<Q>;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<Q> {
        ProstCodec::<Q, Q>::raw_decoder(tonic::codec::BufferSettings::default())
    }
}

impl<Q> Encoder for AnswerCodec<Q> {
    type Item = Encoded;
    type Error = Status;

    fn encode(&mut self, answer: Encoded, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(answer.0);
        Ok(())
    }
}
