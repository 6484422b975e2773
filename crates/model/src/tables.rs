//! The tables: the short list of what can ever be published. Nothing else exists.
//!
//! Counters are disjoint: what a visitor does raises each counter of a table at most once a day. So a visitor-day moves
//! as many counters by one as its bound allows, and the L2 sensitivity is the square root of that bound, not the bound.

use serde::{Deserialize, Serialize};

use crate::{
    calendar::{HOURS_PER_WEEK, PeriodKind},
    keys::{
        BROWSERS, COUNTRIES, DEVICES, DOMAINS, ERROR_CLASSES, LANGUAGES, OSES, PUBLIC_CAMPAIGNS, PUBLIC_REFERRERS,
        RESPONSE_SIZES, RESPONSE_TIMES, ROBOTS as BOTS,
    },
};

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

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// The site as a whole.
    Site,
    /// Its pages.
    Page,
    /// Where a visit came from.
    Referrer,
    /// The browser family.
    Browser,
    /// The operating system.
    Os,
    /// The device class.
    Device,
    /// The preferred language.
    Language,
    /// The country of the address.
    Country,
    /// The public suffix category of the client's host name.
    Domain,
    /// The campaign that a link named.
    Campaign,
    /// The page on which a visit began.
    Entry,
    /// The hour of the week in which a visit began.
    Profile,
    /// Visits that met an error, by class of status.
    Status,
    /// The first error of a visit, by class of status and page.
    Error,
    /// How long the first answer of a visit took.
    ResponseTime,
    /// How large the first answer of a visit was.
    ResponseSize,
    /// Robots, by family.
    Bot,
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

/// Tables with a public list of keys, whose counters are kept by position.
pub const LISTED: [Table; 11] = [
    Table::Browser,
    Table::Os,
    Table::Device,
    Table::Language,
    Table::Country,
    Table::Domain,
    Table::ResponseTime,
    Table::ResponseSize,
    Table::Profile,
    Table::Status,
    Table::Bot,
];

/// Tables whose keys are texts, beside the pages.
pub const TEXTS: [Table; 4] = [Table::Referrer, Table::Campaign, Table::Entry, Table::Error];

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
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Site,
        Self::Page,
        Self::Referrer,
        Self::Browser,
        Self::Os,
        Self::Device,
        Self::Language,
        Self::Country,
        Self::Domain,
        Self::Campaign,
        Self::Entry,
        Self::Profile,
        Self::Status,
        Self::Error,
        Self::ResponseTime,
        Self::ResponseSize,
        Self::Bot,
    ];

    /// All but the site and the pages, which have rules of their own.
    pub fn attributes() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().skip(2)
    }

    /// Its name in messages and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Page => "page",
            Self::Referrer => "referrer",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Device => "device",
            Self::Language => "language",
            Self::Country => "country",
            Self::Domain => "domain",
            Self::Campaign => "campaign",
            Self::Entry => "entry",
            Self::Profile => "profile",
            Self::Status => "status",
            Self::Error => "error",
            Self::ResponseTime => "response-time",
            Self::ResponseSize => "response-size",
            Self::Bot => "bot",
        }
    }

    /// The table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The keys that are known without looking at any visitor. They appear in every period, also with zero.
    #[must_use]
    pub fn public_keys(self) -> &'static [&'static str] {
        match self {
            Self::Site | Self::Page | Self::Entry | Self::Error => &[],
            Self::Referrer => PUBLIC_REFERRERS,
            Self::Browser => BROWSERS,
            Self::Os => OSES,
            Self::Device => DEVICES,
            Self::Language => LANGUAGES,
            Self::Country => COUNTRIES,
            Self::Domain => DOMAINS,
            Self::Campaign => PUBLIC_CAMPAIGNS,
            Self::Profile => &HOURS_OF_WEEK,
            Self::Status => ERROR_CLASSES,
            Self::ResponseTime => RESPONSE_TIMES,
            Self::ResponseSize => RESPONSE_SIZES,
            Self::Bot => BOTS,
        }
    }

    /// How it is decided which keys appear.
    #[must_use]
    pub fn key_space(self) -> KeySpace {
        match self {
            Self::Site => KeySpace::None,
            Self::Page | Self::Referrer | Self::Campaign | Self::Error => KeySpace::Open,
            Self::Entry => KeySpace::Pages,
            _ => KeySpace::Public,
        }
    }

    /// Whether a key that is in no list may appear, once its noisy count passes the threshold.
    #[must_use]
    pub fn is_open_key_space(self) -> bool {
        self.key_space() == KeySpace::Open
    }

    /// Whether every visit stands under exactly one of its published keys, so that they add up to the visits.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.key_space() == KeySpace::Public && !matches!(self, Self::Status | Self::Bot)
    }

    /// Whether its keys are parts of the site's visits or page views, and what is in none of them is the rest.
    #[must_use]
    pub fn is_part_of_total(self) -> bool {
        matches!(self, Self::Page | Self::Referrer | Self::Campaign | Self::Entry)
    }

    /// Whether it is published by day. All but the site's hours and weeks are published by day and month, the profile by
    /// month alone.
    #[must_use]
    pub fn has_period(self, kind: PeriodKind) -> bool {
        match kind {
            PeriodKind::Day => self != Self::Profile,
            PeriodKind::Month => true,
            PeriodKind::Hour | PeriodKind::Week => self == Self::Site,
            PeriodKind::Quarter => false,
        }
    }

    /// Its place among [`LISTED`].
    pub fn listed(self) -> Option<usize> {
        LISTED.into_iter().position(|table| table == self)
    }

    /// Its place among [`TEXTS`].
    pub fn text(self) -> Option<usize> {
        TEXTS.into_iter().position(|table| table == self)
    }

    /// The most that one visitor-day can do to the counters of an attribute table: how many of them it raises by one.
    pub fn attribute_l2_squared(self) -> u32 {
        match self {
            // One for each class of error.
            Self::Status | Self::Error => 2,
            _ => 1,
        }
    }
}

/// A set of tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSet(u32);

impl TableSet {
    /// All tables.
    #[must_use]
    pub fn all() -> Self {
        Table::ALL.into_iter().collect()
    }

    /// All tables but those that need what not every site has: a list of countries, host names of clients.
    #[must_use]
    pub fn without_sources() -> Self {
        Self::all().without(Table::Country).without(Table::Domain)
    }

    /// Whether a table is in it.
    #[must_use]
    pub fn contains(self, table: Table) -> bool {
        self.0 >> table as u32 & 1 == 1
    }

    /// The same without a table.
    #[must_use]
    pub fn without(self, table: Table) -> Self {
        Self(self.0 & !(1 << table as u32))
    }
}

impl FromIterator<Table> for TableSet {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        Self(tables.into_iter().fold(0, |bits, table| bits | 1 << table as u32))
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
mod tests {
    use super::*;

    #[test]
    fn the_pages_sensitivity_is_that_of_the_worst_visitor() {
        let squared = |views, page| Bounds { views_per_visitor_day: views, views_per_page: page }.pages_l2_squared();
        assert_eq!(squared(8, 1), 8);
        assert_eq!(squared(8, 2), 8);
        // Two pages three times (1 + 4 each) and one twice (1 + 1).
        assert_eq!(squared(8, 3), 12);
        assert_eq!(squared(8, 8), 1 + 49);
        assert_eq!(squared(1, 1), 1);
    }

    #[test]
    fn public_keys_are_distinct_and_every_table_has_its_place() {
        for table in Table::attributes() {
            let mut keys = table.public_keys().to_vec();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), table.public_keys().len(), "{}", table.name());
            assert!(table.listed().is_some() != table.text().is_some(), "{}", table.name());
            assert_eq!(table.listed().is_some(), table.key_space() == KeySpace::Public, "{}", table.name());
            assert_eq!(Table::named(table.name()), Some(table));
        }
        let all = TableSet::all();
        assert!(Table::ALL.into_iter().all(|table| all.contains(table) && !all.without(table).contains(table)));
    }
}
