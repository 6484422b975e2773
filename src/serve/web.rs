//! The reading listener: [`crate::web`] answers what comes over it.

use std::sync::Arc;

use http::{Request, Response};
use tonic::body::Body;

use super::{
    Reading, Security, ServeError,
    gate::{Gate, Peer, Respond, Shape},
    limits::{HEAD_BYTES_MAX, WEB_STREAMS_MAX},
};
use crate::{
    access::{Access, TokenRule},
    answers::Answers,
    rpc::StatsServer,
    vault::Releases,
    web::Web,
};

/// What its connections may do.
const SHAPE: Shape = Shape { streams: WEB_STREAMS_MAX, head_bytes: HEAD_BYTES_MAX };

/// Answers readers.
#[derive(Clone)]
struct Readers(Arc<Web<Releases>>);

impl Respond for Readers {
    async fn respond(&self, request: Request<Body>, peer: Peer) -> Response<Body> {
        self.0.respond(request, peer.arrived_at).await
    }
}

/// Answers readers, where they have a listener, until a stop.
pub(super) async fn serve(
    reading: Option<Reading>,
    security: &Security,
    answers: Arc<Answers<Releases>>,
    access: Arc<Access>,
    stats: StatsServer,
    gate: Gate,
) -> Result<(), ServeError> {
    if let Some(Reading { listener, hosts }) = reading {
        let web = Arc::new(Web::new(answers, access, stats, hosts).map_err(std::io::Error::other)?);
        gate.serve(security.door(listener, TokenRule::OnceGiven)?, Readers(web), SHAPE).await;
    }
    Ok(())
}
