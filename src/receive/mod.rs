//! Takes what collectors and proxies already send: log records of OpenTelemetry, and Envoy's access log.
//!
//! They know nothing of headcount's protocol, so what it asks of a sender is found here: which request a record tells of, which
//! site it belongs to, and whether the same record has come before. What is found goes the one way that all events go: to the
//! vault's intake. Nothing here states that a time is complete, because these senders do not say so.
//!
//! It never keeps an access, never shows what one held, and never tells a sender more than counts.

mod access;
mod deliver;
mod entry;
mod envoy;
mod fields;
mod generated;
mod logs;
mod recent;
mod record;
mod routes;
mod told;
mod wipe;

pub use generated::FILE_DESCRIPTOR_SET;
pub use recent::NoRandomness;

use std::sync::Arc;

use tokio::sync::watch;
use tonic::codec::CompressionEncoding;

use crate::vault::{Intake, SiteSettings};
use deliver::Delivery;
use generated::{
    als::access_log_service_server::AccessLogServiceServer, collector::logs_service_server::LogsServiceServer,
};
use routes::Routes;

/// The OpenTelemetry logs service.
pub type LogsServer = LogsServiceServer<logs::Logs>;
/// Envoy's access log service.
pub type EnvoyServer = AccessLogServiceServer<envoy::AccessLog>;

/// What receiving needs to know of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    routes: Routes,
    cookie: Option<String>,
}

impl Settings {
    /// For these sites, whose hosts tell where an access belongs. `cookie`: the name of the visitor cookie; without one cookies
    /// are not looked at.
    #[must_use]
    pub fn of(sites: &[SiteSettings], cookie: Option<String>) -> Self {
        Self { routes: Routes::to(sites), cookie }
    }
}

/// Both services.
pub struct Receiving {
    /// For collectors.
    pub logs: LogsServer,
    /// For Envoy.
    pub envoy: EnvoyServer,
}

/// The services that hand accesses of whoever may send them (`allowed` says so) to the intake until `shutdown` turns true. Messages are longer than `message_bytes_max`
/// neither as they come nor unpacked.
///
/// # Errors
/// When the system has no random bits.
pub fn services(
    intake: Intake,
    settings: Settings,
    allowed: Arc<crate::access::Access>,
    message_bytes_max: usize,
    shutdown: watch::Receiver<bool>,
) -> Result<Receiving, NoRandomness> {
    let delivery = Arc::new(Delivery::new(intake, settings.routes, allowed, settings.cookie));
    let logs = logs::Logs::new(delivery.clone(), shutdown.clone())?;
    let envoy = envoy::AccessLog::new(delivery, shutdown);
    Ok(Receiving {
        logs: LogsServiceServer::new(logs)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(message_bytes_max),
        envoy: AccessLogServiceServer::new(envoy)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(message_bytes_max),
    })
}
