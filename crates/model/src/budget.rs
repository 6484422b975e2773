//! The privacy budget: how much may be spent, and how much noise it buys.
//!
//! Spending is counted in rho, the unit of zero-concentrated differential privacy (zCDP), because rho simply
//! adds up over tables and periods. People read (epsilon, delta), so this file converts between the two, with
//! the tight conversion of Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (2020,
//! arXiv:2004.00010), Corollary 13.
//!
//! Amounts are integers of a billionth of rho and of a thousandth of sigma. Every rounding goes the safe way:
//! rho down, sigma up, delta and epsilon up. This file never draws noise and never looks at data.

use serde::{Deserialize, Serialize};

/// A basis point is one part of this many.
pub const BASIS_POINTS_ALL: u16 = 10_000;

/// Largest rho that [`rho_of`] gives, 1000. It would allow everything: it only ends the search.
const RHO_NANO_MAX: u64 = 1_000_000_000_000;

/// `sigma_milli^2 = l2_squared * THIS / rho_nano`, from `sigma^2 = l2_squared / (2 rho)`:
/// thousandths squared (10^6) times billionths (10^9), halved.
const SIGMA_SCALE: u128 = 500_000_000_000_000;

/// The largest sigma that noise is drawn for, in thousandths: a thousand million counts.
pub const SIGMA_MILLI_MAX: u64 = 1_000_000_000_000;

/// How much the floating-point conversions lean to the safe side, relative. Their own error is below 1e-12.
const HAIR: f64 = 1e-10;

/// An amount of zCDP budget in billionths of rho. Exact: sums and shares never drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RhoNano(pub u64);

impl RhoNano {
    /// The amount as a plain number, for display and for the conversions to (epsilon, delta).
    pub fn as_rho(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// The standard deviation parameter of a discrete Gaussian, in thousandths of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SigmaMilli(pub u64);

impl SigmaMilli {
    /// The sigma that an empty budget buys: no finite noise is enough. The noise source refuses it.
    pub const UNAFFORDABLE: Self = Self(u64::MAX);

    /// Sigma as a plain number of counts.
    pub fn as_sigma(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

/// The largest budget that still gives (`epsilon`, `delta`) differential privacy, rounded down.
///
/// `epsilon` is positive and `delta` is between 0 and 1, both exclusive; for anything else the answer is an
/// empty budget, with which nothing can be published.
pub fn rho_of(epsilon: f64, delta: f64) -> RhoNano {
    let sane = epsilon.is_finite() && epsilon > 0.0 && delta > 0.0 && delta < 1.0;
    if !sane {
        return RhoNano(0);
    }
    // Invariant: `fits` is affordable, `too_much` is not. delta_of grows with rho, so halving finds the edge.
    let (mut fits, mut too_much) = (0_u64, RHO_NANO_MAX + 1);
    while too_much - fits > 1 {
        let middle = fits + (too_much - fits) / 2;
        if delta_of(RhoNano(middle), epsilon) <= delta {
            fits = middle;
        } else {
            too_much = middle;
        }
    }
    RhoNano(fits)
}

/// The smallest delta for which spending `rho` is (`epsilon`, delta) differentially private, rounded up a hair.
///
/// Between 0 and 1. An `epsilon` that is negative or not a number gives 1, which promises nothing.
pub fn delta_of(rho: RhoNano, epsilon: f64) -> f64 {
    if epsilon.is_nan() || epsilon < 0.0 {
        return 1.0;
    }
    if rho.0 == 0 {
        return 0.0;
    }
    (log_delta(rho.as_rho(), epsilon).exp() * (1.0 + HAIR)).min(1.0)
}

/// The smallest epsilon for which spending `rho` is (epsilon, `delta`) differentially private, rounded up a hair.
///
/// A `delta` outside of 0..1 (both exclusive) gives infinity for 0 and below, 0 for 1 and above.
pub fn epsilon_of(rho: RhoNano, delta: f64) -> f64 {
    if delta.is_nan() || delta <= 0.0 {
        return f64::INFINITY;
    }
    if rho.0 == 0 || delta >= 1.0 {
        return 0.0;
    }
    // The older and looser conversion (Bun and Steinke 2016) is always enough, so the answer is below it.
    let bound = rho.as_rho() + 2.0 * (rho.as_rho() * -delta.ln()).sqrt();
    let (mut too_little, mut enough) = (0.0, bound * (1.0 + HAIR));
    for _ in 0..80 {
        let middle = 0.5 * (too_little + enough);
        if delta_of(rho, middle) <= delta {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    enough * (1.0 + HAIR)
}

/// The logarithm of the tight delta: the least value over alpha > 1 of
/// `exp((alpha-1)(alpha rho - epsilon)) / (alpha-1) * (1 - 1/alpha)^alpha`.
///
/// With a = alpha - 1 its logarithm is `g(a) = a((1+a) rho - epsilon) - a ln(1 + 1/a) - ln(1+a)`, and
/// `g'(a) = (2a+1) rho - epsilon - ln(1 + 1/a)` rises from minus to plus infinity. So g has exactly one lowest
/// point, where g' crosses zero, and halving over ln a finds it without ever leaving the logarithms.
fn log_delta(rho: f64, epsilon: f64) -> f64 {
    let slope = |a: f64| (2.0 * a + 1.0) * rho - epsilon - (1.0 / a).ln_1p();
    let (mut left, mut right) = (-80.0_f64, 80.0_f64);
    for _ in 0..100 {
        let middle = 0.5 * (left + right);
        if slope(middle.exp()) < 0.0 {
            left = middle;
        } else {
            right = middle;
        }
    }
    // Any a gives a true upper bound, so an error here can only make delta too large.
    let a = (0.5 * (left + right)).exp();
    a * ((1.0 + a) * rho - epsilon) - a * (1.0 / a).ln_1p() - a.ln_1p()
}

/// The noise that `rho` buys for counters which one visitor-day moves by an L2 distance of `sqrt(l2_squared)`.
///
/// `sigma = sqrt(l2_squared / (2 rho))` in thousandths, rounded up in exact integers (arXiv:2004.00010,
/// Theorem 14), so that what is spent never passes `rho`. An empty budget gives [`SigmaMilli::UNAFFORDABLE`];
/// counters that nobody can move (`l2_squared` 0) give 0. The noise source refuses both.
pub fn sigma_milli(l2_squared: u32, rho: RhoNano) -> SigmaMilli {
    if rho.0 == 0 {
        return SigmaMilli::UNAFFORDABLE;
    }
    let square = (u128::from(l2_squared) * SIGMA_SCALE).div_ceil(u128::from(rho.0));
    let floor = square.isqrt();
    let root = if floor * floor == square { floor } else { floor + 1 };
    // The largest square is 2^32 * 5e14, so the root is below 1.5e12 and the conversion cannot fail.
    u64::try_from(root).map_or(SigmaMilli::UNAFFORDABLE, SigmaMilli)
}

/// What noise of `sigma` on counters of sensitivity `sqrt(l2_squared)` really spends, rounded up.
///
/// Never more than the budget from which [`sigma_milli`] made this sigma. A sigma of 0 spends everything there
/// is, `u64::MAX`.
pub fn rho_spent(l2_squared: u32, sigma: SigmaMilli) -> RhoNano {
    let square = u128::from(sigma.0) * u128::from(sigma.0);
    if square == 0 {
        return RhoNano(u64::MAX);
    }
    let spent = (u128::from(l2_squared) * SIGMA_SCALE).div_ceil(square);
    RhoNano(u64::try_from(spent).unwrap_or(u64::MAX))
}

/// `basis_points` ten-thousandths of `total`, rounded down, so that shares which add up to 10,000 never add up to
/// more than the total. More than 10,000 basis points give the total.
pub fn rho_share(total: RhoNano, basis_points: u16) -> RhoNano {
    let share = u128::from(total.0) * u128::from(basis_points.min(BASIS_POINTS_ALL));
    let units = share / u128::from(BASIS_POINTS_ALL);
    // At most `total`, which is a u64.
    u64::try_from(units).map_or(total, RhoNano)
}

#[cfg(test)]
mod tests;
