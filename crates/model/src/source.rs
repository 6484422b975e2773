//! Where releases are read from: the vault, a test's memory, one day another engine.
//!
//! Whoever answers questions is given a [`Source`] and nothing else, so it can ask for nothing that is not published.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use crate::{
    calendar::{Calendar, Day, Period, PeriodKind},
    release::{Outline, Release},
    tables::Bounds,
    units::SiteName,
};

/// Titles by language: "en", "ja".
pub type Titles = BTreeMap<String, String>;

/// What people call a site and where they look for it, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteLabel {
    /// Its titles; empty where none is configured.
    pub titles: Titles,
    /// The name of its group; empty for none.
    pub group: String,
    /// The ISO 3166 code of the country that it serves; empty for none.
    pub country: String,
}

/// A group of sites, such as a region of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteGroup {
    /// Its name.
    pub name: String,
    /// Its titles.
    pub titles: Titles,
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
    /// The number of its latest release; 0 where there is none.
    pub latest_release: u64,
    /// When the day after the last published one is published at the latest, in seconds since 1970; 0 where nothing is
    /// published. It follows from the configuration alone.
    pub next_due_unix_s: i64,
    /// What people call it.
    pub label: Arc<SiteLabel>,
}

/// A published period could not be read: our own failure. What the engine said is for the log alone.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReadError(Box<dyn Error + Send + Sync>);

impl ReadError {
    /// What the engine said.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Gives published numbers.
pub trait Source {
    /// All sites, by name.
    fn sites(&self) -> Vec<SiteInfo>;

    /// A site.
    fn site(&self, name: &SiteName) -> Option<SiteInfo> {
        self.sites().into_iter().find(|site| site.name == *name)
    }

    /// The release of a period, if it is published.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError>;

    /// The release of a period without its keys, if it is published. Cheaper, also where hundreds are asked for.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn outline(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Outline>>, ReadError> {
        Ok(self.get(site, period)?.map(|release| Arc::new(release.outline())))
    }

    /// The published periods of a kind from a day to a day, both included, in order.
    fn published(&self, site: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period>;

    /// The bounds that a visitor-day of a site is counted under today.
    fn bounds(&self, site: &SiteName) -> Bounds;

    /// Where the list of countries comes from, for the attribution that its licence asks for.
    fn country_sources(&self) -> &[String] {
        &[]
    }

    /// The groups of sites, in the order of the configuration.
    fn groups(&self) -> &[SiteGroup] {
        &[]
    }
}
