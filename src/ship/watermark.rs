//! Up to when a finished log is complete while it is still being read, so that the days of years of logs are published as they
//! come and need not all be open at once.
//!
//! Logs are written in the order in which requests end, so lines go back in time a little. What is stated lies a day behind the
//! lines, and further where they have gone back further. A single line with a wrong time moves nothing.
//!
//! It is stated in steps of a month from where the log begins, so a log of a month or less is stated at its end alone: when its days are
//! published does not tell how many lines they have.

/// So long behind the lines it is at least, in milliseconds.
pub(super) const BEHIND_MS_MIN: i64 = 24 * 60 * 60 * 1_000;
/// What is running is stated at the end alone: only what is older than this is stated before, in milliseconds.
pub(super) const RUNNING_MS: i64 = 3 * 24 * 60 * 60 * 1_000;
/// In steps of a month from where the log begins, in milliseconds.
const STEP_MS: i64 = 31 * 24 * 60 * 60 * 1_000;
/// It stays so many times as far behind as lines have gone back.
const SAFETY: i64 = 2;

/// Follows the times of one input.
#[derive(Clone, Debug)]
pub(super) struct Watermark {
    /// What comes after this input begins here.
    until_unix_ms: i64,
    /// The earliest time of the batch under way.
    earliest: Option<i64>,
    /// The first of all these.
    begun: Option<i64>,
    /// The latest of all these.
    reached: Option<i64>,
    /// How far a batch has gone back behind that.
    back_ms: i64,
    stated_unix_ms: i64,
}

impl Watermark {
    /// Nothing later than this is stated.
    pub(super) fn until(until_unix_ms: i64) -> Self {
        Self { until_unix_ms, earliest: None, begun: None, reached: None, back_ms: 0, stated_unix_ms: 0 }
    }

    /// An access is of this time.
    pub(super) fn see(&mut self, time_unix_ms: i64) {
        self.earliest = Some(self.earliest.map_or(time_unix_ms, |earliest| earliest.min(time_unix_ms)));
    }

    /// A batch ends here.
    pub(super) fn end_batch(&mut self) {
        let Some(earliest) = self.earliest.take() else { return };
        self.begun.get_or_insert(earliest);
        let reached = self.reached.map_or(earliest, |reached| reached.max(earliest));
        self.reached = Some(reached);
        self.back_ms = self.back_ms.max(reached.saturating_sub(earliest));
    }

    /// Up to when all is there with the batches so far, where that is more than was told before.
    pub(super) fn complete_unix_ms(&mut self) -> Option<i64> {
        let behind_ms = BEHIND_MS_MIN.max(self.back_ms.saturating_mul(SAFETY));
        let (begun, reached) = (self.begun?, self.reached?);
        let complete = reached.saturating_sub(behind_ms).min(self.until_unix_ms);
        let complete = complete.saturating_sub(complete.saturating_sub(begun).rem_euclid(STEP_MS));
        if complete <= self.stated_unix_ms.max(begun) {
            return None;
        }
        self.stated_unix_ms = complete;
        Some(complete)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 60 * 60 * 1_000;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn it_follows_a_log_in_order_and_stays_behind_one_that_goes_back() {
        let mut watermark = Watermark::until(400 * DAY);
        let mut at = |times: &[i64]| {
            times.iter().for_each(|time| watermark.see(time * DAY));
            watermark.end_batch();
            watermark.complete_unix_ms().map(|time| time / DAY)
        };
        assert_eq!(at(&[100, 101]), None, "a month from where it begins is not over");
        assert_eq!(at(&[131]), None, "a day behind");
        assert_eq!(at(&[132]), Some(131));
        assert_eq!(at(&[133]), None);
        assert_eq!(at(&[]), None);
        // One line of another year.
        assert_eq!(at(&[134, 9_000, 135]), None);
        assert_eq!(at(&[120, 200]), None);
        assert_eq!(at(&[165]), None, "twice as far behind as it went back");
        assert_eq!(at(&[190]), Some(162));
        assert_eq!(at(&[1_000]), Some(379), "not beyond what comes next");
    }

    proptest! {
        /// Lines that never go back by more than half of what it stays behind are never later than it.
        #[test]
        fn no_line_comes_after_it(steps in proptest::collection::vec((0..400_i64, 0..12_i64), 1..400)) {
            let mut watermark = Watermark::until(i64::MAX);
            let (mut now, mut stated) = (1_000 * HOUR, i64::MIN);
            for (number, (forward, back)) in steps.into_iter().enumerate() {
                now += forward * HOUR / 10;
                let time = now - back * HOUR;
                prop_assert!(time >= stated);
                watermark.see(time);
                if number % 7 == 0 {
                    watermark.end_batch();
                }
                if number % 21 == 0 && let Some(complete) = watermark.complete_unix_ms() {
                    prop_assert!(complete > stated);
                    stated = complete;
                }
            }
        }
    }
}
