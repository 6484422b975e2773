//! The settings that Wikimedia publishes its page views by country with, as a way to publish the same page table.
//!
//! "Publishing Wikipedia usage data with strong privacy guarantees" (arXiv:2308.16298): of each device and day the
//! first 10 unique pages count; each count gets Gaussian noise for rho of zero-concentrated differential privacy, so
//! sigma^2 = 10 / (2 rho); a page is published where its noisy count is above 90. The list of pages is public. What is
//! left out here: pages with fewer than 150 views in the world are not even looked at there, which could only drop more.

use headcount_model::{
    budget::{Accounting, RhoNano},
    rng::mix,
};
use headcount_vault::probe::{Noise, PageTruth, SeededNoise, WIKIMEDIA_PAGES_PER_DAY};

use super::{
    fault,
    score::{COUNT_MIN, Pool},
};
use crate::query::AskError;

/// Its published budget of a device and day, in billionths.
pub(super) const RHO_NANO: u64 = 15_000_000;
/// What a page must be above to be published.
const THRESHOLD: i64 = 90;

/// Publishes the page table of some periods once, and holds it against the truth.
pub(super) fn publish(tables: &[&[PageTruth]], rho_nano: u64, seed: u64) -> Result<Pool, AskError> {
    // Cast safety: ten.
    let sigma = Accounting::Concentrated.sigma_milli(WIKIMEDIA_PAGES_PER_DAY as u32, RhoNano(rho_nano));
    let mut noise = SeededNoise::new(mix(seed, rho_nano));
    let mut pool = Pool::default();
    for truth in tables.iter().copied().flatten() {
        let noisy = i64::from(truth.wikimedia) + noise.sample(sigma).map_err(fault)?;
        let published = (noisy > THRESHOLD).then_some(noisy);
        // The same keys as for headcount.
        if u64::from(truth.bounded) >= COUNT_MIN {
            pool.add(published, u64::from(truth.wikimedia), u64::from(truth.all));
        }
        // There is no interval: what is published is said to be above zero.
        pool.note(published.is_some(), true, truth.all > 0);
    }
    Ok(pool)
}
