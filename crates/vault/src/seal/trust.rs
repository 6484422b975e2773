//! Whether the clock can be believed. What is published under a clock that is months ahead is published for good, so
//! nothing is sealed while the clock is further ahead of the last time known than a server is usually off.
//!
//! The last time known is stored every few hours. It goes on with the clock; across a longer leap it does so when an
//! operator confirms the date, or when a producer states a watermark of the present. Events confirm nothing: when sealing
//! goes on would then depend on who came. A clock that is behind needs no confirmation, because nothing becomes due by it.

use crate::units::{MS_PER_DAY, MS_PER_HOUR};

/// How far the clock may leap ahead.
const AHEAD_MS_MAX: i64 = 7 * MS_PER_DAY;
/// A watermark this far behind the clock agrees with it.
const AGREES_MS: i64 = MS_PER_DAY;
/// To what the stored time is cut.
const GRID_MS: i64 = 6 * MS_PER_HOUR;

/// The last time known, and whether the clock has left it behind.
pub(crate) struct ClockTrust {
    known_unix_ms: i64,
    stored_unix_ms: i64,
    /// Up to when an operator believes the clock.
    accepted_unix_ms: i64,
    was_told: bool,
}

impl ClockTrust {
    /// Where nothing is stored yet, the first clock is believed.
    pub(crate) fn new(stored_unix_ms: Option<i64>, accepted_unix_ms: Option<i64>, now_unix_ms: i64) -> Self {
        Self {
            known_unix_ms: stored_unix_ms.unwrap_or(now_unix_ms),
            stored_unix_ms: stored_unix_ms.unwrap_or(i64::MIN),
            accepted_unix_ms: accepted_unix_ms.unwrap_or(i64::MIN),
            was_told: false,
        }
    }

    /// Whether the clock is believed; says so in the log where that changes.
    pub(crate) fn believes(&mut self, now_unix_ms: i64) -> bool {
        let is_near = now_unix_ms.saturating_sub(self.known_unix_ms) <= AHEAD_MS_MAX;
        let believes = is_near || now_unix_ms <= self.accepted_unix_ms;
        if believes {
            self.known_unix_ms = self.known_unix_ms.max(now_unix_ms);
        }
        if believes == self.was_told {
            self.was_told = !believes;
            if believes {
                crate::telemetry::clock_is_believed();
            } else {
                crate::telemetry::clock_is_far_ahead(now_unix_ms, self.known_unix_ms);
            }
        }
        believes
    }

    /// A producer states that it has sent everything before an instant.
    pub(crate) fn hear(&mut self, stated_unix_ms: i64, now_unix_ms: i64) {
        if stated_unix_ms >= now_unix_ms.saturating_sub(AGREES_MS) {
            self.known_unix_ms = self.known_unix_ms.max(now_unix_ms);
        }
    }

    /// What is to be stored, where the last time known has gone on.
    pub(crate) fn take_unstored(&mut self) -> Option<i64> {
        let cut = self.known_unix_ms - self.known_unix_ms.rem_euclid(GRID_MS);
        (cut > self.stored_unix_ms).then(|| {
            self.stored_unix_ms = cut;
            cut
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_is_believed_when_somebody_confirms_it() {
        let mut trust = ClockTrust::new(Some(0), None, 0);
        assert!(trust.believes(AHEAD_MS_MAX) && trust.believes(AHEAD_MS_MAX + MS_PER_DAY));
        let far = 300 * MS_PER_DAY;
        assert!(!trust.believes(far));
        trust.hear(far - 2 * MS_PER_DAY, far);
        assert!(!trust.believes(far), "an old watermark does not say what time it is");
        trust.hear(far - MS_PER_HOUR, far);
        assert!(trust.believes(far));
        assert_eq!(trust.take_unstored(), Some(far));
        assert_eq!(trust.take_unstored(), None);
    }

    #[test]
    fn a_clock_that_was_wrong_for_a_while_is_right_again() {
        let mut trust = ClockTrust::new(Some(0), None, 0);
        assert!(!trust.believes(300 * MS_PER_DAY));
        assert!(trust.believes(MS_PER_HOUR));
        assert!(trust.believes(-MS_PER_DAY));
    }

    #[test]
    fn an_operator_confirms_a_date() {
        let far = 300 * MS_PER_DAY;
        let mut trust = ClockTrust::new(Some(0), Some(far + MS_PER_DAY), far);
        assert!(trust.believes(far));
        let mut trust = ClockTrust::new(Some(0), Some(far - MS_PER_DAY), far);
        assert!(!trust.believes(far));
    }

    #[test]
    fn a_new_directory_begins_with_its_clock() {
        let mut trust = ClockTrust::new(None, None, 5 * MS_PER_DAY + 7);
        assert!(trust.believes(5 * MS_PER_DAY + 7));
        assert_eq!(trust.take_unstored(), Some(5 * MS_PER_DAY));
    }
}
