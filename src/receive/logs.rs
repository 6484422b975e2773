//! The OpenTelemetry logs service: takes records, and answers when they are durable.
//!
//! A collector sends a request again that was not answered. Records that came before are recognised ([`super::recent`]), each by
//! itself, so a request may be cut otherwise the second time. Where nothing can be taken now, the answer says when to come
//! again. When an answer leaves does not tell how much work its records were.

use std::sync::Arc;

use prost::Message as _;
use tokio::sync::{Semaphore, watch};
use tonic::{Request, Response, Status};

use super::{
    deliver::{Delivery, Parts},
    generated::collector::{
        ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse, logs_service_server::LogsService,
    },
    recent::{NoRandomness, Recent, UnderWay},
    record,
    told::{LeftOut, Told},
};
use crate::{
    access::Pass,
    rpc::{Slots, status},
    vault::Refusal,
};

/// Requests of all collectors between their arrival and their answer; then they are asked to come again.
const REQUESTS_UNDER_WAY_MAX: usize = 32;
/// When to come again, in seconds.
const RETRY_SECONDS: u64 = 1;

/// The service.
pub struct Logs {
    inner: Arc<Inner>,
    room: Arc<Semaphore>,
    shutdown: watch::Receiver<bool>,
}

struct Inner {
    delivery: Arc<Delivery>,
    recent: Recent,
}

impl Logs {
    pub(super) fn new(delivery: Arc<Delivery>, shutdown: watch::Receiver<bool>) -> Result<Self, NoRandomness> {
        let inner = Arc::new(Inner { delivery, recent: Recent::new()? });
        Ok(Self { inner, room: Arc::new(Semaphore::new(REQUESTS_UNDER_WAY_MAX)), shutdown })
    }
}

#[tonic::async_trait]
impl LogsService for Logs {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let slots = Slots::begin();
        if *self.shutdown.borrow() {
            return Err(status::unavailable(RETRY_SECONDS));
        }
        let pass = self.inner.delivery.pass(&request)?;
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            return Err(status::exhausted(RETRY_SECONDS));
        };
        let (inner, request) = (self.inner.clone(), request.into_inner());
        // On a task of its own: where the collector hangs up, what has begun ends all the same, and is known when it
        // comes again.
        let taken = tokio::spawn(async move {
            let _room = room;
            inner.take(request, &pass).await
        });
        let taken = taken.await.map_err(|_| status::internal())?;
        slots.next().await;
        taken.map(|told| Response::new(response(&told)))
    }
}

fn response(told: &Told) -> ExportLogsServiceResponse {
    let partial_success = (told.count() > 0).then(|| ExportLogsPartialSuccess {
        rejected_log_records: i64::try_from(told.count()).unwrap_or(i64::MAX),
        error_message: told.to_string(),
    });
    ExportLogsServiceResponse { partial_success }
}

impl Inner {
    async fn take(&self, request: ExportLogsServiceRequest, pass: &Pass) -> Result<Told, Status> {
        let mut told = Told::default();
        let mut parts = self.sort(request, pass, &mut told);
        let new = self.recent.claim(&parts.digests()).map_err(|UnderWay| status::unavailable(RETRY_SECONDS))?;
        parts.retain(new);
        match self.deliver(parts, &mut told).await {
            Ok(()) => Ok(told),
            Err(refusal) => Err(status::refused(refusal, 1)),
        }
    }

    /// The accesses of a request by their sites.
    fn sort(&self, request: ExportLogsServiceRequest, pass: &Pass, told: &mut Told) -> Parts {
        let mut parts = Parts::default();
        for logs in request.resource_logs {
            let resource = logs.resource.unwrap_or_default();
            let named = self.delivery.named(pass, record::names(&resource.attributes));
            let mut digests = self.recent.digests(&resource.encode_to_vec());
            for record in logs.scope_logs.into_iter().flat_map(|scope| scope.log_records) {
                let bytes = zeroize::Zeroizing::new(record.encode_to_vec());
                let Some(access) = record::access(record, self.delivery.cookie.as_deref()) else {
                    told.left_out(LeftOut::NoRequest);
                    continue;
                };
                match self.delivery.site_of(pass, named.as_ref(), &access) {
                    Some(site) => parts.add(site, access, digests.next(&bytes)),
                    None => told.left_out(LeftOut::NoSite),
                }
            }
        }
        parts
    }

    /// Hands all parts over and waits until they are durable. What was not is no longer under way, and may come again.
    async fn deliver(&self, parts: Parts, told: &mut Told) -> Result<(), Refusal> {
        let mut handed_over = Vec::new();
        let mut refused = None;
        for (site, accesses) in parts {
            if refused.is_some() {
                self.recent.settle(accesses.into_iter().map(|(_, digest)| digest), false);
            } else if let Err((refusal, digests)) = self.delivery.hand_over(&site, accesses, &mut handed_over).await {
                self.recent.settle(digests, false);
                refused = Some(refusal);
            }
        }
        for batch in handed_over {
            let (digests, result) = batch.settled().await;
            self.recent.settle(digests, result.is_ok());
            match result {
                Ok(Some(books)) => told.rejected(&books),
                Ok(None) => {}
                Err(refusal) => refused = Some(refusal),
            }
        }
        refused.map_or(Ok(()), Err)
    }
}
