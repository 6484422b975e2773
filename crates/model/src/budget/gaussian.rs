//! The rule of accounting in force: noise is Gaussian, and what many Gaussian mechanisms give together is known exactly.
//!
//! Continuous Gaussian noise of sigma on counters of sensitivity D is mu-Gaussian differentially private, mu = D / sigma, and
//! mechanisms that follow one another, each chosen by what the ones before published, add up their mu^2 (Dong, Roth and Su 2022,
//! arXiv:1905.02383, Corollary 3.3). Ours is discrete. Discrete noise of sigma is what a reader could make from continuous noise
//! of variance sigma^2 - 1, up to a factor of 1 +- 1e-8 on each counter that a visitor moves: docs/PRIVACY.md, "Budget", has the
//! proof. So noise of sigma costs `rho = mu^2 / 2 = D^2 / (2 (sigma^2 - 1))`, and those factors cost a hair of epsilon and delta.

use super::{RhoNano, SIGMA_SCALE, SigmaMilli, epsilon_within, normal, rho_within, root_up};

/// The part of the variance that makes continuous noise discrete: one, in thousandths squared.
const LATTICE_VARIANCE: u128 = 1_000_000;

/// Counters that one visitor-day can move in everything that is published, at most. A plan is checked against it.
pub const MOVED_COUNTERS_MAX: u32 = 1_000;

/// What the lattice costs a visitor-day: so much of the logarithm of delta, and twice that of epsilon.
///
/// `MOVED_COUNTERS_MAX * ln((1 + h) / (1 - h))` with `h = 2 (e^(-2 pi^2) + e^(-8 pi^2) + ...)` = 5.3501e-9 is 1.0701e-5.
const LATTICE_PER_DAY: f64 = 1.1e-5;

/// How much delta leans to the safe side, relative. Its own error is below 2e-10.
const HAIR: f64 = 1e-9;

/// See [`super::Accounting::rho_of`].
pub(super) fn rho_of(epsilon: f64, delta: f64) -> RhoNano {
    let sane = epsilon.is_finite() && epsilon > 0.0 && delta > 0.0 && delta < 1.0;
    if !sane {
        return RhoNano(0);
    }
    rho_within(delta, |rho| delta_of(rho, epsilon, 1))
}

/// The smallest delta for which spending `rho` on some visitor-days is (`epsilon`, delta) differentially private, rounded up a
/// hair.
///
/// Between 0 and 1. An `epsilon` that is not a number, or no more than what the lattice takes, gives 1, which promises nothing.
pub(super) fn delta_of(rho: RhoNano, epsilon: f64, visitor_days: u32) -> f64 {
    let lattice = LATTICE_PER_DAY * f64::from(visitor_days);
    let epsilon = epsilon - 2.0 * lattice;
    if epsilon.is_nan() || epsilon <= 0.0 {
        return 1.0;
    }
    if rho.0 == 0 {
        return 0.0;
    }
    let delta = normal::delta_of((2.0 * rho.as_rho()).sqrt(), epsilon);
    (delta * lattice.exp() * (1.0 + HAIR)).min(1.0)
}

/// See [`super::Accounting::epsilon_of`]. A `delta` outside of 0..1 (both exclusive) gives infinity for 0 and below, 0 for 1
/// and above.
pub(super) fn epsilon_of(rho: RhoNano, delta: f64, visitor_days: u32) -> f64 {
    if delta.is_nan() || delta <= 0.0 {
        return f64::INFINITY;
    }
    if rho.0 == 0 || delta >= 1.0 {
        return 0.0;
    }
    // delta <= Q(epsilon/mu - mu/2) <= exp(-(epsilon/mu - mu/2)^2 / 2), so this is enough for half of delta.
    let lattice = LATTICE_PER_DAY * f64::from(visitor_days);
    let enough = rho.as_rho() + 2.0 * (rho.as_rho() * (lattice - (delta / 2.0).ln())).sqrt() + 2.0 * lattice;
    epsilon_within(delta, enough, |epsilon| delta_of(rho, epsilon, visitor_days))
}

/// See [`super::Accounting::sigma_milli`]: `sigma^2 = l2_squared / (2 rho) + 1`.
pub(super) fn sigma_milli(l2_squared: u32, rho: RhoNano) -> SigmaMilli {
    if rho.0 == 0 {
        return SigmaMilli::UNAFFORDABLE;
    }
    root_up((u128::from(l2_squared) * SIGMA_SCALE).div_ceil(u128::from(rho.0)) + LATTICE_VARIANCE)
}

/// See [`super::Accounting::rho_spent`].
pub(super) fn rho_spent(l2_squared: u32, sigma: SigmaMilli) -> RhoNano {
    let square = (u128::from(sigma.0) * u128::from(sigma.0)).saturating_sub(LATTICE_VARIANCE);
    if square == 0 {
        return RhoNano(u64::MAX);
    }
    let spent = (u128::from(l2_squared) * SIGMA_SCALE).div_ceil(square);
    RhoNano(u64::try_from(spent).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
