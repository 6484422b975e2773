//! What a breakdown has under no key: "(other)".

use headcount_model::tables::Table;

use super::{
    estimate::{direct::Directs, measure::Measure, site::Total},
    number::Number,
};

/// What the blocks did not publish: the total of each less the keys that it published.
///
/// A key that became public within the range may have a part of its count in here, as its interval says; so the lower end
/// also allows for the sum of what is in no row at all.
pub(super) fn measured(table: Table, total: &Total, direct: &Directs) -> Number {
    let whole = if table == Table::Page { total.views() } else { total.visits() };
    let slack = direct.values().fold(0_i64, |sum, direct| sum.saturating_add(direct.slack));
    Number::of(whole.minus(Measure::sum(direct.values().map(|direct| direct.measure))), 0).less(slack)
}

/// What the blocks did not publish, as it is best shown. `left`: what the rows as shown leave of the total.
///
/// Where it is clear it is shown as it was measured. Else that is too large on average, because nothing is shown below zero,
/// and what the rows leave is too small, because no row is below zero either; so the mean of both is taken.
pub(super) fn shown(measured: Number, left: i64) -> Number {
    match measured.estimate.filter(|_| measured.noisy_zero) {
        Some(estimate) => measured.showing(estimate.midpoint(left.max(0))),
        None => measured,
    }
}
