//! What a range is made of: the coarsest published blocks that fit, months first, then weeks, then days.
//!
//! Fewer and larger blocks carry less noise. Each day of the range lies in exactly one block or is listed as missing. A week
//! that reaches into a month of the range makes way for it.

use std::sync::Arc;

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    release::{Outline, Release},
    source::ReadError,
    tables::Table,
    units::SiteName,
};

use super::{Source, State, number::Why, outline, range::Range, state};

/// How a range is covered.
#[derive(Debug, Clone, PartialEq)]
pub struct Cover<T> {
    /// The blocks with what is published of them, in order.
    pub blocks: Vec<T>,
    /// The days without numbers and why, in order.
    pub missing: Vec<(Day, Why)>,
}

/// Covers a range. `state` tells what is published of a day, week or month, `why_missing` why a day is not; none where there
/// is no such day.
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
        let (month, week) = (Period::month_of(day), Period::week_of(day));
        if let Some(block) = whole(month, day, range, &mut state)? {
            cover.blocks.push(block);
            day = month.end_day();
            continue;
        }
        if let Some(block) = whole_week(week, day, range, &mut state)? {
            cover.blocks.push(block);
            day = week.end_day();
            continue;
        }
        // The days of a week or month without numbers stand in for it.
        match state(Period::day(day))? {
            State::Numbers(block) => cover.blocks.push(block),
            State::Gap => cover.missing.push((day, Why::Gap)),
            State::Absent => cover.missing.extend(why_missing(Period::day(day)).map(|why| (day, why))),
        }
        day = day.plus(1);
    }
    Ok(cover)
}

/// What is published of a period for a table. Few tables have weeks, and not at every site: a week without the table is none.
///
/// # Errors
/// When the store cannot be read.
pub fn state_of_table(
    source: &impl Source,
    site: &SiteName,
    table: Table,
    period: Period,
) -> Result<State<Arc<Release>>, ReadError> {
    if period.kind == PeriodKind::Week && !table.has_period(PeriodKind::Week) {
        return Ok(State::Absent);
    }
    Ok(match state(source, site, period)? {
        State::Numbers(week) if period.kind == PeriodKind::Week && week.table(table).is_none() => State::Absent,
        state => state,
    })
}

/// What is published of a month or day, without its keys, for numbers that are not counted by week or have what is known of
/// weeks in their months and days.
///
/// # Errors
/// When the store cannot be read.
pub fn outline_without_weeks(
    source: &impl Source,
    site: &SiteName,
    period: Period,
) -> Result<State<Arc<Outline>>, ReadError> {
    if period.kind == PeriodKind::Week { Ok(State::Absent) } else { outline(source, site, period) }
}

/// A week or month with numbers that begins on a day and fits.
fn whole<T, E>(
    period: Period,
    day: Day,
    range: Range,
    state: &mut impl FnMut(Period) -> Result<State<T>, E>,
) -> Result<Option<T>, E> {
    if period.start != day || period.end_day() > range.to.plus(1) {
        return Ok(None);
    }
    Ok(match state(period)? {
        State::Numbers(block) => Some(block),
        State::Gap | State::Absent => None,
    })
}

/// A week that begins on a day and fits, if it is exactly the sum of its days and takes nothing from a month that fits.
fn whole_week<T, E>(
    week: Period,
    day: Day,
    range: Range,
    state: &mut impl FnMut(Period) -> Result<State<T>, E>,
) -> Result<Option<T>, E> {
    let Some(block) = whole(week, day, range, state)? else { return Ok(None) };
    for of_week in week.days() {
        if !matches!(state(Period::day(of_week))?, State::Numbers(_)) {
            return Ok(None);
        }
    }
    let next = Period::month_of(week.end_day().plus(-1));
    let is_taken = next.start > week.start && whole(next, next.start, range, state)?.is_some();
    Ok((!is_taken).then_some(block))
}

#[cfg(test)]
mod tests {
    use super::*;
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
            published in prop::collection::btree_map((0..3_usize, 19_950_i32..20_350), any::<bool>(), 0..300),
            whole_weeks in prop::collection::vec(19_950_i32..20_350, 0..20),
        ) {
            let mut published: BTreeMap<Period, bool> = published
                .into_iter()
                .map(|((kind, n), ok)| {
                    let kind = [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month][kind];
                    (Period::of(kind, Day::from_number(n)), ok)
                })
                .collect();
            // Some weeks with all of their days.
            for week in whole_weeks.into_iter().map(|n| Period::week_of(Day::from_number(n))) {
                published.extend(week.days().map(Period::day).chain([week]).map(|period| (period, true)));
            }
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
            // A published week that fits is used whole where all of its days are published and no month has any of them.
            for (week, _) in published.iter().filter(|(p, ok)| p.kind == PeriodKind::Week && **ok) {
                let fits = week.start >= range.from && week.end_day() <= range.to.plus(1);
                let has_days = week.days().all(|day| published.get(&Period::day(day)) == Some(&true));
                let mut months = week.days().map(Period::month_of);
                let is_taken = months.any(|month| cover.blocks.contains(&month));
                prop_assert_eq!(cover.blocks.contains(week), fits && has_days && !is_taken);
            }
        }
    }
}
