//! The terms of a site, one after the other, and what a period is released under.
//!
//! A configuration may change; a day may not. New terms hold from the next local midnight on, and every day keeps those
//! under which it began. A week, month or quarter that has days under several terms is released under the
//! strictest of them: for each mechanism the largest sigma and the highest threshold. Its noise is then at least that
//! which each day's own terms ask for, so no day spends more than it was promised.

pub(crate) use headcount_model::terms::{Cost, Terms};

use super::{budget::RhoNano, plan::Plan};
use crate::{
    calendar::{Day, Period},
    tables::{Bounds, Table, TableSet},
};

/// Terms with the plan that follows from them.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) terms: Terms,
    pub(crate) plan: Plan,
}

impl InForce {
    pub(crate) fn new(terms: Terms) -> Self {
        let plan = Plan::new(&terms.privacy, &terms.shares.for_pages(terms.has_page_list), terms.tables);
        Self { terms, plan }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.terms.privacy.bounds
    }

    pub(crate) fn tables(&self) -> TableSet {
        self.terms.tables
    }

    pub(crate) fn has(&self, table: Table) -> bool {
        self.terms.tables.contains(table)
    }
}

/// The terms of a site, one after the other. Never empty.
#[derive(Debug, Clone)]
pub(crate) struct History(pub(crate) Vec<InForce>);

/// What a period is released under.
pub(crate) struct Under {
    pub(crate) plan: Plan,
    /// The widest bounds of any of its days.
    pub(crate) bounds: Bounds,
    /// Tables that counted on every day, and on any day.
    pub(crate) always: TableSet,
    pub(crate) ever: TableSet,
    /// What the release takes from the budget of a visitor-day, by the first day of that day's terms.
    pub(crate) costs: Vec<Cost>,
}

impl History {
    /// The history that is stored, with what is configured now from the next local midnight on. `today` is the local day
    /// now, `newest` the latest day that has data.
    pub(crate) fn settle(stored: Vec<Terms>, configured: &Terms, today: Day, newest: Option<Day>) -> Self {
        let mut all = stored;
        let next = newest.map_or(today, |newest| newest.max(today)).plus(1);
        // What was to begin later and has no data yet can still be withdrawn.
        while all.len() > 1 && all.last().is_some_and(|last| last.from >= next && !last.agree(configured)) {
            all.pop();
        }
        match all.last() {
            Some(last) if last.agree(configured) => {}
            Some(_) => all.push(Terms { from: next, ..configured.clone() }),
            None => all.push(Terms { from: Day::from_number(i32::MIN), ..configured.clone() }),
        }
        Self::of(all)
    }

    /// The history of a site that is no longer configured.
    pub(crate) fn of(terms: Vec<Terms>) -> Self {
        assert!(!terms.is_empty(), "a site has terms from its first day on");
        Self(terms.into_iter().map(InForce::new).collect())
    }

    /// All terms, in the order of their first days.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &Terms> {
        self.0.iter().map(|in_force| &in_force.terms)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &InForce> {
        self.0.iter()
    }

    /// The terms of a day.
    pub(crate) fn of_day(&self, day: Day) -> &InForce {
        self.0.iter().rev().find(|in_force| in_force.terms.from <= day).unwrap_or(&self.0[0])
    }

    /// What a period is released under.
    pub(crate) fn of_period(&self, period: Period) -> Under {
        let first = self.of_day(period.start);
        let last = self.of_day(period.end_day().plus(-1));
        let within = self.0.iter().filter(|t| first.terms.from <= t.terms.from && t.terms.from <= last.terms.from);
        let within: Vec<&InForce> = within.collect();
        let has = |table: &Table, t: &&InForce| t.has(*table);
        let always: TableSet = Table::ALL.into_iter().filter(|table| within.iter().all(|t| has(table, t))).collect();
        let mut plan = Plan::strictest(&within.iter().map(|t| &t.plan).collect::<Vec<_>>());
        // A table that was switched on in between would not hold all of the period.
        plan.mechanisms.retain(|mechanism| always.contains(mechanism.table));
        let costs = within.iter().map(|t| {
            let RhoNano(rho_nano) = plan.cost_under(&t.plan, period.kind);
            Cost { terms_from: t.terms.from, rho_nano }
        });
        Under {
            bounds: within.iter().map(|t| t.bounds()).fold(first.bounds(), Bounds::widest),
            always,
            ever: Table::ALL.into_iter().filter(|table| within.iter().any(|t| has(table, t))).collect(),
            costs: costs.collect(),
            plan,
        }
    }
}

#[cfg(test)]
mod tests;
