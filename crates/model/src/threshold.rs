//! The threshold: how large a noisy count must be before a new key may appear.
//!
//! A page or a referrer that one visitor alone touched must not show up by its mere name. Such a key has what one
//! visitor-day adds at most, so it shows up only if the noise carries it over the threshold. This file finds the lowest
//! threshold that keeps this rare enough, by adding up the exact probabilities of the discrete Gaussian from the far
//! tail inward (the smallest terms first, so nothing is lost in rounding). It never sees a count or a key.

use crate::budget::SigmaMilli;

/// Room for the rounding error of the sums, relative. The error itself is below 1e-11 for any sigma here.
const HAIR: f64 = 1e-9;

/// Sigmas beyond which a weight does not change a sum of weights any more: exp(-12^2 / 2) is 5e-32.
const REACH_SIGMAS: f64 = 12.0;

/// Sigma above which the sums would take too long, in counts. Such a table publishes nothing of use anyway.
const SIGMA_SUMMED_MAX: f64 = 100_000.0;

/// Chances below this are not told apart.
const CHANCE_LEAST: f64 = 1e-30;

/// The smallest T with `sum over k of P(alone[k] + X >= T) <= delta`, X discrete Gaussian of parameter `sigma`.
///
/// `alone` is what one visitor-day adds to each of the keys that nobody else touches: the union over these keys bounds the
/// chance that any of them appears because of it.
///
/// `delta` above one half is taken as one half. Where it is 0, negative or not a number, and where sigma is 0, the
/// answer is `i64::MAX`: no new key ever appears. The work is about 25 exponentials for each unit
/// of sigma; above a sigma of 100,000 counts the answer is a safe bound instead of the smallest T (9 % more at 5e-8).
pub fn threshold(sigma: SigmaMilli, delta: f64, alone: &[i64]) -> i64 {
    let most = alone.iter().copied().max().unwrap_or(0);
    if delta.is_nan() || delta <= 0.0 || sigma.0 == 0 || sigma == SigmaMilli::UNAFFORDABLE {
        return i64::MAX;
    }
    let delta = delta.min(0.5);
    if sigma.as_sigma() > SIGMA_SUMMED_MAX {
        // X is sub-Gaussian (arXiv:2004.00010): P(X >= x) <= exp(-x^2 / (2 sigma^2)).
        let each = delta / alone.len().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "Cast safety: `as` saturates, and no operand is NaN.")]
        let reach = (sigma.as_sigma() * (-2.0 * each.ln()).sqrt()).ceil() as i64 + 1;
        return most.saturating_add(reach);
    }
    let tails = Tails::new(sigma.as_sigma(), delta);
    let appears = |threshold: i64| alone.iter().map(|count| tails.at(threshold.saturating_sub(*count))).sum::<f64>();
    // Falls as the threshold rises: halving finds the edge. No key appears by its noise at the start of the tails.
    let (mut too_low, mut enough) = (0, most.saturating_add(tails.start()));
    while enough - too_low > 1 {
        let middle = too_low + (enough - too_low) / 2;
        if appears(middle) * (1.0 + HAIR) <= delta {
            enough = middle;
        } else {
            too_low = middle;
        }
    }
    enough
}

/// The chance that at least one of some keys reaches `threshold`, when they hold these counts under noise of `sigma`; rounded up.
///
/// The noise on each key is independent: `1 - product of P(count + X < threshold)`. Above a sigma of 100,000 counts it is 1.
pub fn chance(sigma: SigmaMilli, threshold: i64, counts: &[i64]) -> f64 {
    if threshold == i64::MAX || counts.is_empty() {
        return 0.0;
    }
    if sigma.0 == 0 || sigma.as_sigma() > SIGMA_SUMMED_MAX {
        return 1.0;
    }
    let tails = Tails::new(sigma.as_sigma(), CHANCE_LEAST);
    // By logarithms, so that small chances keep their digits. The opposite of X >= t is -X >= 1 - t.
    let none = counts.iter().map(|count| match threshold.saturating_sub(*count) {
        t if t > 0 => (-tails.at(t)).ln_1p(),
        t => (tails.at(1 - t) * (1.0 - HAIR)).ln(),
    });
    (-none.sum::<f64>().exp_m1() * (1.0 + HAIR)).min(1.0)
}

/// The upper tail of a discrete Gaussian: P(X >= t) for t from 1 up.
struct Tails {
    /// By t - 1; what lies beyond the end is below any delta of use.
    above: Vec<f64>,
}

impl Tails {
    /// `delta` says how far out the sums must begin.
    #[expect(clippy::cast_possible_truncation, reason = "Cast safety: a sum takes some million steps at most.")]
    fn new(sigma: f64, delta: f64) -> Self {
        let weight = |x: i64| (-0.5 * (x as f64 / sigma).powi(2)).exp();
        // Truncating makes the total smaller and so each probability larger: the safe side.
        let reach = (REACH_SIGMAS * sigma).ceil() as i64;
        let total = 1.0 + 2.0 * (1..=reach).rev().map(weight).sum::<f64>();
        // By the sub-Gaussian bound what lies beyond this start is below delta times e^-40, and all of that is counted.
        let start = (sigma * (2.0 * (40.0 - delta.ln())).sqrt()).ceil() as i64 + 1;
        let mut tail = delta * (-40.0_f64).exp();
        let mut above: Vec<f64> = (1..start)
            .rev()
            .map(|x| {
                tail += weight(x) / total;
                tail
            })
            .collect();
        above.reverse();
        Self { above }
    }

    /// The first t beyond the table.
    fn start(&self) -> i64 {
        i64::try_from(self.above.len()).unwrap_or(i64::MAX - 1) + 1
    }

    /// P(X >= t); 1 for t of 0 and below, which is never too small.
    fn at(&self, t: i64) -> f64 {
        match usize::try_from(t - 1) {
            Err(_) => 1.0,
            Ok(place) => self.above.get(place).or(self.above.last()).copied().unwrap_or(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// P(X >= t), the other way round: outward from t, with Poisson's formula for the total.
    fn tail_brute(sigma: f64, t: i64) -> f64 {
        let total: f64 =
            (-20..=20_i32).map(|k| (-2.0 * (std::f64::consts::PI * sigma * f64::from(k)).powi(2)).exp()).sum::<f64>()
                * sigma
                * (2.0 * std::f64::consts::PI).sqrt();
        let last = t + (20.0 * sigma) as i64 + 20;
        (t..last).map(|x| (-((x * x) as f64) / (2.0 * sigma * sigma)).exp()).sum::<f64>() / total
    }

    /// Computed with Python's mpmath (40 digits) by the same definition.
    #[test]
    fn matches_mpmath() {
        for (sigma_milli, delta, t) in [
            (2_500, 5e-8, 14),
            (10_000, 1e-9, 61),
            (12_300, 5e-8, 67),
            (42_000, 1e-12, 296),
            (500, 1e-6, 3),
            (100_000, 1e-15, 795),
        ] {
            assert_eq!(threshold(SigmaMilli(sigma_milli), delta, &[0]), t, "sigma {sigma_milli}, delta {delta}");
            assert_eq!(threshold(SigmaMilli(sigma_milli), delta, &[2]), t + 2);
            // Eight keys share the delta; a key that gets less hardly counts.
            assert_eq!(threshold(SigmaMilli(sigma_milli), delta * 8.0, &[0; 8]), t);
            let unequal = threshold(SigmaMilli(sigma_milli), delta, &[2, 0]);
            let sigma = sigma_milli as f64 / 1e3;
            let appears = |at: i64| tail_brute(sigma, at - 2) + tail_brute(sigma, at);
            assert!(appears(unequal) <= delta && appears(unequal - 1) > delta * (1.0 - 2e-9), "{unequal}");
        }
    }

    #[test]
    fn nonsense_publishes_nothing() {
        for delta in [0.0, -1.0, f64::NAN] {
            assert_eq!(threshold(SigmaMilli(1_000), delta, &[1]), i64::MAX);
        }
        assert_eq!(threshold(SigmaMilli(0), 1e-9, &[1]), i64::MAX);
        assert_eq!(threshold(SigmaMilli::UNAFFORDABLE, 1e-9, &[1]), i64::MAX);
        assert_eq!(threshold(SigmaMilli(1_000), 1e-9, &[i64::MAX]), i64::MAX);
        assert_eq!(threshold(SigmaMilli(1_000), 7.0, &[1]), 2);
    }

    #[test]
    fn the_chance_of_any_of_some_keys_is_what_the_threshold_was_made_from() {
        for (sigma_milli, delta) in [(2_500, 5e-8), (7_300, 1e-9), (42_000, 1e-12)] {
            let sigma = SigmaMilli(sigma_milli);
            let t = threshold(sigma, delta, &[1; 8]);
            assert!(chance(sigma, t, &[1; 8]) <= delta * (1.0 + 1e-8) && chance(sigma, t - 1, &[1; 8]) > delta);
            // At the threshold itself a little more than half of the draws pass, and far above nearly all.
            let tail = tail_brute(sigma.as_sigma(), 0);
            assert!((chance(sigma, t, &[t]) - tail).abs() < 1e-8 * tail);
            assert!((chance(sigma, t, &[t, t]) - (1.0 - (1.0 - tail).powi(2))).abs() < 1e-8);
            let above = chance(sigma, t, &[t + (5.0 * sigma.as_sigma()) as i64]);
            assert!(above > 0.999_999 && above < 1.0, "{above}");
        }
        assert_eq!(chance(SigmaMilli(1_000), i64::MAX, &[5]), 0.0);
        assert_eq!(chance(SigmaMilli(1_000), 10, &[]), 0.0);
        assert_eq!(chance(SigmaMilli(0), 10, &[1]), 1.0);
    }

    #[test]
    fn huge_sigmas_take_the_bound() {
        // 5.3267 standard deviations is the normal quantile of 5e-8; the bound is 5.7984.
        let summed = threshold(SigmaMilli(100_000_000), 5e-8, &[0]);
        assert!((532_600..532_750).contains(&summed), "{summed}");
        let bound = threshold(SigmaMilli(100_000_001), 5e-8, &[0]);
        assert!((579_800..579_900).contains(&bound), "{bound}");
        assert!(threshold(SigmaMilli(1_000_000_000_000), 5e-8, &[0]) > 5_000_000_000);
    }

    #[test]
    fn survives_deltas_near_the_smallest_number() {
        let t = threshold(SigmaMilli(3_000), 1e-300, &[0]);
        // The normal tail at 37.0471 standard deviations is 1e-300; the lattice moves that by one at most.
        assert!((111..=113).contains(&t), "{t}");
    }

    proptest! {
        #[test]
        fn is_the_smallest_that_holds(sigma_milli in 300_u64..60_000, log_delta in -60.0_f64..-1.0) {
            let (sigma, delta) = (sigma_milli as f64 / 1e3, log_delta.exp());
            let t = threshold(SigmaMilli(sigma_milli), delta, &[0]);
            prop_assert!(tail_brute(sigma, t) <= delta);
            prop_assert!(t == 1 || tail_brute(sigma, t - 1) > delta * (1.0 - 2e-9));
            // Never past what the continuous bound P(X >= t) <= exp(-t^2 / (2 sigma^2)) asks for.
            prop_assert!(t as f64 <= (sigma * (-2.0 * log_delta).sqrt()).ceil() + 1.0);
        }
    }
}
