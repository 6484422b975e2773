//! What answers are made of beside the numbers that `query` reads: what is public about a site's promise, and all releases
//! by number. The vault's [`Releases`] give it, or a test's memory.

use headcount_model::ledger::Ledger;
use tokio::sync::watch;

use crate::{
    units::SiteName,
    vault::{Mechanism, Regular, Releases, Terms},
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
    /// What is promised to a visitor who comes on every day of a week, a month and a year.
    pub regulars: [Regular; 3],
}

/// Everything that is public. Clones give the same.
pub trait Published: Ledger + Clone + Send + Sync + 'static {
    /// The number of the latest release, and a way to wait for the next.
    fn watch(&self) -> watch::Receiver<u64>;

    /// The number of the latest release.
    fn latest(&self) -> u64 {
        *self.watch().borrow()
    }

    /// What is promised at a site; `None` where there is no such site.
    fn promise(&self, site: &SiteName) -> Option<SitePromise> {
        let (terms, later) = self.terms(site)?;
        let (mechanisms, regulars) = (self.mechanisms(site)?, self.regulars(site)?);
        Some(SitePromise { terms, later, mechanisms, regulars })
    }
}

impl Published for Releases {
    fn watch(&self) -> watch::Receiver<u64> {
        Releases::watch(self)
    }
}
