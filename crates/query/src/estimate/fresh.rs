//! A key without a past, in an open table, where nothing says how large it is. Pure arithmetic.
//!
//! The numbers of pages and referrers have no typical size: a few are large, very many are small. So every order of
//! magnitude from one to the whole is held to be as likely as any other (Jeffreys' prior of a scale: density proportional
//! to 1/x), and the guess is the mean of what is then likely given the direct value and its noise (Robbins 1956).
//! Nothing in it is fitted. It pulls what may be noise alone towards zero, and leaves alone what stands out. (Zipf's law
//! would say density 1/x^2. That gives better sums, but readers look at keys that are large, and those it halves.)

use super::measure::Measure;

/// Points at which the posterior is summed, in equal ratios.
const POINTS: usize = 64;
/// How far from the direct value it is summed, in standard deviations.
const REACH: f64 = 5.0;

/// The best guess at a number of which only `direct` is known, as a part of `total`.
#[must_use]
pub(super) fn guess(direct: Measure, total: f64) -> Measure {
    let deviation = direct.standard_error();
    if deviation <= 0.0 || !deviation.is_finite() {
        return direct;
    }
    let low = f64::max(1.0, direct.value - REACH * deviation);
    let high = (direct.value.max(0.0) + REACH * deviation).min(total).max(low * 1.5);
    // Steps of equal ratio weigh every order of magnitude alike.
    let step = (high / low).ln() / (POINTS - 1) as f64;
    let points = (0..POINTS).map(|n| low * (n as f64 * step).exp());
    let log_weight = |x: f64| -0.5 * ((x - direct.value) / deviation).powi(2);
    let most = points.clone().map(log_weight).fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
    for x in points {
        let weight = (log_weight(x) - most).exp();
        sum += weight;
        first += weight * x;
        second += weight * x * x;
    }
    let value = first / sum;
    Measure { value, variance: (second / sum - value * value).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn little_is_shrunk_and_much_is_kept() {
        let found = |value: f64| guess(Measure { value, variance: 900.0 }, 690.0).value;
        assert!(found(0.0) > 0.0 && found(0.0) < 30.0, "{}", found(0.0));
        assert!(found(60.0) < 60.0);
        assert!(found(-100.0) < found(0.0) && found(0.0) < found(100.0));
        let clear = guess(Measure { value: 5_000.0, variance: 900.0 }, 69_000.0).value;
        assert!((clear - 5_000.0).abs() < 2.0, "{clear}");
    }

    proptest! {
        #[test]
        fn any_input_gives_a_number(value in -1e18..1e18, variance in 0.0..1e18, total in -1e18..1e18) {
            let found = guess(Measure { value, variance }, total);
            prop_assert!(found.value.is_finite() && found.variance.is_finite() && found.variance >= 0.0);
        }
    }
}
