//! What a range is made of: the coarsest published blocks that fit, months first, then days.
//!
//! Fewer and larger blocks carry less noise. Each day of the range lies in exactly one block or is listed as missing.

use headcount_model::calendar::{Day, Period};

use super::{State, number::Why, range::Range};

/// How a range is covered.
#[derive(Debug, Clone, PartialEq)]
pub struct Cover<T> {
    /// The blocks with what is published of them, in order.
    pub blocks: Vec<T>,
    /// The days without numbers and why, in order.
    pub missing: Vec<(Day, Why)>,
}

/// Covers a range. `state` tells what is published of a day or month, `why_missing` why a day is not; none where there is no
/// such day.
///
/// # Errors
/// Those of `state`.
pub fn cover<T, E>(
    range: Range,
    mut state: impl FnMut(Period) -> Result<State<T>, E>,
    why_missing: impl Fn(Period) -> Option<Why>,
) -> Result<Cover<T>, E> {
    let mut cover = Cover { blocks: Vec::new(), missing: Vec::new() };
    let mut day = range.from;
    while day <= range.to {
        let month = Period::month_of(day);
        if month.start == day
            && month.end_day() <= range.to.plus(1)
            && let State::Numbers(block) = state(month)?
        {
            cover.blocks.push(block);
            day = month.end_day();
            continue;
        }
        // The days of a month without numbers stand in for it.
        match state(Period::day(day))? {
            State::Numbers(block) => cover.blocks.push(block),
            State::Gap => cover.missing.push((day, Why::Gap)),
            State::Absent => cover.missing.extend(why_missing(Period::day(day)).map(|why| (day, why))),
        }
        day = day.plus(1);
    }
    Ok(cover)
}

#[cfg(test)]
mod tests {
    use super::*;
    use headcount_model::calendar::PeriodKind;
    use proptest::prelude::*;
    use std::{collections::BTreeMap, convert::Infallible};

    fn covered(range: Range, published: &BTreeMap<Period, bool>) -> Cover<Period> {
        let state = |period: Period| -> Result<_, Infallible> {
            Ok(match published.get(&period) {
                Some(true) => State::Numbers(period),
                Some(false) => State::Gap,
                None => State::Absent,
            })
        };
        cover(range, state, |_| Some(Why::NotSealed)).unwrap()
    }

    proptest! {
        #[test]
        fn each_day_is_covered_or_missing_exactly_once(
            from in 20_000_i32..20_100,
            days in 1_i32..200,
            published in prop::collection::btree_map((any::<bool>(), 19_950_i32..20_350), any::<bool>(), 0..300),
        ) {
            let published: BTreeMap<Period, bool> = published
                .into_iter()
                .map(|((is_month, n), ok)| {
                    let kind = if is_month { PeriodKind::Month } else { PeriodKind::Day };
                    (Period::of(kind, Day::from_number(n)), ok)
                })
                .collect();
            let range = Range { from: Day::from_number(from), to: Day::from_number(from + days - 1) };
            let cover = covered(range, &published);
            let mut all: Vec<Day> = cover.blocks.iter().flat_map(|p| p.days()).collect();
            all.extend(cover.missing.iter().map(|(day, _)| *day));
            all.sort_unstable();
            let expected: Vec<Day> = (from..from + days).map(Day::from_number).collect();
            prop_assert_eq!(all, expected);
            for period in &cover.blocks {
                prop_assert_eq!(published.get(period), Some(&true));
            }
            for (day, why) in &cover.missing {
                let gap = published.get(&Period::day(*day)) == Some(&false);
                prop_assert_eq!(*why, if gap { Why::Gap } else { Why::NotSealed });
            }
            // A published month that fits is used whole.
            for (month, _) in published.iter().filter(|(p, ok)| p.kind == PeriodKind::Month && **ok) {
                let fits = month.start >= range.from && month.end_day() <= range.to.plus(1);
                prop_assert_eq!(cover.blocks.contains(month), fits);
            }
        }
    }
}
