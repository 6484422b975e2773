//! Repeatable random numbers for tests: normal, Poisson and uniform.

use headcount_model::rng::SplitMix64;

/// Draws that follow from a seed.
pub(crate) struct Random(SplitMix64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// Uniform in 0 (inclusive) to 1 (exclusive).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.next_unit()
    }

    /// Mean 0, standard deviation 1 (Box, Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, angle) = (1.0 - self.unit(), std::f64::consts::TAU * self.unit());
        (-2.0 * u.ln()).sqrt() * angle.cos()
    }

    /// Log-normal with mean 1 and this standard deviation of the logarithm.
    pub(crate) fn factor(&mut self, spread: f64) -> f64 {
        (spread * self.normal() - 0.5 * spread * spread).exp()
    }

    /// Poisson: by multiplication for small means, by a rounded normal above 60.
    pub(crate) fn poisson(&mut self, mean: f64) -> i64 {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as i64;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A rounded normal: for these sigmas as good as the discrete Gaussian.
    pub(crate) fn noise(&mut self, sigma_milli: u64) -> i64 {
        (sigma_milli as f64 / 1e3 * self.normal()).round() as i64
    }
}
