//! The reading listener: accepts connections for [`crate::web`], over HTTP/1.1 and HTTP/2 without TLS.
//!
//! It is here so that many slow or silent clients cannot hold up the others: connections have a limit, and so has the time that a
//! client takes for a request or to take an answer. A stream of releases lives as long as its reader reads.

use std::{convert::Infallible, io, net::IpAddr, sync::Arc, time::Duration};

use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::sleep,
};
use tonic::body::Body;

use super::{Reading, ServeError, patient::Patient};
use crate::{
    access::{Access, Arrival},
    answers::Answers,
    rpc::StatsServer,
    vault::Releases,
    web::Web,
};

/// What all connections answer with.
type Shared = Arc<Web<Releases>>;

/// Connections at the same time. Further ones wait until one ends.
const CONNECTIONS_MAX: usize = 1_024;
/// The longest head of a request, in bytes; a question in an address fits in.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// The most headers of a request.
const HEADERS_MAX: usize = 64;
/// How long the head of a request may take, also the first one, and how long a connection may rest between two.
const HEAD_WAIT: Duration = Duration::from_secs(20);
/// How long a client may take nothing of an answer.
const TAKE_WAIT: Duration = Duration::from_secs(30);
/// Requests of one HTTP/2 connection at the same time.
const STREAMS_MAX: u32 = 64;
/// A silent HTTP/2 client is asked this often whether it is there, and has this long to say so.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(10);
/// The pause after a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers readers, where they have a listener, until `draining` turns true and what has begun is finished.
pub(super) async fn serve(
    reading: Option<Reading>,
    answers: Arc<Answers<Releases>>,
    access: Arc<Access>,
    stats: StatsServer,
    draining: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    if let Some(Reading { listener, hosts }) = reading {
        let web = Arc::new(Web::new(answers, access, stats, hosts).map_err(io::Error::other)?);
        accept(listener, web, draining).await;
    }
    Ok(())
}

async fn accept(listener: TcpListener, web: Shared, mut draining: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            // The semaphore is never closed; if it were, nothing would be accepted.
            let slot = slots.clone().acquire_owned().await.ok()?;
            Some((listener.accept().await, slot))
        };
        let next = tokio::select! {
            next = next => next,
            _ = draining.wait_for(|draining| *draining) => break,
        };
        match next {
            Some((Ok((stream, peer)), slot)) => {
                let arrival = Arrival { peer: Some(peer.ip()), ..Arrival::default() };
                connections.spawn(connection(stream, web.clone(), arrival, draining.clone(), slot));
            }
            Some((Err(_), _)) => sleep(ACCEPT_PAUSE).await,
            None => break,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Serves one connection to its end. What goes wrong on it is the client's.
async fn connection(
    stream: TcpStream,
    web: Shared,
    arrival: Arrival,
    mut draining: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    let Ok(arrived_at) = stream.local_addr().map(|address| address.ip()) else { return };
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| respond(web.clone(), request, arrival, arrived_at));
    let builder = protocol();
    let patient = TokioIo::new(Patient::new(stream, HEAD_WAIT, TAKE_WAIT));
    let mut serving = std::pin::pin!(builder.serve_connection(patient, answer));
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = draining.wait_for(|draining| *draining) => {}
    }
    serving.as_mut().graceful_shutdown();
    let _ = serving.await;
}

async fn respond(
    web: Shared,
    mut request: Request<Incoming>,
    arrival: Arrival,
    arrived_at: IpAddr,
) -> Result<http::Response<Body>, Infallible> {
    request.extensions_mut().insert(arrival);
    Ok(web.respond(request.map(Body::new), arrived_at).await)
}

/// Both protocols with their limits.
fn protocol() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_WAIT);
    builder
}
