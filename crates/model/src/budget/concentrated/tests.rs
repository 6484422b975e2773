//! The conversions against computations made another way.
//!
//! The constants come from Python: mpmath 1.4.1 with 40 digits, the formula of Corollary 13 minimised by golden
//! section over ln(alpha - 1), and, for delta, the same again from the PyPI package opendp 0.16.0:
//! `make_zCDP_to_approxDP(make_gaussian(..., scale=sqrt(1/(2 rho)))).map(1).delta(epsilon)`. Both agree to 14 digits.

use proptest::prelude::*;

use super::*;

fn log_delta_brute(rho: f64, epsilon: f64) -> f64 {
    // Plain search over alpha as the paper writes it, on a fine geometric grid.
    let mut least = f64::INFINITY;
    for step in 0..40_000 {
        let alpha = 1.0 + (-20.0 + f64::from(step) * 0.001).exp();
        let log = (alpha - 1.0) * (alpha * rho - epsilon) + alpha * (1.0 - 1.0 / alpha).ln() - (alpha - 1.0).ln();
        least = least.min(log);
    }
    least
}

#[test]
fn rho_matches_mpmath() {
    for (epsilon, delta, rho) in [
        (3.0, 5e-8, 0.15042055613813),
        (1.0, 1e-6, 0.024355970359538),
        (0.1, 1e-9, 0.00017713844718502),
        (10.0, 1e-5, 1.782695616329),
        (20.0, 1e-12, 2.8849218309825),
    ] {
        let ours = rho_of(epsilon, delta).as_rho();
        assert!(ours <= rho, "rho for ({epsilon}, {delta}) is {ours}, must not pass {rho}");
        assert!(rho - ours < 2e-9 + 1e-9 * rho, "rho for ({epsilon}, {delta}) is {ours}, could be {rho}");
    }
}

#[test]
fn delta_matches_mpmath_and_opendp() {
    for (rho_nano, epsilon, delta) in [
        (100_000_000, 1.0, 0.0089332457718184),
        (500_000_000, 3.0, 0.0051431840638621),
        (10_000_000, 0.2, 0.012490430407565),
        (2_000_000_000, 20.0, 1.8896033873604e-19),
        (1, 0.001, 1.9629026272661e-115),
    ] {
        let ours = delta_of(RhoNano(rho_nano), epsilon);
        assert!(ours >= delta * (1.0 - 1e-13), "{ours} below {delta}");
        assert!(ours <= delta * (1.0 + 1e-9), "{ours} far above {delta}");
    }
}

#[test]
fn delta_matches_a_search_over_alpha() {
    for rho in [1e-6, 1e-3, 0.02, 0.15, 0.7, 3.0] {
        for epsilon in [0.01, 0.3, 1.0, 3.0, 8.0] {
            let (ours, brute) = (log_delta(rho, epsilon), log_delta_brute(rho, epsilon));
            assert!(ours <= brute + 1e-9, "{ours} above {brute} at {rho}, {epsilon}");
            assert!(ours >= brute - 1e-3 * brute.abs().max(1.0), "{ours} below {brute} at {rho}, {epsilon}");
        }
    }
}

#[test]
fn nonsense_buys_nothing() {
    for (epsilon, delta) in [(0.0, 1e-7), (-1.0, 1e-7), (f64::NAN, 1e-7), (1.0, 0.0), (1.0, 1.0), (1.0, f64::NAN)] {
        assert_eq!(rho_of(epsilon, delta), RhoNano(0));
    }
    assert_eq!(delta_of(RhoNano(5), f64::NAN), 1.0);
    assert_eq!(epsilon_of(RhoNano(5), 0.0), f64::INFINITY);
    assert_eq!(epsilon_of(RhoNano(0), 1e-7), 0.0);
    assert_eq!(sigma_milli(2, RhoNano(0)), SigmaMilli::UNAFFORDABLE);
    assert_eq!(sigma_milli(0, RhoNano(7)), SigmaMilli(0));
    assert_eq!(rho_spent(2, SigmaMilli(0)), RhoNano(u64::MAX));
}

#[test]
fn sigma_of_whole_numbers_is_exact() {
    // l2^2 = 2 and rho = 1/100: sigma^2 = 100.
    assert_eq!(sigma_milli(2, RhoNano(10_000_000)), SigmaMilli(10_000));
    // l2^2 = 8 and rho = 1: sigma = 2. A billionth less rho costs the next thousandth.
    assert_eq!(sigma_milli(8, RhoNano(1_000_000_000)), SigmaMilli(2_000));
    assert_eq!(sigma_milli(8, RhoNano(999_999_999)), SigmaMilli(2_001));
    assert_eq!(rho_spent(8, SigmaMilli(2_000)), RhoNano(1_000_000_000));
}

proptest! {
    #[test]
    fn sigma_never_overspends_and_is_the_least(l2_squared in 1_u32.., rho in 1_u64..=2_000_000_000_000) {
        let sigma = sigma_milli(l2_squared, RhoNano(rho));
        prop_assert!(rho_spent(l2_squared, sigma) <= RhoNano(rho));
        // The thousandth below would spend more than there is: l2^2 * 5e14 > rho * sigma^2.
        let below = u128::from(sigma.0 - 1);
        prop_assert!(u128::from(l2_squared) * SIGMA_SCALE > u128::from(rho) * below * below);
    }

    #[test]
    fn conversions_agree_and_are_monotone(epsilon in 0.05_f64..12.0, log_delta in -60.0_f64..-2.0) {
        let delta = log_delta.exp();
        let rho = rho_of(epsilon, delta);
        prop_assume!(rho.0 > 1000);
        prop_assert!(delta_of(rho, epsilon) <= delta);
        prop_assert!(delta_of(RhoNano(rho.0 + 1), epsilon) > delta);
        prop_assert!(delta_of(rho, epsilon * 1.001) < delta);
        let back = epsilon_of(rho, delta);
        prop_assert!(delta_of(rho, back) <= delta);
        prop_assert!((back - epsilon).abs() < 1e-3 * epsilon);
        // The closed form of Bun and Steinke (2016) is never better.
        prop_assert!(back <= rho.as_rho() + 2.0 * (rho.as_rho() * -log_delta).sqrt());
    }
}
