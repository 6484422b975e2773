//! Brings accesses to their sites: the way from both services to the vault's intake.

use std::{collections::BTreeMap, sync::Arc};

use tonic::{Request, Status};

use super::{access::Access, recent::Digest, routes::Routes};
use crate::{
    access::{self, Deed, Pass},
    rpc::status,
    units::SiteName,
    vault::{Batch, EVENTS_PER_BATCH_MAX, Intake, OutcomeCounts, Pending, Refusal},
};

/// All collectors are one producer, which states nothing and has no secret: each batch stands for itself.
const PRODUCER: &str = "collectors";

/// What both services share.
pub(super) struct Delivery {
    intake: Intake,
    routes: Routes,
    allowed: Arc<access::Access>,
    pub(super) cookie: Option<String>,
}

/// Accesses of one message, by their sites.
#[derive(Default)]
pub(super) struct Parts(BTreeMap<SiteName, Vec<(Access, Digest)>>);

/// A batch that was handed over.
pub(super) struct HandedOver {
    pending: Pending,
    digests: Vec<Digest>,
}

impl HandedOver {
    /// Waits until it is durable. Gives its records, and its books.
    pub(super) async fn settled(self) -> (Vec<Digest>, Result<Option<OutcomeCounts>, Refusal>) {
        let result = self.pending.receipt().await;
        (self.digests, result.map(|receipt| receipt.books))
    }
}

impl Delivery {
    pub(super) fn new(intake: Intake, routes: Routes, allowed: Arc<access::Access>, cookie: Option<String>) -> Self {
        Self { intake, routes, allowed, cookie }
    }

    /// Leave to send, for whoever made a request.
    pub(super) fn pass<M>(&self, request: &Request<M>) -> Result<Pass, Status> {
        self.allowed.pass(request.metadata().as_ref(), request.extensions(), Deed::Write).map_err(status::denied)
    }

    /// The first of these names that is a site's to which the sender may send.
    pub(super) fn named<'n>(&self, pass: &Pass, names: impl IntoIterator<Item = &'n str>) -> Option<SiteName> {
        let sites = names.into_iter().filter_map(|name| SiteName::new(name).ok());
        sites.into_iter().find(|site| pass.scope().allows(site) && self.intake.lane(site, PRODUCER, &[], "").is_some())
    }

    /// The site of an access: the one that its sender names, else that of its host, where the sender may send to it.
    pub(super) fn site_of<'s>(
        &'s self,
        pass: &Pass,
        named: Option<&'s SiteName>,
        access: &Access,
    ) -> Option<&'s SiteName> {
        named.or_else(|| self.routes.of_host(access.host())).filter(|site| pass.scope().allows(site))
    }

    /// Hands accesses of one site over, as many batches as it takes. Those that were not taken come back with the reason.
    pub(super) async fn hand_over(
        &self,
        site: &SiteName,
        mut accesses: Vec<(Access, Digest)>,
        handed_over: &mut Vec<HandedOver>,
    ) -> Result<(), (Refusal, Vec<Digest>)> {
        while !accesses.is_empty() {
            let rest = accesses.split_off(accesses.len().min(EVENTS_PER_BATCH_MAX));
            let (events, mut digests): (Vec<_>, Vec<_>) = accesses.into_iter().unzip();
            match self.hand_over_batch(site, events).await {
                Ok(pending) => handed_over.push(HandedOver { pending, digests }),
                Err(refusal) => {
                    digests.extend(rest.into_iter().map(|(_, digest)| digest));
                    return Err((refusal, digests));
                }
            }
            accesses = rest;
        }
        Ok(())
    }

    async fn hand_over_batch(&self, site: &SiteName, accesses: Vec<Access>) -> Result<Pending, Refusal> {
        // A lane of its own, so that no other batch is in its way.
        let lane = self.intake.lane(site, PRODUCER, &[], "").ok_or(Refusal::Unavailable)?;
        let length = accesses.len();
        let events = accesses.into_iter().map(|access| Ok(access.into_event()));
        lane.hand_over(Batch { sequence: 1, events, length, complete_through_unix_ms: 0, cursor: Vec::new() }).await
    }
}

impl Parts {
    pub(super) fn add(&mut self, site: &SiteName, access: Access, digest: Digest) {
        match self.0.get_mut(site) {
            Some(part) => part.push((access, digest)),
            None => drop(self.0.insert(site.clone(), vec![(access, digest)])),
        }
    }

    /// All records, in the order in which [`Parts::retain`] asks for them.
    pub(super) fn digests(&self) -> Vec<Digest> {
        self.0.values().flatten().map(|(_, digest)| *digest).collect()
    }

    /// Keeps those for which the list has true.
    pub(super) fn retain(&mut self, keep: Vec<bool>) {
        let mut keep = keep.into_iter();
        for part in self.0.values_mut() {
            part.retain(|_| keep.next().unwrap_or(true));
        }
    }
}

impl IntoIterator for Parts {
    type Item = (SiteName, Vec<(Access, Digest)>);
    type IntoIter = std::collections::btree_map::IntoIter<SiteName, Vec<(Access, Digest)>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
