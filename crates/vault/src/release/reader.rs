//! The reading side of the vault's door: released numbers and public settings, and nothing else.

use std::sync::{Arc, RwLock};

use headcount_model::{
    ledger::{DayLedger, Ledger},
    source::{ReadError, SiteGroup, SiteInfo, Source},
};
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::watch;

use super::{
    block::{Outline, Release},
    index::{Index, SiteIndex},
    plan::Mechanism,
    regular::{self, Regular},
    terms::Terms,
};
use crate::{
    calendar::{Day, Period, PeriodKind},
    clock::Clock,
    sites::{registry::Registry, settings::Site},
    store::{self, Damaged, reader::LaneReader, rows},
    tables::Bounds,
    units::{MS_PER_SECOND, SiteName},
};

/// What decoded releases in memory may take, in bytes: some 900 days of a small site, most of them its public lists.
const CACHED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How many are expected. So few that the room has two halves, and even the largest release fits into one.
const CACHED_RELEASES: usize = 64;
/// What releases without their keys may take in memory, in bytes: half a year of 250 sites.
const OUTLINED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How many are expected at least.
const OUTLINED_RELEASES: usize = 4_096;
/// The days that are read ahead: thirteen weeks, and all days of the months that they touch.
const AHEAD_DAYS: i32 = 130;

/// What is public about all sites together.
#[derive(Default)]
pub(crate) struct About {
    /// Where the list of countries comes from.
    pub(crate) country_sources: Vec<String>,
    pub(crate) groups: Vec<SiteGroup>,
    /// How long after its end a period is published at the latest, in milliseconds.
    pub(crate) max_lateness_ms: i64,
}

/// Reads releases. Clones share the cache. A release becomes visible only after it is durable.
#[derive(Clone)]
pub struct Releases {
    inner: Arc<Inner>,
}

struct Inner {
    lane: LaneReader,
    index: Arc<RwLock<Index>>,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    latest: watch::Receiver<u64>,
    about: About,
    cache: Cache<u64, Cached, ByBytes>,
    /// What series and overviews read of hundreds of releases at once.
    outlines: Cache<u64, Arc<Outline>, ByBytes>,
}

/// A decoded release, and what it weighs: the cache asks for that again and again while others wait.
#[derive(Clone)]
struct Cached {
    release: Arc<Release>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, Arc<Outline>> for ByBytes {
    fn weight(&self, _: &u64, outline: &Arc<Outline>) -> u64 {
        outline.memory_bytes() as u64
    }
}

impl Weighter<u64, Cached> for ByBytes {
    fn weight(&self, _: &u64, cached: &Cached) -> u64 {
        cached.bytes
    }
}

impl Releases {
    pub(crate) fn new(
        lane: LaneReader,
        index: Arc<RwLock<Index>>,
        registry: Arc<Registry>,
        clock: Arc<dyn Clock>,
        latest: watch::Receiver<u64>,
        about: About,
    ) -> Self {
        let cache = Cache::with_weighter(CACHED_RELEASES, CACHED_BYTES_MAX, ByBytes);
        let outlines = Cache::with_weighter(OUTLINED_RELEASES, OUTLINED_BYTES_MAX, ByBytes);
        Self { inner: Arc::new(Inner { lane, index, registry, clock, latest, about, cache, outlines }) }
    }

    /// All sites, by name.
    #[must_use]
    pub fn sites(&self) -> Vec<SiteInfo> {
        self.inner.registry.names().iter().filter_map(|name| self.site(name)).collect()
    }

    /// A site.
    #[must_use]
    pub fn site(&self, name: &SiteName) -> Option<SiteInfo> {
        let site = self.inner.registry.get(name)?;
        let of_index = |index: &SiteIndex| (index.sealed.days(), index.sealed.len(), index.sealed.latest());
        let (days, releases, latest_release) = self.with_index(name, of_index).unwrap_or_default();
        Some(SiteInfo {
            name: name.clone(),
            calendar: site.calendar.clone(),
            profile: site.terms_of(self.today(&site)).terms.profile.clone(),
            has_known_pages: !site.known_pages().is_empty(),
            days,
            releases,
            latest_release,
            next_due_unix_s: days.map_or(0, |(_, last)| self.next_due_unix_s(&site, last)),
            label: site.label.clone(),
        })
    }

    /// When the day after this one is published at the latest: the configuration says it, whoever comes.
    fn next_due_unix_s(&self, site: &Site, last: Day) -> i64 {
        // A time zone may leave a day out.
        let next = if site.calendar.has_day(last.plus(1)) { last.plus(1) } else { last.plus(2) };
        let end_unix_ms = site.calendar.end_unix_ms(Period::day(next));
        end_unix_ms.saturating_add(self.inner.about.max_lateness_ms).div_euclid(MS_PER_SECOND)
    }

    /// Where the list of countries comes from, for the attribution that its licence asks for.
    #[must_use]
    pub fn country_sources(&self) -> &[String] {
        &self.inner.about.country_sources
    }

    /// The groups of sites, in the order of the configuration.
    #[must_use]
    pub fn groups(&self) -> &[SiteGroup] {
        &self.inner.about.groups
    }

    fn today(&self, site: &Site) -> Day {
        site.calendar.day_at(self.inner.clock.now_unix_ms())
    }

    /// The terms under which a site counts today, and those that begin later.
    #[must_use]
    pub fn terms(&self, name: &SiteName) -> Option<(Terms, Vec<Terms>)> {
        let site = self.inner.registry.get(name)?;
        let today = self.today(&site);
        let later = site.history.terms().filter(|terms| terms.from > today).cloned().collect();
        Some((site.terms_of(today).terms.clone(), later))
    }

    /// How a site's budget is used under the terms of today.
    #[must_use]
    pub fn mechanisms(&self, name: &SiteName) -> Option<Vec<Mechanism>> {
        let site = self.inner.registry.get(name)?;
        Some(site.terms_of(self.today(&site)).plan.mechanisms.clone())
    }

    /// What is promised to a visitor of a site who comes on every day of a week, a month and a year, under the terms of today.
    #[must_use]
    pub fn regulars(&self, name: &SiteName) -> Option<[Regular; 3]> {
        let site = self.inner.registry.get(name)?;
        let in_force = site.terms_of(self.today(&site));
        Some(regular::regulars(&in_force.plan, &in_force.terms.privacy))
    }

    /// What was spent of a day's budget, by the releases that hold it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn day_ledger(&self, name: &SiteName, day: Day) -> Result<Option<DayLedger>, ReadError> {
        Ledger::day_ledger(self, name, day)
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
    pub fn get(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError> {
        match self.with_index(site, |i| i.sealed.release(period)).flatten() {
            Some(number) => self.by_number(number),
            None => Ok(None),
        }
    }

    /// The release of a period without its keys, if it is published.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn outline(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Outline>>, ReadError> {
        let Some(number) = self.with_index(site, |i| i.sealed.release(period)).flatten() else { return Ok(None) };
        if let Some(outline) = self.inner.outlines.get(&number) {
            return Ok(Some(outline));
        }
        let found = match self.inner.cache.get(&number) {
            Some(cached) => Some(cached.release.outline()),
            None => read(&self.inner.lane, number, Outline::from_bytes).map_err(ReadError::new)?,
        };
        let outline = found.map(Arc::new);
        if let Some(outline) = &outline {
            self.inner.outlines.insert(number, outline.clone());
        }
        Ok(outline)
    }

    /// Reads what series and overviews of the last months need, site by site, until it has all or is told to stop. A server
    /// that was just started does it in the background; nothing depends on it.
    pub fn read_ahead(&self, is_over: impl Fn() -> bool) {
        for site in self.sites() {
            let Some((_, last)) = site.days else { continue };
            for kind in [PeriodKind::Month, PeriodKind::Week, PeriodKind::Day] {
                for period in self.published(&site.name, kind, last.plus(-AHEAD_DAYS), last) {
                    if is_over() || self.outline(&site.name, period).is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The numbers of all releases after one, of one site or of all, oldest first.
    #[must_use]
    pub fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64> {
        let index = self.inner.index.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        index.numbers_after(site, after)
    }

    /// The periods of all releases of a site and their numbers, in no order.
    #[must_use]
    pub fn numbered(&self, site: &SiteName) -> Vec<(Period, u64)> {
        self.with_index(site, |index| index.sealed.numbers().collect()).unwrap_or_default()
    }

    /// A release by its number. An hour's release goes when its day is released, which then holds the hour.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, ReadError> {
        if let Some(cached) = self.inner.cache.get(&number) {
            return Ok(Some(cached.release));
        }
        let found = read_release(&self.inner.lane, number).map_err(ReadError::new)?;
        let Some(release) = found else { return Ok(None) };
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

impl Source for Releases {
    fn sites(&self) -> Vec<SiteInfo> {
        self.sites()
    }
    fn site(&self, name: &SiteName) -> Option<SiteInfo> {
        self.site(name)
    }
    fn get(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError> {
        self.get(site, period)
    }
    fn outline(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Outline>>, ReadError> {
        self.outline(site, period)
    }
    fn published(&self, site: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period> {
        self.published(site, kind, from, to)
    }
    fn bounds(&self, site: &SiteName) -> Bounds {
        self.terms(site).map_or_else(Bounds::default, |(terms, _)| terms.privacy.bounds)
    }
    fn country_sources(&self) -> &[String] {
        self.country_sources()
    }
    fn groups(&self) -> &[SiteGroup] {
        self.groups()
    }
}

impl Ledger for Releases {
    fn terms(&self, site: &SiteName) -> Option<(Terms, Vec<Terms>)> {
        self.terms(site)
    }
    fn terms_of(&self, site: &SiteName, day: Day) -> Option<Terms> {
        Some(self.inner.registry.get(site)?.terms_of(day).terms.clone())
    }
    fn mechanisms(&self, site: &SiteName) -> Option<Vec<Mechanism>> {
        self.mechanisms(site)
    }
    fn regulars(&self, site: &SiteName) -> Option<[Regular; 3]> {
        self.regulars(site)
    }
    fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64> {
        self.numbers_after(site, after)
    }
    fn numbered(&self, site: &SiteName) -> Vec<(Period, u64)> {
        self.numbered(site)
    }
    fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, ReadError> {
        self.by_number(number)
    }
}

/// Reads a release from the store.
pub(crate) fn read_release(lane: &LaneReader, number: u64) -> Result<Option<Release>, store::ReadError> {
    read(lane, number, Release::from_bytes)
}

/// Reads what `decode` keeps of a release.
fn read<T, E>(
    lane: &LaneReader,
    number: u64,
    decode: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<Option<T>, store::ReadError> {
    let what = format!("release {number}");
    let Some(bytes) = lane.named(&rows::release_key(number), &what)? else { return Ok(None) };
    Ok(Some(decode(&bytes).map_err(|_| Damaged::new(what))?))
}

/// Reads a release that must be there.
pub(crate) fn stored_release(lane: &LaneReader, number: u64) -> Result<Release, store::ReadError> {
    let release = read_release(lane, number)?;
    release.ok_or_else(|| Damaged::new(format!("release {number}")).into())
}
