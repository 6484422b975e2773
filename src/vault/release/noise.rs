//! Noise: where the randomness that protects people comes from.
//!
//! One draw is an integer from the discrete Gaussian, P(x) proportional to exp(-x^2 / (2 sigma^2)), sampled
//! exactly in rational arithmetic by the `opendp` crate. No floating point touches it (Mironov 2012 shows what
//! goes wrong otherwise). The random bits are `opendp`'s own: without its OpenSSL feature that is a ChaCha20 generator
//! for each thread, seeded by the operating system and seeded again every 64 KiB. A system that gives no
//! randomness for the first seed stops the thread.
//!
//! This file never sees a count, never keeps a draw and has no way to switch the noise off: a sigma of zero is
//! refused.

use dashu::rational::RBig;
use opendp::traits::samplers::sample_discrete_gaussian;

use super::budget::{SIGMA_MILLI_MAX, SigmaMilli};

/// Why there is no noise. Nothing may be published without it, so each of these stops a release.
#[derive(Debug, thiserror::Error)]
pub(in crate::vault) enum NoiseFault {
    /// No noise (0) or more than any number can be read through: an error in the budget.
    #[error("noise of sigma {} thousandths was asked for; allowed are 1 to {SIGMA_MILLI_MAX}", .0.0)]
    Sigma(SigmaMilli),
    /// The sampler could not work, as a rule because the system gave no randomness.
    #[error("the noise sampler failed ({0}); check that the system's random generator works")]
    Sampler(String),
    /// A draw that does not fit into 64 bits. It cannot happen below the largest sigma.
    #[error("a noise draw did not fit into 64 bits")]
    Range,
}

/// A source of discrete Gaussian noise.
pub(in crate::vault) trait Noise {
    /// One independent draw with mean 0 and parameter `sigma`.
    ///
    /// # Errors
    /// [`NoiseFault`], after which the caller must publish nothing.
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault>;
}

/// Refuses a sigma that would be no noise, or that an empty budget gave.
fn check(sigma: SigmaMilli) -> Result<(), NoiseFault> {
    if sigma.0 == 0 || sigma.0 > SIGMA_MILLI_MAX { Err(NoiseFault::Sigma(sigma)) } else { Ok(()) }
}

/// The noise of a running server.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vault) struct SystemNoise;

impl Noise for SystemNoise {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        check(sigma)?;
        // Exactly sigma.0 / 1000: no decimal fraction is rounded on the way.
        let scale = RBig::from(sigma.0) / RBig::from(1000_u16);
        let draw = sample_discrete_gaussian(scale).map_err(|error| NoiseFault::Sampler(describe(&error)))?;
        i64::try_from(draw).map_err(|_| NoiseFault::Range)
    }
}

/// The sampler's error without the backtrace that its own text carries.
fn describe(error: &opendp::error::Error) -> String {
    match &error.message {
        Some(message) => format!("{:?}: {message}", error.variant),
        None => format!("{:?}", error.variant),
    }
}

#[cfg(any(test, feature = "lab"))]
pub(crate) use seeded::SeededNoise;

#[cfg(any(test, feature = "lab"))]
mod seeded;

#[cfg(test)]
mod tests;
