//! What the reading listener answers: the statistics service (gRPC, gRPC-Web, JSON), data as files, and the page that shows it.
//!
//! It is here so that a browser, curl and a spreadsheet read the same published numbers, from one origin. It takes an HTTP
//! request and gives an HTTP response; [`crate::serve`] accepts the connections. [`hosts`] refuses what comes by a foreign name,
//! [`json`] answers JSON, [`data`] files, [`assets`] holds the page.
//!
//! It never takes an event: there is no way to the ingest service from here. It sets no cookie but that of whoever signs in, allows no
//! other origin, and logs nothing of who reads.

mod assets;
mod body;
mod coding;
mod data;
mod hosts;
mod json;
mod reply;
mod sign_in;
mod sign_in_words;

use std::{net::IpAddr, sync::Arc};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, WWW_AUTHENTICATE,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body_util::Full;
use prost::bytes::Bytes;
use tonic::{body::Body, codegen::Service, service::LayerExt};
use tonic_web::GrpcWebLayer;

use crate::{
    access::{Access, Arrival, Deed, decide::Denied},
    answers::{Answers, source::Published},
    rpc::StatsServer,
};
use assets::Assets;
use hosts::Hosts;
use json::Api;
use reply::Writers;

/// Headers of every response. Scripts, styles and data come from this origin alone, no page may frame this one, and no other
/// origin may read it.
const HEADERS: [(http::HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (http::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (http::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Answers requests.
pub struct Web<S> {
    hosts: Hosts,
    answers: Arc<Answers<S>>,
    access: Arc<Access>,
    stats: StatsServer,
    api: Api,
    assets: Assets,
    writers: Writers,
}

impl<S: Published> Web<S> {
    /// Makes files of these answers, and everything else of the service that sends them, for whoever asks for a loopback name, the
    /// address that a connection came to, or one of `hosts` (names and addresses in lower case, without a port).
    ///
    /// # Errors
    /// When the compiled description of the protocol cannot be read, which is a bug.
    pub fn new(
        answers: Arc<Answers<S>>,
        access: Arc<Access>,
        stats: StatsServer,
        hosts: Vec<String>,
    ) -> Result<Self, prost_reflect::DescriptorError> {
        let writers = Writers::new();
        let (api, assets) = (Api::new(writers.clone())?, Assets::new());
        Ok(Self { hosts: Hosts::new(hosts), answers, access, stats, api, assets, writers })
    }

    /// The response to a request on a connection to this address of the server.
    pub async fn respond(&self, request: Request<Body>, arrived_at: IpAddr) -> Response<Body> {
        let arrival = request.extensions().get::<Arrival>().copied().unwrap_or_default();
        let mut response = self.route(request, arrived_at).await;
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            // The page on which somebody signs in has a policy of its own.
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        // What one reader may see is kept for that reader alone.
        if self.access.is_in_force(arrival.tokens) && headers.get(CACHE_CONTROL).is_some_and(|kept| kept == "no-cache")
        {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
            headers.append(VARY, HeaderValue::from_static("authorization, cookie"));
        }
        response
    }

    /// From top to bottom: a foreign name is refused before anything is read; a request is one small message, so it is read
    /// whole before anybody works on it; what is no call of the service is a file of data, or of the page.
    async fn route(&self, request: Request<Body>, arrived_at: IpAddr) -> Response<Body> {
        if let Err(refused) = self.hosts.check(&request, arrived_at) {
            return sentence(StatusCode::MISDIRECTED_REQUEST, refused);
        }
        let method = self.api.method_named_by(request.uri().path());
        match (body::read(request).await, method) {
            (Ok(request), Some(_)) if is_grpc(request.headers()) => self.grpc(request).await,
            (Ok(request), Some(method)) => self.api.answer(&method, request, self.stats.clone()).await,
            (Ok(request), None) => match data::file_named_by(request.uri().path()) {
                Some(file) => self.file(file, &request).await,
                None => self.page(&request),
            },
            (Err(fault), Some(_)) => self.api.refuse(fault),
            (Err(fault), None) => sentence(fault.status(), fault.to_string()),
        }
    }

    async fn file(&self, file: &str, request: &Request<Bytes>) -> Response<Body> {
        match self.access.pass(request.headers(), request.extensions(), Deed::Read) {
            Ok(pass) => data::answer(&self.answers, pass.scope(), file, request, &self.writers).await,
            Err(denied) => refused(denied),
        }
    }

    /// Whoever must sign in before anything can be shown is led there.
    fn page(&self, request: &Request<Bytes>) -> Response<Body> {
        match sign_in::answer(&self.access, request) {
            Some(response) => response,
            None => self.assets.answer(request),
        }
    }

    /// gRPC-Web is translated; plain gRPC passes through.
    async fn grpc(&self, request: Request<Bytes>) -> Response<Body> {
        let mut service = GrpcWebLayer::new().named_layer(self.stats.clone());
        let Ok(response) = service.call(request.map(|bytes| Body::new(Full::new(bytes)))).await;
        response
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// Bytes as a body.
fn body(bytes: impl Into<Bytes>) -> Body {
    Body::new(Full::new(bytes.into()))
}

/// Whoever has no token that would do is told so.
fn refused(denied: Denied) -> Response<Body> {
    let status = match denied {
        Denied::WrongRole(..) => StatusCode::FORBIDDEN,
        Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNAUTHORIZED,
    };
    let mut response = sentence(status, denied.to_string());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A refusal as one line of text.
fn sentence(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(body(text + "\n"));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What may only be read was asked for with another method.
fn only_reading(method: &Method) -> Response<Body> {
    let text = format!("{method} is not possible here; allowed: GET and HEAD");
    let mut response = sentence(StatusCode::METHOD_NOT_ALLOWED, text);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
