//! The reading side of the vault's door: released numbers and public settings, and nothing else.

use std::sync::{Arc, RwLock};

use quick_cache::{Weighter, sync::Cache};
use tokio::sync::watch;

use super::{
    block::Release,
    index::{Index, SiteIndex},
    plan::Mechanism,
    regular::{self, Regular},
    terms::Terms,
};
use crate::{
    calendar::{Calendar, Day, HOURS_PER_DAY_MAX, Period, PeriodKind},
    clock::Clock,
    units::SiteName,
    vault::{
        roster::Roster,
        site::Site,
        store::{Fault, disk::Disk, rows},
    },
};

/// What decoded releases in memory may take, in bytes: some 900 days of a small site, most of them its public lists.
const CACHED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How many are expected. So few that the room has two halves, and even the largest release fits into one.
const CACHED_RELEASES: usize = 64;

/// Reads releases. Clones share the cache. A release becomes visible only after it is durable.
#[derive(Clone)]
pub struct Releases {
    inner: Arc<Inner>,
}

struct Inner {
    disk: Disk,
    index: Arc<RwLock<Index>>,
    roster: Arc<Roster>,
    clock: Arc<dyn Clock>,
    latest: watch::Receiver<u64>,
    country_sources: Vec<String>,
    cache: Cache<u64, Cached, ByBytes>,
}

/// A decoded release, and what it weighs: the cache asks for that again and again while others wait.
#[derive(Clone)]
struct Cached {
    release: Arc<Release>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, Cached> for ByBytes {
    fn weight(&self, _: &u64, cached: &Cached) -> u64 {
        cached.bytes
    }
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

/// What was spent of the budget of the visitor-days of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayLedger {
    /// The day.
    pub day: Day,
    /// The first day of its terms; the smallest day there is for the first terms of a site.
    pub terms_from: Day,
    /// What was promised not to be exceeded, in billionths of rho.
    pub promised_rho_nano: u64,
    /// By release: its period, its number, what it took in billionths of rho. Hours that are published before their day
    /// each take the share of all hours, because one visitor-day may lie in a single one; they share it once.
    pub spent: Vec<(Period, u64, u64)>,
}

impl DayLedger {
    /// What was spent in all.
    #[must_use]
    pub fn spent_rho_nano(&self) -> u64 {
        let of = |is_hour: bool| self.spent.iter().filter(move |(p, ..)| (p.kind == PeriodKind::Hour) == is_hour);
        // A visitor-day raises at most its bound of counters over all hours together: their cost is not added up.
        of(true).map(|(.., rho)| *rho).max().unwrap_or(0) + of(false).map(|(.., rho)| *rho).sum::<u64>()
    }
}

impl Releases {
    pub(in crate::vault) fn new(
        disk: Disk,
        index: Arc<RwLock<Index>>,
        roster: Arc<Roster>,
        clock: Arc<dyn Clock>,
        latest: watch::Receiver<u64>,
        country_sources: Vec<String>,
    ) -> Self {
        let cache = Cache::with_weighter(CACHED_RELEASES, CACHED_BYTES_MAX, ByBytes);
        Self { inner: Arc::new(Inner { disk, index, roster, clock, latest, country_sources, cache }) }
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
            profile: site.terms_of(self.today(&site)).terms.profile.clone(),
            has_known_pages: !site.known_pages().is_empty(),
            days,
            releases,
        })
    }

    /// Where the list of countries comes from, for the attribution that its licence asks for.
    #[must_use]
    pub fn country_sources(&self) -> &[String] {
        &self.inner.country_sources
    }

    fn today(&self, site: &Site) -> Day {
        site.calendar.day_at(self.inner.clock.now_unix_ms())
    }

    /// The terms under which a site counts today, and those that begin later.
    #[must_use]
    pub fn terms(&self, name: &SiteName) -> Option<(Terms, Vec<Terms>)> {
        let site = self.inner.roster.get(name)?;
        let today = self.today(&site);
        let later = site.history.terms().filter(|terms| terms.from > today).cloned().collect();
        Some((site.terms_of(today).terms.clone(), later))
    }

    /// How a site's budget is used under the terms of today.
    #[must_use]
    pub fn mechanisms(&self, name: &SiteName) -> Option<Vec<Mechanism>> {
        let site = self.inner.roster.get(name)?;
        Some(site.terms_of(self.today(&site)).plan.mechanisms.clone())
    }

    /// What is promised to a visitor of a site who comes on every day of a week, a month and a year, under the terms of today.
    #[must_use]
    pub fn regulars(&self, name: &SiteName) -> Option<[Regular; 3]> {
        let site = self.inner.roster.get(name)?;
        let in_force = site.terms_of(self.today(&site));
        Some(regular::regulars(&in_force.plan, &in_force.terms.privacy))
    }

    /// What was spent of a day's budget, by the releases that hold it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn day_ledger(&self, name: &SiteName, day: Day) -> Result<Option<DayLedger>, Fault> {
        let Some(site) = self.inner.roster.get(name) else { return Ok(None) };
        let terms = &site.terms_of(day).terms;
        let mut ledger =
            DayLedger { day, terms_from: terms.from, promised_rho_nano: terms.privacy.rho_nano(), spent: Vec::new() };
        for kind in PeriodKind::ALL {
            let hours = if kind == PeriodKind::Hour { HOURS_PER_DAY_MAX } else { 1 };
            for hour in 0..hours {
                let period = Period { hour, ..Period::of(kind, day) };
                let Some(release) = self.get(name, period)? else { continue };
                // A gap has no numbers and takes nothing. It may even name terms that were withdrawn after it was given up.
                let costs = release.costs.iter().filter(|_| release.gap.is_none());
                let cost = costs.into_iter().find(|cost| cost.terms_from == terms.from);
                ledger.spent.push((period, release.number, cost.map_or(0, |cost| cost.rho_nano)));
            }
        }
        Ok(Some(ledger))
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
        index.numbers_after(site, after)
    }

    /// A release by its number. An hour's release goes when its day is released, which then holds the hour.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, Fault> {
        if let Some(cached) = self.inner.cache.get(&number) {
            return Ok(Some(cached.release));
        }
        let Some(release) = read_release(&self.inner.disk, number)? else { return Ok(None) };
        let release = Arc::new(release);
        let bytes = release.memory_bytes() as u64;
        self.inner.cache.insert(number, Cached { release: release.clone(), bytes });
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
    Release::from_bytes(&bytes, &what).map(Some)
}

/// Reads a release that must be there.
pub(in crate::vault) fn stored_release(disk: &Disk, number: u64) -> Result<Release, Fault> {
    read_release(disk, number)?.ok_or_else(|| Fault::damaged(format!("release {number}")))
}
