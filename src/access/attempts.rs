//! Wrong tokens, by the address that they came from: after some of them the next wrong ones are not looked at.
//!
//! It is here so that a mistaken program that asks without end costs little and is told so. It keeps nobody out who has a good token:
//! behind a proxy everybody comes from one address. Addresses stay in memory, for a minute.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Wrong tokens of one address within [`WINDOW`].
pub(super) const WRONG_MAX: u32 = 20;
/// How long a wrong token is remembered.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered at once; beyond it all are forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// Wrong tokens of late.
#[derive(Default)]
pub(super) struct Attempts(Mutex<HashMap<IpAddr, (u32, Instant)>>);

impl Attempts {
    /// Counts a wrong token. The error says in how many seconds the next one is looked at.
    pub(super) fn wrong(&self, peer: IpAddr, now: Instant) -> Result<(), u64> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDRESSES_MAX {
            known.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
            if known.len() >= ADDRESSES_MAX {
                known.clear();
            }
        }
        let (count, since) = known.entry(network(peer)).or_insert((0, now));
        let age = now.duration_since(*since);
        if age >= WINDOW {
            (*count, *since) = (0, now);
        }
        *count = count.saturating_add(1);
        if *count <= WRONG_MAX { Ok(()) } else { Err(WINDOW.saturating_sub(age).as_secs().max(1)) }
    }
}

/// Whoever has one address of IPv6 has all of its /64.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_tokens_have_a_limit_by_address_and_minute() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        let [a, same, b]: [IpAddr; 3] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|t| t.parse().unwrap());
        for n in 0..WRONG_MAX {
            assert_eq!(attempts.wrong(if n % 2 == 0 { a } else { same }, begun), Ok(()));
        }
        assert_eq!(attempts.wrong(a, begun), Err(60));
        assert_eq!(attempts.wrong(same, begun + Duration::from_secs(59)), Err(1));
        assert_eq!(attempts.wrong(b, begun), Ok(()));
        assert_eq!(attempts.wrong(a, begun + WINDOW), Ok(()));
    }

    #[test]
    fn addresses_are_not_remembered_without_end() {
        let (attempts, begun) = (Attempts::default(), Instant::now());
        for n in 0..20_000_u32 {
            let _ = attempts.wrong(std::net::Ipv4Addr::from_bits(n).into(), begun);
        }
        assert!(attempts.0.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
