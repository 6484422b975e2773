//! Which changes a mail tells, and numbers as the one formatter writes them.
//!
//! A mail looks at hundreds of rows at once, so one row in twenty would differ by noise alone at the usual 95 %. A row is told only
//! where it is so far beyond the noise that, of twenty mails, at most one tells a row that did not change.

use headcount_model::format::{ChangeInterval, DASH, Digits, Language, reason};

use super::letter::Towards;
use crate::{
    proto::{Change, Reason, Value},
    report::{self, interval, why},
};

/// Standard errors to each side of a 95 % interval.
const Z_95: f64 = 1.96;
/// How many mails have one row that did not change.
const MAILS_PER_MISTAKE: f64 = 20.0;

/// A number with its interval, or a dash.
pub(super) fn number(value: Option<&Value>, language: Language) -> String {
    value.and_then(interval).map_or_else(|| DASH.to_owned(), |interval| interval.text(Digits::Full, language))
}

/// Whether the row stands clear of the noise.
pub(super) fn is_clear(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.estimate.is_some() && !value.noisy_zero)
}

/// Why there is no number, as the end of a sentence.
pub(super) fn reason_words(of: Reason, language: Language) -> &'static str {
    reason(why(of), language)
}

/// The change as the formatter knows it.
pub(super) fn told(change: Option<&Change>) -> Option<ChangeInterval> {
    change.and_then(report::change)
}

/// Which way it went.
pub(super) fn towards(change: &ChangeInterval) -> Towards {
    match (change.is_within_noise, change.estimate < 0) {
        (true, _) => Towards::Nowhere,
        (false, false) => Towards::Up,
        (false, true) => Towards::Down,
    }
}

/// The change, if it is so far beyond the noise that it can be told out of `compared` rows.
pub(super) fn beyond(change: Option<&Change>, compared: usize) -> Option<ChangeInterval> {
    let change = told(change).filter(|change| !change.is_within_noise)?;
    let nearer = if change.estimate < 0 { change.high } else { change.low };
    // Counts are far below 2^53.
    let (size, half) = (change.estimate.unsigned_abs() as f64, change.estimate.abs_diff(nearer) as f64);
    (size > half * reach(compared) / Z_95).then_some(change)
}

/// How many standard errors a change of one of so many rows must have. P(|Z| >= z) <= exp(-z^2 / 2) for a normal Z, and the chances of
/// all rows add up.
fn reach(compared: usize) -> f64 {
    (2.0 * (MAILS_PER_MISTAKE * compared.max(1) as f64).ln()).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn more_rows_ask_for_more_standard_errors() {
        assert!((reach(1) - 2.448).abs() < 0.001, "{}", reach(1));
        assert!((reach(1_000) - 4.450).abs() < 0.001, "{}", reach(1_000));
        let change = |estimate| Change {
            estimate: Some(estimate),
            low: estimate - 196,
            high: estimate + 196,
            ..Change::default()
        };
        assert!(beyond(Some(&change(300)), 1_000).is_none());
        assert!(beyond(Some(&change(450)), 1_000).is_some());
        assert!(beyond(Some(&change(-450)), 1_000).is_some());
        assert!(beyond(Some(&change(-300)), 1_000).is_none());
        assert!(beyond(Some(&change(300)), 1).is_some());
    }

    proptest! {
        #[test]
        fn what_is_within_the_noise_is_never_told(
            estimate in -10_000_i64..10_000, below in 0_i64..5_000, above in 0_i64..5_000, compared in 0_usize..4_000,
        ) {
            let (low, high) = (estimate - below, estimate + above);
            let change = Change { estimate: Some(estimate), low, high, within_noise: low <= 0 && 0 <= high, ..Change::default() };
            if let Some(told) = beyond(Some(&change), compared) {
                prop_assert!(!change.within_noise);
                prop_assert!((told.low > 0) == (told.estimate > 0) && (told.high < 0) == (told.estimate < 0));
            }
        }
    }
}
