//! The listener for events: all gRPC services, also as gRPC-Web, from one list.

use http::{Request, Response};
use tonic::{
    body::Body,
    codegen::Service,
    service::{LayerExt, Layered, Routes},
};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::{GrpcWebLayer, GrpcWebService};

use super::{
    gate::{Peer, Respond, Shape},
    limits::{GRPC_HEAD_BYTES_MAX, INGEST_STREAMS_MAX, QUESTION_BYTES_MAX},
};
use crate::{
    proto::FILE_DESCRIPTOR_SET,
    receive::{self, Receiving},
    rpc::{IngestServer, StatsServer},
};

/// What its connections may do.
pub(super) const SHAPE: Shape = Shape { streams: INGEST_STREAMS_MAX, head_bytes: GRPC_HEAD_BYTES_MAX };

/// Answers every gRPC call.
#[derive(Clone)]
pub(super) struct Services(Layered<GrpcWebService<Routes>, Routes>);

impl Services {
    /// From top to bottom: gRPC-Web for browsers comes before all services; reflection in both versions, because old grpcurl
    /// speaks only the alpha. Messages of those who ask are short.
    pub(super) fn new(
        ingest: IngestServer,
        collectors: Receiving,
        stats: StatsServer,
        health: HealthServer<impl Health>,
    ) -> Result<Self, tonic_reflection::server::Error> {
        let routes = Routes::new(reflection().build_v1()?.max_decoding_message_size(QUESTION_BYTES_MAX))
            .add_service(reflection().build_v1alpha()?.max_decoding_message_size(QUESTION_BYTES_MAX))
            .add_service(health.max_decoding_message_size(QUESTION_BYTES_MAX))
            .add_service(ingest)
            .add_service(collectors.logs)
            .add_service(collectors.envoy)
            .add_service(stats.max_decoding_message_size(QUESTION_BYTES_MAX));
        Ok(Self(GrpcWebLayer::new().named_layer(routes.prepare())))
    }
}

impl Respond for Services {
    async fn respond(&self, request: Request<Body>, _: Peer) -> Response<Body> {
        let Ok(response) = self.0.clone().call(request).await;
        response
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(receive::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // With these, a generic client can decode the details of an error.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
