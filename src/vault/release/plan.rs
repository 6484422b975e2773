//! The plan of a site: how the budget of a visitor-day is shared over all tables and periods, and what noise and
//! thresholds follow. Fixed by the configuration before anything is counted.
//!
//! Accounting: every mechanism adds discrete Gaussian noise of scale sigma to a vector of L2 sensitivity D, which is
//! D^2 / (2 sigma^2)-zCDP (Canonne, Kamath, Steinke 2020, "The Discrete Gaussian for Differential Privacy", Theorem 14);
//! the rho of all mechanisms that one visitor-day can touch add up (Bun, Steinke 2016, Lemma 1.7).

use serde::{Deserialize, Serialize};

use super::{
    budget::{self, RhoNano, SigmaMilli},
    noise::SIGMA_MILLI_MAX,
    threshold::threshold,
};
use crate::{
    calendar::PeriodKind,
    vault::tables::{Bounds, Table},
};

/// Hundredths of a percent in a whole.
pub const BASIS_POINTS: u16 = 10_000;

/// What is promised to every visitor. Fixed for a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Privacy {
    /// Epsilon for a visitor-day on one site, over everything ever published of it.
    pub epsilon: f64,
    /// Delta, of which half covers the choice of which keys appear.
    pub delta: f64,
    /// What a visitor-day can add at most.
    pub bounds: Bounds,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { epsilon: 3.0, delta: 1e-7, bounds: Bounds::default() }
    }
}

impl Privacy {
    /// The part of delta for the choice of which keys appear.
    #[must_use]
    pub fn delta_keys(&self) -> f64 {
        self.delta / 2.0
    }

    /// The budget of a visitor-day: the largest rho that converts to epsilon at the other half of delta.
    #[must_use]
    pub(in crate::vault) fn rho(&self) -> RhoNano {
        budget::rho_of(self.epsilon, self.delta - self.delta_keys())
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
    /// Days of the attribute tables, in equal parts.
    pub day_attributes: u16,
    /// Weeks of the site.
    pub week_site: u16,
    /// Months of the site.
    pub month_site: u16,
    /// Months of the pages.
    pub month_pages: u16,
    /// Months of the attribute tables, in equal parts.
    pub month_attributes: u16,
}

impl Shares {
    /// For a site of some hundred visits a day: most for the month's pages and the day's visits.
    pub const SMALL: Self = Self {
        hour: 100,
        day_site: 1_500,
        day_pages: 300,
        day_attributes: 300,
        week_site: 500,
        month_site: 700,
        month_pages: 5_700,
        month_attributes: 900,
    };
    /// For a site of some thousand visits a day.
    pub const STANDARD: Self = Self {
        hour: 1_000,
        day_site: 750,
        day_pages: 2_000,
        day_attributes: 2_250,
        week_site: 500,
        month_site: 525,
        month_pages: 1_400,
        month_attributes: 1_575,
    };
    /// For a site of some hundred thousand visits a day: hours and days.
    pub const BUSY: Self = Self {
        hour: 2_500,
        day_site: 800,
        day_pages: 2_000,
        day_attributes: 1_700,
        week_site: 500,
        month_site: 500,
        month_pages: 1_000,
        month_attributes: 1_000,
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

    /// All of them, for checks.
    #[must_use]
    pub fn all(&self) -> [u16; 8] {
        [
            self.hour,
            self.day_site,
            self.day_pages,
            self.day_attributes,
            self.week_site,
            self.month_site,
            self.month_pages,
            self.month_attributes,
        ]
    }

    /// The sum; at most [`BASIS_POINTS`] is allowed.
    #[must_use]
    pub fn sum(&self) -> u16 {
        self.all().into_iter().fold(0, u16::saturating_add)
    }
}

/// What is released of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum What {
    /// First page views of a visit.
    Visits,
    /// Further page views by rank, and visits that hit a bound.
    FurtherViews,
    /// Counters by key (or by hour).
    Counters,
    /// A sketch of distinct visitors.
    Visitors,
}

impl What {
    /// Its name in `headcount privacy`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::FurtherViews => "further views",
            Self::Counters => "counters",
            Self::Visitors => "visitors",
        }
    }
}

/// One use of the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mechanism {
    /// The table.
    pub table: Table,
    /// The period.
    pub period: PeriodKind,
    /// What is released.
    pub what: What,
    /// Billionths of rho.
    pub rho_nano: u64,
    /// The square of the L2 sensitivity.
    pub l2_squared: u32,
    /// Thousandths of the noise's standard deviation.
    pub sigma_milli: u64,
    /// The noisy count that a new key must reach; 0 where every key is public.
    pub threshold: i64,
}

/// All mechanisms of a site.
#[derive(Debug, Clone)]
pub(in crate::vault) struct Plan {
    pub(in crate::vault) mechanisms: Vec<Mechanism>,
}

/// Tables and periods in which new keys are selected; each takes an equal part of the delta for keys.
const SELECTIONS: u32 = 4;

impl Plan {
    /// The plan of a site with these shares.
    pub(in crate::vault) fn new(privacy: &Privacy, shares: &Shares) -> Self {
        assert!(shares.sum() <= BASIS_POINTS, "the configuration checks the shares");
        let total = privacy.rho();
        let bound = u32::from(privacy.bounds.views_per_visitor_day);
        let pages = privacy.bounds.pages_l2_squared();
        // Of `ten_thousandths` of the budget, `part` of `parts`.
        let rho = |ten_thousandths: u16, part: u64, parts: u64| {
            RhoNano(budget::rho_share(total, ten_thousandths).0 * part / parts)
        };
        let mut mechanisms = Vec::new();
        let mut add = |table, period, what, rho: RhoNano, l2_squared| {
            mechanisms.push(mechanism(privacy, table, period, what, rho, l2_squared));
        };
        let (hour, day, week, month) = (PeriodKind::Hour, PeriodKind::Day, PeriodKind::Week, PeriodKind::Month);
        add(Table::Site, hour, What::Counters, rho(shares.hour, 1, 1), bound);
        // Further views: ranks 2 to the bound, and the mark of a limited visit, each raised once at most.
        add(Table::Site, day, What::Visits, rho(shares.day_site, 2, 5), 1);
        add(Table::Site, day, What::FurtherViews, rho(shares.day_site, 3, 5), bound);
        for (period, share) in [(week, shares.week_site), (month, shares.month_site)] {
            add(Table::Site, period, What::Visits, rho(share, 1, 5), 1);
            add(Table::Site, period, What::FurtherViews, rho(share, 3, 10), bound);
            // One visitor-day changes at most one register: one bin loses one, another gains one.
            add(Table::Site, period, What::Visitors, rho(share, 1, 2), 2);
        }
        add(Table::Page, day, What::Counters, rho(shares.day_pages, 1, 1), pages);
        add(Table::Page, month, What::Counters, rho(shares.month_pages, 9, 10), pages);
        add(Table::Page, month, What::Visitors, rho(shares.month_pages, 1, 10), 2 * bound);
        let attributes = Table::ATTRIBUTES.len() as u64;
        for table in Table::ATTRIBUTES {
            add(table, day, What::Counters, rho(shares.day_attributes, 1, attributes), 1);
            add(table, month, What::Counters, rho(shares.month_attributes, 1, attributes), 1);
        }
        let plan = Self { mechanisms };
        assert!(plan.rho() <= total, "the shares never exceed the budget");
        plan
    }

    /// A mechanism whose share is too small to draw noise for, if there is one.
    pub(in crate::vault) fn unaffordable(&self) -> Option<&Mechanism> {
        self.mechanisms.iter().find(|m| m.rho_nano == 0 || m.sigma_milli > SIGMA_MILLI_MAX)
    }

    /// What everything takes together of a visitor-day's budget.
    pub(in crate::vault) fn rho(&self) -> RhoNano {
        RhoNano(self.mechanisms.iter().map(|m| m.rho_nano).sum())
    }

    /// What a release of one kind of period takes.
    pub(in crate::vault) fn rho_of(&self, period: PeriodKind) -> RhoNano {
        RhoNano(self.mechanisms.iter().filter(|m| m.period == period).map(|m| m.rho_nano).sum())
    }

    /// The mechanism of a table, period and kind of number.
    pub(in crate::vault) fn get(&self, table: Table, period: PeriodKind, what: What) -> &Mechanism {
        let found = self.mechanisms.iter().find(|m| (m.table, m.period, m.what) == (table, period, what));
        // Unwrap safety: `new` makes every combination that this program releases.
        found.expect("every released number has a mechanism")
    }
}

impl Mechanism {
    pub(in crate::vault) fn sigma(&self) -> SigmaMilli {
        SigmaMilli(self.sigma_milli)
    }
}

fn mechanism(
    privacy: &Privacy,
    table: Table,
    period: PeriodKind,
    what: What,
    rho: RhoNano,
    l2_squared: u32,
) -> Mechanism {
    let sigma = budget::sigma_milli(l2_squared, rho);
    let selects = table.is_open_key_space() && what == What::Counters;
    // A visitor-day can be alone on as many new pages as it has counted views, but has only one referrer.
    let keys = if table == Table::Page { f64::from(privacy.bounds.views_per_visitor_day) } else { 1.0 };
    let delta_key = privacy.delta_keys() / f64::from(SELECTIONS) / keys;
    Mechanism {
        table,
        period,
        what,
        // What the rounded sigma really takes, which is never more than its share; an empty share takes nothing.
        rho_nano: budget::rho_spent(l2_squared, sigma).0.min(rho.0),
        l2_squared,
        sigma_milli: sigma.0,
        threshold: if selects { threshold(sigma, delta_key, 1) } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_plan_spends_at_most_the_budget() {
        for (name, shares) in [("small", Shares::SMALL), ("standard", Shares::STANDARD), ("busy", Shares::BUSY)] {
            assert_eq!(Shares::named(name), Some(shares));
            assert_eq!(shares.sum(), BASIS_POINTS);
            let privacy = Privacy::default();
            let plan = Plan::new(&privacy, &shares);
            // What the noise really spends: D^2 / (2 sigma^2) for each mechanism.
            let spent: f64 = plan
                .mechanisms
                .iter()
                .map(|m| f64::from(m.l2_squared) / (2.0 * (m.sigma_milli as f64 / 1e3).powi(2)))
                .sum();
            let total = privacy.rho().0 as f64 / 1e9;
            assert!(spent <= total, "{name}: {spent} of {total}");
            assert!(spent > total * 0.999, "{name} leaves budget unused: {spent} of {total}");
        }
    }

    #[test]
    fn selections_share_the_delta_for_keys() {
        let plan = Plan::new(&Privacy::default(), &Shares::STANDARD);
        let with_threshold = plan.mechanisms.iter().filter(|m| m.threshold > 0).count();
        assert_eq!(with_threshold, SELECTIONS as usize);
    }
}
