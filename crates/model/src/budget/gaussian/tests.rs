//! The rule in force against computations made another way, and against the one before.

use proptest::prelude::*;

use super::{super::concentrated, *};

/// Python, mpmath 1.4.1 with 40 digits: the formula of Balle and Wang at epsilon - 2.2e-5 and delta e^(-1.1e-5), by bisection.
#[test]
fn rho_matches_mpmath() {
    for (epsilon, delta, rho) in [
        (3.0, 9e-8, 0.1746222948347),
        (1.0, 9e-7, 0.027729305236148),
        (0.1, 9e-10, 0.00019676753308),
        (10.0, 9e-6, 1.9853371705173),
        (0.01, 9e-8, 3.7493289628248e-6),
        (10.0, 9e-16, 0.72546969541258),
    ] {
        let ours = rho_of(epsilon, delta).as_rho();
        assert!(ours <= rho, "rho for ({epsilon}, {delta}) is {ours}, must not pass {rho}");
        assert!(rho - ours < 2e-9 + 1e-9 * rho, "rho for ({epsilon}, {delta}) is {ours}, could be {rho}");
    }
}

#[test]
fn the_allowance_for_the_lattice_is_enough() {
    let h: f64 = (1..=3).map(|k| 2.0 * (-2.0 * (std::f64::consts::PI * f64::from(k)).powi(2)).exp()).sum();
    let needed = f64::from(MOVED_COUNTERS_MAX) * ((1.0 + h) / (1.0 - h)).ln();
    assert!(needed < LATTICE_PER_DAY && needed > 0.9 * LATTICE_PER_DAY, "{needed}");
}

/// What the allowance says, number by number: continuous noise of variance sigma^2 - 1 that is rounded at random with
/// discrete Gaussian weights of variance 1 is, up to the factor, the discrete Gaussian of sigma.
#[test]
fn rounded_continuous_noise_is_the_discrete_gaussian() {
    let factor = LATTICE_PER_DAY / f64::from(MOVED_COUNTERS_MAX);
    for sigma in [1.5_f64, 2.5, 7.0] {
        let (variance, step) = (sigma * sigma - 1.0, 1.0 / 512.0);
        let weight = |x: f64| (-0.5 * x * x).exp();
        let total: f64 = (-100..=100).map(|y| weight(f64::from(y) / sigma)).sum();
        let reach = (9.0 * sigma) as i32;
        for y in -reach / 2..=reach / 2 {
            // The trapezoidal rule is exact to 15 digits for smooth functions over the whole line.
            let mut rounded = 0.0;
            for place in -reach * 512..=reach * 512 {
                let x = f64::from(place) * step;
                let near = x.round();
                let all: f64 = (-9..=9).map(|k| weight(x - near - f64::from(k))).sum();
                rounded += step * weight(x / variance.sqrt()) * weight(x - f64::from(y)) / all;
            }
            rounded /= (std::f64::consts::TAU * variance).sqrt();
            let ratio = rounded / (weight(f64::from(y) / sigma) / total);
            assert!(ratio.ln().abs() <= factor, "sigma {sigma}, {y}: {ratio}");
        }
    }
}

#[test]
fn nonsense_buys_nothing() {
    for (epsilon, delta) in [(0.0, 1e-7), (1e-5, 1e-7), (f64::NAN, 1e-7), (1.0, 0.0), (1.0, 1.0), (1.0, f64::NAN)] {
        assert_eq!(rho_of(epsilon, delta), RhoNano(0));
    }
    assert_eq!(delta_of(RhoNano(5), f64::NAN, 1), 1.0);
    assert_eq!(epsilon_of(RhoNano(5), 0.0, 1), f64::INFINITY);
    assert_eq!(epsilon_of(RhoNano(0), 1e-7, 1), 0.0);
    assert_eq!(sigma_milli(2, RhoNano(0)), SigmaMilli::UNAFFORDABLE);
    // A variance of 1 is what makes the noise whole; it protects nobody.
    assert_eq!(rho_spent(2, SigmaMilli(1_000)), RhoNano(u64::MAX));
    assert_eq!(rho_spent(2, SigmaMilli(0)), RhoNano(u64::MAX));
}

#[test]
fn sigma_of_whole_numbers_is_exact() {
    // l2^2 = 8 and rho = 1/6: sigma^2 = 24 + 1. A billionth less rho costs the next thousandth.
    assert_eq!(sigma_milli(8, RhoNano(166_666_667)), SigmaMilli(5_000));
    assert_eq!(sigma_milli(8, RhoNano(166_666_666)), SigmaMilli(5_001));
    assert_eq!(rho_spent(8, SigmaMilli(5_000)), RhoNano(166_666_667));
}

proptest! {
    #[test]
    fn sigma_never_overspends_and_is_the_least(l2_squared in 1_u32..=20_000, rho in 1_u64..=2_000_000_000_000) {
        let sigma = sigma_milli(l2_squared, RhoNano(rho));
        prop_assert!(rho_spent(l2_squared, sigma) <= RhoNano(rho));
        prop_assert!(rho_spent(l2_squared, SigmaMilli(sigma.0 - 1)) > RhoNano(rho));
    }

    #[test]
    fn conversions_agree_and_buy_more_than_the_rule_before(epsilon in 0.05_f64..10.0, log_delta in -34.0_f64..-9.0) {
        let delta = log_delta.exp();
        let rho = rho_of(epsilon, delta);
        prop_assert!(delta_of(rho, epsilon, 1) <= delta);
        prop_assert!(delta_of(RhoNano(rho.0 + 1), epsilon, 1) > delta);
        prop_assert!(rho > concentrated::rho_of(epsilon, delta));
        let back = epsilon_of(rho, delta, 1);
        prop_assert!(delta_of(rho, back, 1) <= delta);
        prop_assert!((back - epsilon).abs() < 1e-3 * epsilon);
        // Many days at a time take as many allowances.
        prop_assert!(epsilon_of(rho, delta, 365) > back);
    }
}
