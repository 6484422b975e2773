//! Unbiased measurements with exact variances, and the two things that are done with them: several measurements of one
//! number are combined, and the parts of a whole are made to agree with it. Pure arithmetic.
//!
//! Both are best linear unbiased estimates, that is generalised least squares with the known variances of the noise
//! (Aitken 1936). For one total and a partition of it they have the closed forms used here, which the tests compare
//! with a dense solution. Neither assumes anything about the true numbers.

use headcount_model::release::{Measured, Noisy};

/// An unbiased estimate of a count: its expectation over the noise is the true count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measure {
    /// The estimate, in counts. May be negative.
    pub value: f64,
    /// The variance of its noise, in counts squared. Exact, because the noise is known.
    pub variance: f64,
}

impl Measure {
    /// A noisy count with the standard deviation of its noise in thousandths.
    #[must_use]
    pub fn counted(count: i64, sigma_milli: u64) -> Self {
        Self { value: count as f64, variance: (sigma_milli as f64 / 1e3).powi(2) }
    }

    /// A noisy count.
    #[must_use]
    pub fn noisy(noisy: Noisy) -> Self {
        Self::counted(noisy.count, noisy.sigma_milli)
    }

    /// An estimated number of distinct visitors.
    #[must_use]
    pub fn measured(measured: Measured) -> Self {
        let error = measured.standard_error_milli as f64 / 1e3;
        Self { value: measured.estimate_milli as f64 / 1e3, variance: error * error }
    }

    /// The sum with another of independent noise.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { value: self.value + other.value, variance: self.variance + other.variance }
    }

    /// The difference to another of independent noise.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { value: self.value - other.value, variance: self.variance + other.variance }
    }

    /// The sum of several of independent noise.
    #[must_use]
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::default(), Self::plus)
    }

    /// The standard deviation of its noise.
    #[must_use]
    pub fn standard_error(self) -> f64 {
        self.variance.max(0.0).sqrt()
    }
}

/// The best estimate from independent measurements of one number: weights are inverse variances, and the inverse of the
/// result's variance is their sum. One without noise decides alone. `None` where there is nothing to combine.
#[must_use]
pub fn combine(measures: impl IntoIterator<Item = Measure>) -> Option<Measure> {
    let (mut weighted, mut weights) = (0.0, 0.0);
    for measure in measures {
        if measure.variance <= 0.0 {
            return Some(measure);
        }
        weighted += measure.value / measure.variance;
        weights += measure.variance.recip();
    }
    (weights > 0.0).then(|| Measure { value: weighted / weights, variance: weights.recip() })
}

/// Makes the parts of a whole agree with a measurement of the whole whose noise is independent of theirs.
///
/// With `g = total - sum of parts` and `S = variance of total + sum of variances`, a part of variance `v` moves by
/// `g v / S` and keeps the variance `v - v^2 / S`. The parts then add up to what [`combine`] makes of the total and of
/// their sum.
pub fn agree<'a>(parts: impl IntoIterator<Item = &'a mut Measure>, total: Measure) {
    let parts: Vec<&mut Measure> = parts.into_iter().collect();
    let sum = Measure::sum(parts.iter().map(|part| **part));
    let spread = sum.variance + total.variance;
    if spread <= 0.0 {
        return;
    }
    let gap = total.value - sum.value;
    for part in parts {
        let share = part.variance / spread;
        part.value += gap * share;
        part.variance -= part.variance * share;
    }
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
