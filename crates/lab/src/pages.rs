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
use headcount_model::{rng::mix, tables::Bounds};
use headcount_vault::probe::World;

use crate::{
    calendar::{Period, PeriodKind},
    query::AskError,
};

/// The periods for which there is a page table.
pub(super) const KINDS: [PeriodKind; 3] = [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month];

/// One way to publish a place.
#[derive(Clone, Copy)]
struct Way {
    profile: &'static str,
    pages_are_known: bool,
    bounds: Bounds,
}

impl Way {
    /// All ways for a place.
    fn all(place: &Place) -> Vec<Self> {
        // A month before makes a difference only where keys become public one by one.
        let sitemaps: &[bool] = if place.has_history { &[false] } else { &[true, false] };
        let way = |profile, pages_are_known| Self { profile, pages_are_known, bounds: Bounds::of_profile(profile) };
        let mut all: Vec<Self> = PROFILES.into_iter().flat_map(|p| sitemaps.iter().map(move |s| way(p, *s))).collect();
        // What the bounds of its profile win.
        let usual = Self { bounds: Bounds::default(), ..way(place.profile, true) };
        if !place.has_history && !usual.has_own_bounds() {
            all.push(usual);
        }
        all
    }

    fn has_own_bounds(self) -> bool {
        self.bounds == Bounds::of_profile(self.profile)
    }

    fn method(self) -> Method {
        let views = (!self.has_own_bounds()).then_some(self.bounds.views_per_visitor_day);
        Method { views_per_visitor_day: views, ..Method::headcount(self.profile, self.pages_are_known) }
    }

    /// The world that was counted under its bounds.
    fn world(self, worlds: &[World]) -> &World {
        let counted = worlds.iter().find(|world| world.bounds == self.bounds);
        counted.expect("a place is counted under all bounds that a profile has")
    }
}

/// What one edition showed.
struct Seen {
    pools: [Pool; KINDS.len()],
    numbers: Numbers,
}

/// Publishes a place's tables in every way; gives the rows of its page table and the pools of its other numbers, by profile.
pub(super) fn compare(place: &Place, worlds: &[World]) -> Result<(Vec<PageRow>, Vec<Vec<Numbers>>), AskError> {
    let ways = Way::all(place);
    let seen = parallel::map(ways.len() * place.repetitions, |job| {
        let way = ways[job / place.repetitions];
        edition(place, way.world(worlds), way, seed(place, job))
    });
    let mut seen = seen.into_iter();
    let (mut rows, mut numbers) = (Vec::new(), Vec::new());
    for way in ways {
        let of_way: Vec<Seen> = seen.by_ref().take(place.repetitions).collect::<Result<_, _>>()?;
        let (mut pools, mut others) = (KINDS.map(|_| Vec::new()), Vec::new());
        for seen in of_way {
            pools.iter_mut().zip(seen.pools).for_each(|(all, pool)| all.push(pool));
            others.push(seen.numbers);
        }
        for (kind, pools) in KINDS.into_iter().zip(pools) {
            // A log may be shorter than a week.
            if !worlds.iter().all(|world| place.asked(world, kind).is_empty()) {
                rows.push(row(place, kind, way.method(), Score::of(pools)));
            }
        }
        if way.pages_are_known && way.has_own_bounds() {
            numbers.push(others);
        }
    }
    if !place.has_history {
        let recommended =
            Way { profile: place.profile, pages_are_known: true, bounds: Bounds::of_profile(place.profile) };
        rows.extend(wikimedia_rows(place, recommended.world(worlds))?);
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

fn edition(place: &Place, world: &World, way: Way, seed: u64) -> Result<Seen, AskError> {
    let edition = Edition::new(world, way.profile, way.pages_are_known.then_some(&world.pages), seed)?;
    let mut numbers = Numbers::default();
    let mut pools = KINDS.map(|_| Pool::default());
    for (kind, pool) in KINDS.into_iter().zip(&mut pools) {
        for period in place.asked(world, kind) {
            look(world, &edition, period, pool, &mut numbers)?;
        }
    }
    if way.pages_are_known && way.has_own_bounds() {
        numbers.look(place, world, &edition)?;
    }
    Ok(Seen { pools, numbers })
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
        // A week is compared where the place's own profile publishes it.
        if World::rho_of_pages(place.profile, kind) == 0 || place.asked(world, kind).is_empty() {
            continue;
        }
        let budgets = [(None, wikimedia::RHO_NANO)].into_iter();
        let budgets = budgets.chain(PROFILES.map(|profile| (Some(profile), World::rho_of_pages(profile, kind))));
        let budgets = budgets.filter(|(_, rho_nano)| *rho_nano > 0);
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
