//! A key without a past, in a table of many keys of which few are large. Pure arithmetic.
//!
//! Numbers of pages follow, roughly, Zipf's law: the r-th largest of `K` keys has `T / (r ln K)` of a total `T`. That is a
//! prior density proportional to `x^-2` between the smallest and the whole, and nothing in it is fitted. Under it and
//! the known noise, each key gets its posterior mean (Robbins 1956), in which an outcome `x` counts `x / (x + s)`
//! times, `s` being the noise's standard deviation: readers look at keys that are large, so an error there costs as much
//! relative to the number as elsewhere. Where noise is small, this is the direct value.

use super::measure::Measure;

/// Points at which the posterior is summed, in equal ratios.
const POINTS: usize = 64;
/// How far from the direct value it is summed, in standard deviations.
const REACH: f64 = 5.0;

/// The best guess at a number of which only `direct` is known, among `keys` keys with `total` together.
#[must_use]
pub fn guess(direct: Measure, keys: usize, total: f64) -> Measure {
    let deviation = direct.standard_error();
    let smallest = total / (keys.max(2) as f64 * ((keys.max(2) as f64).ln() + 0.577));
    if deviation <= 0.0 || smallest <= 0.0 || !smallest.is_finite() {
        return direct;
    }
    let low = smallest.max(direct.value - REACH * deviation);
    let high = (direct.value.max(0.0) + REACH * deviation).min(total).max(low * 1.5);
    let step = (high / low).ln() / (POINTS - 1) as f64;
    let points = (0..POINTS).map(|n| low * (n as f64 * step).exp());
    // The density x^-2 in steps of equal ratio, each of width proportional to x.
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
        let found = |value: f64| guess(Measure { value, variance: 900.0 }, 200, 690.0).value;
        assert!(found(0.0) > 0.0 && found(0.0) < 30.0, "{}", found(0.0));
        assert!(found(60.0) < 60.0);
        assert!(found(-100.0) < found(0.0) && found(0.0) < found(100.0));
        let clear = guess(Measure { value: 5_000.0, variance: 900.0 }, 200, 69_000.0).value;
        assert!((clear - 5_000.0).abs() < 2.0, "{clear}");
    }

    proptest! {
        #[test]
        fn any_input_gives_a_number(value in -1e18..1e18, variance in 0.0..1e18, keys in 0_usize..100_000, total in -1e18..1e18) {
            let found = guess(Measure { value, variance }, keys, total);
            prop_assert!(found.value.is_finite() && found.variance.is_finite() && found.variance >= 0.0);
        }
    }
}
