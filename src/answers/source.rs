//! What answers are made of beside the numbers that `query` reads: what is public about a site's promise, and all releases
//! by number. The vault's [`Releases`] give it, or a test's memory.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    calendar::Day,
    query::Source,
    units::SiteName,
    vault::{DayLedger, Fault, Mechanism, Release, Releases, Terms},
};

/// What is promised at a site.
#[derive(Debug, Clone)]
pub struct SitePromise {
    /// The terms under which it counts today.
    pub terms: Terms,
    /// Terms that begin later.
    pub later: Vec<Terms>,
    /// How the budget is used under the terms of today.
    pub mechanisms: Vec<Mechanism>,
    /// Epsilon for a visitor who comes on every day of a week, a month and a year.
    pub regular_epsilons: [f64; 3],
}

/// Everything that is public. Clones give the same.
pub trait Published: Source + Clone + Send + Sync + 'static {
    /// The number of the latest release, and a way to wait for the next.
    fn watch(&self) -> watch::Receiver<u64>;
    /// The number of the latest release.
    fn latest(&self) -> u64 {
        *self.watch().borrow()
    }
    /// What is promised at a site; `None` where there is no such site.
    fn promise(&self, site: &SiteName) -> Option<SitePromise>;
    /// Where the list of countries comes from.
    fn country_sources(&self) -> &[String];
    /// The numbers of all releases after one, of one site or of all, oldest first.
    fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64>;
    /// A release by its number; `None` where it is gone, as an hour's goes when its day is published.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, Fault>;
    /// What was spent of a day's budget.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn day_ledger(&self, site: &SiteName, day: Day) -> Result<Option<DayLedger>, Fault>;
}

impl Published for Releases {
    fn watch(&self) -> watch::Receiver<u64> {
        Releases::watch(self)
    }
    fn promise(&self, site: &SiteName) -> Option<SitePromise> {
        let (terms, later) = self.terms(site)?;
        let (mechanisms, regular_epsilons) = (self.mechanisms(site)?, self.regular_epsilons(site)?);
        Some(SitePromise { terms, later, mechanisms, regular_epsilons })
    }
    fn country_sources(&self) -> &[String] {
        Releases::country_sources(self)
    }
    fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64> {
        Releases::numbers_after(self, site, after)
    }
    fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, Fault> {
        Releases::by_number(self, number)
    }
    fn day_ledger(&self, site: &SiteName, day: Day) -> Result<Option<DayLedger>, Fault> {
        Releases::day_ledger(self, site, day)
    }
}
