//! What an attack proves: from how often it is right and how often it is wrong to a lower bound on epsilon.
//!
//! An attack looks at a release and says whether the visitor was there. If it cries wolf with probability a and misses with
//! probability b, then (epsilon, delta)-privacy asks that 1 - b <= e^epsilon a + delta (Kairouz, Oh, Viswanath 2015,
//! arXiv:1311.0776). The rates come from counts through exact binomial bounds (Clopper and Pearson 1934).
//!
//! The promise of headcount is stronger than one pair (epsilon, delta): rho-zCDP by Gaussian noise. Of Gaussian noise every
//! attack has `quantile(1 - a) - quantile(b) <= mu` with mu = sqrt(2 rho) (Dong, Roth, Su 2022, arXiv:1905.02383; for audits:
//! Nasr and others 2023, arXiv:2302.07956). That sees a small excess with far fewer releases, and is checked beside it.

/// The chance that a rate lies above its upper bound. Two rates make one bound, which so is too large in 1 % of cases.
const RISK: f64 = 0.005;

/// How an attack did: releases with and without the visitor, and in how many of each it said "was there".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Verdicts {
    pub(super) with: u64,
    pub(super) right: u64,
    pub(super) without: u64,
    pub(super) wrong: u64,
}

impl Verdicts {
    /// Upper bounds of the rates of false alarms and of misses.
    fn rates(self) -> (f64, f64) {
        (upper(self.wrong, self.without), upper(self.with - self.right, self.with))
    }

    /// The epsilon that is proved at this delta, at least 0.
    pub(super) fn epsilon(self, delta: f64) -> f64 {
        let (alarm, miss) = self.rates();
        ((1.0 - delta - miss) / alarm).max(1.0).ln().max(((1.0 - delta - alarm) / miss).max(1.0).ln())
    }

    /// The mu that is proved, at least 0.
    pub(super) fn mu(self) -> f64 {
        let (alarm, miss) = self.rates();
        (quantile(1.0 - alarm) - quantile(miss)).max(0.0)
    }
}

/// The epsilon of Gaussian noise with this mu at a delta: the least with
/// `cdf(mu/2 - epsilon/mu) - e^epsilon cdf(-mu/2 - epsilon/mu) <= delta` (Balle and Wang 2018, arXiv:1805.06530).
pub(super) fn epsilon_of_mu(mu: f64, delta: f64) -> f64 {
    if mu <= 0.0 {
        return 0.0;
    }
    let excess = |epsilon: f64| cdf(mu / 2.0 - epsilon / mu) - epsilon.exp() * cdf(-mu / 2.0 - epsilon / mu);
    halve(0.0, 200.0, |epsilon| excess(epsilon) <= delta)
}

/// The least x of a range for which something holds that holds for all above it.
fn halve(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The largest rate at which so few of so many still happen with a chance of [`RISK`].
pub(super) fn upper(few: u64, of: u64) -> f64 {
    if few >= of {
        return 1.0;
    }
    halve(few as f64 / of as f64, 1.0, |rate| at_most(few, of, rate) <= RISK)
}

/// P(X <= few) for a binomial of so many: summed from the largest term down.
fn at_most(few: u64, of: u64, rate: f64) -> f64 {
    if rate <= 0.0 {
        return 1.0;
    }
    if rate >= 1.0 {
        return 0.0;
    }
    let (n, k) = (of as f64, few as f64);
    let log_choose = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let mut term = (log_choose + k * rate.ln() + (n - k) * (-rate).ln_1p()).exp();
    let (mut sum, mut at) = (0.0, k);
    let odds = rate / (1.0 - rate);
    loop {
        sum += term;
        if at < 1.0 || term < sum * 1e-17 {
            return sum.min(1.0);
        }
        term *= at / ((n - at + 1.0) * odds);
        at -= 1.0;
    }
}

/// ln(n!) by Stirling's series; exact enough (below 1e-10) from 10 on, and summed up below.
fn ln_factorial(n: f64) -> f64 {
    if n < 10.0 {
        return (1..=n as u32).map(|k| f64::from(k).ln()).sum();
    }
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3))
        + 1.0 / (1_260.0 * n.powi(5))
}

/// The standard normal distribution: Marsaglia's series (2004, "Evaluating the Normal Distribution"), and beyond 6 the first
/// terms of the asymptotic one.
pub(super) fn cdf(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    if x < -6.0 {
        let square = x * x;
        return density / -x
            * (1.0 - 1.0 / square + 3.0 / square.powi(2) - 15.0 / square.powi(3) + 105.0 / square.powi(4));
    }
    if x > 6.0 {
        return 1.0 - cdf(-x);
    }
    let (mut sum, mut term, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * density
}

fn quantile(share: f64) -> f64 {
    halve(-9.0, 9.0, |x| cdf(x) >= share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with scipy: norm.cdf, norm.ppf, beta.ppf(0.995, k + 1, n - k).
    #[test]
    fn numbers_are_those_of_scipy() {
        let close = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-6, "{found} is not {wanted}");
        close(cdf(-1.96), 0.024_997_895_1);
        assert!((cdf(-7.0) / 1.279_812_54e-12 - 1.0).abs() < 1e-5);
        close(quantile(0.975), 1.959_963_985);
        close(upper(0, 100_000), 5.298177008e-05);
        close(upper(17, 1_000), 0.030578394);
        close(upper(40_000, 100_000), 0.404000148);
        close(epsilon_of_mu(0.548_49, 5e-8), 2.827_715_16);
    }

    #[test]
    fn coins_prove_nothing_and_certainty_proves_much() {
        let coins = Verdicts { with: 10_000, right: 5_000, without: 10_000, wrong: 5_000 };
        assert_eq!((coins.epsilon(1e-7), coins.mu()), (0.0, 0.0));
        let certain = Verdicts { with: 10_000, right: 10_000, without: 10_000, wrong: 0 };
        assert!(certain.epsilon(1e-7) > 7.0 && certain.mu() > 6.0);
    }
}
