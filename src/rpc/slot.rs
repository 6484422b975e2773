//! When an answer to a batch may leave.
//!
//! A batch whose events change less is durable some microseconds sooner. Who sends page views in the name of a visitor could
//! tell by the time of the answer whether these were beyond that visitor's bounds, and so whether the visitor was there. So
//! each answer waits for the next of its slots. They begin at a moment after the batch has arrived that is drawn anew for each
//! batch, one to two widths later, and are one width apart:
//!
//! - What is durable within a width after its arrival, which is nearly everything, is answered at the first slot: then the
//!   time of the answer does not depend on what was in the batch.
//! - What takes longer leaves at a later slot. Work that differs by d makes another slot of it with a chance of d / width, and
//!   no sender can arrange for more, because nobody knows where the slots lie.

use std::time::Duration;

use tokio::time::Instant;

/// Between two slots: longer than nearly every batch takes.
const WIDTH: Duration = Duration::from_millis(4);

/// The slots of one batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots {
    first: Instant,
}

impl Slots {
    /// The slots of a batch that has just arrived.
    pub(crate) fn begin() -> Self {
        Self { first: Instant::now() + WIDTH + WIDTH.mul_f64(phase()) }
    }

    /// Waits for the next slot.
    pub(crate) async fn next(self) {
        tokio::time::sleep_until(self.after(Instant::now())).await;
    }

    /// The first slot that is not over at a moment.
    fn after(self, now: Instant) -> Instant {
        let late_nanos = now.saturating_duration_since(self.first).as_nanos();
        let slots = late_nanos.div_ceil(WIDTH.as_nanos());
        self.first + WIDTH * u32::try_from(slots).unwrap_or(u32::MAX)
    }
}

/// A part of a width, from 0 up to 1, that no sender can foresee. Where the system has no random bits it is 0: nothing can be
/// published then either.
fn phase() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_soon_durable_leaves_at_the_same_moment_and_nothing_leaves_early() {
        for _ in 0..1_000 {
            let arrived = Instant::now();
            let slots = Slots::begin();
            let first = slots.after(arrived);
            // Whatever is done within a width of its arrival is answered at one moment.
            assert_eq!(slots.after(arrived + WIDTH), first);
            assert!(first >= arrived + WIDTH && first < arrived + 2 * WIDTH + Duration::from_millis(50));
            assert_eq!(slots.after(first), first);
            assert_eq!(slots.after(first + Duration::from_nanos(1)), first + WIDTH);
            assert_eq!(slots.after(first + 7 * WIDTH), first + 7 * WIDTH);
        }
    }

    #[test]
    fn slots_lie_elsewhere_for_each_batch() {
        let phases: Vec<f64> = (0..4_000).map(|_| phase()).collect();
        assert!(phases.iter().all(|phase| (0.0..1.0).contains(phase)));
        for quarter in 0..4 {
            let share = phases.iter().filter(|phase| (**phase * 4.0) as usize == quarter).count();
            // 1,000 are expected, with a deviation of 27.
            assert!((800..1_200).contains(&share), "{share}");
        }
    }
}
