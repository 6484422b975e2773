//! The terms under which a day is counted: the promise, the bounds, and how the budget is shared.
//!
//! A configuration may change; a day may not: every day keeps the terms under which it began.

use serde::{Deserialize, Serialize};

use crate::{
    calendar::Day,
    shares::{Privacy, Shares},
    tables::TableSet,
};

/// What holds for the days of a site from one day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
