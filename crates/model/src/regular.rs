//! What a visitor risks who comes every day: how the budgets of many days of the same visitor add up.
//!
//! Hours and days are separate numbers, so k days cost k times their rho. A counter of a week or month moves by up to k for
//! a visitor who does the same on k of its days: k times the sensitivity, k^2 times the rho. The site's sketch does not grow,
//! because the same visitor has the same register all the time; the pages' sketches grow with the pages, at most k-fold.

use crate::{
    budget::{self, RhoNano},
    calendar::PeriodKind,
    plan::{Plan, What},
    shares::Privacy,
    tables::Table,
};

/// How many days of each week, month and quarter somebody comes.
struct Days {
    weeks: &'static [u64],
    months: &'static [u64],
    quarters: &'static [u64],
}

/// Every day of a week that lies in one month.
const WEEK: Days = Days { weeks: &[7], months: &[7], quarters: &[7] };
/// Every day of a month of 30 days that begins on a Monday.
const MONTH: Days = Days { weeks: &[7, 7, 7, 7, 2], months: &[30], quarters: &[30] };
/// Every day of a year that begins on a Monday.
const YEAR: Days =
    Days { weeks: &[7; 53], months: &[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], quarters: &[90, 91, 92, 92] };

/// Epsilon, at the same delta as for one day, for a visitor who comes on every day of a week, a month and a year and does
/// the same each day, which is the worst case.
pub fn epsilons(plan: &Plan, privacy: &Privacy) -> [f64; 3] {
    [WEEK, MONTH, YEAR].map(|days| budget::epsilon_of(rho(plan, &days), privacy.delta - privacy.delta_keys()))
}

fn rho(plan: &Plan, days: &Days) -> RhoNano {
    let all: u64 = days.months.iter().sum();
    let squares = |counts: &[u64]| counts.iter().map(|k| k * k).sum();
    let times = |table, period, what| match (period, what) {
        (PeriodKind::Hour | PeriodKind::Day, _) => all,
        (PeriodKind::Week | PeriodKind::Month, What::Visitors) if table == Table::Page => all,
        (PeriodKind::Week, What::Visitors) => days.weeks.len() as u64,
        (PeriodKind::Month, What::Visitors) => days.months.len() as u64,
        (PeriodKind::Week, _) => squares(days.weeks),
        (PeriodKind::Month, _) => squares(days.months),
        (PeriodKind::Quarter, _) => squares(days.quarters),
    };
    let costs = plan.mechanisms.iter().map(|m| m.rho_nano.saturating_mul(times(m.table, m.period, m.what)));
    RhoNano(costs.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{shares::Shares, tables::TableSet};

    /// Computed apart, in Python, from the shares and the conversion in docs/PRIVACY.md.
    #[test]
    fn epsilons_are_those_of_an_independent_computation() {
        let expected = [
            (Shares::SMALL, [22.5, 161.5, 1_415.0]),
            (Shares::STANDARD, [16.2, 94.4, 789.5]),
            (Shares::BUSY, [14.5, 78.1, 606.7]),
        ];
        let privacy = Privacy::default();
        for (shares, wanted) in expected {
            let found = epsilons(&Plan::new(&privacy, &shares, TableSet::all()), &privacy);
            for (found, wanted) in found.into_iter().zip(wanted) {
                assert!((found - wanted).abs() < 0.01 * wanted, "{found} is not about {wanted}");
            }
        }
    }
}
