//! The sites that are served, and what every visitor of them is promised.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    release::plan::{Plan, Privacy, Shares},
    site::{Site, SiteSettings},
    store::Fault,
};
use crate::{calendar::Calendar, units::SiteName};

/// How many sites a server without a configuration makes on demand.
const SITES_ON_DEMAND_MAX: usize = 1_000;

/// Which sites take events.
#[derive(Debug, Clone)]
pub enum Welcome {
    /// Those that the configuration names.
    Configured,
    /// Any name: a server without a configuration, on loopback. New sites get this calendar.
    Any(Calendar),
}

/// All sites. They are added, never removed.
pub(super) struct Roster {
    sites: RwLock<BTreeMap<SiteName, Arc<Site>>>,
    privacy: Privacy,
    welcome: Welcome,
}

impl Roster {
    pub(super) fn new(privacy: Privacy, welcome: Welcome, settings: &[SiteSettings]) -> Self {
        let roster = Self { sites: RwLock::default(), privacy, welcome };
        for site in settings {
            roster.add(site);
        }
        roster
    }

    pub(super) fn privacy(&self) -> Privacy {
        self.privacy
    }

    /// Adds a site, if there is none of this name.
    pub(super) fn add(&self, settings: &SiteSettings) -> Arc<Site> {
        let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Site::new(settings, Plan::new(&self.privacy, &settings.shares)));
        sites.entry(settings.name.clone()).or_insert_with(make).clone()
    }

    /// Refuses a site whose budget is too small for something that is to be published.
    pub(super) fn check_budgets(&self) -> Result<(), Fault> {
        for site in self.all() {
            if let Some(mechanism) = site.plan.unaffordable() {
                return Err(Fault::Budget {
                    site: site.name.to_string(),
                    table: mechanism.table.name(),
                    period: mechanism.period.name(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &SiteName) -> Option<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn names(&self) -> Vec<SiteName> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn all(&self) -> Vec<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The site that takes events under this name, made now if any name is welcome.
    pub(super) fn taking_events(&self, name: &SiteName) -> Option<Arc<Site>> {
        let known = self.get(name);
        match &self.welcome {
            Welcome::Configured => known.filter(|site| site.is_configured),
            Welcome::Any(_) if known.is_some() => known,
            Welcome::Any(_) if self.names().len() >= SITES_ON_DEMAND_MAX => None,
            Welcome::Any(calendar) => Some(self.add(&SiteSettings::plain(name.clone(), calendar.clone()))),
        }
    }
}

impl SiteSettings {
    /// A site about which nothing is known but its name and time zone.
    #[must_use]
    pub fn plain(name: SiteName, calendar: Calendar) -> Self {
        Self {
            name,
            calendar,
            hosts: Vec::new(),
            profile: "standard".to_owned(),
            shares: Shares::STANDARD,
            known_pages: Vec::new(),
            query_allow: Vec::new(),
            is_configured: false,
        }
    }
}
