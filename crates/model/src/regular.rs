//! What a visitor risks who comes every day: how the budgets of many days of the same visitor add up.
//!
//! *Numbers.* Hours and days are separate, so k days cost k times their rho. A counter of a week or month moves by up to k for
//! a visitor who does the same on k of its days: k times the sensitivity, k^2 times the rho. The site's sketch does not grow,
//! because the same visitor has the same register all the time; the pages' sketches grow with the pages, at most k-fold.
//!
//! *Names.* A key that nobody else touches holds k times what one day adds, and its threshold stays. The chance that it appears is
//! a part of delta which no epsilon covers. The worst is to do the same every day: `-ln P(count + X < T)` is convex in the
//! count, because the discrete Gaussian is log-concave, so concentrating the views raises it; but for what each further key adds
//! by being there at all, which is at most the one-day delta of the choice for each day.

use crate::{
    budget::RhoNano,
    calendar::PeriodKind,
    plan::{Mechanism, Plan, What},
    shares::Privacy,
    tables::Table,
    threshold::chance,
};

/// How many days of each week, month and quarter somebody comes.
struct Days {
    weeks: &'static [u32],
    months: &'static [u32],
    quarters: &'static [u32],
}

/// Every day of a week that lies in one month.
const WEEK: Days = Days { weeks: &[7], months: &[7], quarters: &[7] };
/// Every day of a month of 30 days that begins on a Monday.
const MONTH: Days = Days { weeks: &[7, 7, 7, 7, 2], months: &[30], quarters: &[30] };
/// Every day of a year that begins on a Monday.
const YEAR: Days =
    Days { weeks: &[7; 53], months: &[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], quarters: &[90, 91, 92, 92] };

/// What is promised about many days of one visitor together: they are (epsilon, delta)-indistinguishable from none of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regular {
    /// Epsilon, at the delta of the noise of one day.
    pub epsilon: f64,
    /// The delta that goes with it: that of the noise, and the chance that a name appears which nobody else brought.
    pub delta: f64,
}

/// The promise for a visitor who comes on every day of a week, a month and a year and does the same each day, which is the
/// worst case.
pub fn regulars(plan: &Plan, privacy: &Privacy) -> [Regular; 3] {
    [WEEK, MONTH, YEAR].map(|days| {
        let delta = privacy.delta_noise();
        Regular {
            epsilon: privacy.accounting.epsilon_of(rho(plan, &days), delta, days.all()),
            delta: (delta + names(plan, &days)).min(1.0),
        }
    })
}

impl Days {
    fn all(&self) -> u32 {
        self.months.iter().sum()
    }

    /// On how many days of each period of a kind.
    fn of(&self, kind: PeriodKind) -> &'static [u32] {
        match kind {
            PeriodKind::Hour | PeriodKind::Day => &[],
            PeriodKind::Week => self.weeks,
            PeriodKind::Month => self.months,
            PeriodKind::Quarter => self.quarters,
        }
    }
}

/// What the numbers cost together.
fn rho(plan: &Plan, days: &Days) -> RhoNano {
    let times = |mechanism: &Mechanism| -> u64 {
        let periods = days.of(mechanism.period);
        match (mechanism.period, mechanism.what) {
            (PeriodKind::Hour | PeriodKind::Day, _) => days.all().into(),
            (_, What::Visitors) if mechanism.table == Table::Page => days.all().into(),
            (_, What::Visitors) => periods.len() as u64,
            _ => periods.iter().map(|days| u64::from(*days).pow(2)).sum(),
        }
    };
    let costs = plan.mechanisms.iter().map(|m| m.rho_nano.saturating_mul(times(m)));
    RhoNano(costs.fold(0, u64::saturating_add))
}

/// The chance that any name appears which this visitor alone brought, at most.
fn names(plan: &Plan, days: &Days) -> f64 {
    // By logarithms of the chance that none appears, so that small chances keep their digits.
    let none = plan.mechanisms.iter().filter(|m| m.selects()).flat_map(|mechanism| {
        let alone = mechanism.alone(plan.bound);
        let by_period = days.of(mechanism.period).iter().map(move |days| {
            let counts: Vec<i64> = alone.iter().map(|count| count * i64::from(*days)).collect();
            (-chance(mechanism.sigma(), mechanism.threshold, &counts)).ln_1p()
        });
        // One delta a day: of a day's own choice, and of what more keys add to a longer one.
        by_period.chain([f64::from(days.all()) * (-plan.delta_selection).ln_1p()])
    });
    -none.sum::<f64>().exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        shares::Shares,
        tables::{Bounds, TableSet},
    };

    const SMALL_OPEN: &str = "small without a list";
    const SMALL_FIRST: &str = "the first month of it";

    /// Profile; epsilon and delta of every day of a week, a month, a year.
    const INDEPENDENT: [(&str, [f64; 3], [f64; 3]); 5] = [
        ("small", [23.4528, 152.087, 1376.35], [3.62952e-7, 0.1664, 0.955108]),
        (SMALL_OPEN, [23.6963, 163.399, 2262.78], [4.47376e-7, 0.172191, 1.0]),
        (SMALL_FIRST, [24.0049, 178.673, 2409.95], [1.01853e-6, 0.680533, 1.0]),
        ("standard", [16.5966, 100.513, 880.424], [1.95124e-7, 9.76137e-5, 0.364964]),
        ("busy", [14.8136, 82.7647, 673.48], [1.89903e-7, 3.47497e-5, 0.0128901]),
    ];
    /// On all 30 days of a month; on 30, and on 55, of the days of a quarter; on all 30 days of a first month.
    const OWN_PAGE: [f64; 4] = [0.0357433, 0.152469, 0.999706, 0.617202];

    /// The promise of a profile, and its plan.
    fn of(name: &str) -> (Privacy, Plan) {
        let has_list = Shares::named(name).is_some();
        let shares =
            if name == SMALL_FIRST { Shares::SMALL_FIRST_MONTH } else { Shares::named(name).unwrap_or(Shares::SMALL) };
        let privacy =
            Privacy { bounds: Bounds::of_profile(if has_list { name } else { "small" }), ..Privacy::default() };
        (privacy, Plan::new(&privacy, &shares.for_pages(has_list), TableSet::without_sources()))
    }

    /// Computed apart, in Python with mpmath, from the table and the formulas of docs/PRIVACY.md
    /// (`tests/clients/check_accounting.py` does the same with the plan of a running server).
    #[test]
    fn regulars_are_those_of_an_independent_computation() {
        for (name, epsilons, deltas) in INDEPENDENT {
            let (privacy, plan) = of(name);
            let found = regulars(&plan, &privacy);
            for ((found, epsilon), delta) in found.into_iter().zip(epsilons).zip(deltas) {
                assert!((found.epsilon - epsilon).abs() < 1e-3 * epsilon, "{name}: {found:?} is not epsilon {epsilon}");
                assert!((found.delta - delta).abs() < 1e-3 * delta, "{name}: {found:?} is not delta {delta}");
            }
        }
    }

    /// What docs/PRIVACY.md says of a page that one visitor alone opens once a day.
    #[test]
    fn the_name_of_a_page_of_ones_own_appears_as_often_as_the_documents_say() {
        let chance_after = |name, period, what, each: i64, days: i64| {
            let (_, plan) = of(name);
            let mechanism = plan.get(Table::Page, period, what).unwrap();
            chance(mechanism.sigma(), mechanism.threshold, &[each * days])
        };
        let listed = chance_after("small", PeriodKind::Month, What::Counters, 1, 30);
        let open = |days| chance_after(SMALL_OPEN, PeriodKind::Quarter, What::Votes, 77, days);
        let first = chance_after(SMALL_FIRST, PeriodKind::Month, What::Votes, 77, 30);
        for (found, wanted) in [listed, open(30), open(55), first].into_iter().zip(OWN_PAGE) {
            assert!((found - wanted).abs() < 1e-3 * wanted, "{found} is not {wanted}");
        }
    }

    /// The table of docs/PRIVACY.md: `cargo test --lib regular_table -- --ignored --nocapture`.
    #[test]
    #[ignore = "prints a table"]
    fn regular_table() {
        for name in ["small", SMALL_OPEN, SMALL_FIRST, "standard", "busy"] {
            let (privacy, plan) = of(name);
            println!("{name}: {:?}", regulars(&plan, &privacy));
        }
    }
}
