//! The (epsilon, delta) of continuous Gaussian noise, which is exact: Balle and Wang 2018 (arXiv:1805.06530, Theorem 8); Dong,
//! Roth and Su, "Gaussian Differential Privacy" (2022, arXiv:1905.02383, Corollary 2.13).
//!
//! With Q the upper tail of the normal distribution and q its density, a = epsilon/mu - mu/2 and b = epsilon/mu + mu/2:
//! `delta = Q(a) - e^epsilon Q(b)`. As `e^epsilon q(b) = q(a)`, this is `q(a) (M(a) - M(b))` with Mills' ratio M = Q/q, which
//! neither overflows nor loses small values.

use std::f64::consts::TAU;

/// From here on M is computed by its continued fraction.
const FRACTION_FROM: f64 = 2.0;
/// Enough terms of the fraction for 16 digits at [`FRACTION_FROM`], and more than enough beyond.
const FRACTION_TERMS: u32 = 100;
/// Below this, Q is 1 to 16 digits.
const WHOLE_BELOW: f64 = -12.0;

/// The smallest delta that `mu`-Gaussian differential privacy has at `epsilon`, both positive.
///
/// The relative error is below 2e-10 for deltas from 1e-300 on and mu from 1e-4 on (see the tests).
pub(super) fn delta_of(mu: f64, epsilon: f64) -> f64 {
    let (near, far) = (epsilon / mu - mu / 2.0, epsilon / mu + mu / 2.0);
    if near < FRACTION_FROM {
        upper(near) - density(near) * mills(far)
    } else {
        density(near) * (mills(near) - mills(far))
    }
}

fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

/// Q(x), the chance of a standard normal number of x or more, for x below [`FRACTION_FROM`].
fn upper(x: f64) -> f64 {
    if x < WHOLE_BELOW {
        return 1.0;
    }
    // Q(x) = 1/2 - q(x) (x + x^3/3 + x^5/(3 5) + ...), whose terms have one sign.
    let (mut term, mut sum, mut odd) = (x, 0.0_f64, 1.0);
    while term.abs() > sum.abs() * 1e-18 {
        sum += term;
        odd += 2.0;
        term *= x * x / odd;
    }
    0.5 - density(x) * sum
}

/// Mills' ratio Q(x) / q(x) for x >= 0; by its continued fraction 1/(x + 1/(x + 2/(x + 3/(x + ...)))) (Laplace 1805).
fn mills(x: f64) -> f64 {
    if x < FRACTION_FROM {
        return upper(x) / density(x);
    }
    1.0 / (1..=FRACTION_TERMS).rev().fold(x, |rest, k| x + f64::from(k) / rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mu, epsilon, delta.
    const MPMATH: [(f64, f64, f64); 18] = [
        (0.5909, 3.0, 8.968191095124849e-8),
        (0.5, 0.01, 0.19341844230467764),
        (0.5, 1.0, 0.0068295949831145755),
        (1e-4, 0.002, 1.3713831907531603e-94),
        (1e-4, 0.0005, 5.3475022360388865e-12),
        (0.002, 0.01, 1.0745921569149032e-10),
        (0.0027, 0.01, 6.92626184726211e-8),
        (0.05, 0.5, 4.7972913626623445e-26),
        (0.1, 3.0, 7.304806101754676e-200),
        (1.0, 0.001, 0.3826164068097858),
        (1.0, 4.0, 4.71224120079312e-5),
        (1.7, 10.0, 5.839201208424314e-8),
        (1.7, 1.0, 0.39887821916852195),
        (4.0, 16.0, 0.013983205096206631),
        (4.0, 3.0, 0.8345000818530993),
        (9.0, 90.0, 1.1596975900082311e-8),
        (30.0, 30.0, 1.0),
        (45.0, 1415.0, 1.5555349175995167e-19),
    ];

    /// Python, mpmath 1.4.1 with 60 digits: `ncdf(-e/m + m/2) - exp(e) ncdf(-e/m - m/2)`.
    #[test]
    fn delta_matches_mpmath() {
        for (mu, epsilon, delta) in MPMATH {
            let ours = delta_of(mu, epsilon);
            assert!((ours - delta).abs() <= 2e-10 * delta, "mu {mu}, epsilon {epsilon}: {ours}, not {delta}");
        }
    }

    #[test]
    fn both_ways_to_the_mills_ratio_meet() {
        let below = upper(FRACTION_FROM) / density(FRACTION_FROM);
        assert!((mills(FRACTION_FROM) - below).abs() < 1e-14 * below);
    }
}
