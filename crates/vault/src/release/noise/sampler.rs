//! The exact sampler of the discrete Gaussian: Canonne, Kamath, Steinke 2020, "The Discrete Gaussian for Differential
//! Privacy", arXiv:2004.00010, Algorithms 1 to 3.
//!
//! Every decision is a comparison of whole numbers with uniform random bits, so the distribution is exact: no
//! floating point, no table, no tail that is cut off. A sigma has three decimals, so every probability is a fraction of
//! integers that fit into 128 bits up to [`SIGMA_MILLI_MAX`](super::SIGMA_MILLI_MAX).

use super::bits::Bits;

/// Thousandths in one, and millionths.
const MILLI: u128 = 1_000;
const MICRO: u128 = 1_000_000;

/// An integer X with P(X = x) proportional to exp(-x^2 / (2 sigma^2)), sigma in thousandths and not 0 (Algorithm 3): its
/// absolute value, and whether it is negative.
///
/// A discrete Laplace Y of scale t = floor(sigma) + 1 is kept with probability exp(-(|Y| - sigma^2/t)^2 / (2 sigma^2)).
pub(super) fn discrete_gaussian(bits: &mut Bits, sigma_milli: u64) -> (u128, bool) {
    let sigma_milli = u128::from(sigma_milli);
    let scale = sigma_milli / MILLI + 1;
    loop {
        let (size, is_negative) = discrete_laplace(bits, scale);
        // | |Y| - sigma^2/t | / sigma as a fraction: both sides times t * sigma_milli * 1000.
        let off = (size * scale * MICRO).abs_diff(sigma_milli * sigma_milli);
        if half_square_exp(bits, off, scale * sigma_milli * MILLI) {
            return (size, is_negative);
        }
    }
}

/// An integer Y with P(Y = y) proportional to exp(-|y| / `scale`) (Algorithm 2): its absolute value, and whether it is negative.
pub(super) fn discrete_laplace(bits: &mut Bits, scale: u128) -> (u128, bool) {
    loop {
        let rest = bits.uniform(scale);
        if !exp(bits, rest, scale) {
            continue;
        }
        let mut whole = 0;
        while exp(bits, 1, 1) {
            whole += 1;
        }
        let size = rest + scale * whole;
        let is_negative = bits.bit();
        // Zero has one sign only; else it would come twice as often.
        if size != 0 || !is_negative {
            return (size, is_negative);
        }
    }
}

/// True with probability exp(-(n/d)^2 / 2), for any fraction n/d.
///
/// With n = w d + r the exponent is w^2/2 + w (r/d) + (r/d)^2/2: factors whose exponents are at most 1.
fn half_square_exp(bits: &mut Bits, numerator: u128, denominator: u128) -> bool {
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    for _ in 0..whole * whole {
        if !exp(bits, 1, 2) {
            return false;
        }
    }
    for _ in 0..whole {
        if !exp(bits, rest, denominator) {
            return false;
        }
    }
    exp(bits, rest * rest, 2 * denominator * denominator)
}

/// True with probability exp(-n/d), for n/d from 0 to 1 (Algorithm 1).
fn exp(bits: &mut Bits, numerator: u128, denominator: u128) -> bool {
    let mut k = 1;
    // Probability (n/d) / k.
    while bits.chance(numerator, denominator) && bits.chance(1, k) {
        k += 1;
    }
    k % 2 == 1
}
