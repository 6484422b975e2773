//! Runs the server. Everything it needs comes from outside, so a test can bind port 0, move the clock and stop it.

pub mod control;
mod door;
mod files;
mod frames;
mod gate;
mod health;
mod limits;
mod links;
mod monitor;
mod patient;
mod resting;
mod services;
mod signals;
mod sitemaps;
mod stop;
mod tls;
mod web;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use tokio::{net::TcpListener, sync::watch};

use crate::{
    access::{Access, TokenRule},
    answers::Answers,
    clock::Clock,
    receive,
    rpc::{Ingest, IngestServer, Stats, StatsServer, Unfinished},
    telemetry::Refusals,
    units::MS_PER_SECOND,
    vault::{self, CommitError, OpenError},
};
use door::Door;
use gate::Gate;
use limits::{Limits, MESSAGES};
use monitor::Watching;
use services::Services;

pub use links::{Followed, name_of};
pub use signals::{Signals, Told, signals};
pub use sitemaps::Watched;
pub use tls::{Certificate, TlsFault};

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

/// How connections are protected.
#[derive(Debug, Default)]
pub struct Security {
    /// By which the listeners for events and readers speak TLS; without one they speak plainly.
    pub certificate: Option<Arc<Certificate>>,
    /// When the listener for events asks for tokens.
    pub events_tokens: TokenRule,
    /// A proxy in front speaks TLS with whoever asks.
    pub is_behind_proxy: bool,
}

impl Security {
    fn door(&self, listener: TcpListener, tokens: TokenRule) -> io::Result<Door> {
        let tls = self.certificate.as_ref().map(Certificate::acceptor).transpose().map_err(tls::io_error)?;
        Ok(Door { listener, tls, tokens, is_behind_proxy: self.is_behind_proxy })
    }
}

/// What is listened on.
#[derive(Debug)]
pub struct Listeners {
    /// How connections to the first two are protected.
    pub security: Security,
    /// For events and everything else that is gRPC.
    pub events: TcpListener,
    /// For readers.
    pub readers: Option<Reading>,
    /// For metrics and health.
    pub monitor: Option<TcpListener>,
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
    /// The committer panicked, which is a bug.
    #[error("the store's thread ended unexpectedly; what was acknowledged is safe. Please report this")]
    Committer,
}

/// Serves on its listeners until it is told to stop or the store fails. Sitemaps are read, and links followed, regularly in the
/// background. What collectors send comes over the listener for events too.
///
/// # Errors
/// When the vault cannot be opened or the server cannot go on.
pub async fn run(
    listeners: Listeners,
    options: vault::Options,
    known: Known,
    receiving: receive::Settings,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    signals: Signals,
) -> Result<(), ServeError> {
    let usual = Limits::default();
    let limits = Limits { connections: files::connections_max(usual.connections), ..usual };
    let (data, started_unix_ms) = (options.data.clone(), clock.now_unix_ms());
    let vault::Opened { intake, committer, releases, admin } =
        tokio::task::spawn_blocking(move || vault::open(options, clock)).await.map_err(|_| ServeError::Committer)??;
    // Patterns are compiled while the first producers connect; the first one waits for it.
    let early = intake.clone();
    let preparing = std::thread::Builder::new().name("prepare".to_owned()).spawn(move || early.prepare())?;
    if let Some(reading) = &listeners.readers {
        let plain = url(reading.listener.local_addr()?);
        let is_tls = listeners.security.certificate.is_some();
        crate::telemetry::reading(&if is_tls { plain.replacen("http", "https", 1) } else { plain });
    }
    if let Some(monitor) = &listeners.monitor {
        crate::telemetry::watched(monitor.local_addr()?);
    }
    crate::telemetry::listening(listeners.events.local_addr()?, &data);
    let (end, ended) = watch::channel(false);
    let committer = std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
        let result = committer.run();
        // However it ended, nothing can be acknowledged any more.
        let _ = end.send(true);
        result
    })?;
    // Dropped with the services, so that no intake is left.
    let knowing =
        (sitemaps::read_all(known.sitemaps, &intake, &signals.reload), links::follow_all(known.links, &intake));
    let control = control::listen(&data, admin.clone());
    let certificate = listeners.security.certificate.as_ref();
    let renewing = certificate.map(|certificate| certificate.follow(signals.reload.clone()));
    let following = access.follow(signals.reload);
    let started = Started { data, unix_seconds: u64::try_from(started_unix_ms / MS_PER_SECOND).unwrap_or(0) };
    let (opened, stops) = ((intake, releases, admin), (signals.stop, ended));
    let served = serve(listeners, limits, opened, receiving, access.clone(), started, stops).await;
    drop((following, renewing));
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

/// Where and when the server started.
struct Started {
    data: PathBuf,
    unix_seconds: u64,
}

async fn serve(
    listeners: Listeners,
    limits: Limits,
    (intake, releases, admin): (vault::Intake, vault::Releases, vault::Admin),
    receiving: receive::Settings,
    access: Arc<Access>,
    started: Started,
    (stop, ended): (watch::Receiver<bool>, watch::Receiver<bool>),
) -> Result<(), ServeError> {
    let (stopping, stages) = stop::begin(stop, ended, limits.drain);
    let (draining, refusals) = (stages.draining, Refusals::default());
    let gate = Gate::new(limits, refusals.clone(), draining.clone(), stages.cut);
    let collectors = receive::services(intake.clone(), receiving, access.clone(), MESSAGES.bytes, draining.clone());
    let unfinished = Unfinished::new(MESSAGES, refusals.clone());
    let ingest = IngestServer::new(Ingest::new(intake, access.clone(), draining.clone()), unfinished.clone());
    let (ahead, until) = (releases.clone(), draining.clone());
    tokio::task::spawn_blocking(move || ahead.read_ahead(|| *until.borrow()));
    let watching = Watching {
        data: started.data,
        started_unix_seconds: started.unix_seconds,
        releases: releases.watch(),
        accepts: admin.accepts(),
        draining: draining.clone(),
        refusals: refusals.clone(),
    };
    let monitored = monitor::serve(listeners.monitor, watching, gate.clone());
    let answers = Arc::new(Answers::new(releases, refusals.clone()));
    let stats = StatsServer::new(Stats::new(answers.clone(), access.clone(), draining.clone()));
    let (health_reporter, health) = tonic_health::server::health_reporter();
    let readers = web::serve(listeners.readers, &listeners.security, answers, access, stats.clone(), gate.clone());
    let health_of = health::follow(health_reporter, admin.accepts(), draining).await;
    let collectors = collectors.map_err(io::Error::other)?;
    let services = Services::new(ingest, collectors, stats, health, unfinished).map_err(io::Error::other)?;
    let door = listeners.security.door(listeners.events, listeners.security.events_tokens)?;
    let events = gate.serve(door, services, services::SHAPE);
    let summing_up = stop::sum_up(refusals);
    let served = tokio::select! {
        ((), served, ()) = async { tokio::join!(events, readers, monitored) } => served,
        // It ends when all connections have ended.
        () = stopping => unreachable!("connections end with the stop"),
    };
    drop((health_of, summing_up));
    served
}
