//! How many pages of a small site without a sitemap have a name after a quarter, in which days and months make public what
//! passes their thresholds, and the quarter what its votes speak for.

use std::collections::BTreeSet;

use serde::Serialize;

use headcount_model::{rng::mix, tables::Bounds};
use headcount_vault::probe::World;

use super::{JUNE, JUNE_DAYS, MAY_DAYS, crowd::Crowd, parallel, score::COUNT_MIN, with_thousands};
use crate::{
    Table,
    calendar::{Day, Period},
    query::AskError,
};

const APRIL_DAYS: i32 = 30;

/// The outcome for one site.
#[derive(Debug, Clone, Serialize)]
pub struct QuarterRow {
    /// The site.
    pub place: String,
    /// Pages with at least ten bounded visits in the quarter's last month.
    pub keys: usize,
    /// The share of them whose names are public before the quarter is sealed, and after it.
    pub public: [f64; 2],
}

/// Counts a made-up site for a quarter, and publishes it in the profile `small` without a list of its pages.
pub(super) fn row(visits_per_day: u64, pages: usize, repetitions: usize, seed: u64) -> Result<QuarterRow, AskError> {
    let crowd = Crowd::new(visits_per_day, pages, seed);
    let days: Vec<Day> = (JUNE - MAY_DAYS - APRIL_DAYS..JUNE + JUNE_DAYS).map(Day::from_number).collect();
    let bounds = Bounds::of_profile("small");
    let world = World::count(crowd.sitemap(), &days, bounds, |day, give| crowd.day(day, give), parallel::each);
    let truth = world.page_truth(Period::month_of(Day::from_number(JUNE)));
    let keys: BTreeSet<&str> = (world.pages.iter().zip(truth))
        .filter(|(_, truth)| u64::from(truth.bounded) >= COUNT_MIN)
        .map(|(name, _)| &**name)
        .collect();
    let found = parallel::map(repetitions, |job| -> Result<[usize; 2], AskError> {
        let [before, found] = found_in_quarter(&world, "small", mix(seed, job as u64))?;
        let count = |names: &BTreeSet<Box<str>>| keys.iter().filter(|key| names.contains(**key)).count();
        let after = keys.iter().filter(|key| before.contains(**key) || found.contains(**key)).count();
        Ok([count(&before), after])
    });
    let mut sums = [0, 0];
    for counts in found {
        let counts = counts?;
        sums = [sums[0] + counts[0], sums[1] + counts[1]];
    }
    let share = |sum: usize| sum as f64 / (keys.len() * repetitions).max(1) as f64;
    let place = format!("{} visits a day", with_thousands(visits_per_day));
    Ok(QuarterRow { place, keys: keys.len(), public: sums.map(share) })
}

/// The names of pages that are public before the quarter of the last day is sealed, and those that it adds.
fn found_in_quarter(world: &World, profile: &str, seed: u64) -> Result<[BTreeSet<Box<str>>; 2], AskError> {
    let edition = world.publish(profile, None, seed)?;
    let quarter = edition.quarter(seed)?;
    let before = edition.public_names(Table::Page);
    let found = quarter.tables.into_iter().filter(|table| table.table == Table::Page);
    Ok([before, found.flat_map(|table| table.keys).map(|key| key.key.into()).collect()])
}
