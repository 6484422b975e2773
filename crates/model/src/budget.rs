//! The privacy budget: how much may be spent, and how much noise it buys.
//!
//! Spending is counted in rho, the square of sensitivity over noise, halved, because rho simply adds up over tables and
//! periods. People read (epsilon, delta). Two rules convert between the two: the one in force (`gaussian`) and the first one
//! (`concentrated`), which days keep that were counted under it. [`Accounting`] says which.
//!
//! Amounts are integers of a billionth of rho and of a thousandth of sigma. Every rounding goes the safe way:
//! rho down, sigma up, delta and epsilon up. This file never draws noise and never looks at data.

use serde::{Deserialize, Serialize};

mod concentrated;
mod gaussian;
mod normal;

pub use gaussian::MOVED_COUNTERS_MAX;

/// A basis point is one part of this many.
pub const BASIS_POINTS_ALL: u16 = 10_000;

/// Largest rho that the search for a budget gives, 1000. It would allow everything: it only ends the search.
const RHO_NANO_MAX: u64 = 1_000_000_000_000;

/// `sigma_milli^2 = l2_squared * THIS / rho_nano`, from `sigma^2 = l2_squared / (2 rho)`:
/// thousandths squared (10^6) times billionths (10^9), halved.
const SIGMA_SCALE: u128 = 500_000_000_000_000;

/// The largest sigma that noise is drawn for, in thousandths: three million counts. The smallest budget, a billionth of rho,
/// asks for less, and the sampler's fractions fit into 128 bits.
pub const SIGMA_MILLI_MAX: u64 = 3_000_000_000;

/// How much a search in floating point leans to the safe side, relative. Its own error is below 1e-12.
const HAIR: f64 = 1e-10;

/// The rule by which rho, sigma and (epsilon, delta) belong together. Fixed for a day when it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accounting {
    /// Any mechanism with this rho; half of delta for the choice of keys.
    Concentrated,
    /// Gaussian noise, which is known better; a tenth of delta for the choice of keys.
    #[default]
    Gaussian,
}

impl Accounting {
    /// The part of `delta` for the choice of which keys appear. The rest is for the noise.
    pub fn delta_keys(self, delta: f64) -> f64 {
        match self {
            Self::Concentrated => delta / 2.0,
            // Thresholds hardly grow when this is less, and the budget gains more from the rest.
            Self::Gaussian => delta / 10.0,
        }
    }

    /// The largest budget that still gives (`epsilon`, `delta`) differential privacy, rounded down.
    ///
    /// `epsilon` is positive and `delta` is between 0 and 1, both exclusive; for anything else the answer is an
    /// empty budget, with which nothing can be published.
    pub fn rho_of(self, epsilon: f64, delta: f64) -> RhoNano {
        match self {
            Self::Concentrated => concentrated::rho_of(epsilon, delta),
            Self::Gaussian => gaussian::rho_of(epsilon, delta),
        }
    }

    /// The smallest epsilon for which spending `rho` on some visitor-days is (epsilon, `delta`) differentially private,
    /// rounded up a hair.
    pub fn epsilon_of(self, rho: RhoNano, delta: f64, visitor_days: u32) -> f64 {
        match self {
            Self::Concentrated => concentrated::epsilon_of(rho, delta),
            Self::Gaussian => gaussian::epsilon_of(rho, delta, visitor_days),
        }
    }

    /// The noise that `rho` buys for counters which one visitor-day moves by an L2 distance of `sqrt(l2_squared)`, rounded
    /// up in exact integers. An empty budget gives [`SigmaMilli::UNAFFORDABLE`], which the noise source refuses.
    pub fn sigma_milli(self, l2_squared: u32, rho: RhoNano) -> SigmaMilli {
        match self {
            Self::Concentrated => concentrated::sigma_milli(l2_squared, rho),
            Self::Gaussian => gaussian::sigma_milli(l2_squared, rho),
        }
    }

    /// What noise of `sigma` on counters of sensitivity `sqrt(l2_squared)` really spends, rounded up.
    ///
    /// Never more than the budget from which [`Self::sigma_milli`] made this sigma. A sigma that is no protection spends
    /// everything there is, `u64::MAX`.
    pub fn rho_spent(self, l2_squared: u32, sigma: SigmaMilli) -> RhoNano {
        match self {
            Self::Concentrated => concentrated::rho_spent(l2_squared, sigma),
            Self::Gaussian => gaussian::rho_spent(l2_squared, sigma),
        }
    }
}

/// An amount of budget in billionths of rho. Exact: sums and shares never drift.
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

/// `basis_points` ten-thousandths of `total`, rounded down, so that shares which add up to 10,000 never add up to
/// more than the total. More than 10,000 basis points give the total.
pub fn rho_share(total: RhoNano, basis_points: u16) -> RhoNano {
    let share = u128::from(total.0) * u128::from(basis_points.min(BASIS_POINTS_ALL));
    let units = share / u128::from(BASIS_POINTS_ALL);
    // At most `total`, which is a u64.
    u64::try_from(units).map_or(total, RhoNano)
}

/// The largest budget at which `delta_of` stays at or below `delta`. `delta_of` must grow with the budget.
fn rho_within(delta: f64, delta_of: impl Fn(RhoNano) -> f64) -> RhoNano {
    // Invariant: `fits` is affordable, `too_much` is not.
    let (mut fits, mut too_much) = (0_u64, RHO_NANO_MAX + 1);
    while too_much - fits > 1 {
        let middle = fits + (too_much - fits) / 2;
        if delta_of(RhoNano(middle)) <= delta {
            fits = middle;
        } else {
            too_much = middle;
        }
    }
    RhoNano(fits)
}

/// The smallest epsilon from 0 to `enough` at which `delta_of` is at or below `delta`, rounded up a hair. `delta_of` must fall
/// with epsilon.
fn epsilon_within(delta: f64, enough: f64, delta_of: impl Fn(f64) -> f64) -> f64 {
    let (mut too_little, mut enough) = (0.0, enough);
    for _ in 0..80 {
        let middle = 0.5 * (too_little + enough);
        if delta_of(middle) <= delta {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    enough * (1.0 + HAIR)
}

/// Thousandths of the least sigma whose square (in thousandths squared) is `square` or more.
fn root_up(square: u128) -> SigmaMilli {
    let floor = square.isqrt();
    let root = if floor * floor == square { floor } else { floor + 1 };
    u64::try_from(root).map_or(SigmaMilli::UNAFFORDABLE, SigmaMilli)
}

#[cfg(test)]
mod composition;
#[cfg(test)]
mod tests;
