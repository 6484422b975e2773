//! The guard on keys: when a day's table with keys that nobody knew before takes in no more of them.
//!
//! Such keys come from outside, so something must bound their memory. A guard that closed a table at an exact number of keys
//! would let one visitor's page decide under which key the views of a thousand others count. So the table closes at a noisy
//! moment, which is paid for like every number, and from then on **every** view of **every** key that is not public counts as
//! `(other)`, also of keys that have a row: given that moment, what a view counts as depends on nobody else.
//!
//! The moment is that of AboveThreshold (Dwork, Roth 2014, "The Algorithmic Foundations of Differential Privacy", Algorithm 1)
//! for queries that all change in one direction (Lyu, Su, Li 2017, "Understanding the Sparse Vector Technique", arXiv:1603.01699,
//! Section 4.3). A threshold T + R is drawn once a day and table; the clock asks once a second whether the number of keys N
//! plus fresh noise V has reached it. R and V are discrete Laplace noise of scale b. Leaving a visitor-day out lowers each
//! number by 0 to D, the most keys that it can open. Take any moment k, all noise but R and V of the k-th ask as given, and let g
//! be the largest N + V of the asks before. The table closes at k where g < T + R <= N + V. Without the visitor g falls by
//! some x from 0 to D, and N by some y from 0 to D: with R less by x, and V more by y - x, the same happens. Both changes are D
//! at most, and each costs a factor of e^(D/b) at most. So closing is (2 D / b)-differentially private, however often is asked.
//! The same holds in the other direction, and for a table that never closes.
//!
//! What is epsilon-differentially private is mu-Gaussian differentially private with
//! mu = 2 quantile(e^epsilon / (1 + e^epsilon)) <= sqrt(pi / 2) epsilon: the line from (0, 1) to the kink of the one trade-off
//! curve lies above the convex curve of the other (Dong, Roth, Su 2022, arXiv:1905.02383). So a guard costs as much as Gaussian
//! noise of b / sqrt(2 pi) on a vector that moves by D, and that is how its row of the plan has it.
//!
//! This file never draws noise and never sees a key.

use crate::plan::Mechanism;

/// Keys beside the public ones that a table of a day takes in whatever the noise is. Far above what sites have.
pub const KEYS_FREE: u64 = 100_000;
/// The part of the budget that the guards of all tables take: one in so many.
pub(crate) const BUDGET_PARTS: u64 = 2_000;
/// So many scales of the noise lie between the keys that are free and the threshold: a table with no more than these would
/// close with a chance below 10^-19, though it is asked on 100 days. It is not asked at all, and the difference is lost in what
/// the thresholds of new keys leave for rounding.
const REACH_SCALES: u64 = 64;
/// sqrt(2 pi) in thousandths, rounded up.
const ROOT_TWO_PI_MILLI: u64 = 2_507;

/// The guard of one table and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// [`KEYS_FREE`].
    pub keys_free: u64,
    /// The scale of the noise on the threshold and on each ask.
    pub scale: u64,
}

impl Guard {
    /// The guard that a row of the plan pays for.
    pub(crate) fn of(mechanism: &Mechanism) -> Self {
        let scale = u128::from(mechanism.sigma_milli) * u128::from(ROOT_TWO_PI_MILLI);
        // A sigma that can be drawn is far below 2^64 thousandths.
        let scale = u64::try_from(scale.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Self { keys_free: KEYS_FREE, scale }
    }

    /// The threshold, before noise.
    #[must_use]
    pub fn threshold(&self) -> u64 {
        self.keys_free.saturating_add(self.scale.saturating_mul(REACH_SCALES))
    }

    /// Whether a table with so many keys beside the public ones may close at all: else it need not be asked.
    #[must_use]
    pub fn may_close(&self, keys: u64) -> bool {
        keys >= self.keys_free
    }

    /// Whether it closes now. `of_day` is the noise of the threshold, the same for all asks of a day and table; `of_ask` is that
    /// of this ask alone.
    #[must_use]
    pub fn closes(&self, keys: u64, of_day: i64, of_ask: i64) -> bool {
        self.may_close(keys)
            && i128::from(keys) + i128::from(of_ask) >= i128::from(self.threshold()) + i128::from(of_day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{Plan, What},
        shares::{Privacy, Shares},
        tables::{Table, TableSet},
    };

    fn plan() -> Plan {
        Plan::new(&Privacy::default(), &Shares::SMALL, TableSet::all())
    }

    /// The normal distribution's quantile, by halving.
    fn quantile(share: f64) -> f64 {
        let cdf = |x: f64| {
            let (mut sum, mut term, mut odd) = (x, x, 1.0);
            while f64::abs(term) > 1e-18 {
                odd += 2.0;
                term *= x * x / odd;
                sum += term;
            }
            0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
        };
        let (mut low, mut high) = (0.0, 8.0);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if cdf(middle) < share { low = middle } else { high = middle }
        }
        high
    }

    #[test]
    fn what_a_row_pays_for_covers_the_guard() {
        for mechanism in plan().mechanisms.iter().filter(|m| m.what == What::Guard) {
            let guard = Guard::of(mechanism);
            let keys = f64::from(mechanism.l2_squared).sqrt();
            let epsilon = 2.0 * keys / guard.scale as f64;
            let mu = 2.0 * quantile(epsilon.exp() / (1.0 + epsilon.exp()));
            // By the rule of Gaussian noise, and by that of any pure guarantee: epsilon^2 / 2.
            let rho = mechanism.rho_nano as f64 / 1e9;
            assert!(mu * mu / 2.0 <= rho && epsilon * epsilon / 2.0 <= rho, "{mechanism:?}: {mu}, {epsilon}");
            assert!(epsilon < 0.011 && guard.threshold() < 250_000, "{mechanism:?}: {epsilon}, {guard:?}");
        }
    }

    #[test]
    fn every_table_that_takes_in_new_keys_has_a_guard() {
        let plan = plan();
        for table in Table::ALL {
            assert_eq!(plan.guard(table).is_some(), table.is_open_key_space(), "{}", table.name());
        }
        let guards = plan.mechanisms.iter().filter(|m| m.what == What::Guard);
        let rho: u64 = guards.map(|m| m.rho_nano).sum();
        assert!(rho <= Privacy::default().rho_nano() / BUDGET_PARTS, "{rho}");
    }

    /// Two draws of scale b differ by m with probability (q/r)^2 p^m (m + s), p = e^(-1/b), q = 1 - p, r = 1 + p,
    /// s = (1 + p^2) / (1 - p^2).
    #[test]
    fn what_is_never_asked_would_never_close() {
        let guard = plan().guard(Table::Page).unwrap();
        let p = (-1.0 / guard.scale as f64).exp();
        let at = |m: f64| ((1.0 - p) / (1.0 + p)).powi(2) * p.powf(m) * (m + (1.0 + p * p) / (1.0 - p * p));
        let from = REACH_SCALES * guard.scale;
        let beyond: f64 = (from..from + 40 * guard.scale).map(|m| at(m as f64)).sum();
        assert!(beyond * 100.0 * 86_400.0 * 4.0 < 1e-19, "{beyond}");
        assert!(!guard.closes(KEYS_FREE - 1, i64::MIN, i64::MAX));
        assert!(guard.closes(guard.threshold(), 0, 0) && !guard.closes(guard.threshold(), 1, 0));
        assert!(guard.closes(KEYS_FREE, 0, i64::try_from(from).unwrap()));
    }
}
