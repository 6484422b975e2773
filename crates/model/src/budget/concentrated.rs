//! The first rule of accounting, under which older days were counted: zero-concentrated differential privacy (zCDP).
//!
//! Noise of sigma on counters of sensitivity D costs rho = D^2 / (2 sigma^2) (Canonne, Kamath and Steinke, "The Discrete
//! Gaussian for Differential Privacy", 2020, arXiv:2004.00010, Theorem 14), rho adds up, and their Corollary 13 converts
//! it to (epsilon, delta). True for any zCDP mechanism, and so looser than what is known of Gaussian noise (`gaussian`).

use super::{HAIR, RhoNano, SIGMA_SCALE, SigmaMilli, epsilon_within, rho_within, root_up};

/// The largest budget that still gives (`epsilon`, `delta`) differential privacy, rounded down.
///
/// `epsilon` is positive and `delta` is between 0 and 1, both exclusive; for anything else the answer is an
/// empty budget, with which nothing can be published.
pub(super) fn rho_of(epsilon: f64, delta: f64) -> RhoNano {
    let sane = epsilon.is_finite() && epsilon > 0.0 && delta > 0.0 && delta < 1.0;
    if !sane {
        return RhoNano(0);
    }
    rho_within(delta, |rho| delta_of(rho, epsilon))
}

/// The smallest delta for which spending `rho` is (`epsilon`, delta) differentially private, rounded up a hair.
///
/// Between 0 and 1. An `epsilon` that is negative or not a number gives 1, which promises nothing.
pub(super) fn delta_of(rho: RhoNano, epsilon: f64) -> f64 {
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
pub(super) fn epsilon_of(rho: RhoNano, delta: f64) -> f64 {
    if delta.is_nan() || delta <= 0.0 {
        return f64::INFINITY;
    }
    if rho.0 == 0 || delta >= 1.0 {
        return 0.0;
    }
    // The older and looser conversion (Bun and Steinke 2016) is always enough, so the answer is below it.
    let bound = rho.as_rho() + 2.0 * (rho.as_rho() * -delta.ln()).sqrt();
    epsilon_within(delta, bound * (1.0 + HAIR), |epsilon| delta_of(rho, epsilon))
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
pub(super) fn sigma_milli(l2_squared: u32, rho: RhoNano) -> SigmaMilli {
    if rho.0 == 0 {
        return SigmaMilli::UNAFFORDABLE;
    }
    root_up((u128::from(l2_squared) * SIGMA_SCALE).div_ceil(u128::from(rho.0)))
}

/// What noise of `sigma` on counters of sensitivity `sqrt(l2_squared)` really spends, rounded up.
///
/// Never more than the budget from which [`sigma_milli`] made this sigma. A sigma of 0 spends everything there
/// is, `u64::MAX`.
pub(super) fn rho_spent(l2_squared: u32, sigma: SigmaMilli) -> RhoNano {
    let square = u128::from(sigma.0) * u128::from(sigma.0);
    if square == 0 {
        return RhoNano(u64::MAX);
    }
    let spent = (u128::from(l2_squared) * SIGMA_SCALE).div_ceil(square);
    RhoNano(u64::try_from(spent).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
