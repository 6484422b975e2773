//! A published number with its interval, and sums of noisy counts.
//!
//! Counts are added as the noise left them and kept from going below zero only at the end: clamping before would add
//! a bias to every sum. The noise of separate counters is independent, so their variances add.

use crate::vault::{Measured, Noisy};

/// Standard deviations to each side that hold 95 % of a normal distribution.
const Z_95: f64 = 1.96;

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The period is not over, or not every producer has sent everything.
    NotSealed,
    /// Nothing was counted for this site yet.
    BeforeFirstDay,
    /// Distinct visitors exist for exactly one hour, day, week or month.
    VisitorsDoNotAdd,
    /// The table has no such metric or no such period.
    NotMeasured,
    /// The release failed its own checks.
    Gap,
    /// The day was published without this hour.
    NotPublished,
    /// The table is not counted at this site.
    NotCounted,
}

/// A number as it is given to a reader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The best estimate, never negative; `None` where there is none.
    pub estimate: Option<i64>,
    /// The lower end of the 95 % interval, at least 0.
    pub low: i64,
    /// The upper end of the 95 % interval, at least 0.
    pub high: i64,
    /// The standard error of the estimate before it was kept from going below zero.
    pub standard_error: f64,
    /// Whether the interval touches zero: what is seen may be noise alone.
    pub noisy_zero: bool,
    /// Why there is no estimate.
    pub reason: Option<Why>,
}

impl Number {
    /// A number that cannot be had.
    #[must_use]
    pub fn absent(reason: Why) -> Self {
        Self { estimate: None, low: 0, high: 0, standard_error: 0.0, noisy_zero: false, reason: Some(reason) }
    }

    /// An estimated number of distinct visitors.
    #[must_use]
    pub fn measured(measured: Measured) -> Self {
        let (estimate, error) = (measured.estimate_milli as f64 / 1e3, measured.standard_error_milli as f64 / 1e3);
        Self::new(estimate, error, 0)
    }

    /// `slack`: how much may be missing from the estimate, which only raises the upper end.
    fn new(raw: f64, standard_error: f64, slack: i64) -> Self {
        let reach = Z_95 * standard_error;
        // Cast safety: `as` saturates, and no operand is NaN.
        let whole = |value: f64| value as i64;
        let low = whole((raw - reach).floor());
        let high = whole((raw + reach).ceil()).saturating_add(slack);
        Self {
            estimate: Some(whole(raw.round()).max(0)),
            low: low.max(0),
            high: high.max(0),
            standard_error,
            noisy_zero: low <= 0,
            reason: None,
        }
    }
}

/// A sum of noisy counts, as the noise left them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    raw: i64,
    variance: f64,
    slack: i64,
}

impl Sum {
    /// Adds a count with the standard deviation of its noise in thousandths.
    pub fn add(&mut self, count: i64, sigma_milli: u64) {
        self.raw = self.raw.saturating_add(count);
        self.variance += (sigma_milli as f64 / 1e3).powi(2);
    }

    /// Adds a noisy count.
    pub fn add_noisy(&mut self, noisy: Noisy) {
        self.add(noisy.count, noisy.sigma_milli);
    }

    /// Adds all of another sum.
    pub fn add_sum(&mut self, other: &Self) {
        self.raw = self.raw.saturating_add(other.raw);
        self.variance += other.variance;
        self.slack = self.slack.saturating_add(other.slack);
    }

    /// Takes away another sum: the noise adds all the same.
    pub fn subtract(&mut self, other: &Self) {
        self.raw = self.raw.saturating_sub(other.raw);
        self.variance += other.variance;
    }

    /// Notes that a count was not published because its noisy value lay below `threshold`. Each of such counts may
    /// stand for up to `times` of what is summed here.
    pub fn add_unpublished(&mut self, threshold: i64, sigma_milli: u64, times: i64) {
        // Cast safety: `as` saturates.
        let reach = (Z_95 * sigma_milli as f64 / 1e3).ceil() as i64;
        let most = threshold.saturating_add(reach).saturating_mul(times);
        self.slack = self.slack.saturating_add(most);
    }

    /// The sum of the counts, which may be negative.
    #[must_use]
    pub fn raw(&self) -> i64 {
        self.raw
    }

    /// The standard error of the sum.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The sum as a reader gets it.
    #[must_use]
    pub fn number(&self) -> Number {
        let mut number = Number::new(self.raw as f64, self.standard_error(), self.slack);
        // Exact also beyond 2^53.
        number.estimate = Some(self.raw.max(0));
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn raw_counts_are_added_before_clamping() {
        let mut sum = Sum::default();
        sum.add(-30, 3_000);
        sum.add(50, 4_000);
        let number = sum.number();
        assert_eq!((number.estimate, number.standard_error), (Some(20), 5.0));
        // 20 -+ 9.8, outward.
        assert_eq!((number.low, number.high, number.noisy_zero), (10, 30, false));
        sum.add(-40, 0);
        let number = sum.number();
        assert_eq!((number.estimate, number.low, number.high, number.noisy_zero), (Some(0), 0, 0, true));
    }

    #[test]
    fn what_was_not_published_raises_the_upper_end_only() {
        let mut sum = Sum::default();
        sum.add(100, 10_000);
        let before = sum.number();
        sum.add_unpublished(60, 10_000, 2);
        let after = sum.number();
        assert_eq!((after.estimate, after.low, after.standard_error), (before.estimate, before.low, 10.0));
        assert_eq!(after.high, before.high + 2 * (60 + 20));
        sum.add_unpublished(i64::MAX, 1, 2);
        assert_eq!(sum.number().high, i64::MAX);
    }

    #[test]
    fn visitors_are_rounded_and_the_interval_goes_outward() {
        let number = Number::measured(Measured { estimate_milli: 1_500, standard_error_milli: 100 });
        assert_eq!((number.estimate, number.low, number.high), (Some(2), 1, 2));
        let number = Number::measured(Measured { estimate_milli: -7_000, standard_error_milli: 2_000 });
        assert_eq!((number.estimate, number.low, number.high, number.noisy_zero), (Some(0), 0, 0, true));
    }

    proptest! {
        #[test]
        fn the_estimate_lies_in_its_interval(counts in prop::collection::vec((-1_000_i64..100_000, 0_u64..50_000), 0..9)) {
            let mut sum = Sum::default();
            for (count, sigma_milli) in counts {
                sum.add(count, sigma_milli);
            }
            let number = sum.number();
            let estimate = number.estimate.unwrap();
            prop_assert!(0 <= number.low && number.low <= estimate && estimate <= number.high);
        }
    }
}
