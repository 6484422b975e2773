//! By how much a number differs from the one it is compared with.
//!
//! It is here because a difference of two noisy numbers is noisier than both, and people see a change where there is none. It takes
//! the unbiased values that the intervals are made of, never what is shown, and gives an interval of the difference: the noise
//! alone. How visits vary by chance is not in it. It never says that a change means something, only that the noise did not
//! make it.

use super::{estimate::measure::Measure, number::Why};

/// Standard errors to each side: the noise alone makes such a difference in at most one of 20 comparisons.
pub const CHANGE_REACH: f64 = 1.96;
/// The same where many sites are compared at once: at most one of a thousand.
pub const CHANGE_REACH_OF_MANY: f64 = 3.3;
/// From which number on a change is also told in percent.
const PERCENT_BASE_MIN: f64 = 100.0;

/// A difference, now less then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The difference, rounded; `None` where one of the two numbers is absent.
    pub estimate: Option<i64>,
    /// The lower end of its interval.
    pub low: i64,
    /// The upper end of its interval.
    pub high: i64,
    /// Whether the interval holds zero.
    pub is_within_noise: bool,
    /// In percent of the number it is compared with; only where it is more than the noise and that number is at least 100.
    pub percent: Option<f64>,
    /// Why there is none.
    pub reason: Option<Why>,
}

/// What a change is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The unbiased difference, with its variance.
    pub measure: Measure,
    /// The unbiased number that it is compared with.
    pub base: f64,
    /// How much may be missing from the number of now, because it was not published.
    pub hidden_now: i64,
    /// How much may be missing from the one it is compared with.
    pub hidden_before: i64,
}

impl Difference {
    /// Between numbers of independent noise, of which nothing is missing.
    #[must_use]
    pub fn between(now: Measure, before: Measure) -> Self {
        Self::known(now.minus(before), before)
    }

    /// A difference whose noise is known, because the noise of both numbers has parts in common. Nothing is missing.
    #[must_use]
    pub fn known(measure: Measure, before: Measure) -> Self {
        Self { measure, base: before.value, hidden_now: 0, hidden_before: 0 }
    }
}

impl Change {
    /// No change to tell.
    #[must_use]
    pub fn absent(reason: Why) -> Self {
        Self { estimate: None, low: 0, high: 0, is_within_noise: false, percent: None, reason: Some(reason) }
    }

    /// The difference with an interval of so many standard errors to each side, rounded outward.
    #[must_use]
    pub fn of(difference: Difference, reach: f64) -> Self {
        let Difference { measure, base, hidden_now, hidden_before } = difference;
        let distance = reach * measure.standard_error();
        #[expect(clippy::cast_possible_truncation, reason = "Cast safety: `as` saturates, and no operand is NaN.")]
        let whole = |value: f64| value as i64;
        let low = whole((measure.value - distance).floor()).saturating_sub(hidden_before.max(0));
        let high = whole((measure.value + distance).ceil()).saturating_add(hidden_now.max(0));
        let is_within_noise = low <= 0 && high >= 0;
        let is_told_in_percent = !is_within_noise && base >= PERCENT_BASE_MIN && hidden_before <= 0;
        let percent = is_told_in_percent.then(|| 100.0 * measure.value / base);
        let estimate = whole(measure.value.round()).clamp(low, high);
        Self { estimate: Some(estimate), low, high, is_within_noise, percent, reason: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::estimate::random::Random;

    fn measure(value: f64, standard_error: f64) -> Measure {
        Measure { value, variance: standard_error * standard_error }
    }

    fn change(now: Measure, before: Measure) -> Change {
        Change::of(Difference::between(now, before), CHANGE_REACH)
    }

    #[test]
    fn a_change_is_told_with_its_interval() {
        let found = change(measure(1_218.0, 10.0), measure(1_000.0, 20.0));
        assert_eq!((found.estimate, found.low, found.high), (Some(218), 174, 262));
        assert_eq!((found.is_within_noise, found.percent, found.reason), (false, Some(21.8), None));
        // The same difference of a small number, and one that the noise may have made.
        assert_eq!(change(measure(317.0, 10.0), measure(99.0, 20.0)).percent, None);
        let found = change(measure(1_020.0, 10.0), measure(1_000.0, 20.0));
        assert_eq!((found.is_within_noise, found.percent), (true, None));
        let absent = Change::absent(Why::Gap);
        assert_eq!((absent.estimate, absent.is_within_noise, absent.reason), (None, false, Some(Why::Gap)));
    }

    #[test]
    fn what_was_not_published_may_be_the_difference() {
        let known = Difference::between(measure(150.0, 2.0), measure(120.0, 2.0));
        let hidden = Difference { hidden_before: 40, ..known };
        let (known, hidden) = (Change::of(known, CHANGE_REACH), Change::of(hidden, CHANGE_REACH));
        assert!(!known.is_within_noise && hidden.is_within_noise);
        assert_eq!((hidden.low, hidden.high, hidden.percent), (known.low - 40, known.high, None));
    }

    /// How often two numbers of the same truth are said to differ.
    #[test]
    fn an_unchanged_number_is_rarely_called_changed() {
        let (runs, mut random) = (200_000, Random::new(14));
        for (reach, most) in [(CHANGE_REACH, 0.05), (CHANGE_REACH_OF_MANY, 0.001)] {
            for sigma in [3.0, 25.0, 800.0] {
                let mut called = 0;
                for _ in 0..runs {
                    let mut noisy = || measure((5_000.0 + sigma * random.normal()).round(), sigma);
                    let found = Change::of(Difference::between(noisy(), noisy()), reach);
                    called += i32::from(!found.is_within_noise);
                }
                // Three standard errors of this many runs.
                let allowed = most + 3.0 * (most / f64::from(runs)).sqrt();
                let share = f64::from(called) / f64::from(runs);
                assert!(share <= allowed, "{reach} standard errors, sigma {sigma}: {share}");
                // Rounding outward hides more of small numbers.
                assert!(
                    sigma < 10.0 || share >= most / 3.0,
                    "{reach} standard errors, sigma {sigma}: {share}, too careful"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn the_other_way_round_it_is_the_same_with_the_other_sign(
            now in -1e6..1e6, before in -1e6..1e6, errors in (0.0..1e3, 0.0..1e3), hidden in (0_i64..500, 0_i64..500),
        ) {
            let (now, before) = (measure(now, errors.0), measure(before, errors.1));
            let there = Difference { hidden_now: hidden.0, hidden_before: hidden.1, ..Difference::between(now, before) };
            let back = Difference { hidden_now: hidden.1, hidden_before: hidden.0, ..Difference::between(before, now) };
            let (there, back) = (Change::of(there, CHANGE_REACH), Change::of(back, CHANGE_REACH));
            prop_assert_eq!((there.low, there.high), (-back.high, -back.low));
            prop_assert_eq!(there.is_within_noise, back.is_within_noise);
            prop_assert_eq!(there.estimate, back.estimate.map(|n| -n));
        }

        #[test]
        fn it_is_within_the_noise_exactly_up_to_so_many_standard_errors(
            now in -1e6..1e6, before in -1e6..1e6, errors in (0.1..1e3, 0.1..1e3), reach in 1.0..5.0,
        ) {
            let (now, before) = (measure(now, errors.0), measure(before, errors.1));
            let found = Change::of(Difference::between(now, before), reach);
            let (distance, most) = ((now.value - before.value).abs(), reach * errors.0.hypot(errors.1));
            prop_assert_eq!(found.is_within_noise, found.low <= 0 && 0 <= found.high);
            prop_assert!(found.is_within_noise || distance > most);
            // The interval is rounded outward, so it may hold zero where it begins less than one count from it.
            prop_assert!(!found.is_within_noise || distance < most + 1.0);
            let estimate = found.estimate.unwrap();
            prop_assert!(found.low <= estimate && estimate <= found.high);
            prop_assert_eq!(found.percent.is_some(), !found.is_within_noise && before.value >= 100.0);
        }
    }
}
