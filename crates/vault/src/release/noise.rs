//! Noise: where the randomness that protects people comes from.
//!
//! One draw is an integer from the discrete Gaussian, P(x) proportional to exp(-x^2 / (2 sigma^2)), sampled exactly in
//! whole numbers (`sampler`). No floating point touches it (Mironov 2012 shows what goes wrong otherwise). The random bits
//! of each release have a key of their own (`bits`), made from the system's randomness when the release is drawn and wiped
//! when it is drawn: no image of the memory taken before or after holds what its noise could be computed from.
//!
//! This file never sees a count, never keeps a draw and has no way to switch the noise off: a sigma of zero is refused.

use std::time::Instant;

use zeroize::Zeroizing;

use super::budget::{SIGMA_MILLI_MAX, SigmaMilli};
use bits::{Bits, KEY_BYTES};

mod bits;
mod sampler;

/// What the keys of releases are derived for; changing it changes nothing but the noise to come.
const KEY_CONTEXT: &str = "headcount 2026-11-27 noise of one release";

/// Why there is no noise. Nothing may be published without it, so each of these stops a release.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoiseFault {
    /// No noise (0) or more than any number can be read through: an error in the budget.
    #[error("noise of sigma {} thousandths was asked for; allowed are 1 to {SIGMA_MILLI_MAX}", .0.0)]
    Sigma(SigmaMilli),
    /// The system gave no randomness.
    #[error("the system's random generator failed ({0}); check that it works")]
    Entropy(getrandom::Error),
    /// A draw that does not fit into 64 bits. It cannot happen below the largest sigma.
    #[error("a noise draw did not fit into 64 bits")]
    Range,
}

/// A source of discrete Gaussian noise.
pub(crate) trait Noise {
    /// One independent draw with mean 0 and parameter `sigma`.
    ///
    /// # Errors
    /// [`NoiseFault`], after which the caller must publish nothing.
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault>;
}

/// Where a release gets its noise from.
pub(crate) trait NoiseSource {
    /// The noise of one release, to be dropped when that is drawn.
    ///
    /// # Errors
    /// [`NoiseFault`], after which the caller must publish nothing.
    fn of_release(&mut self) -> Result<Box<dyn Noise + '_>, NoiseFault>;
}

/// Noise that all releases share, in tests.
#[cfg(test)]
impl<N: Noise> NoiseSource for N {
    fn of_release(&mut self) -> Result<Box<dyn Noise + '_>, NoiseFault> {
        Ok(Box::new(Lent(self)))
    }
}

#[cfg(test)]
struct Lent<'a>(&'a mut dyn Noise);

#[cfg(test)]
impl Noise for Lent<'_> {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        self.0.sample(sigma)
    }
}

/// Refuses a sigma that would be no noise, or that an empty budget gave.
fn check(sigma: SigmaMilli) -> Result<(), NoiseFault> {
    if sigma.0 == 0 || sigma.0 > SIGMA_MILLI_MAX { Err(NoiseFault::Sigma(sigma)) } else { Ok(()) }
}

/// The noise of a running server.
#[derive(Debug)]
pub(crate) struct SystemNoise {
    started: Instant,
    releases: u64,
}

impl SystemNoise {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), releases: 0 }
    }

    /// Noise under a fresh key.
    pub(crate) fn fresh(&mut self) -> Result<ReleaseNoise, NoiseFault> {
        let mut entropy = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *entropy).map_err(NoiseFault::Entropy)?;
        Ok(ReleaseNoise(Bits::new(&self.key(&entropy))))
    }

    /// A key for the next release from `entropy`. The number of the release goes in, so that no two releases of a process have
    /// the same key whatever the system gave; and the time since the start in nanoseconds, so that two machines that
    /// go on from one snapshot differ even where their system does not notice that it was copied.
    fn key(&mut self, entropy: &Zeroizing<[u8; KEY_BYTES]>) -> Zeroizing<[u8; KEY_BYTES]> {
        self.releases += 1;
        let mut hasher = Zeroizing::new(blake3::Hasher::new_derive_key(KEY_CONTEXT));
        hasher.update(&**entropy);
        hasher.update(&self.releases.to_le_bytes());
        hasher.update(&self.started.elapsed().as_nanos().to_le_bytes());
        let hash = Zeroizing::new(hasher.finalize());
        Zeroizing::new(*hash.as_bytes())
    }
}

impl NoiseSource for SystemNoise {
    fn of_release(&mut self) -> Result<Box<dyn Noise + '_>, NoiseFault> {
        Ok(Box::new(self.fresh()?))
    }
}

/// The noise of one release. Its key is wiped when it is dropped.
pub(crate) struct ReleaseNoise(Bits);

impl ReleaseNoise {
    /// Noise that follows from a key: the same again whenever it is drawn with that key. For what must never be drawn twice
    /// while the key exists. Nothing else may use the key.
    pub(crate) fn kept(key: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(Bits::new(key))
    }

    /// One draw from the discrete Laplace distribution, P(x) proportional to exp(-|x| / scale): what the guard on keys asks for.
    ///
    /// # Errors
    /// [`NoiseFault`] where the scale is 0 or the draw does not fit.
    pub(crate) fn laplace(&mut self, scale: u64) -> Result<i64, NoiseFault> {
        if scale == 0 {
            return Err(NoiseFault::Sigma(SigmaMilli(0)));
        }
        signed(sampler::discrete_laplace(&mut self.0, scale.into()))
    }
}

impl Noise for ReleaseNoise {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        check(sigma)?;
        signed(sampler::discrete_gaussian(&mut self.0, sigma.0))
    }
}

fn signed((size, is_negative): (u128, bool)) -> Result<i64, NoiseFault> {
    let size = i64::try_from(size).map_err(|_| NoiseFault::Range)?;
    Ok(if is_negative { -size } else { size })
}

#[cfg(any(test, feature = "lab"))]
pub(crate) use seeded::SeededNoise;

#[cfg(any(test, feature = "lab"))]
mod seeded;

#[cfg(test)]
mod tests;
