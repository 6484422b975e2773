//! The one accept loop: connections of every listener, over HTTP/1.1 and HTTP/2, each with its limits, and each ended by a stop.
//!
//! It is here because the loop of tonic limits neither connections nor what is silent, and its connections outlive a stop. A
//! listener is an [`Entrance`]: what makes a stream of a connection, such as TLS, is put in front there. What answers is a [`Respond`].
//! It never looks into a request.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, rt::Executor, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tonic::body::Body;

use super::{
    limits::{
        ACCEPT_PAUSE, CONNECTION_WINDOW_BYTES, FRAME_BYTES_MAX, HEADERS_MAX, Limits, SEND_BYTES_MAX,
        STREAM_WINDOW_BYTES,
    },
    patient::Patient,
    resting::{Place, Resting},
};
use crate::{
    access::Arrival,
    answers::limit::{Client, HangUp},
    telemetry::{Refusals, Refused},
};

/// Where connections come from.
pub(super) trait Entrance: Send + Sync + 'static {
    /// A connection as it was accepted.
    type Raw: Send + 'static;
    /// A connection over which requests come.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Raw, Peer)>> + Send;

    /// Makes a connection ready, such as by a TLS handshake. It runs in the connection's own task and under a time limit.
    fn open(&self, raw: Self::Raw) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Who is at the other end, and by which address it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    /// The server's own address, as the client used it.
    pub(super) arrived_at: IpAddr,
    /// Whose limits hold for it.
    pub(super) client: Client,
    /// From where it came, and what holds of its listener.
    pub(super) arrival: Arrival,
}

impl Entrance for TcpListener {
    type Raw = TcpStream;
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, from) = TcpListener::accept(self).await?;
        let arrived_at = stream.local_addr().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip());
        let _ = stream.set_nodelay(true);
        let arrival = Arrival { peer: Some(from.ip()), ..Arrival::default() };
        Ok((stream, Peer { arrived_at, client: Client::of_address(from.ip()), arrival }))
    }

    async fn open(&self, raw: TcpStream) -> io::Result<TcpStream> {
        Ok(raw)
    }
}

/// What answers the requests of a listener.
pub(super) trait Respond: Clone + Send + Sync + 'static {
    /// The response to a request. Among its extensions are its [`Client`], its connection, its [`Arrival`], and the way to end it
    /// ([`HangUp`]).
    fn respond(&self, request: Request<Body>, peer: Peer) -> impl Future<Output = Response<Body>> + Send;
}

/// What differs between listeners.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Streams of an HTTP/2 connection at the same time.
    pub(super) streams: u32,
    /// The longest head of a request, in bytes.
    pub(super) head_bytes: u32,
}

/// Lets connections in. Clones share the limits.
#[derive(Clone)]
pub(super) struct Gate {
    limits: Arc<Limits>,
    slots: Arc<Semaphore>,
    resting: Resting,
    refusals: Refusals,
    /// Turns true when nothing new is taken.
    draining: watch::Receiver<bool>,
    /// Turns true when nothing is waited for any more.
    cut: watch::Receiver<bool>,
}

impl Gate {
    pub(super) fn new(
        limits: Limits,
        refusals: Refusals,
        draining: watch::Receiver<bool>,
        cut: watch::Receiver<bool>,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(limits.connections));
        Self { limits: Arc::new(limits), slots, resting: Resting::default(), refusals, draining, cut }
    }

    /// Serves a listener until a stop; gives back when its connections have ended, which they do when `cut` turns true.
    pub(super) async fn serve(self, entrance: impl Entrance, respond: impl Respond, shape: Shape) {
        let entrance = Arc::new(entrance);
        let builder = Arc::new(self.protocol(shape));
        let mut connections = JoinSet::new();
        let mut draining = self.draining.clone();
        loop {
            let next = tokio::select! {
                next = self.next(&*entrance) => next,
                _ = draining.wait_for(|draining| *draining) => break,
            };
            match next {
                Ok((raw, peer, slot)) => {
                    let connection = Connection { gate: self.clone(), peer, _slot: slot };
                    connections.spawn(connection.run(entrance.clone(), raw, builder.clone(), respond.clone()));
                }
                Err(_) => {
                    self.refusals.count(Refused::NotAccepted);
                    sleep(ACCEPT_PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
        drop(entrance);
        while connections.join_next().await.is_some() {}
    }

    /// The next connection with its slot. Where none is free, the connection that has rested longest gives its own.
    async fn next<E: Entrance>(&self, entrance: &E) -> io::Result<(E::Raw, Peer, OwnedSemaphorePermit)> {
        let (raw, peer) = entrance.accept().await?;
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Ok((raw, peer, slot));
        }
        self.refusals.count(match self.resting.close_longest() {
            true => Refused::ConnectionForNext,
            false => Refused::ConnectionsBusy,
        });
        // The semaphore is never closed; if it were, nothing would be accepted.
        let slot = self.slots.clone().acquire_owned().await.map_err(io::Error::other)?;
        Ok((raw, peer, slot))
    }

    /// Both protocols with their limits.
    fn protocol(&self, shape: Shape) -> auto::Builder<Tasks> {
        let mut builder = auto::Builder::new(Tasks(self.cut.clone()));
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_wait)
            .max_headers(HEADERS_MAX)
            .max_buf_size(shape.head_bytes as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES_MAX)
            .max_send_buf_size(SEND_BYTES_MAX)
            .max_concurrent_streams(shape.streams)
            .max_header_list_size(shape.head_bytes)
            .keep_alive_interval(self.limits.ping_interval)
            .keep_alive_timeout(self.limits.ping_wait);
        builder
    }
}

tokio::task_local! {
    /// Ends the HTTP/2 stream whose task this is.
    static STREAM: HangUp;
}

/// Runs the streams of HTTP/2 connections, none longer than the connections may last. One that is dropped is reset.
#[derive(Clone)]
struct Tasks(watch::Receiver<bool>);

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let (mut cut, hang_up) = (self.0.clone(), HangUp::default());
        tokio::spawn(async move {
            tokio::select! {
                _ = STREAM.scope(hang_up.clone(), task) => {}
                () = hang_up.asked() => {}
                _ = cut.wait_for(|cut| *cut) => {}
            }
        });
    }
}

/// One connection.
struct Connection {
    gate: Gate,
    peer: Peer,
    _slot: OwnedSemaphorePermit,
}

/// Why a connection is asked to end.
enum Ending {
    Draining,
    Idle,
    ForNext,
}

impl Connection {
    /// Serves it to its end. What goes wrong on it is the client's.
    async fn run<E: Entrance>(
        mut self,
        entrance: Arc<E>,
        raw: E::Raw,
        builder: Arc<auto::Builder<Tasks>>,
        respond: impl Respond,
    ) {
        let place = self.gate.resting.enter();
        let (limits, peer) = (self.gate.limits.clone(), self.peer);
        let opened = tokio::select! {
            opened = timeout(limits.head_wait, entrance.open(raw)) => opened,
            () = place.asked_to_go() => return,
            _ = self.gate.draining.wait_for(|draining| *draining) => return,
        };
        // It holds the listener, which a stop closes.
        drop(entrance);
        let Ok(Ok(stream)) = opened else { return self.gate.refusals.count(Refused::SlowOrSilent) };
        let answer = {
            let place = place.clone();
            service_fn(move |request: Request<Incoming>| answer(respond.clone(), request, peer, place.clone()))
        };
        let stream = TokioIo::new(Patient::new(stream, &limits, self.gate.refusals.clone()));
        let mut serving = pin!(builder.serve_connection(stream, answer));
        let ending = tokio::select! {
            _ = serving.as_mut() => return,
            ending = self.ending(&place) => ending,
        };
        if matches!(ending, Ending::Idle) {
            self.gate.refusals.count(Refused::Idle);
        }
        serving.as_mut().graceful_shutdown();
        // A client that does not answer is not waited for longer than after a stop; one that makes room for another, not at all.
        let wait = if matches!(ending, Ending::ForNext) { Duration::ZERO } else { limits.drain };
        tokio::select! {
            biased;
            _ = serving => {}
            () = sleep(wait), if !matches!(ending, Ending::Draining) => {}
            _ = self.gate.cut.wait_for(|cut| *cut) => self.gate.refusals.count(Refused::CutAtStop),
        }
    }

    /// Waits until it is to end.
    async fn ending(&mut self, place: &Place) -> Ending {
        let idle = async {
            loop {
                let rested = place.rested();
                match self.gate.limits.idle_wait.checked_sub(rested) {
                    None | Some(Duration::ZERO) => return,
                    Some(left) => sleep(left).await,
                }
            }
        };
        tokio::select! {
            _ = self.gate.draining.wait_for(|draining| *draining) => Ending::Draining,
            () = place.asked_to_go() => Ending::ForNext,
            () = idle => Ending::Idle,
        }
    }
}

/// Answers one request; until its answer has gone, the connection does not rest.
async fn answer(
    respond: impl Respond,
    request: Request<Incoming>,
    peer: Peer,
    place: Place,
) -> Result<Response<Body>, Infallible> {
    let busy = place.busy();
    let mut request = request.map(Body::new);
    let known = request.extensions_mut();
    known.insert(peer.client);
    known.insert(peer.arrival);
    known.insert(place.connection());
    known.insert(STREAM.try_with(HangUp::clone).unwrap_or_else(|_| place.hang_up()));
    let response = respond.respond(request, peer).await;
    Ok(response.map(|body| busy.until_gone(body)))
}
