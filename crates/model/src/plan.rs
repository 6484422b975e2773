//! The plan of a site: how the budget of a visitor-day is shared over all tables and periods, and what noise and
//! thresholds follow. Fixed by the configuration before anything is counted.
//!
//! Accounting: every mechanism adds discrete Gaussian noise of scale sigma to a vector of L2 sensitivity D, which costs a rho
//! ([`super::budget`]); the rho of all mechanisms that one visitor-day can touch add up.

use serde::{Deserialize, Serialize};

use crate::{
    budget::{self, Accounting, MOVED_COUNTERS_MAX, RhoNano, SIGMA_MILLI_MAX, SigmaMilli},
    calendar::PeriodKind,
    guard::{self, Guard},
    keys::ERROR_CLASSES,
    shares::{BASIS_POINTS, Privacy, Shares},
    tables::{Table, TableSet, VOTE_WEIGHTS, VOTES_L2_SQUARED},
    threshold::threshold,
};

/// The square of what one visitor-day can change in the released form of a sketch (docs/PRIVACY.md): a register
/// that is used for the first time leaves the bin of the unused ones, which counts double, and enters another.
const SKETCH_L2_SQUARED: u32 = 2 * 2 + 1;

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
    /// What speaks for keys that are not public yet; only the names of those that pass are published.
    Votes,
    /// The moment from which on a day's table takes in no more keys ([`crate::guard`]).
    Guard,
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
            Self::Votes => "votes for new keys",
            Self::Guard => "guard on keys",
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
    /// Thousandths of the noise's standard deviation; for a guard, of the Gaussian noise that costs as much.
    pub sigma_milli: u64,
    /// The noisy count that a new key must reach; 0 where every key is public.
    pub threshold: i64,
}

/// All mechanisms of a site.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Each use of the budget.
    pub mechanisms: Vec<Mechanism>,
    /// The rule by which noise costs rho.
    pub(crate) accounting: Accounting,
    /// The delta for each choice of new keys.
    pub(super) delta_selection: f64,
    /// Counted page views a visitor-day.
    pub(super) bound: usize,
}

/// Makes the mechanisms of a plan one after the other.
struct Maker<'a> {
    privacy: &'a Privacy,
    tables: TableSet,
    total: RhoNano,
    mechanisms: Vec<Mechanism>,
}

impl Plan {
    /// The plan of a site with these shares, for the tables that it counts.
    pub fn new(privacy: &Privacy, shares: &Shares, tables: TableSet) -> Self {
        assert!(shares.sum() <= BASIS_POINTS, "the configuration checks the shares");
        let total = privacy.rho();
        let guards = RhoNano(total.0 / guard::BUDGET_PARTS);
        let mut maker = Maker { privacy, tables, total: RhoNano(total.0 - guards.0), mechanisms: Vec::new() };
        maker.site(shares);
        maker.pages(shares);
        maker.attributes(PeriodKind::Day, shares.day_attributes);
        maker.attributes(PeriodKind::Month, shares.month_attributes);
        maker.selection(shares.selection);
        if shares.month_selection > 0 {
            maker.add(Table::Page, PeriodKind::Month, What::Votes, (shares.month_selection, 1, 1), VOTES_L2_SQUARED);
        }
        maker.guards(guards);
        // Each choice of new keys takes an equal part of the delta for keys.
        let selections = maker.mechanisms.iter().filter(|m| m.selects()).count().max(1);
        let mut plan = Self {
            mechanisms: maker.mechanisms,
            accounting: privacy.accounting,
            delta_selection: privacy.delta_keys() / selections as f64,
            bound: usize::from(privacy.bounds.views_per_visitor_day),
        };
        for mechanism in &mut plan.mechanisms {
            mechanism.raise_threshold(plan.delta_selection, plan.bound);
        }
        assert!(plan.rho() <= total, "the shares never exceed the budget");
        let moved: u32 = plan.mechanisms.iter().map(|m| m.moved_counters(plan.bound)).sum();
        assert!(moved <= MOVED_COUNTERS_MAX, "the accounting allows for so many counters that a visitor-day moves");
        plan
    }

    /// A mechanism whose share is too small to draw noise for, if there is one.
    pub fn unaffordable(&self) -> Option<&Mechanism> {
        self.mechanisms.iter().find(|m| m.rho_nano == 0 || m.sigma_milli > SIGMA_MILLI_MAX)
    }

    /// What everything takes together of a visitor-day's budget.
    pub fn rho(&self) -> RhoNano {
        RhoNano(self.mechanisms.iter().map(|m| m.rho_nano).sum())
    }

    /// The plan with the largest sigma of several plans for each mechanism that all of them have, and with thresholds that
    /// keep the promise of each of them under that sigma. What only some of them publish is left out: it would not hold all
    /// of the period, and the others have no budget for it.
    pub fn strictest(plans: &[&Self]) -> Self {
        assert!(!plans.is_empty(), "there are terms for every day");
        let mut strictest = plans[0].clone();
        if plans.len() == 1 {
            return strictest;
        }
        // Of the rules the one by which the same noise costs most.
        let rule = plans.iter().map(|plan| plan.accounting).fold(strictest.accounting, Accounting::max);
        strictest.accounting = rule;
        strictest.mechanisms.retain(|mine| plans.iter().all(|plan| plan.same(mine).is_some()));
        for plan in &plans[1..] {
            for mine in &mut strictest.mechanisms {
                let Some(other) = plan.same(mine) else { continue };
                mine.sigma_milli = mine.sigma_milli.max(other.sigma_milli);
                mine.l2_squared = mine.l2_squared.max(other.l2_squared);
                mine.rho_nano = rule.rho_spent(mine.l2_squared, mine.sigma()).0;
            }
        }
        for plan in plans {
            for mechanism in &mut strictest.mechanisms {
                mechanism.raise_threshold(plan.delta_selection, plan.bound);
            }
        }
        strictest
    }

    /// What a release of a kind of period, drawn under this plan, takes from a visitor-day under the terms of another.
    /// A day's release takes in its hours, and what they cost with them.
    pub fn cost_under(&self, terms: &Self, kind: PeriodKind) -> RhoNano {
        let of_kind = |m: &&Mechanism| m.period == kind || (kind == PeriodKind::Day && m.period == PeriodKind::Hour);
        let costs = terms.mechanisms.iter().filter(of_kind).map(|own| {
            let drawn = self.same(own);
            let spent = |drawn: &Mechanism| terms.accounting.rho_spent(own.l2_squared, drawn.sigma()).0;
            drawn.map_or(0, |drawn| spent(drawn).min(own.rho_nano))
        });
        RhoNano(costs.sum())
    }

    /// Its own mechanism for the same numbers as another plan's.
    fn same(&self, other: &Mechanism) -> Option<&Mechanism> {
        self.get(other.table, other.period, other.what)
    }

    /// Whether votes for new pages count by month.
    pub fn has_monthly_votes(&self) -> bool {
        self.get(Table::Page, PeriodKind::Month, What::Votes).is_some()
    }

    /// Whether pages are published by week.
    pub fn has_weeks_of_pages(&self) -> bool {
        self.get(Table::Page, PeriodKind::Week, What::Counters).is_some()
    }

    /// The guard on a table's keys, where it takes in new ones.
    pub fn guard(&self, table: Table) -> Option<Guard> {
        self.get(table, PeriodKind::Day, What::Guard).map(Guard::of)
    }

    /// The mechanism of a table, period and kind of number, where this is released.
    pub fn get(&self, table: Table, period: PeriodKind, what: What) -> Option<&Mechanism> {
        self.mechanisms.iter().find(|m| (m.table, m.period, m.what) == (table, period, what))
    }
}

impl Maker<'_> {
    /// Adds a mechanism with `part` of `parts` of a share in basis points.
    fn add(&mut self, table: Table, period: PeriodKind, what: What, share: (u16, u64, u64), l2_squared: u32) {
        let (basis_points, part, parts) = share;
        let rho = RhoNano(budget::rho_share(self.total, basis_points).0 * part / parts);
        self.spend(table, period, what, rho, l2_squared);
    }

    /// Adds a mechanism that may take so much.
    fn spend(&mut self, table: Table, period: PeriodKind, what: What, rho: RhoNano, l2_squared: u32) {
        if !self.tables.contains(table) {
            return;
        }
        let rule = self.privacy.accounting;
        let sigma = rule.sigma_milli(l2_squared, rho);
        self.mechanisms.push(Mechanism {
            table,
            period,
            what,
            // What the rounded sigma really takes, which is never more than its share; an empty share takes nothing.
            rho_nano: rule.rho_spent(l2_squared, sigma).0.min(rho.0),
            l2_squared,
            sigma_milli: sigma.0,
            threshold: 0,
        });
    }

    fn bound(&self) -> u32 {
        u32::from(self.privacy.bounds.views_per_visitor_day)
    }

    fn site(&mut self, shares: &Shares) {
        use PeriodKind::{Day, Hour, Month, Week};
        let bound = self.bound();
        self.add(Table::Site, Hour, What::Counters, (shares.hour, 1, 1), bound);
        // Further views: ranks 2 to the bound, and the mark of a limited visit, each raised once at most.
        self.add(Table::Site, Day, What::Visits, (shares.day_site, 2, 5), 1);
        self.add(Table::Site, Day, What::FurtherViews, (shares.day_site, 3, 5), bound);
        for (period, share) in [(Week, shares.week_site), (Month, shares.month_site)] {
            self.add(Table::Site, period, What::Visits, (share, 12, 100), 1);
            self.add(Table::Site, period, What::FurtherViews, (share, 23, 100), bound);
            self.add(Table::Site, period, What::Visitors, (share, 65, 100), SKETCH_L2_SQUARED);
        }
    }

    fn pages(&mut self, shares: &Shares) {
        use PeriodKind::{Day, Month, Week};
        let pages = self.privacy.bounds.pages_l2_squared();
        self.add(Table::Page, Day, What::Counters, (shares.day_pages, 1, 1), pages);
        if shares.week_pages > 0 {
            self.add(Table::Page, Week, What::Counters, (shares.week_pages, 1, 1), pages);
        }
        self.add(Table::Page, Month, What::Counters, (shares.month_pages, 9, 10), pages);
        self.add(Table::Page, Month, What::Visitors, (shares.month_pages, 1, 10), SKETCH_L2_SQUARED * self.bound());
    }

    fn attributes(&mut self, period: PeriodKind, share: u16) {
        let counted = self.tables;
        let tables = || Table::attributes().filter(|t| t.has_period(period) && counted.contains(*t));
        let all = tables().map(|table| table.spec().weight).sum();
        for table in tables() {
            let spec = table.spec();
            self.add(table, period, What::Counters, (share, spec.weight, all), spec.l2_squared);
        }
    }

    /// Three parts in four go to the pages, the rest to referrers and campaigns.
    fn selection(&mut self, share: u16) {
        let quarter = PeriodKind::Quarter;
        self.add(Table::Page, quarter, What::Votes, (share, 6, 8), VOTES_L2_SQUARED);
        self.add(Table::Referrer, quarter, What::Votes, (share, 1, 8), 1);
        self.add(Table::Campaign, quarter, What::Votes, (share, 1, 8), 1);
    }

    /// All tables that take in new keys have one guard: what each takes follows from the keys that a visitor-day can open.
    fn guards(&mut self, rho: RhoNano) {
        let bound = self.bound();
        let square = |table: Table| if table == Table::Page { bound } else { table.spec().l2_squared }.pow(2);
        let open = || Table::ALL.into_iter().filter(|table| table.is_open_key_space());
        let all: u64 = open().map(|table| u64::from(square(table))).sum();
        for table in open() {
            let part = RhoNano(rho.0 * u64::from(square(table)) / all);
            self.spend(table, PeriodKind::Day, What::Guard, part, square(table));
        }
    }
}

impl Mechanism {
    /// The noise's parameter.
    #[must_use]
    pub fn sigma(&self) -> SigmaMilli {
        SigmaMilli(self.sigma_milli)
    }

    /// Whether new keys are chosen by it.
    pub fn selects(&self) -> bool {
        self.table.is_open_key_space() && matches!(self.what, What::Counters | What::Votes)
    }

    /// How many counters one visitor-day can move, at most: each by 1 or more, in whole numbers.
    fn moved_counters(&self, views_per_visitor_day: usize) -> u32 {
        match self.what {
            What::Votes => u32::try_from(self.alone(views_per_visitor_day).len()).unwrap_or(u32::MAX),
            // It publishes no counter.
            What::Guard => 0,
            _ => self.l2_squared,
        }
    }

    /// Raises the threshold to what this delta asks for, where new keys are chosen.
    fn raise_threshold(&mut self, delta: f64, bound: usize) {
        if self.selects() {
            self.threshold = self.threshold.max(threshold(self.sigma(), delta, &self.alone(bound)));
        }
    }

    /// What one visitor-day adds to each of the keys that it can be alone on, at most.
    pub(super) fn alone(&self, views_per_visitor_day: usize) -> Vec<i64> {
        match (self.table, self.what) {
            (Table::Page, What::Votes) => VOTE_WEIGHTS[..views_per_visitor_day].iter().map(|w| i64::from(*w)).collect(),
            (Table::Page, _) => vec![1; views_per_visitor_day],
            (Table::Error, _) => vec![1; ERROR_CLASSES.len()],
            _ => vec![1],
        }
    }
}

#[cfg(test)]
mod tests;
