//! The reading side of the vault's door: released numbers and public settings, and nothing else.

use std::sync::{Arc, RwLock};

use quick_cache::sync::Cache;
use tokio::sync::watch;

use super::{
    block::{RELEASE_VERSION, Release},
    index::{Index, SiteIndex},
    plan::{Mechanism, Privacy},
    regular,
};
use crate::{
    calendar::{Calendar, Day, Period, PeriodKind},
    units::SiteName,
    vault::{
        roster::Roster,
        store::{Fault, disk::Disk, rows},
    },
};

/// How many decoded releases are kept in memory.
const CACHED_RELEASES: usize = 4_096;

/// Reads releases. Clones share the cache. A release becomes visible only after it is durable.
#[derive(Clone)]
pub struct Releases {
    inner: Arc<Inner>,
}

struct Inner {
    disk: Disk,
    index: Arc<RwLock<Index>>,
    roster: Arc<Roster>,
    latest: watch::Receiver<u64>,
    cache: Cache<u64, Arc<Release>>,
}

/// What is public about a site.
#[derive(Debug, Clone)]
pub struct SiteInfo {
    /// Its name.
    pub name: SiteName,
    /// Its calendar.
    pub calendar: Calendar,
    /// The name of its profile.
    pub profile: String,
    /// Whether its configuration lists pages, which then appear in every period.
    pub has_known_pages: bool,
    /// First and last published day.
    pub days: Option<(Day, Day)>,
    /// How many periods are published.
    pub releases: usize,
}

impl Releases {
    pub(in crate::vault) fn new(
        disk: Disk,
        index: Arc<RwLock<Index>>,
        roster: Arc<Roster>,
        latest: watch::Receiver<u64>,
    ) -> Self {
        Self { inner: Arc::new(Inner { disk, index, roster, latest, cache: Cache::new(CACHED_RELEASES) }) }
    }

    /// All sites, by name.
    #[must_use]
    pub fn sites(&self) -> Vec<SiteInfo> {
        self.inner.roster.names().iter().filter_map(|name| self.site(name)).collect()
    }

    /// A site.
    #[must_use]
    pub fn site(&self, name: &SiteName) -> Option<SiteInfo> {
        let site = self.inner.roster.get(name)?;
        let (days, releases) = self.with_index(name, |i| (i.sealed.days(), i.sealed.len())).unwrap_or((None, 0));
        Some(SiteInfo {
            name: name.clone(),
            calendar: site.calendar.clone(),
            profile: site.profile.clone(),
            has_known_pages: !site.known_pages().is_empty(),
            days,
            releases,
        })
    }

    /// What every visitor is promised.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        self.inner.roster.privacy()
    }

    /// How a site's budget is used.
    #[must_use]
    pub fn mechanisms(&self, name: &SiteName) -> Option<Vec<Mechanism>> {
        Some(self.inner.roster.get(name)?.plan.mechanisms.clone())
    }

    /// Epsilon, at the same delta as for one day, for a visitor of a site who comes on every day of a week, a month and a
    /// year.
    #[must_use]
    pub fn regular_epsilons(&self, name: &SiteName) -> Option<[f64; 3]> {
        Some(regular::epsilons(&self.inner.roster.get(name)?.plan, &self.privacy()))
    }

    /// The published periods of a kind from a day to a day, both included, in order.
    #[must_use]
    pub fn published(&self, site: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period> {
        self.with_index(site, |i| i.sealed.range(kind, from, to).map(|(period, _)| period).collect())
            .unwrap_or_default()
    }

    /// The release of a period, if it is published.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn get(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Release>>, Fault> {
        match self.with_index(site, |i| i.sealed.release(period)).flatten() {
            Some(number) => self.by_number(number),
            None => Ok(None),
        }
    }

    /// The numbers of all releases after one, of one site or of all, oldest first.
    #[must_use]
    pub fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64> {
        let index = self.inner.index.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut numbers: Vec<u64> = index
            .sites
            .iter()
            .filter(|(name, _)| site.is_none_or(|s| s == *name))
            .flat_map(|(_, i)| i.sealed.numbers().map(|(_, number)| number))
            .filter(|number| *number > after)
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// A release by its number. An hour's release goes when its day is released, which then holds the hour.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, Fault> {
        if let Some(release) = self.inner.cache.get(&number) {
            return Ok(Some(release));
        }
        let Some(release) = read_release(&self.inner.disk, number)? else { return Ok(None) };
        let release = Arc::new(release);
        self.inner.cache.insert(number, release.clone());
        Ok(Some(release))
    }

    /// The number of the latest release, and a way to wait for the next.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.latest.clone()
    }

    fn with_index<T>(&self, site: &SiteName, read: impl FnOnce(&SiteIndex) -> T) -> Option<T> {
        let index = self.inner.index.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        index.sites.get(site).map(read)
    }
}

/// Reads a release from the store.
pub(in crate::vault) fn read_release(disk: &Disk, number: u64) -> Result<Option<Release>, Fault> {
    let what = format!("release {number}");
    let Some(bytes) = disk.get_long(&rows::release_key(number), &what)? else { return Ok(None) };
    match bytes.split_first() {
        Some((&RELEASE_VERSION, rest)) => Ok(Some(rows::decode(rest, &what)?)),
        _ => Err(Fault::damaged(what)),
    }
}
