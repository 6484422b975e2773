//! The listener for whoever watches the server: `/metrics` for Prometheus, `/health` for a load balancer. It never tells of visitors.

use std::path::PathBuf;

use http::{Request, Response, StatusCode, header};
use tokio::{net::TcpListener, sync::watch};
use tonic::body::Body;

use super::{
    gate::{Gate, Peer, Respond, Shape},
    limits::{HEAD_BYTES_MAX, WEB_STREAMS_MAX},
};
use crate::{
    metrics::{self, Snapshot},
    telemetry::Refusals,
};

/// What its connections may do.
const SHAPE: Shape = Shape { streams: WEB_STREAMS_MAX, head_bytes: HEAD_BYTES_MAX };
/// What Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is looked at.
#[derive(Clone)]
pub(super) struct Watching {
    pub(super) data: PathBuf,
    pub(super) started_unix_seconds: u64,
    /// The number of the last release.
    pub(super) releases: watch::Receiver<u64>,
    pub(super) accepts: watch::Receiver<bool>,
    pub(super) draining: watch::Receiver<bool>,
    pub(super) refusals: Refusals,
}

impl Watching {
    fn accepts(&self) -> bool {
        *self.accepts.borrow() && !*self.draining.borrow()
    }

    fn metrics(&self) -> Result<String, std::fmt::Error> {
        metrics::text(&Snapshot {
            accepts: self.accepts(),
            started_unix_seconds: self.started_unix_seconds,
            releases: *self.releases.borrow(),
            data: &self.data,
            refusals: &self.refusals,
        })
    }
}

impl Respond for Watching {
    async fn respond(&self, request: Request<Body>, _: Peer) -> Response<Body> {
        match request.uri().path() {
            "/metrics" => match self.metrics() {
                Ok(text) => answer(StatusCode::OK, OPEN_METRICS, text),
                Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", String::new()),
            },
            "/health" if self.accepts() => answer(StatusCode::OK, "text/plain", "serving\n".to_owned()),
            "/health" => answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "accepts no events\n".to_owned()),
            _ => answer(StatusCode::NOT_FOUND, "text/plain", "here are /metrics and /health\n".to_owned()),
        }
    }
}

fn answer(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::new(http_body_util::Full::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Answers, where there is a listener, until a stop.
pub(super) async fn serve(listener: Option<TcpListener>, watching: Watching, gate: Gate) {
    if let Some(listener) = listener {
        gate.serve(listener, watching, SHAPE).await;
    }
}
