//! Envoy's access log service: takes a stream of entries, which is never answered while it lasts.
//!
//! Envoy hears nothing of what became of them and sends nothing again: what is on its way when a connection breaks is lost,
//! and nobody can count it. Where the vault takes nothing for now, reading stops, and Envoy drops what does not fit its own
//! buffer.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

use super::{
    deliver::{Delivery, HandedOver, Parts},
    entry,
    generated::als::{StreamAccessLogsMessage, StreamAccessLogsResponse, access_log_service_server::AccessLogService},
};
use crate::{access::Pass, rpc::status, telemetry, units::SiteName, vault::Refusal};

/// Batches of one stream that are not durable yet; then reading waits.
const BATCHES_UNDER_WAY_MAX: usize = 64;
/// When Envoy may come again, in seconds.
const RETRY_SECONDS: u64 = 1;

/// The service.
pub struct AccessLog {
    delivery: Arc<Delivery>,
    shutdown: watch::Receiver<bool>,
}

impl AccessLog {
    pub(super) fn new(delivery: Arc<Delivery>, shutdown: watch::Receiver<bool>) -> Self {
        Self { delivery, shutdown }
    }
}

#[tonic::async_trait]
impl AccessLogService for AccessLog {
    async fn stream_access_logs(
        &self,
        request: Request<Streaming<StreamAccessLogsMessage>>,
    ) -> Result<Response<StreamAccessLogsResponse>, Status> {
        let pass = self.delivery.pass(&request)?;
        let (mut messages, mut shutdown) = (request.into_inner(), self.shutdown.clone());
        let mut ended = std::pin::pin!(pass.ended());
        let mut session = Session { delivery: &self.delivery, pass: &pass, named: None, under_way: VecDeque::new() };
        loop {
            let message = tokio::select! {
                biased;
                _ = shutdown.wait_for(|stop| *stop) => Err(status::unavailable(RETRY_SECONDS)),
                denied = ended.as_mut() => Err(status::denied(denied)),
                message = messages.next() => message.transpose(),
            };
            match message {
                Ok(Some(message)) => session.take(message).await?,
                ended => {
                    session.finish().await?;
                    return ended.map(|_| Response::new(StreamAccessLogsResponse {}));
                }
            }
        }
    }
}

/// One stream.
struct Session<'s> {
    delivery: &'s Delivery,
    pass: &'s Pass,
    /// The site that the log is named after.
    named: Option<SiteName>,
    under_way: VecDeque<HandedOver>,
}

impl Session<'_> {
    async fn take(&mut self, message: StreamAccessLogsMessage) -> Result<(), Status> {
        if let Some(identifier) = message.identifier {
            self.named = self.delivery.named(self.pass, [identifier.log_name.as_str()]);
            telemetry::envoy_connected(self.named.as_ref());
        }
        let mut parts = Parts::default();
        for entry in message.http_logs.into_iter().flat_map(|logs| logs.log_entry) {
            if let Some(access) = entry::access(entry, self.delivery.cookie.as_deref())
                && let Some(site) = self.delivery.site_of(self.pass, self.named.as_ref(), &access)
            {
                parts.add(site, access, 0);
            }
        }
        for (site, accesses) in parts {
            let mut handed_over = Vec::new();
            let result = self.delivery.hand_over(&site, accesses, &mut handed_over).await;
            self.under_way.extend(handed_over);
            result.map_err(|(refusal, _)| status::refused(refusal, 1))?;
        }
        self.wait_for_room(BATCHES_UNDER_WAY_MAX).await
    }

    async fn finish(&mut self) -> Result<(), Status> {
        self.wait_for_room(0).await
    }

    /// Waits until no more batches than this are under way.
    async fn wait_for_room(&mut self, batches_max: usize) -> Result<(), Status> {
        while self.under_way.len() > batches_max
            && let Some(batch) = self.under_way.pop_front()
        {
            let result: Result<_, Refusal> = batch.settled().await.1;
            result.map_err(|refusal| status::refused(refusal, 1))?;
        }
        Ok(())
    }
}
