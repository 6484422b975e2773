//! The tables: the short list of what can ever be published. Nothing else exists.
//!
//! Counters are disjoint: what a visitor does raises each counter of a table at most once a day. So a visitor-day moves
//! as many counters by one as its bound allows, and the L2 sensitivity is the square root of that bound, not the bound.

mod set;

use serde::{Deserialize, Serialize};

use crate::{
    calendar::{HOURS_PER_WEEK, PeriodKind},
    keys::{
        BROWSERS, COUNTRIES, DEVICES, DOMAINS, ERROR_CLASSES, LANGUAGES, OSES, PUBLIC_CAMPAIGNS, PUBLIC_REFERRERS,
        READERS, RESPONSE_SIZES, RESPONSE_TIMES, ROBOTS as BOTS,
    },
};

pub use set::TableSet;

/// The largest bound that a configuration may set on a visitor-day's counted page views.
pub const VIEWS_PER_DAY_MAX: u8 = 10;

/// The key under which pages beyond the guard on distinct pages are counted, and what is in no published key.
pub const OTHER_KEY: &str = "(other)";

/// What a visitor-day's vote for a page counts, in hundredths, by how many pages that are not public it voted for before.
/// The squares add up to at most 1, so that one visitor-day moves all votes together by an L2 distance of at most 1, while
/// most of them see one or two such pages and give these most of their weight (weighted differentially private set union:
/// Gopi, Gulhane, Kulkarni, Shen, Shokouhi, Yekhanin 2020, arXiv:2002.09745).
pub const VOTE_WEIGHTS: [u16; VIEWS_PER_DAY_MAX as usize] = [77, 49, 31, 19, 12, 8, 5, 3, 2, 2];
/// The square of the L2 sensitivity of the votes, in hundredths squared.
pub const VOTES_L2_SQUARED: u32 = 9_902;
const _: () = {
    let (mut sum, mut rank) = (0, 0);
    while rank < VOTE_WEIGHTS.len() {
        sum += VOTE_WEIGHTS[rank] as u32 * VOTE_WEIGHTS[rank] as u32;
        rank += 1;
    }
    assert!(sum == VOTES_L2_SQUARED && sum <= 100 * 100, "the squares of the votes add up to at most 1");
};

/// A table. What is said of it stands in its row of [`TABLES`].
///
/// Stored: a release, the terms of a site and open cells hold these numbers. Never renumber, reorder or remove one; a new
/// table gets the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Table {
    /// The site as a whole.
    Site = 0,
    /// Its pages.
    Page = 1,
    /// Where a visit came from.
    Referrer = 2,
    /// The browser family.
    Browser = 3,
    /// The operating system.
    Os = 4,
    /// The device class.
    Device = 5,
    /// The preferred language.
    Language = 6,
    /// The country of the address.
    Country = 7,
    /// The public suffix category of the client's host name.
    Domain = 8,
    /// The campaign that a link named.
    Campaign = 9,
    /// The page on which a visit began.
    Entry = 10,
    /// The hour of the week in which a visit began.
    #[serde(rename = "Profile")]
    HourOfWeek = 11,
    /// Visits that met an error, by class of status.
    Status = 12,
    /// The first error of a visit, by class of status and page.
    Error = 13,
    /// How long the first answer of a visit took.
    ResponseTime = 14,
    /// How large the first answer of a visit was.
    ResponseSize = 15,
    /// Robots, by family.
    Bot = 16,
    /// The site's own host that was asked.
    Hostname = 17,
    /// How much a visit looks like a person's.
    Reader = 18,
}

/// How it is decided which keys of a table appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySpace {
    /// The site itself: no keys.
    None,
    /// A public list: every key appears in every period, also with zero.
    Public,
    /// Beside a public list, new keys appear once their noisy count passes a threshold.
    Open,
    /// The published keys of the pages.
    Pages,
}

/// How a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// In a way of its own: page views, entries, errors, robots.
    Apart,
    /// Each visit once, by a position in its public list.
    VisitsByPosition,
    /// Each visit once, by a text.
    VisitsByText,
    /// Each visit once, by a position that follows from all that its visitor did on the day.
    VisitsByDeeds,
}

/// Which list of a site's own, known from its configuration, belongs to the public keys of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfSite {
    /// None.
    Nothing,
    /// The pages that it lists, by hand or in a sitemap.
    Pages,
    /// Its host names. Where it has fewer than two, the table would tell nothing and is not counted.
    Hosts,
}

/// What the counts of all published keys add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddsUp {
    /// To no number of the site.
    Not,
    /// To the visits: every visit stands under exactly one published key.
    ToAll,
    /// To a part of the site's visits or page views; the rest is in no published key.
    ToAPart,
}

/// All that is said of a table.
pub struct TableSpec {
    /// The table.
    pub table: Table,
    /// Its name in messages, exports and configurations; the protocol's enum has it in capitals.
    pub name: &'static str,
    /// Its number in the protocol's enum.
    pub wire_number: i32,
    /// How it is decided which keys appear.
    pub key_space: KeySpace,
    /// The keys that are known without looking at any visitor or site.
    public_keys: fn() -> &'static [&'static str],
    /// The list of a site's own beside these.
    pub of_site: OfSite,
    /// How it counts.
    pub counts: Counts,
    /// What its counts add up to.
    pub adds_up: AddsUp,
    /// The most that one visitor-day can do to its counters: how many of them it raises by one. The bounds say it of the site
    /// and the pages, which have 0 here.
    pub l2_squared: u32,
    /// How much of an attribute group's share of the budget it gets, relative to the others that are counted: more where
    /// people look first, or where counts lie in many keys. 0: it has a share of its own.
    pub weight: u64,
    /// Whether not every site has what it counts: a list of countries, host names of clients.
    needs_source: bool,
    /// Of which periods it is published.
    periods: &'static [PeriodKind],
}

/// A table of visits by a public list. What others differ in is in their rows.
const BY_LIST: TableSpec = TableSpec {
    table: Table::Site,
    name: "",
    wire_number: 0,
    key_space: KeySpace::Public,
    public_keys: || &[],
    of_site: OfSite::Nothing,
    counts: Counts::VisitsByPosition,
    adds_up: AddsUp::ToAll,
    l2_squared: 1,
    weight: 1,
    needs_source: false,
    periods: &[PeriodKind::Day, PeriodKind::Month],
};

/// A table of visits by texts.
const BY_TEXT: TableSpec =
    TableSpec { key_space: KeySpace::Open, counts: Counts::VisitsByText, adds_up: AddsUp::ToAPart, ..BY_LIST };

/// A table that counts in a way of its own.
const APART: TableSpec = TableSpec { counts: Counts::Apart, adds_up: AddsUp::Not, ..BY_LIST };

/// A visitor-day has one error of each class at most.
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: a list of two.")]
const ERROR_CLASS_COUNT: u32 = ERROR_CLASSES.len() as u32;

/// A row for each table, in the order of their numbers.
#[rustfmt::skip]
pub const TABLES: [TableSpec; 19] = [
    TableSpec { table: Table::Site, name: "site", wire_number: 1, key_space: KeySpace::None, l2_squared: 0,
        weight: 0, periods: &[PeriodKind::Hour, PeriodKind::Day, PeriodKind::Week, PeriodKind::Month], ..APART },
    TableSpec { table: Table::Page, name: "page", wire_number: 2, key_space: KeySpace::Open,
        of_site: OfSite::Pages, adds_up: AddsUp::ToAPart, l2_squared: 0, weight: 0,
        periods: &[PeriodKind::Day, PeriodKind::Week, PeriodKind::Month], ..APART },
    TableSpec { table: Table::Referrer, name: "referrer", wire_number: 3,
        public_keys: || PUBLIC_REFERRERS, weight: 3, ..BY_TEXT },
    TableSpec { table: Table::Browser, name: "browser", wire_number: 4, public_keys: || BROWSERS, ..BY_LIST },
    TableSpec { table: Table::Os, name: "os", wire_number: 5, public_keys: || OSES, ..BY_LIST },
    TableSpec { table: Table::Device, name: "device", wire_number: 6, public_keys: || DEVICES, weight: 2, ..BY_LIST },
    TableSpec { table: Table::Language, name: "language", wire_number: 7,
        public_keys: || LANGUAGES, weight: 2, ..BY_LIST },
    TableSpec { table: Table::Country, name: "country", wire_number: 8,
        public_keys: || COUNTRIES, weight: 3, needs_source: true, ..BY_LIST },
    TableSpec { table: Table::Domain, name: "domain", wire_number: 9,
        public_keys: || DOMAINS, needs_source: true, ..BY_LIST },
    TableSpec { table: Table::Campaign, name: "campaign", wire_number: 10,
        public_keys: || PUBLIC_CAMPAIGNS, weight: 2, ..BY_TEXT },
    TableSpec { table: Table::Entry, name: "entry", wire_number: 11, key_space: KeySpace::Pages,
        adds_up: AddsUp::ToAPart, weight: 3, ..APART },
    TableSpec { table: Table::HourOfWeek, name: "profile", wire_number: 12,
        public_keys: || &HOURS_OF_WEEK, weight: 2, periods: &[PeriodKind::Month], ..BY_LIST },
    TableSpec { table: Table::Status, name: "status", wire_number: 13,
        public_keys: || ERROR_CLASSES, l2_squared: ERROR_CLASS_COUNT, weight: 2, ..APART },
    TableSpec { table: Table::Error, name: "error", wire_number: 14, key_space: KeySpace::Open,
        l2_squared: ERROR_CLASS_COUNT, weight: 2, ..APART },
    TableSpec { table: Table::ResponseTime, name: "response-time", wire_number: 15,
        public_keys: || RESPONSE_TIMES, ..BY_LIST },
    TableSpec { table: Table::ResponseSize, name: "response-size", wire_number: 16,
        public_keys: || RESPONSE_SIZES, ..BY_LIST },
    TableSpec { table: Table::Bot, name: "bot", wire_number: 17, public_keys: || BOTS, ..APART },
    TableSpec { table: Table::Hostname, name: "hostname", wire_number: 18, key_space: KeySpace::Public,
        public_keys: || &[OTHER_KEY], of_site: OfSite::Hosts, adds_up: AddsUp::ToAll, ..BY_TEXT },
    TableSpec { table: Table::Reader, name: "reader", wire_number: 19,
        public_keys: || READERS, counts: Counts::VisitsByDeeds, weight: 3, ..BY_LIST },
];

// A table's number is its place, and a bit of a `TableSet`.
const _: () = {
    let mut number = 0;
    while number < TABLES.len() {
        assert!(TABLES[number].table as usize == number && number < u32::BITS as usize);
        number += 1;
    }
};

/// The hours of a week: "Mon 00:00" to "Sun 23:00".
static HOURS_OF_WEEK: std::sync::LazyLock<Vec<&'static str>> = std::sync::LazyLock::new(|| {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let all = DAYS.iter().flat_map(|day| (0..24).map(move |hour| format!("{day} {hour:02}:00")));
    // Leaked once for the life of the process, so that all public lists have one type.
    let all: Vec<&'static str> = all.map(|name| &*name.leak()).collect();
    assert_eq!(all.len(), usize::from(HOURS_PER_WEEK), "a name for each hour");
    all
});

impl Table {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; TABLES.len()] = {
        let mut all = [Self::Site; TABLES.len()];
        let mut number = 0;
        while number < all.len() {
            all[number] = TABLES[number].table;
            number += 1;
        }
        all
    };

    /// Its row.
    #[must_use]
    pub fn spec(self) -> &'static TableSpec {
        const SPECS: &[TableSpec; TABLES.len()] = &TABLES;
        &SPECS[self as usize]
    }

    /// The number by which it is stored.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The table of a stored number; none where a later version has given it.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// All but the site and the pages, which have rules of their own.
    pub fn attributes() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|table| table.spec().weight > 0)
    }

    /// Its name in messages and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The keys that are known without looking at any visitor or site. They appear in every period, also with zero.
    #[must_use]
    pub fn public_keys(self) -> &'static [&'static str] {
        (self.spec().public_keys)()
    }

    /// How it is decided which keys appear.
    #[must_use]
    pub fn key_space(self) -> KeySpace {
        self.spec().key_space
    }

    /// Whether a key that is in no list may appear, once its noisy count passes the threshold.
    #[must_use]
    pub fn is_open_key_space(self) -> bool {
        self.key_space() == KeySpace::Open
    }

    /// Whether every visit stands under exactly one of its published keys, so that they add up to the visits.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.spec().adds_up == AddsUp::ToAll
    }

    /// Whether its keys are parts of the site's visits or page views, and what is in none of them is the rest.
    #[must_use]
    pub fn is_part_of_total(self) -> bool {
        self.spec().adds_up == AddsUp::ToAPart
    }

    /// Whether it is published by such periods.
    #[must_use]
    pub fn has_period(self, kind: PeriodKind) -> bool {
        self.spec().periods.contains(&kind)
    }
}

/// What one visitor-day can add at most. Part of the configuration, never of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Counted page views a visitor-day, 1 to [`VIEWS_PER_DAY_MAX`].
    pub views_per_visitor_day: u8,
    /// Of these, views of one page, at least 1.
    pub views_per_page: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { views_per_visitor_day: 8, views_per_page: 2 }
    }
}

impl Bounds {
    /// Those of a built-in profile where nothing else is asked for. In a small site noise costs more than the few views
    /// that a lower bound leaves out; any other profile has the default.
    #[must_use]
    pub fn of_profile(name: &str) -> Self {
        let bounds = Self::default();
        if name == "small" { Self { views_per_visitor_day: 5, ..bounds } } else { bounds }
    }

    /// The square of the L2 sensitivity of the pages' first-view and repeat-view counters: the most that
    /// the sum over pages of `1 + (views - 1)^2` can be.
    #[must_use]
    pub fn pages_l2_squared(self) -> u32 {
        let (views, cap) = (usize::from(self.views_per_visitor_day), usize::from(self.views_per_page));
        let mut most = vec![0_u32; views + 1];
        for total in 1..=views {
            for on_one in 1..=cap.min(total) {
                let repeats = u32::try_from(on_one - 1).unwrap_or(u32::MAX);
                most[total] = most[total].max(most[total - on_one] + 1 + repeats * repeats);
            }
        }
        most[views]
    }

    /// The bounds that allow what either allows.
    #[must_use]
    pub fn widest(self, other: Self) -> Self {
        Self {
            views_per_visitor_day: self.views_per_visitor_day.max(other.views_per_visitor_day),
            views_per_page: self.views_per_page.max(other.views_per_page),
        }
    }
}

#[cfg(test)]
mod tests;
