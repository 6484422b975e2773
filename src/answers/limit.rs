//! What a client may ask for at the same time, and who a client is. Statistics may be public, so nobody's questions may take all memory
//! or keep others from theirs.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Notify, Semaphore};

use super::{AnswerError, workers::Workers};
use crate::telemetry::{Refusals, Refused};

/// Questions that wait for their answer or are computed, of all clients; what is cached does not count.
const QUESTIONS_MAX: usize = 256;
/// Questions that are computed at the same time, for each core. Each holds the releases that it reads, and more of them make none faster.
const AT_ONCE_PER_CORE: usize = 1;
/// The least of them: a long question holds up no short one.
const AT_ONCE_MIN: usize = 2;

/// Whose limits hold for a question: whoever comes from one address, or one half of an IPv6 address, is one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// Who comes from an address.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(_) => address,
            // Whoever has one address of a /64 has all of them.
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }
}

/// One connection of a client, by its number since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Connection(pub u64);

/// Ends a stream, or the connection where it is not known to have streams, from this side: for a reader that does not read, nothing that is
/// sent would do it.
#[derive(Debug, Clone, Default)]
pub struct HangUp(Arc<Notify>);

impl HangUp {
    /// Ends it.
    pub fn now(&self) {
        self.0.notify_one();
    }

    /// Waits until it is to end.
    pub async fn asked(&self) {
        self.0.notified().await;
    }
}

/// As many of something are under way as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} are under way already; allowed at the same time: {allowed}")]
pub struct Busy {
    /// Of what.
    pub what: &'static str,
    /// How many there may be.
    pub allowed: usize,
}

/// Computes answers, only so many at the same time. Clones share the limit.
#[derive(Clone)]
pub struct ComputeLimit {
    workers: Workers,
    under_way: Arc<Semaphore>,
    refusals: Refusals,
}

impl ComputeLimit {
    /// The limit of this machine.
    pub(super) fn new(refusals: Refusals) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of((cores * AT_ONCE_PER_CORE).max(AT_ONCE_MIN), refusals)
    }

    pub(super) fn of(at_once: usize, refusals: Refusals) -> Self {
        Self { workers: Workers::new(at_once), under_way: Arc::new(Semaphore::new(QUESTIONS_MAX)), refusals }
    }

    /// The threads that compute.
    pub(super) fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Computes on a thread where that holds up nobody. What has not begun when nobody waits any more is left out.
    pub(super) async fn run<A: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<A, AnswerError> + Send + 'static,
    ) -> Result<A, AnswerError> {
        let Ok(_turn) = self.under_way.try_acquire() else {
            self.refusals.count(Refused::Questions);
            return Err(Busy { what: "as many questions as there may be", allowed: QUESTIONS_MAX }.into());
        };
        self.workers.run(compute).await.ok_or(AnswerError::Failed)?
    }
}

/// How many of something are under way, by client and in all. Clones share the counts.
#[derive(Clone)]
pub(super) struct ByClient {
    what: &'static str,
    client_max: usize,
    all_max: usize,
    under_way: Arc<Mutex<HashMap<Option<Client>, usize>>>,
}

impl ByClient {
    pub(super) fn new(what: &'static str, client_max: usize, all_max: usize) -> Self {
        Self { what, client_max, all_max, under_way: Arc::default() }
    }

    /// One more is under way until what this gives is dropped. Whoever is not known is one client.
    pub(super) fn enter(&self, client: Option<Client>) -> Result<Entered, Busy> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = under_way.values().sum();
        let of_client = under_way.entry(client).or_default();
        for (count, allowed) in [(*of_client, self.client_max), (all, self.all_max)] {
            if count >= allowed {
                return Err(Busy { what: self.what, allowed });
            }
        }
        *of_client += 1;
        Ok(Entered { of: self.clone(), client })
    }
}

/// Something that is under way.
pub(super) struct Entered {
    of: ByClient,
    client: Option<Client>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut under_way = self.of.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.client) {
            *count -= 1;
        }
        under_way.retain(|_, count| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_leaves_room_for_others_and_all_have_a_limit() {
        let streams = ByClient::new("streams", 2, 3);
        let client = |last: u8| Some(Client::of_address([192, 0, 2, last].into()));
        let first = [streams.enter(client(1)).unwrap(), streams.enter(client(1)).unwrap()];
        assert_eq!(streams.enter(client(1)).err(), Some(Busy { what: "streams", allowed: 2 }));
        let other = streams.enter(client(2)).unwrap();
        assert_eq!(streams.enter(client(3)).err(), Some(Busy { what: "streams", allowed: 3 }));
        drop(first);
        assert!(streams.enter(client(1)).is_ok());
        drop(other);
        assert!(streams.under_way.lock().unwrap().is_empty());
    }

    #[test]
    fn a_half_of_an_address_is_one_client() {
        let of = |text: &str| Client::of_address(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
