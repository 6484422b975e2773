//! The statistics service as the transport calls it. It is written by hand because many people ask the same: an answer is
//! encoded once and kept as bytes, where the generated service wants a message of its own for each of them.

use std::{
    convert::Infallible,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use prost::{
    Message,
    bytes::{BufMut, Bytes},
};
use tokio_stream::{Stream, StreamExt};
use tonic::{
    Code, Request, Response, Status,
    codec::{Codec, EncodeBuf, Encoder},
    codegen::{Body, BoxFuture, Service, StdError, http},
    server::{Grpc, NamedService, ServerStreamingService, UnaryService},
};
use tonic_prost::{ProstCodec, ProstDecoder};

use super::stats::Stats;
use crate::proto::stats_service_server;

/// The paths of the methods begin so: the protocol's package and service.
const PATH: &str = "/headcount.v1.StatsService/";

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
#[derive(Clone)]
pub struct StatsServer(Arc<Stats>);

impl StatsServer {
    /// Answers with these statistics.
    #[must_use]
    pub fn new(stats: Stats) -> Self {
        Self(Arc::new(stats))
    }
}

impl NamedService for StatsServer {
    const NAME: &'static str = stats_service_server::SERVICE_NAME;
}

impl<B> Service<http::Request<B>> for StatsServer
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
        let stats = self.0.clone();
        let method = request.uri().path().strip_prefix(PATH).unwrap_or_default().to_owned();
        Box::pin(async move {
            Ok(match method.as_str() {
                "ListSites" => one(request, stats, |stats, asked| async move { stats.list_sites(asked).await }).await,
                "GetTraffic" => one(request, stats, |stats, asked| async move { stats.get_traffic(asked).await }).await,
                "ListTop" => one(request, stats, |stats, asked| async move { stats.list_top(asked).await }).await,
                "GetPrivacy" => one(request, stats, |stats, asked| async move { stats.get_privacy(&asked) }).await,
                "WatchReleases" => many(request, stats, Stats::watch_releases).await,
                "ExportReleases" => many(request, stats, Stats::export_releases).await,
                _ => Status::new(Code::Unimplemented, "").into_http(),
            })
        })
    }
}

/// Answers a question once.
async fn one<B, Q, F>(
    request: http::Request<B>,
    stats: Arc<Stats>,
    answer: impl Fn(Arc<Stats>, Q) -> F + Send,
) -> http::Response<tonic::body::Body>
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
) -> http::Response<tonic::body::Body>
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
