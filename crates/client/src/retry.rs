//! When to try again: waits that double, with a random part, so that many senders do not come back at the same moment.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// The longest wait before the first try after a failure; it doubles with each one.
const BACKOFF_MIN: Duration = Duration::from_millis(100);

/// The longest wait between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// The time since something was acknowledged last, once something failed.
pub(super) struct Outage {
    since: Instant,
    tries: u32,
    next_try: Instant,
}

impl Outage {
    /// Begins now.
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self { since: now, tries: 0, next_try: now }
    }

    /// Plans the next try. False where `retry_for` is over.
    pub(super) fn plan(&mut self, retry_for: Duration) -> bool {
        let left = retry_for.saturating_sub(self.since.elapsed());
        if left.is_zero() {
            return false;
        }
        self.next_try = Instant::now() + backoff(self.tries).min(left);
        self.tries = self.tries.saturating_add(1);
        true
    }

    /// Waits until the next try. Giving this up halfway and calling it again waits no longer and no shorter.
    pub(super) async fn wait(&self) {
        tokio::time::sleep_until(self.next_try.into()).await;
    }
}

/// The wait before a try: a random part, at least half, of a time that doubles up to a limit.
fn backoff(tries: u32) -> Duration {
    let full = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(tries)).min(BACKOFF_MAX);
    // Every hasher of the standard library has a random key of its own. It only spreads the waits.
    let random = RandomState::new().hash_one(tries);
    let part = 500 + u32::try_from(random % 501).unwrap_or(500);
    full * part / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_and_is_capped() {
        for tries in 0..40 {
            let full = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(tries)).min(BACKOFF_MAX);
            let wait = backoff(tries);
            assert!(wait >= full / 2 && wait <= full, "{tries}: {wait:?}");
        }
        assert!(backoff(u32::MAX) <= BACKOFF_MAX);
    }

    #[test]
    fn an_outage_ends_when_its_time_is_over() {
        let mut outage = Outage::begin();
        assert!(outage.plan(Duration::from_secs(60)));
        assert!(outage.next_try <= Instant::now() + BACKOFF_MIN);
        assert!(!outage.plan(Duration::ZERO));
    }
}
