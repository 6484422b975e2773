//! Which pages of a small site have a name after its first month, and how far their numbers are off: without any list of its
//! pages, and with one that has a share of them, as links have that are followed.
//!
//! Which pages a list has does not depend on who came: each is in it with the same chance.

use serde::Serialize;

use headcount_model::{
    rng::{SplitMix64, mix},
    tables::Bounds,
};
use headcount_vault::probe::{VisitorDay, Visitors, World};

use super::{
    JUNE, JUNE_DAYS,
    crowd::Crowd,
    edition::Edition,
    parallel,
    score::{COUNT_MIN, Pool, Score},
    with_thousands,
};
use crate::{
    calendar::{Day, Period},
    query::AskError,
};

/// No list at all, and the shares of the pages that a list has.
const COVERAGES: [Option<f64>; 5] = [None, Some(0.6), Some(0.8), Some(0.9), Some(1.0)];

/// The outcome for one coverage.
#[derive(Debug, Clone, Serialize)]
pub struct FoundRow {
    /// The site.
    pub place: String,
    /// The share of its pages that a list has; `None`: there is no list.
    pub coverage: Option<f64>,
    /// Pages with at least ten bounded visits in the month.
    pub keys: usize,
    /// The share of them that the month's answer names.
    pub named: f64,
    /// The median relative error of those that it names.
    pub median_error: Option<f64>,
}

/// Counts a made-up site for its first month, and publishes it in the profile `small` with each coverage.
pub(super) fn rows(
    visits_per_day: u64,
    pages: usize,
    repetitions: usize,
    seed: u64,
) -> Result<Vec<FoundRow>, AskError> {
    let crowd = Crowd::new(visits_per_day, pages, seed);
    let days: Vec<Day> = (JUNE..JUNE + JUNE_DAYS).map(Day::from_number).collect();
    let bounds = Bounds::of_profile("small");
    let world = World::count(crowd.sitemap(), &days, bounds, |day, give| crowd.day(day, give), parallel::each);
    let visitors = |day: Day, give: &mut dyn FnMut(&VisitorDay)| crowd.day(day, give);
    let place = format!("{} visits a day", with_thousands(visits_per_day));
    COVERAGES.into_iter().map(|coverage| row(&world, &visitors, &place, coverage, (repetitions, seed))).collect()
}

fn row(
    world: &World,
    visitors: Visitors<'_>,
    place: &str,
    coverage: Option<f64>,
    (repetitions, seed): (usize, u64),
) -> Result<FoundRow, AskError> {
    let month = Period::month_of(Day::from_number(JUNE));
    let truth = world.page_truth(month);
    let found = parallel::map(repetitions, |job| -> Result<(usize, Pool), AskError> {
        let seed = mix(seed, job as u64);
        let list = coverage.map(|coverage| listed(world, coverage, seed));
        let edition = Edition::with_votes(world, "small", list.as_deref(), seed, visitors)?;
        let (mut named, mut pool) = (0, Pool::default());
        for (truth, reading) in truth.iter().zip(edition.pages(month)?) {
            let Some(reading) = reading.filter(|_| u64::from(truth.bounded) >= COUNT_MIN) else { continue };
            named += 1;
            pool.add(reading.visits.estimate, u64::from(truth.bounded), u64::from(truth.all));
        }
        Ok((named, pool))
    });
    let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
    let keys = truth.iter().filter(|truth| u64::from(truth.bounded) >= COUNT_MIN).count();
    let named: usize = found.iter().map(|(named, _)| named).sum();
    Ok(FoundRow {
        place: place.to_owned(),
        coverage,
        keys,
        named: named as f64 / (keys * repetitions).max(1) as f64,
        median_error: Score::of(found.into_iter().map(|(_, pool)| pool).collect()).median_error,
    })
}

/// The pages that a list has.
fn listed(world: &World, coverage: f64, seed: u64) -> Vec<Box<str>> {
    let mut bits = SplitMix64::new(mix(seed, u64::MAX));
    world.pages.iter().filter(|_| bits.next_unit() < coverage).cloned().collect()
}
