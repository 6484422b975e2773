//! What a key usually has: an estimate of a small number that borrows from its own past. Pure arithmetic.
//!
//! A day's counter of a small site says little by itself: noise of 30 on a page with 20 views. What the page had in the
//! weeks before says much. So the shown value is a mean of both, weighed by precision (Fay, Herriot 1979, "Estimates of
//! income for small places: an application of James-Stein procedures to census data"):
//!
//! - The *usual* number is the key's share of the site's total in the past, times the total of now.
//! - The truth scatters about it with variance `A = u + c^2 u^2 m + error of the share`, `u` being the usual number: counts
//!   scatter by themselves (Poisson) and pages rise and fall (`c`, learnt from how all keys of the table scattered in the
//!   past; `m` is less for many days than for one).
//! - With a direct value `y` of noise variance `v`, the estimate is `u + (y - u) A / (A + v)`.
//!
//! The caller keeps it inside the direct 95 % interval (limited translation; Efron, Morris 1972), so that a real change
//! always shows, whatever the past says.

use super::measure::{Measure, combine};

/// The least and the greatest relative scatter that is believed. It is learnt from noisy numbers.
const SCATTER_MIN: f64 = 0.2;
const SCATTER_MAX: f64 = 1.0;
/// What is assumed to begin with, and where the past is too short to learn from.
const SCATTER_ASSUMED: f64 = 0.4;
/// The part of the relative variance that many days do not average away: pages gain and lose readers for good.
const LASTING: f64 = 0.1;
/// A day that lies further off than this many standard deviations counts as if it lay there: a page that died or made
/// the news must not teach that all pages jump.
const OUTLIER: f64 = 3.0;

/// Up to so many standard deviations from the usual, a number is taken for noise about it. A table has hundreds of numbers, and
/// noise alone lifts three of a thousand as far.
const SURPRISE_FROM: f64 = 3.0;
/// From so many on, for something new of which the past says nothing. Between them, for some of both.
const SURPRISE_TO: f64 = 4.0;

/// The past of a key: sums over the periods in which it was published.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Past {
    /// Its counts, with the variance of their noise.
    pub(super) counts: Measure,
    /// The site's total in the same periods.
    pub(super) total: f64,
    /// How many days these were.
    pub(super) days: f64,
}

/// A key's share of a total: the variance is that of the noise, and of how far what is usual now may lie from what was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share(pub(super) Measure);

/// A key's share of the site's total, from several pasts weighed by precision.
#[must_use]
pub(super) fn share(pasts: [Past; 2]) -> Option<Share> {
    let known = || pasts.into_iter().filter(|past| past.total > 0.0 && past.days > 0.0);
    let by_noise = |past: Past| Measure {
        value: past.counts.value / past.total,
        variance: past.counts.variance / past.total.powi(2),
    };
    // A first look, by the noise alone, says how large the share is, and so how far it may wander.
    let rough = combine(known().map(by_noise))?.value.max(0.0);
    let wander = |days: f64| (SCATTER_ASSUMED * rough).powi(2) * (days.recip() + LASTING);
    let both = combine(known().map(|past| {
        let seen = by_noise(past);
        Measure { variance: seen.variance + wander(past.days), ..seen }
    }))?;
    Some(Share(both))
}

impl Share {
    /// The share of a total of now.
    #[must_use]
    pub(super) fn of(&self, total: f64) -> Measure {
        let total = total.max(0.0);
        Measure { value: self.0.value * total, variance: self.0.variance * total.powi(2) }
    }
}

/// Learns the relative scatter `c` of a table from past days: by moments, pooled over keys, weighed by precision.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scatter {
    weighted: f64,
    weights: f64,
}

impl Scatter {
    /// Notes what a key had on a past day, and what it usually has on a day like that.
    pub(super) fn learn(&mut self, seen: Measure, usual: f64) {
        let usual = usual.max(0.0);
        let expected = seen.variance + usual + (SCATTER_ASSUMED * usual).powi(2);
        if usual <= 0.0 || expected <= 0.0 {
            return;
        }
        let square = (seen.value - usual).powi(2).min(OUTLIER.powi(2) * expected);
        // E square = v + u + c^2 u^2, and its spread goes with the square of `expected`.
        let lever = (usual / expected).powi(2);
        self.weighted += lever * (square - seen.variance - usual);
        self.weights += lever * usual.powi(2);
    }

    /// The relative scatter from one day to the next.
    #[must_use]
    pub(super) fn relative(&self) -> f64 {
        // Below this the sums say nothing: less than what one key seen without noise on one day would say.
        const WEIGHT_MIN: f64 = 1e-3;
        if self.weights < WEIGHT_MIN {
            return SCATTER_ASSUMED;
        }
        (self.weighted / self.weights).max(0.0).sqrt().clamp(SCATTER_MIN, SCATTER_MAX)
    }
}

/// An estimate that leans on the past, with the variance that it is believed to have. The value may be negative.
///
/// `usual`: what the key usually has, with the variance of how well that is known; for `days` days that differ by
/// `scatter`.
#[must_use]
pub(super) fn lean(direct: Measure, usual: Measure, days: f64, scatter: f64) -> Measure {
    let level = usual.value.max(0.0);
    let lasting = scatter.powi(2) * (days.max(1.0).recip() + LASTING).min(1.0);
    let spread = level + lasting * level.powi(2) + usual.variance;
    let sum = spread + direct.variance;
    if sum <= 0.0 {
        return direct;
    }
    let trust = spread / sum;
    let off = direct.value - usual.value;
    let new = surprise(off.abs() / sum.sqrt());
    Measure { value: usual.value + (trust + new * (1.0 - trust)) * off, variance: trust * direct.variance }
}

/// How far a number that lies so many standard deviations from what is usual is believed to be something new: 0 to 1.
fn surprise(deviations: f64) -> f64 {
    ((deviations - SURPRISE_FROM) / (SURPRISE_TO - SURPRISE_FROM)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measure(value: f64, variance: f64) -> Measure {
        Measure { value, variance }
    }

    proptest! {
        #[test]
        fn the_estimate_lies_between_the_past_and_the_present(
            direct in (-200.0..1e6, 0.0..1e6), share in (-0.1..1.0, 0.0..0.1), total in -10.0..1e6, days in 1.0..400.0,
        ) {
            let direct = measure(direct.0, direct.1);
            let usual = Share(measure(share.0, share.1)).of(total);
            let found = lean(direct, usual, days, 0.4);
            let (low, high) = (usual.value.min(direct.value), usual.value.max(direct.value));
            prop_assert!(found.value >= low - 1e-6 * (1.0 + low.abs()) && found.value <= high + 1e-6 * (1.0 + high.abs()));
            prop_assert!(found.variance >= 0.0 && found.variance <= direct.variance);
        }
    }

    #[test]
    fn exact_numbers_need_no_past_and_noise_alone_says_nothing() {
        assert_eq!(lean(measure(50.0, 0.0), measure(500.0, 100.0), 1.0, 0.4).value, 50.0);
        let found = lean(measure(50.0, 1e12), measure(100.0, 1.0), 1.0, 0.4);
        assert!((found.value - 100.0).abs() < 0.01);
        assert_eq!(lean(measure(0.0, 0.0), measure(0.0, 0.0), 1.0, 0.4), measure(0.0, 0.0));
    }

    #[test]
    fn the_scatter_is_learnt_within_limits() {
        assert_eq!(Scatter::default().relative(), SCATTER_ASSUMED);
        let learnt = |off: f64| {
            let mut scatter = Scatter::default();
            for sign in [-1.0, 1.0].repeat(50) {
                scatter.learn(measure(1_000.0 * (1.0 + sign * off), 100.0), 1_000.0);
            }
            scatter.relative()
        };
        assert!((learnt(0.5) - 0.5).abs() < 0.01);
        assert_eq!(learnt(0.0), SCATTER_MIN);
        assert_eq!(learnt(50.0), SCATTER_MAX);
    }

    #[test]
    fn shares_weigh_by_precision() {
        let month = Past { counts: measure(900.0, 100.0), total: 9_000.0, days: 30.0 };
        let days = Past { counts: measure(1_800.0, 28.0 * 1_800.0), total: 9_000.0, days: 28.0 };
        let found = share([month, days]).unwrap();
        assert!((0.1..0.13).contains(&found.0.value), "{found:?}");
        // The noise is not all: what was usual last month may no longer be.
        assert!(found.0.variance > month.counts.variance / month.total.powi(2), "{found:?}");
        assert_eq!(share([Past::default(); 2]), None);
    }
}
