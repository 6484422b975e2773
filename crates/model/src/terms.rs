//! The terms under which a day is counted: the promise, the bounds, and how the budget is shared.
//!
//! A configuration may change; a day may not: every day keeps the terms under which it began.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

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
    shares: Shares,
    tables: TableSet,
    /// See [`HAS_PAGE_LIST`] and [`GAUSSIAN`]; never another meaning for a bit.
    flags: u8,
}

/// The site has a list of its pages.
const HAS_PAGE_LIST: u8 = 1;
/// The rule of accounting is [`Accounting::Gaussian`], else the one before.
const GAUSSIAN: u8 = 2;

impl TryFrom<Stored> for Terms {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { from, epsilon, delta, bounds, profile, shares, tables, flags } = stored;
        if flags & !(HAS_PAGE_LIST | GAUSSIAN) != 0 {
            return Err("terms of a later version");
        }
        let is_set = |flag: u8| flags & flag != 0;
        let accounting = if is_set(GAUSSIAN) { Accounting::Gaussian } else { Accounting::Concentrated };
        let privacy = Privacy { epsilon, delta, bounds, accounting };
        Ok(Self { from, privacy, profile, shares, tables, has_page_list: is_set(HAS_PAGE_LIST) })
    }
}

impl From<Terms> for Stored {
    fn from(terms: Terms) -> Self {
        let Terms { from, privacy, profile, shares, tables, has_page_list } = terms;
        let Privacy { epsilon, delta, bounds, accounting } = privacy;
        let rule = if accounting == Accounting::Gaussian { GAUSSIAN } else { 0 };
        let flags = rule | if has_page_list { HAS_PAGE_LIST } else { 0 };
        Self { from, epsilon, delta, bounds, profile, shares, tables, flags }
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
            Stored::from(self.clone()).serialize(to)
        }
    }
}

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            Line::deserialize(from).map(Self::from)
        } else {
            Self::try_from(Stored::deserialize(from)?).map_err(D::Error::custom)
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
