//! Noise that the laboratory draws with: from a seed, from the system, or spoilt on purpose by an audit.
//!
//! What a server draws with cannot be replaced by anything here: a server does not have this module.

use headcount_model::budget::SigmaMilli;

use crate::release::noise::{self, Noise as _};

/// Why there is no noise.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NoiseFault(noise::NoiseFault);

impl NoiseFault {
    pub(super) fn of(fault: noise::NoiseFault) -> Self {
        Self(fault)
    }
}

/// A source of discrete Gaussian noise, sound or spoilt.
pub trait Noise {
    /// One draw of this sigma.
    ///
    /// # Errors
    /// When there is no randomness, or the sigma is no noise.
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault>;
}

/// Noise that can be repeated: same seed, same draws.
#[derive(Debug)]
pub struct SeededNoise(noise::SeededNoise);

impl SeededNoise {
    /// Noise that follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(noise::SeededNoise::new(seed))
    }
}

impl Noise for SeededNoise {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        self.0.sample(sigma).map_err(NoiseFault)
    }
}

/// The noise of servers, under a fresh key.
pub struct SystemNoise(noise::ReleaseNoise);

impl SystemNoise {
    /// Noise of the system's randomness.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn new() -> Result<Self, NoiseFault> {
        noise::SystemNoise::new().fresh().map(Self).map_err(NoiseFault)
    }
}

impl Noise for SystemNoise {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        self.0.sample(sigma).map_err(NoiseFault)
    }
}

/// Noise of the laboratory, as the draw wants it.
pub(super) struct Drawn<'n>(pub(super) &'n mut dyn Noise);

impl noise::Noise for Drawn<'_> {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, noise::NoiseFault> {
        self.0.sample(sigma).map_err(|NoiseFault(fault)| fault)
    }
}

impl From<noise::NoiseFault> for NoiseFault {
    fn from(fault: noise::NoiseFault) -> Self {
        Self(fault)
    }
}
