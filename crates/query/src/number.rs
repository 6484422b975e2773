//! A published number with its interval.
//!
//! The interval is made of the unbiased value and its exact standard error and of nothing else. What is shown as the
//! estimate may lean on more (totals, the past), but never leaves the interval.

pub use headcount_model::why::Why;

use headcount_model::release::Measured;

use super::estimate::measure::Measure;

/// Standard deviations to each side that hold 95 % of a normal distribution.
const Z_95: f64 = 1.96;
/// Standard deviations above which a value is more than noise: an empty counter exceeds them in 0.05 % of cases (3.09 would be
/// 0.1 % of a continuous value, and up to 0.11 % of whole numbers).
const Z_PRESENT: f64 = 3.29;

/// A number as it is given to a reader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The best estimate, never negative and always within the interval; `None` where there is none.
    pub estimate: Option<i64>,
    /// The lower end of the 95 % interval, at least 0.
    pub low: i64,
    /// The upper end of the 95 % interval, at least 0.
    pub high: i64,
    /// The standard error of the unbiased value that the interval is made of.
    pub standard_error: f64,
    /// Whether what is seen may be noise alone. The interval then begins at zero.
    pub noisy_zero: bool,
    /// Why there is no estimate.
    pub reason: Option<Why>,
}

impl Number {
    /// A number that cannot be had.
    #[must_use]
    pub const fn absent(reason: Why) -> Self {
        Self { estimate: None, low: 0, high: 0, standard_error: 0.0, noisy_zero: false, reason: Some(reason) }
    }

    /// A key that was not published by name. `hidden`: how much of it there may be.
    #[must_use]
    pub fn below_threshold(hidden: i64) -> Self {
        Self { high: hidden.max(0), ..Self::absent(Why::BelowThreshold) }
    }

    /// An estimated number of distinct visitors.
    #[must_use]
    pub fn measured(measured: Measured) -> Self {
        Self::of(Measure::measured(measured), 0)
    }

    /// An unbiased value, shown as it is. `slack`: how much may be missing from it, which only raises the upper end.
    ///
    /// The interval is 1.96 standard errors to each side, rounded outward. It begins at 0 unless the value exceeds 3.29
    /// standard errors, so that something is claimed to be there in at most one of a thousand cases in which nothing is. It
    /// then holds a true 0 in 99.95 % of cases, a true count of one standard error in 96.4 %, and one above 1.33 standard
    /// errors in 95 % (more where rounding widens it).
    #[must_use]
    pub fn of(measure: Measure, slack: i64) -> Self {
        let standard_error = measure.standard_error();
        let reach = Z_95 * standard_error;
        #[expect(clippy::cast_possible_truncation, reason = "Cast safety: `as` saturates, and no operand is NaN.")]
        let whole = |value: f64| (value as i64).max(0);
        let present = measure.value > Z_PRESENT * standard_error;
        let low = if present { whole((measure.value - reach).floor()) } else { 0 };
        let high = whole((measure.value + reach).ceil().max(0.0)).saturating_add(slack.max(0)).max(low);
        let estimate = whole(measure.value.round()).clamp(low, high);
        Self { estimate: Some(estimate), low, high, standard_error, noisy_zero: low == 0, reason: None }
    }

    /// The same with a lower end that is lower by up to so much: a part of it may belong elsewhere.
    #[must_use]
    pub fn less(self, by: i64) -> Self {
        Self { low: self.low.saturating_sub(by.max(0)).max(0), ..self }
    }

    /// The same interval with another estimate, kept inside it.
    #[must_use]
    pub fn showing(self, estimate: i64) -> Self {
        Self { estimate: self.estimate.map(|_| estimate.clamp(self.low, self.high)), ..self }
    }
}

/// By how much a sum may be short because a count was not published: its noisy value lay below `threshold`. Each of such
/// counts may stand for up to `times` of what is summed.
#[must_use]
pub fn unpublished(threshold: i64, sigma_milli: u64, times: i64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "Cast safety: `as` saturates.")]
    let reach = (Z_95 * sigma_milli as f64 / 1e3).ceil() as i64;
    threshold.saturating_add(reach).saturating_mul(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::random::Random;
    use proptest::prelude::*;

    #[test]
    fn values_are_rounded_and_the_interval_goes_outward() {
        let number = Number::measured(Measured { estimate_milli: 1_500, standard_error_milli: 100 });
        assert_eq!((number.estimate, number.low, number.high, number.noisy_zero), (Some(2), 1, 2, false));
        let number = Number::measured(Measured { estimate_milli: -7_000, standard_error_milli: 2_000 });
        assert_eq!((number.estimate, number.low, number.high, number.noisy_zero), (Some(0), 0, 0, true));
        // 20 -+ 9.8, outward; and 15 is too near to the noise to say that it is there.
        let of = |value| Number::of(Measure { value, variance: 25.0 }, 0);
        assert_eq!((of(20.0).low, of(20.0).high, of(20.0).noisy_zero), (10, 30, false));
        assert_eq!((of(15.0).low, of(15.0).high, of(15.0).noisy_zero), (0, 25, true));
        assert_eq!((of(20.0).showing(7).estimate, of(20.0).showing(99).estimate), (Some(10), Some(30)));
        assert_eq!(Number::absent(Why::Gap).showing(7).estimate, None);
    }

    #[test]
    fn what_was_not_published_raises_the_upper_end_only() {
        let of = |slack| Number::of(Measure { value: 100.0, variance: 100.0 }, slack);
        let slack = unpublished(60, 10_000, 2);
        assert_eq!((of(0).low, of(0).high + slack), (of(slack).low, of(slack).high));
        assert_eq!(slack, 2 * (60 + 20));
        assert_eq!(of(unpublished(i64::MAX, 1, 2)).high, i64::MAX);
    }

    /// How often the interval holds the true count, by the true count in standard errors. Rounding outward adds almost 1 %
    /// at this standard error, and less at larger ones.
    #[test]
    fn intervals_hold_small_and_large_counts() {
        let (runs, sigma, mut random) = (40_000, 10.5, Random::new(11));
        for (sigmas, least, most) in [
            (0.0, 0.998, 1.0),
            (0.5, 0.96, 0.985),
            (1.0, 0.948, 0.972),
            (2.0, 0.945, 0.966),
            (3.0, 0.945, 0.966),
            (4.0, 0.945, 0.964),
            (10.0, 0.945, 0.964),
            (100.0, 0.945, 0.964),
        ] {
            let truth = f64::round(sigmas * sigma);
            let (mut held, mut claimed) = (0, 0);
            for _ in 0..runs {
                let value = (truth + sigma * random.normal()).round();
                let number = Number::of(Measure { value, variance: sigma * sigma }, 0);
                held += i32::from((number.low..=number.high).contains(&(truth as i64)));
                claimed += i32::from(!number.noisy_zero);
            }
            let (held, claimed) = (f64::from(held) / f64::from(runs), f64::from(claimed) / f64::from(runs));
            assert!((least..=most).contains(&held), "{sigmas} standard errors: {held}");
            assert!(sigmas > 0.0 || claimed <= 0.0015, "an empty key claims presence in {claimed}");
            assert!(sigmas < 4.0 || claimed > 0.75, "{sigmas} standard errors are seen in {claimed}");
        }
    }

    proptest! {
        #[test]
        fn the_estimate_lies_in_its_interval(value in -1e19..1e19, variance in 0.0..1e20, slack: i64, shown: i64) {
            for value in [value, value / 1e15] {
                let number = Number::of(Measure { value, variance }, slack);
                for number in [number, number.showing(shown)] {
                    let estimate = number.estimate.unwrap();
                    prop_assert!(0 <= number.low && number.low <= estimate && estimate <= number.high);
                }
            }
        }
    }
}
