//! The sites that are served, and the terms under which each of them counts.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    calendar::{Calendar, Day},
    units::SiteName,
};
use crate::{
    release::{index::Index, shares::Privacy, terms::History},
    sites::settings::{Site, SiteSettings},
    store::{Damaged, OpenError, rows::SiteRow},
    tables::Table,
};

/// How many sites a server without a configuration makes on demand.
const SITES_ON_DEMAND_MAX: usize = 1_000;

/// Which sites take events.
#[derive(Debug, Clone)]
pub enum SitePolicy {
    /// Those that the configuration names.
    Configured,
    /// Any name: a server without a configuration, on loopback. New sites get this calendar.
    Any(Calendar),
}

/// All sites. They are added, never removed.
pub(crate) struct Registry {
    sites: RwLock<BTreeMap<SiteName, Arc<Site>>>,
    privacy: Privacy,
    policy: SitePolicy,
}

impl Registry {
    /// The sites that are configured and those that are stored. `newest` gives the latest day of a site that has data.
    pub(crate) fn open(
        privacy: Privacy,
        policy: SitePolicy,
        settings: &[SiteSettings],
        mut stored: BTreeMap<SiteName, SiteRow>,
        newest: impl Fn(&SiteName) -> Option<Day>,
        now_unix_ms: i64,
    ) -> Result<Self, OpenError> {
        let mut sites = BTreeMap::new();
        for site in settings {
            let history = match stored.remove(&site.name) {
                Some(row) => resolve_terms(site, row, privacy, newest(&site.name), now_unix_ms)?,
                None => History::of(site.first_terms(privacy, site.calendar.day_at(now_unix_ms))),
            };
            sites.insert(site.name.clone(), Arc::new(Site::new(site, history)));
        }
        for (name, row) in stored {
            let calendar = Calendar::new(&row.zone).map_err(|_| Damaged::new("a site's row"))?;
            let site = SiteSettings::plain(name.clone(), calendar);
            let history = match &policy {
                SitePolicy::Configured => History::of(row.terms),
                SitePolicy::Any(_) => resolve_terms(&site, row, privacy, newest(&name), now_unix_ms)?,
            };
            let is_retired = matches!(policy, SitePolicy::Configured);
            let mut site = Site::new(&site, history);
            site.is_retired = is_retired;
            sites.insert(name, Arc::new(site));
        }
        let registry = Self { sites: RwLock::new(sites), privacy, policy };
        registry.check_budgets()?;
        Ok(registry)
    }

    /// Refuses a site whose budget is too small for something that is to be published.
    fn check_budgets(&self) -> Result<(), OpenError> {
        for site in self.all() {
            if let Some(mechanism) = site.history.iter().find_map(|terms| terms.plan.unaffordable()) {
                return Err(OpenError::Budget {
                    site: site.name.to_string(),
                    table: mechanism.table.name(),
                    period: mechanism.period.name(),
                });
            }
        }
        Ok(())
    }

    /// Pages that were published keep the names that they had in a list.
    pub(crate) fn remember_pages(&self, index: &Index) {
        for site in self.all() {
            let of_site = index.sites.get(&site.name);
            site.remember(of_site.and_then(|of_site| of_site.public.get(&Table::Page)).into_iter().flatten());
        }
    }

    pub(crate) fn get(&self, name: &SiteName) -> Option<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn names(&self) -> Vec<SiteName> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The site that takes events under this name, made now if any name is welcome.
    pub(crate) fn taking_events(&self, name: &SiteName) -> Option<Arc<Site>> {
        let known = self.get(name);
        match &self.policy {
            SitePolicy::Configured => known.filter(|site| site.is_configured),
            SitePolicy::Any(_) if known.is_some() => known,
            SitePolicy::Any(_) if self.names().len() >= SITES_ON_DEMAND_MAX => None,
            SitePolicy::Any(calendar) => Some(self.add(&SiteSettings::plain(name.clone(), calendar.clone()))),
        }
    }

    /// Adds a site that is not stored, if there is none of this name.
    fn add(&self, settings: &SiteSettings) -> Arc<Site> {
        let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Site::new(settings, History::of(vec![settings.terms(self.privacy)])));
        sites.entry(settings.name.clone()).or_insert_with(make).clone()
    }
}

/// The terms that a stored site goes on with: what is configured now holds from the next local midnight.
fn resolve_terms(
    site: &SiteSettings,
    stored: SiteRow,
    privacy: Privacy,
    newest: Option<Day>,
    now_unix_ms: i64,
) -> Result<History, OpenError> {
    let zone = site.calendar.zone_name();
    if zone != stored.zone {
        let what = format!("the time zone of the site {}", site.name);
        return Err(OpenError::Settings { what, stored: stored.zone, configured: zone.to_owned() });
    }
    if stored.terms.is_empty() {
        return Err(Damaged::new("a site's row").into());
    }
    let today = site.calendar.day_at(now_unix_ms);
    Ok(History::settle(stored.terms, &site.terms(privacy), today, newest))
}
