//! The page table, published by headcount's profiles and by Wikimedia's settings, against what really happened.

use super::{
    PROFILES, Place,
    edition::Edition,
    parallel,
    report::{Method, PageRow},
    score::{COUNT_MIN, Pool, Score},
    sites::Numbers,
    wikimedia,
};
use headcount_model::rng::mix;
use headcount_vault::probe::World;

use crate::{
    calendar::{Period, PeriodKind},
    query::AskError,
};

/// The periods for which there is a page table.
pub(super) const KINDS: [PeriodKind; 2] = [PeriodKind::Day, PeriodKind::Month];

/// What one edition showed.
struct Seen {
    days: Pool,
    months: Pool,
    numbers: Numbers,
}

/// Publishes a place's tables in every way; gives the rows of its page table and the pools of its other numbers, by profile.
pub(super) fn compare(place: &Place, world: &World) -> Result<(Vec<PageRow>, Vec<Vec<Numbers>>), AskError> {
    // A month before makes a difference only where keys become public one by one.
    let sitemaps: &[bool] = if place.has_history { &[false] } else { &[true, false] };
    let ways: Vec<(&str, bool)> = PROFILES.into_iter().flat_map(|p| sitemaps.iter().map(move |s| (p, *s))).collect();
    let seen = parallel::map(ways.len() * place.repetitions, |job| {
        let (profile, pages_are_known) = ways[job / place.repetitions];
        edition(place, world, profile, pages_are_known, seed(place, job))
    });
    let mut seen = seen.into_iter();
    let (mut rows, mut numbers) = (Vec::new(), Vec::new());
    for (profile, pages_are_known) in ways {
        let of_way: Vec<Seen> = seen.by_ref().take(place.repetitions).collect::<Result<_, _>>()?;
        let (mut days, mut months, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for seen in of_way {
            days.push(seen.days);
            months.push(seen.months);
            others.push(seen.numbers);
        }
        for (kind, pools) in [(PeriodKind::Day, days), (PeriodKind::Month, months)] {
            rows.push(row(place, kind, Method::headcount(profile, pages_are_known), Score::of(pools)));
        }
        if pages_are_known {
            numbers.push(others);
        }
    }
    if !place.has_history {
        rows.extend(wikimedia_rows(place, world)?);
    }
    Ok((rows, numbers))
}

/// A number of its own for each edition of a place.
fn seed(place: &Place, job: usize) -> u64 {
    mix(place.seed, job as u64)
}

fn row(place: &Place, period: PeriodKind, method: Method, score: Score) -> PageRow {
    PageRow { place: place.name.clone(), has_history: place.has_history, period: period.name(), method, score }
}

fn edition(
    place: &Place,
    world: &World,
    profile: &'static str,
    pages_are_known: bool,
    seed: u64,
) -> Result<Seen, AskError> {
    let edition = Edition::new(world, profile, pages_are_known, seed)?;
    let mut numbers = Numbers::default();
    let mut pools = [Pool::default(), Pool::default()];
    for (kind, pool) in KINDS.into_iter().zip(&mut pools) {
        for period in place.asked(world, kind) {
            look(world, &edition, period, pool, &mut numbers)?;
        }
    }
    if pages_are_known {
        numbers.look(place, world, &edition)?;
    }
    let [days, months] = pools;
    Ok(Seen { days, months, numbers })
}

/// Holds the page table of a period against the truth.
fn look(
    world: &World,
    edition: &Edition<'_>,
    period: Period,
    pool: &mut Pool,
    numbers: &mut Numbers,
) -> Result<(), AskError> {
    for (truth, reading) in world.page_truth(period).iter().zip(edition.pages(period)?) {
        let visits = reading.map(|reading| reading.visits);
        if u64::from(truth.bounded) >= COUNT_MIN {
            let estimate = visits.and_then(|visits| visits.estimate);
            pool.add(estimate, u64::from(truth.bounded), u64::from(truth.all));
        }
        pool.note(visits.is_some(), visits.is_some_and(|visits| visits.low > 0), truth.all > 0);
        let views = reading.and_then(|reading| reading.views.estimate);
        numbers.add("page views", period.kind, views, u64::from(truth.bounded_views));
    }
    Ok(())
}

/// Wikimedia's settings at their own budget, and at the budget that each profile has for the same table.
fn wikimedia_rows(place: &Place, world: &World) -> Result<Vec<PageRow>, AskError> {
    let mut rows = Vec::new();
    for kind in KINDS {
        let budgets = [(None, wikimedia::RHO_NANO)].into_iter();
        let budgets = budgets.chain(PROFILES.map(|profile| (Some(profile), World::rho_of_pages(profile, kind))));
        let periods = place.asked(world, kind);
        let tables: Vec<_> = periods.iter().map(|period| world.page_truth(*period)).collect();
        for (profile, rho_nano) in budgets {
            let pools = parallel::map(place.repetitions, |job| wikimedia::publish(&tables, rho_nano, seed(place, job)));
            let score = Score::of(pools.into_iter().collect::<Result<_, _>>()?);
            rows.push(row(place, kind, Method::wikimedia(profile, rho_nano), score));
        }
    }
    Ok(rows)
}
