//! A site and its rules, as the vault uses them. Made from the configuration; holds nothing of a visitor.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    anonymize::page::{self, PageRules},
    release::plan::{Plan, Shares},
};
use crate::{calendar::Calendar, units::SiteName};

/// What an operator settles about a site.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Its name.
    pub name: SiteName,
    /// Its time zone, by which days are cut.
    pub calendar: Calendar,
    /// Its own host names; `*.example` stands for all below. A referrer from one of them is no referrer.
    pub hosts: Vec<String>,
    /// The name of its profile.
    pub profile: String,
    /// How the profile shares the budget.
    pub shares: Shares,
    /// Pages that are known without looking at any visitor (a sitemap). They appear in every period.
    pub known_pages: Vec<String>,
    /// Query parameters that tell pages apart.
    pub query_allow: Vec<String>,
    /// Whether it is published from its first start on even where nobody comes.
    pub is_configured: bool,
}

/// A site with everything that follows from its settings.
pub(super) struct Site {
    pub(super) name: SiteName,
    pub(super) calendar: Calendar,
    pub(super) hosts: Vec<String>,
    pub(super) profile: String,
    pub(super) shares: Shares,
    pub(super) page_rules: PageRules,
    known_pages: RwLock<Arc<BTreeSet<Box<str>>>>,
    pub(super) plan: Plan,
    pub(super) is_configured: bool,
}

impl Site {
    pub(super) fn new(settings: &SiteSettings, plan: Plan) -> Self {
        let page_rules = PageRules { query_allow: settings.query_allow.clone(), ..PageRules::default() };
        let known_pages = RwLock::new(Arc::new(normalized(&settings.known_pages, &page_rules)));
        Self {
            name: settings.name.clone(),
            calendar: settings.calendar.clone(),
            hosts: settings.hosts.iter().map(|h| h.to_ascii_lowercase()).collect(),
            profile: settings.profile.clone(),
            shares: settings.shares,
            page_rules,
            known_pages,
            plan,
            is_configured: settings.is_configured,
        }
    }
    /// The known pages as they are now, under the names that are published.
    pub(super) fn known_pages(&self) -> Arc<BTreeSet<Box<str>>> {
        self.known_pages.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other pages in the place of the known ones.
    pub(super) fn know(&self, pages: &[String]) {
        let known = Arc::new(normalized(pages, &self.page_rules));
        *self.known_pages.write().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// Pages under the names that are published. What is no page is left out.
fn normalized(pages: &[String], rules: &PageRules) -> BTreeSet<Box<str>> {
    let mut known = BTreeSet::new();
    let mut buffer = String::new();
    for page in pages {
        if let Ok(page::Target::Page) = page::normalize(page, rules, &mut buffer) {
            known.insert(buffer.as_str().into());
        }
    }
    known
}
