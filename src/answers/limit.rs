//! How many answers are computed at the same time. Statistics may be public, so nobody's questions may take all memory.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use tokio::sync::Semaphore;

use super::AnswerError;

/// Answers that are computed at the same time, for each core. Each holds the releases that it reads.
const AT_ONCE_PER_CORE: usize = 4;

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

    /// Who comes from this machine.
    #[must_use]
    pub fn local() -> Self {
        Self(Ipv4Addr::LOCALHOST.into())
    }
}

/// Lets only so many compute at the same time. Clones share the limit.
#[derive(Clone)]
pub struct ComputeLimit(Arc<Semaphore>);

impl ComputeLimit {
    /// The limit of this machine.
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(cores * AT_ONCE_PER_CORE)
    }

    pub(super) fn of(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Computes on a thread where that holds up nobody, as soon as the limit allows.
    pub(super) async fn run<A: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<A, AnswerError> + Send + 'static,
    ) -> Result<A, AnswerError> {
        let permit = self.0.clone().acquire_owned().await.map_err(|_| AnswerError::Failed)?;
        let work = move || {
            // Given back at the end of the work, also where nobody waits for it any more.
            let _permit = permit;
            compute()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| AnswerError::Failed)?
    }
}
