//! Runs the server. Everything it needs comes from outside, so a test can bind port 0, move the clock and stop it.

pub mod control;
mod health;
mod links;
mod patient;
mod sitemaps;
mod web;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch};
use tonic::transport::{Server, server::TcpIncoming};

use crate::{
    access::Access,
    answers::Answers,
    clock::Clock,
    proto::FILE_DESCRIPTOR_SET,
    rpc::{Ingest, IngestServer, Stats, StatsServer},
    vault::{self, CommitError, OpenError},
};

pub use links::{Followed, name_of};
pub use sitemaps::Watched;

/// The largest message taken, in bytes: 20,000 events of some 800 bytes.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Flow-control windows of a stream and of a connection, in bytes: some batches of usual length, so that the next has arrived
/// while one is read.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// The largest HTTP/2 frame, in bytes: few large ones cost less than many small ones.
const FRAME_BYTES_MAX: u32 = 256 * 1024;
/// How long clients may finish after a stop; then they are cut off.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Where known pages come from, apart from the configuration itself.
#[derive(Debug, Default)]
pub struct Known {
    /// Sitemaps, read regularly.
    pub sitemaps: Vec<Watched>,
    /// Sites whose links are followed.
    pub links: Vec<Followed>,
}

/// Where the page and its data are read.
#[derive(Debug)]
pub struct Reading {
    /// Its own listener: nothing but published numbers goes over it.
    pub listener: TcpListener,
    /// The names and addresses by which it may be asked beside loopback and its own address, in lower case without a port.
    pub hosts: Vec<String>,
}

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The vault could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its store or keys failed while running.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The listener failed.
    #[error("the listener: {0}")]
    Listener(#[from] io::Error),
    /// The transport failed.
    #[error("the server: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The committer panicked, which is a bug.
    #[error("the store's thread ended unexpectedly; what was acknowledged is safe. Please report this")]
    Committer,
}

/// Serves on the listener, and for readers on a second one where there is one, until `stop` turns true or the store fails. Sitemaps are
/// read, and links followed, regularly in the background.
///
/// # Errors
/// When the vault cannot be opened or the server cannot go on.
pub async fn run(
    listener: TcpListener,
    reading: Option<Reading>,
    options: vault::Options,
    known: Known,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let data = options.data.clone();
    let vault::Opened { intake, committer, releases, admin } =
        tokio::task::spawn_blocking(move || vault::open(options, clock)).await.map_err(|_| ServeError::Committer)??;
    // Patterns are compiled while the first producers connect; the first one waits for it.
    let early = intake.clone();
    let preparing = std::thread::Builder::new().name("prepare".to_owned()).spawn(move || early.prepare())?;
    if let Some(reading) = &reading {
        crate::telemetry::reading(&url(reading.listener.local_addr()?));
    }
    crate::telemetry::listening(listener.local_addr()?, &data);
    let (end, ended) = watch::channel(false);
    let committer = std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
        let result = committer.run();
        // However it ended, nothing can be acknowledged any more.
        let _ = end.send(true);
        result
    })?;
    // Dropped with the services, so that no intake is left.
    let knowing = (sitemaps::read_all(known.sitemaps, &intake), links::follow_all(known.links, &intake));
    let control = control::listen(&data, admin.clone());
    let following = access.follow();
    let opened = (intake, releases, admin);
    let served = serve(listener, reading, opened, access.clone(), stop, ended).await;
    drop(following);
    access.keep_last_used();
    drop(knowing);
    drop(control);
    // It holds an intake until it has finished.
    let _ = tokio::task::spawn_blocking(move || preparing.join()).await;
    // The last intake was dropped with the services: the committer writes its checkpoint and ends.
    let kept = tokio::task::spawn_blocking(move || committer.join()).await.map_err(|_| ServeError::Committer)?;
    kept.map_err(|_| ServeError::Committer)??;
    served
}

/// The address of the page, as a browser takes it. Where every address is listened on, this machine's own is named.
#[must_use]
pub fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}/")
}

async fn serve(
    listener: TcpListener,
    reading: Option<Reading>,
    (intake, releases, admin): (vault::Intake, vault::Releases, vault::Admin),
    access: Arc<Access>,
    mut stop: watch::Receiver<bool>,
    mut ended: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let (drain, draining) = watch::channel(false);
    let ingest = IngestServer::new(Ingest::new(intake, access.clone(), draining.clone()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let (ahead, until) = (releases.clone(), draining.clone());
    tokio::task::spawn_blocking(move || ahead.read_ahead(|| *until.borrow()));
    let answers = Arc::new(Answers::new(releases));
    let stats = StatsServer::new(Stats::new(answers.clone(), access.clone(), draining.clone()));
    let (health_reporter, health) = tonic_health::server::health_reporter();
    let readers = web::serve(reading, answers, access, stats.clone(), draining.clone());
    let health_of = health::follow(health_reporter, admin.accepts(), draining.clone()).await;
    // From top to bottom: gRPC-Web for browsers comes before all services; reflection in both versions, because old grpcurl
    // speaks only the alpha.
    let server = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .accept_http1(true)
        .layer(tonic_web::GrpcWebLayer::new())
        .add_service(reflection().build_v1().map_err(io::Error::other)?)
        .add_service(reflection().build_v1alpha().map_err(io::Error::other)?)
        .add_service(health)
        .add_service(ingest)
        .add_service(stats);
    let signal = async move {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => crate::telemetry::draining(),
            _ = ended.wait_for(|ended| *ended) => {}
        }
        let _ = drain.send(true);
    };
    let mut begun = draining;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = server.serve_with_incoming_shutdown(incoming, signal);
    let both = async { tokio::try_join!(async { Ok(serving.await?) }, readers) };
    let patience = async move {
        let _ = begun.wait_for(|drain| *drain).await;
        tokio::time::sleep(DRAIN_LIMIT).await;
    };
    let result = tokio::select! {
        result = both => result.map(|_| ()),
        () = patience => Ok(()),
    };
    drop(health_of);
    result
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // With these, a generic client can decode the details of an error.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
