//! A site and its rules, as the vault uses them. Made from the configuration; holds nothing of a visitor.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use headcount_model::source::SiteLabel;

use crate::{
    anonymize::page::{self, PageRules},
    release::{
        shares::{Privacy, Shares},
        terms::{History, InForce, Terms},
    },
    store::rows::SiteRow,
    tables::{Bounds, OfSite, Table, TableSet},
};
use crate::{
    calendar::{Calendar, Day, Period},
    units::SiteName,
};

/// How many pages that are in no list any more keep their names; later ones are scrubbed.
const EARLIER_PAGES_MAX: usize = 200_000;

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
    /// What a visitor-day can add at most; none: the bounds of the promise.
    pub bounds: Option<Bounds>,
    /// The tables that are counted and published.
    pub tables: TableSet,
    /// Pages that are known without looking at any visitor (a sitemap). They appear in every period.
    pub known_pages: Vec<String>,
    /// Whether its configuration lists its pages: such a site spends less on finding new ones.
    pub has_page_list: bool,
    /// Query parameters that tell pages apart.
    pub query_allow: Vec<String>,
    /// Whether it is published from its first start on even where nobody comes.
    pub is_configured: bool,
    /// What people call it. Decides nothing.
    pub label: SiteLabel,
}

/// A site with everything that follows from its settings.
pub(crate) struct Site {
    pub(crate) name: SiteName,
    pub(crate) calendar: Calendar,
    pub(crate) hosts: Vec<String>,
    pub(crate) page_rules: PageRules,
    known_pages: RwLock<Arc<BTreeSet<Box<str>>>>,
    /// Names of pages that were known once and that the scrubber would change: what is public keeps its name.
    earlier_pages: RwLock<BTreeSet<Box<str>>>,
    /// Under which terms its days are counted.
    pub(crate) history: History,
    pub(crate) is_configured: bool,
    /// It was taken out of the configuration: it takes no events, and its days end.
    pub(crate) is_retired: bool,
    pub(crate) label: Arc<SiteLabel>,
}

impl Site {
    pub(crate) fn new(settings: &SiteSettings, history: History) -> Self {
        let page_rules = PageRules { query_allow: settings.query_allow.clone(), ..PageRules::default() };
        let known_pages = RwLock::new(Arc::new(normalized(&settings.known_pages, &page_rules)));
        Self {
            name: settings.name.clone(),
            calendar: settings.calendar.clone(),
            hosts: settings.hosts.iter().map(|h| h.to_lowercase()).collect(),
            page_rules,
            known_pages,
            earlier_pages: RwLock::default(),
            history,
            is_configured: settings.is_configured,
            is_retired: false,
            label: Arc::new(settings.label.clone()),
        }
    }

    /// What is stored of it.
    pub(crate) fn row(&self, created_unix_ms: i64) -> SiteRow {
        SiteRow {
            zone: self.calendar.zone_name().to_owned(),
            created_unix_ms,
            terms: self.history.terms().cloned().collect(),
        }
    }

    /// The terms under which a day is counted.
    pub(crate) fn terms_of(&self, day: Day) -> &InForce {
        self.history.of_day(day)
    }

    pub(crate) fn is_known_page(&self, page: &str) -> bool {
        self.known_pages.read().unwrap_or_else(PoisonError::into_inner).contains(page)
    }

    /// The known pages as they are now, under the names that are published.
    pub(crate) fn known_pages(&self) -> Arc<BTreeSet<Box<str>>> {
        self.known_pages.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys of a table that the site's configuration gives. `pages`: the known pages.
    pub(crate) fn own_keys<'k>(&'k self, table: Table, pages: &'k BTreeSet<Box<str>>) -> impl Iterator<Item = &'k str> {
        let (pages, hosts) = match table.spec().of_site {
            OfSite::Nothing => (None, &[][..]),
            OfSite::Pages => (Some(pages), &[][..]),
            OfSite::Hosts => (None, &self.hosts[..]),
        };
        pages.into_iter().flatten().map(|page| &**page).chain(hosts.iter().map(String::as_str))
    }

    /// Puts other pages in the place of the known ones.
    pub(crate) fn know(&self, pages: &[String]) {
        let known = Arc::new(normalized(pages, &self.page_rules));
        let before = {
            let mut pages = self.known_pages.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *pages, known.clone())
        };
        self.remember(before.difference(&known));
    }

    /// Pages that were published once keep their names. Of these, only a list can have brought one that the scrubber would change.
    pub(crate) fn remember<'p>(&self, published: impl Iterator<Item = &'p Box<str>>) {
        let mut scrubbed = String::new();
        let mut is_changed =
            |page: &str| page::normalize(page, &self.page_rules, &mut scrubbed).is_ok() && scrubbed != page;
        let changed: Vec<Box<str>> = published.filter(|page| is_changed(page)).cloned().collect();
        let mut earlier = self.earlier_pages.write().unwrap_or_else(PoisonError::into_inner);
        let room = EARLIER_PAGES_MAX.saturating_sub(earlier.len());
        earlier.extend(changed.into_iter().take(room));
    }

    /// Whether a page has this name in a list of the site's pages, or had it when it was published.
    pub(crate) fn is_public_name(&self, page: &str) -> bool {
        let is_earlier = || self.earlier_pages.read().unwrap_or_else(PoisonError::into_inner).contains(page);
        self.is_known_page(page) || is_earlier()
    }
}

/// Pages of a list under the names that are published, which are theirs whatever is in them. What is no page is left out.
fn normalized(pages: &[String], rules: &PageRules) -> BTreeSet<Box<str>> {
    let mut known = BTreeSet::new();
    let mut buffer = String::new();
    for page in pages {
        if let Ok(page::Target::Page) = page::listed(page, rules, &mut buffer) {
            known.insert(buffer.as_str().into());
        }
    }
    known
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
            bounds: None,
            tables: TableSet::without_sources(),
            known_pages: Vec::new(),
            has_page_list: false,
            query_allow: Vec::new(),
            is_configured: false,
            label: SiteLabel::default(),
        }
    }

    /// The tables that tell something of such a site: nobody pays for others.
    fn tables_counted(&self) -> TableSet {
        let has_hosts = self.hosts.len() > 1;
        let tells =
            |table: &Table| self.tables.contains(*table) && (has_hosts || table.spec().of_site != OfSite::Hosts);
        Table::ALL.into_iter().filter(tells).collect()
    }

    /// The terms of a site that starts on a day, one after the other. Where a small site has no list of its pages, its first
    /// month (14 to 45 days, to the end of a calendar month) is spent on finding them: by its age, and not by its data.
    pub(crate) fn first_terms(&self, privacy: Privacy, today: Day) -> Vec<Terms> {
        const DAYS_MIN: i32 = 14;
        let usual = self.terms(privacy);
        if self.shares != Shares::SMALL || self.has_page_list {
            return vec![usual];
        }
        let later = Period::month_of(today.plus(DAYS_MIN - 1)).end_day();
        vec![Terms { shares: Shares::SMALL_FIRST_MONTH, ..usual.clone() }, Terms { from: later, ..usual }]
    }

    /// The terms that these settings and the promise ask for.
    pub(crate) fn terms(&self, privacy: Privacy) -> Terms {
        Terms {
            from: Day::from_number(i32::MIN),
            privacy: Privacy { bounds: self.bounds.unwrap_or(privacy.bounds), ..privacy },
            profile: self.profile.clone(),
            shares: self.shares,
            tables: self.tables_counted(),
            has_page_list: self.has_page_list,
        }
    }
}
