//! What an operator settles about privacy: the promise, and how a profile shares its budget over tables and periods.
//!
//! Nothing here looks at data: a profile is chosen by what an operator expects of a site.

use serde::{Deserialize, Serialize};

use crate::{
    budget::{Accounting, RhoNano},
    tables::Bounds,
};

/// Hundredths of a percent in a whole.
pub const BASIS_POINTS: u16 = 10_000;

/// What is promised to every visitor. Fixed for a data directory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Privacy {
    /// Epsilon for a visitor-day on one site, over everything ever published of it.
    pub epsilon: f64,
    /// Delta, a part of which covers the choice of which keys appear.
    pub delta: f64,
    /// What a visitor-day can add at most.
    pub bounds: Bounds,
    /// The rule by which epsilon and delta become a budget.
    pub accounting: Accounting,
}

impl Default for Privacy {
    fn default() -> Self {
        Self::new(3.0, 1e-7, Bounds::default())
    }
}

impl Privacy {
    /// A promise under the rule in force.
    #[must_use]
    pub fn new(epsilon: f64, delta: f64, bounds: Bounds) -> Self {
        Self { epsilon, delta, bounds, accounting: Accounting::default() }
    }

    /// The part of delta for the choice of which keys appear.
    #[must_use]
    pub fn delta_keys(&self) -> f64 {
        self.accounting.delta_keys(self.delta)
    }

    /// The part of delta for the noise.
    #[must_use]
    pub fn delta_noise(&self) -> f64 {
        self.delta - self.delta_keys()
    }

    /// The budget of a visitor-day: the largest rho that converts to epsilon at the noise's part of delta.
    #[must_use]
    pub fn rho(&self) -> RhoNano {
        self.accounting.rho_of(self.epsilon, self.delta_noise())
    }

    /// The budget in billionths of rho.
    #[must_use]
    pub fn rho_nano(&self) -> u64 {
        self.rho().0
    }
}

/// How the budget is shared over periods and tables, in basis points. They add up to at most [`BASIS_POINTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Hours of the site.
    pub hour: u16,
    /// Days of the site.
    pub day_site: u16,
    /// Days of the pages.
    pub day_pages: u16,
    /// Days of the attribute tables, by their weights.
    pub day_attributes: u16,
    /// Weeks of the site.
    pub week_site: u16,
    /// Weeks of the pages; 0: pages have no weeks of their own. Left out where it is 0, as it was before there was one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub week_pages: u16,
    /// Months of the site.
    pub month_site: u16,
    /// Months of the pages.
    pub month_pages: u16,
    /// Months of the attribute tables, by their weights.
    pub month_attributes: u16,
    /// The choice of new keys by quarter.
    pub selection: u16,
    /// The choice of new pages by month beside it; 0: there is none. Left out where it is 0, as it was before there was one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub month_selection: u16,
}

impl Shares {
    /// For a site of some hundred visits a day: most for the pages of a month and of a week, and the day's visits.
    pub const SMALL: Self = Self {
        hour: 100,
        day_site: 1_500,
        day_pages: 300,
        day_attributes: 300,
        week_site: 500,
        week_pages: 1_500,
        month_site: 700,
        month_pages: 4_000,
        month_attributes: 900,
        selection: 200,
        month_selection: 0,
    };
    /// The first month of a small site that has no list of its pages: of what goes to the pages of a week and of a month later
    /// on most goes to finding their names, which by quarter would take three months.
    pub const SMALL_FIRST_MONTH: Self =
        Self { week_pages: 450, month_pages: 1_450, selection: 1_400, month_selection: 2_400, ..Self::SMALL };
    /// For a site of some thousand visits a day.
    pub const STANDARD: Self = Self {
        hour: 750,
        day_site: 750,
        day_pages: 2_000,
        day_attributes: 2_000,
        week_site: 900,
        week_pages: 0,
        month_site: 900,
        month_pages: 1_300,
        month_attributes: 1_200,
        selection: 200,
        month_selection: 0,
    };
    /// For a site of some hundred thousand visits a day: hours and days.
    pub const BUSY: Self = Self {
        hour: 2_200,
        day_site: 800,
        day_pages: 2_000,
        day_attributes: 1_700,
        week_site: 600,
        week_pages: 0,
        month_site: 700,
        month_pages: 1_000,
        month_attributes: 900,
        selection: 100,
        month_selection: 0,
    };

    /// The built-in profile of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "small" => Some(Self::SMALL),
            "standard" => Some(Self::STANDARD),
            "busy" => Some(Self::BUSY),
            _ => None,
        }
    }

    /// The shares of a site that has a list of its pages, or has none. Where new pages must be found, a third of what goes
    /// to the pages of a week and of a month goes to the choice of new ones: noise on a page that does not appear is of no
    /// use.
    #[must_use]
    pub fn for_pages(self, has_list: bool) -> Self {
        let moved = |share: u16| if has_list { 0 } else { share / 3 };
        let (week, month) = (moved(self.week_pages), moved(self.month_pages));
        Self {
            week_pages: self.week_pages - week,
            month_pages: self.month_pages - month,
            selection: self.selection + week + month,
            ..self
        }
    }

    /// All of them, for checks.
    #[must_use]
    pub fn all(&self) -> [u16; 11] {
        [
            self.hour,
            self.day_site,
            self.day_pages,
            self.day_attributes,
            self.week_site,
            self.week_pages,
            self.month_site,
            self.month_pages,
            self.month_attributes,
            self.selection,
            self.month_selection,
        ]
    }

    /// The sum; at most [`BASIS_POINTS`] is allowed.
    #[must_use]
    pub fn sum(&self) -> u16 {
        self.all().into_iter().fold(0, u16::saturating_add)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(share: &u16) -> bool {
    *share == 0
}
