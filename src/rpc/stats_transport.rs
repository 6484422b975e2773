//! The statistics service as the transport calls it: requests are of the generated types, and responses are sent as they
//! were encoded ([`Encoded`]).

use std::{marker::PhantomData, pin::Pin};

use prost::{Message, bytes::BufMut};
use tokio_stream::{Stream, StreamExt};
use tonic::{
    Request, Response, Status,
    codec::{Codec, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

use super::{
    encoded::Encoded,
    held::Held,
    stats::Stats,
    status,
    transport::stats_service_server::{StatsService, StatsServiceServer},
};
use crate::{
    access::Pass,
    answers::follow::{Followed, Reader},
    proto::{
        ExportReleasesRequest, GetKeySeriesRequest, GetOverviewRequest, GetPrivacyRequest, GetTrafficRequest,
        ListSitesRequest, ListTopRequest, WatchReleasesRequest,
    },
};

/// The statistics service.
pub type StatsServer = StatsServiceServer<Stats>;

/// Responses that come one after the other.
type EncodedStream = Pin<Box<dyn Stream<Item = Result<Encoded, Status>> + Send>>;

type Unary = Result<Response<Encoded>, Status>;

#[tonic::async_trait]
impl StatsService for Stats {
    async fn list_sites(&self, request: Request<ListSitesRequest>) -> Unary {
        self.sites(self.pass(&request)?.scope()).await.map(Response::new)
    }

    async fn get_overview(&self, request: Request<GetOverviewRequest>) -> Unary {
        let pass = self.pass(&request)?;
        self.overview(pass.scope(), request.into_inner()).await.map(Response::new)
    }

    async fn get_traffic(&self, request: Request<GetTrafficRequest>) -> Unary {
        self.traffic(self.pass(&request)?.scope(), request.get_ref()).await.map(Response::new)
    }

    async fn list_top(&self, request: Request<ListTopRequest>) -> Unary {
        let pass = self.pass(&request)?;
        self.top(pass.scope(), request.into_inner()).await.map(Response::new)
    }

    async fn get_key_series(&self, request: Request<GetKeySeriesRequest>) -> Unary {
        let pass = self.pass(&request)?;
        self.key(pass.scope(), request.into_inner()).await.map(Response::new)
    }

    async fn get_privacy(&self, request: Request<GetPrivacyRequest>) -> Unary {
        Stats::privacy(self, self.pass(&request)?.scope(), request.get_ref()).await.map(Response::new)
    }

    type WatchReleasesStream = EncodedStream;

    async fn watch_releases(&self, request: Request<WatchReleasesRequest>) -> Result<Response<EncodedStream>, Status> {
        let (reader, pass) = (reader(&request), self.pass(&request)?);
        Ok(sent(self.watch(pass.scope(), request.get_ref(), reader)?, pass))
    }

    type ExportReleasesStream = EncodedStream;

    async fn export_releases(
        &self,
        request: Request<ExportReleasesRequest>,
    ) -> Result<Response<EncodedStream>, Status> {
        let (reader, pass) = (reader(&request), self.pass(&request)?);
        Ok(sent(self.export(pass.scope(), request.get_ref(), reader)?, pass))
    }
}

/// Who reads, as the connection says.
fn reader<T>(request: &Request<T>) -> Reader {
    let known = request.extensions();
    Reader { client: known.get().copied(), hang_up: known.get().cloned().unwrap_or_default() }
}

/// Sends releases as they come, as long as the reader may read.
fn sent(releases: Followed<Encoded>, pass: Pass) -> Response<EncodedStream> {
    let encoded = releases.map(|next| next.map_err(|ended| status::ended(&ended)));
    Response::new(Box::pin(Held::new(encoded, pass)))
}

/// Reads a request, and sends a response that is encoded already.
pub(super) struct EncodedCodec<Q>(PhantomData<Q>);

impl<Q> Default for EncodedCodec<Q> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Q: Message + Default + 'static> Codec for EncodedCodec<Q> {
    type Encode = Encoded;
    type Decode = Q;
    type Encoder = Self;
    type Decoder = ProstDecoder<Q>;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> ProstDecoder<Q> {
        ProstCodec::<Q, Q>::raw_decoder(tonic::codec::BufferSettings::default())
    }
}

impl<Q> Encoder for EncodedCodec<Q> {
    type Item = Encoded;
    type Error = Status;

    fn encode(&mut self, response: Encoded, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(response.into_bytes());
        Ok(())
    }
}
