//! The terms under which a day is counted: the promise, the bounds, and how the budget is shared.
//!
//! A configuration may change; a day may not: every day keeps the terms under which it began.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

use crate::{
    budget::Accounting,
    calendar::Day,
    shares::{Privacy, Shares},
    tables::{Bounds, TableSet},
};

/// What holds for the days of a site from one day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The first local day.
    pub from: Day,
    /// The promise to every visitor, and the bounds.
    pub privacy: Privacy,
    /// The name of the profile.
    pub profile: String,
    /// How it shares the budget.
    pub shares: Shares,
    /// The tables that are counted and published.
    pub tables: TableSet,
    /// Whether the site has a list of its pages, or new pages must be found.
    pub has_page_list: bool,
}

/// The form of [`Terms`] in rows. The order of the fields is part of it.
#[derive(Serialize, Deserialize)]
struct Stored {
    from: Day,
    epsilon: f64,
    delta: f64,
    bounds: Bounds,
    profile: String,
    /// All but `week_pages` and `month_selection`, in the order of their fields.
    shares: [u16; 9],
    tables: TableSet,
    /// See the bits below; never another meaning for one.
    flags: u8,
}

/// The site has a list of its pages.
const HAS_PAGE_LIST: u8 = 1;
/// The rule of accounting is [`Accounting::Gaussian`], else the one before.
const GAUSSIAN: u8 = 2;
/// Pages have weeks of their own, whose share follows.
const HAS_WEEK_PAGES: u8 = 4;
/// New pages are chosen by month too, and the share of that follows, after the one before. Where no bit says so, nothing
/// follows.
const HAS_MONTH_SELECTION: u8 = 8;

impl Stored {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Terms with the shares that may follow them.
    fn with(self, week_pages: u16, month_selection: u16) -> Terms {
        let is_set = |flag| self.has(flag);
        let accounting = if is_set(GAUSSIAN) { Accounting::Gaussian } else { Accounting::Concentrated };
        let has_page_list = is_set(HAS_PAGE_LIST);
        let Self { from, epsilon, delta, bounds, profile, shares, tables, .. } = self;
        let privacy = Privacy { epsilon, delta, bounds, accounting };
        let [
            hour,
            day_site,
            day_pages,
            day_attributes,
            week_site,
            month_site,
            month_pages,
            month_attributes,
            selection,
        ] = shares;
        let shares = Shares {
            hour,
            day_site,
            day_pages,
            day_attributes,
            week_site,
            week_pages,
            month_site,
            month_pages,
            month_attributes,
            selection,
            month_selection,
        };
        Terms { from, privacy, profile, shares, tables, has_page_list }
    }
}

impl From<Terms> for Stored {
    fn from(terms: Terms) -> Self {
        let Terms { from, privacy, profile, shares, tables, has_page_list } = terms;
        let Privacy { epsilon, delta, bounds, accounting } = privacy;
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags = flag(has_page_list, HAS_PAGE_LIST)
            | flag(accounting == Accounting::Gaussian, GAUSSIAN)
            | flag(shares.week_pages > 0, HAS_WEEK_PAGES)
            | flag(shares.month_selection > 0, HAS_MONTH_SELECTION);
        let shares = [
            shares.hour,
            shares.day_site,
            shares.day_pages,
            shares.day_attributes,
            shares.week_site,
            shares.month_site,
            shares.month_pages,
            shares.month_attributes,
            shares.selection,
        ];
        Self { from, epsilon, delta, bounds, profile, shares, tables, flags }
    }
}

/// Reads [`Stored`], and the shares that follow where it says so.
struct InRow;

impl<'de> Visitor<'de> for InRow {
    type Value = Terms;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the terms of a site")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Terms, A::Error> {
        let missing = || A::Error::custom("terms that are cut");
        let stored: Stored = parts.next_element()?.ok_or_else(missing)?;
        if stored.flags & !(HAS_PAGE_LIST | GAUSSIAN | HAS_WEEK_PAGES | HAS_MONTH_SELECTION) != 0 {
            return Err(A::Error::custom("terms of a later version"));
        }
        let mut share = |flag| {
            if stored.has(flag) { parts.next_element()?.ok_or_else(missing) } else { Ok(0) }
        };
        let (week_pages, month_selection) = (share(HAS_WEEK_PAGES)?, share(HAS_MONTH_SELECTION)?);
        Ok(stored.with(week_pages, month_selection))
    }
}

/// The form of [`Terms`] in the archive, whose lines say the names of their fields.
#[derive(Serialize, Deserialize)]
struct Line {
    from: Day,
    privacy: LineOfPromise,
    profile: String,
    shares: Shares,
    tables: TableSet,
    has_page_list: bool,
    /// Lines that do not say it are from before there was a choice.
    #[serde(default = "before_the_choice")]
    accounting: Accounting,
}

#[derive(Serialize, Deserialize)]
struct LineOfPromise {
    epsilon: f64,
    delta: f64,
    bounds: Bounds,
}

fn before_the_choice() -> Accounting {
    Accounting::Concentrated
}

impl From<Line> for Terms {
    fn from(line: Line) -> Self {
        let Line { from, privacy, profile, shares, tables, has_page_list, accounting } = line;
        let LineOfPromise { epsilon, delta, bounds } = privacy;
        let privacy = Privacy { epsilon, delta, bounds, accounting };
        Self { from, privacy, profile, shares, tables, has_page_list }
    }
}

impl From<Terms> for Line {
    fn from(terms: Terms) -> Self {
        let Terms { from, privacy, profile, shares, tables, has_page_list } = terms;
        let Privacy { epsilon, delta, bounds, accounting } = privacy;
        let privacy = LineOfPromise { epsilon, delta, bounds };
        Self { from, privacy, profile, shares, tables, has_page_list, accounting }
    }
}

impl Serialize for Terms {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            Line::from(self.clone()).serialize(to)
        } else {
            let Shares { week_pages, month_selection, .. } = self.shares;
            let stored = Stored::from(self.clone());
            match (week_pages, month_selection) {
                (0, 0) => stored.serialize(to),
                (one, 0) | (0, one) => (stored, one).serialize(to),
                both => (stored, both).serialize(to),
            }
        }
    }
}

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            Line::deserialize(from).map(Self::from)
        } else {
            from.deserialize_tuple(3, InRow)
        }
    }
}

impl Terms {
    /// Whether they say the same, whenever they begin.
    #[must_use]
    pub fn agree(&self, other: &Self) -> bool {
        Self { from: other.from, ..self.clone() } == *other
    }
}

/// What a release takes from the budget of each visitor-day that is under the terms that began on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The first day of the terms.
    pub terms_from: Day,
    /// Billionths of rho.
    pub rho_nano: u64,
}
