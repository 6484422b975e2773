//! Repeatable random numbers for tests: normal, Poisson and uniform.

/// A generator whose sequence follows from its seed (SplitMix64; Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in 0 (inclusive) to 1 (exclusive).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((word ^ (word >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
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
