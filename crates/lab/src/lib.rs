//! The laboratory: how useful are the releases? Whole experiments with made-up visitors and shared logs; out comes a
//! [`Report`] of errors and shares. No server has it: it needs the vault's feature `lab`, whose `probe` lets visitors through
//! the real rooms.
//!
//! What is compared is what a reader gets: visits through the limiter, the tallies, the draw and the query layer. The
//! counterpart are the settings that Wikimedia publishes its page views with (`wikimedia.rs`). Noise and visitors come
//! from seeds, so everybody gets the same tables: `benches/utility`.

#![allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the laboratory chooses its numbers and may stop at what it did not expect"
)]

mod alias;
pub mod audit;
mod crowd;
mod edition;
mod found;
mod habits;
mod logs;
mod pages;
mod parallel;
mod published;
mod quarter;
mod report;
mod score;
mod sites;
mod verdict;
mod wikimedia;

#[cfg(test)]
mod tests;

pub use found::FoundRow;
pub use published::Published;
pub use quarter::QuarterRow;
pub use report::{Method, NumberRow, PageRow, Report};
pub use score::Score;
pub use verdict::Verdict;

use std::collections::{BTreeMap, BTreeSet};

use headcount_model::{
    calendar::{self, Day, Period, PeriodKind},
    source::ReadError,
    tables::{Bounds, Table},
};
use headcount_query::{self as query, AskError};
use headcount_vault::probe::World;

use crowd::Crowd;
use sites::Numbers;

/// headcount's profiles.
const PROFILES: [&str; 3] = ["small", "standard", "busy"];

/// 2026-06-01, a Monday; the month has 30 days.
const JUNE: i32 = 20_605;
const JUNE_DAYS: i32 = 30;
const MAY_DAYS: i32 = 31;
/// So many days of a month are asked about page by page where a site is large.
const ASKED_DAYS_MAX: usize = 30;
const ASKED_DAYS_LARGE: usize = 3;

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Only the smaller sites, with few repetitions.
    pub quick: bool,
    /// From which all visitors and all noise follow.
    pub seed: u64,
}

/// A site to look at.
struct Place {
    name: String,
    /// The profile that is recommended for it.
    profile: &'static str,
    /// Whether a month before was published first.
    has_history: bool,
    /// The first day that is judged.
    from: Day,
    asked_days: usize,
    repetitions: usize,
    seed: u64,
}

/// A made-up site: visits a day, pages, profile, repetitions (quick, full), the same with a month of history.
type Size = (u64, usize, &'static str, [usize; 2], [usize; 2]);
const SIZES: [Size; 3] = [
    (300, 200, "small", [4, 100], [2, 25]),
    (10_000, 2_000, "standard", [1, 8], [0, 3]),
    (1_000_000, 50_000, "busy", [0, 1], [0, 0]),
];
/// Made-up sites of a whole quarter: visits a day, pages, repetitions (quick, full).
const QUARTERS: [(u64, usize, [usize; 2]); 2] = [(300, 200, [2, 25]), (10_000, 2_000, [0, 2])];
/// The made-up site whose names are counted after its first month: visits a day, pages, repetitions (quick, full).
const FOUND: (u64, usize, [usize; 2]) = (300, 200, [4, 50]);
/// Shared logs, and their repetitions.
const LOGS: [(&str, &str); 2] =
    [("elastic log", "elastic-apache_logs.log.gz"), ("NASA log", "nasa-ksc-1995-08-01-head5000.clf.log.gz")];
const LOG_REPETITIONS: [usize; 2] = [4, 100];

/// Runs all experiments. `tell` gets a line now and then.
///
/// # Errors
/// When noise cannot be drawn, a question is refused or a log cannot be read, each of which is a fault of the program.
pub fn run(options: &Options, tell: &mut dyn FnMut(&str)) -> Result<Report, AskError> {
    let mut report = Report::default();
    let full = usize::from(!options.quick);
    for (visits_per_day, pages, profile, repetitions, with_history) in SIZES {
        for (has_history, repetitions) in [(false, repetitions[full]), (true, with_history[full])] {
            if repetitions == 0 {
                continue;
            }
            let (place, worlds) = made_up(visits_per_day, pages, profile, has_history, repetitions, options.seed);
            tell(&format!("{}: counted{}", place.name, if has_history { ", two months" } else { "" }));
            look(&place, &worlds, &mut report)?;
        }
    }
    for (visits_per_day, pages, repetitions) in QUARTERS {
        if repetitions[full] > 0 {
            report.quarters.push(quarter::row(visits_per_day, pages, repetitions[full], options.seed)?);
            tell(&format!("{} visits a day: a quarter", with_thousands(visits_per_day)));
        }
    }
    let (visits_per_day, pages, repetitions) = FOUND;
    report.found = found::rows(visits_per_day, pages, repetitions[full], options.seed)?;
    tell(&format!("{} visits a day: names of pages", with_thousands(visits_per_day)));
    for (name, file) in LOGS {
        let Some(worlds) = bounds().map(|bounds| logs::world(file, bounds)).collect::<Result<Option<Vec<_>>, _>>()?
        else {
            tell(&format!("skipped: ../shared/data/logs/{file} is not here"));
            report.skipped.push(name.to_owned());
            continue;
        };
        tell(&format!("{name}: counted"));
        let (from, repetitions) = (Day::from_number(i32::MIN), LOG_REPETITIONS[full]);
        let place = Place::new(name.to_owned(), "small", from, repetitions, options.seed);
        look(&place, &worlds, &mut report)?;
    }
    Ok(report)
}

/// What goes wrong in the laboratory and is no question.
fn fault(fault: impl std::error::Error + Send + Sync + 'static) -> AskError {
    AskError::Read(ReadError::new(fault))
}

/// The bounds that any of the profiles has.
fn bounds() -> impl Iterator<Item = Bounds> {
    BTreeMap::from(PROFILES.map(Bounds::of_profile).map(|bounds| (bounds.views_per_visitor_day, bounds))).into_values()
}

/// A made-up site, counted under all bounds.
fn made_up(
    visits_per_day: u64,
    pages: usize,
    profile: &'static str,
    has_history: bool,
    repetitions: usize,
    seed: u64,
) -> (Place, Vec<World>) {
    let crowd = Crowd::new(visits_per_day, pages, seed);
    let from = if has_history { JUNE - MAY_DAYS } else { JUNE };
    let days: Vec<Day> = (from..JUNE + JUNE_DAYS).map(Day::from_number).collect();
    let count = |bounds| World::count(crowd.sitemap(), &days, bounds, |day, give| crowd.day(day, give), parallel::each);
    let worlds = bounds().map(count).collect();
    let name = format!("{} visits a day", with_thousands(visits_per_day));
    let place = Place::new(name, profile, Day::from_number(JUNE), repetitions, seed);
    let asked_days = if visits_per_day > 100_000 { ASKED_DAYS_LARGE } else { ASKED_DAYS_MAX };
    (Place { has_history, asked_days, ..place }, worlds)
}

fn with_thousands(number: u64) -> String {
    if number < 1_000 {
        number.to_string()
    } else {
        format!("{},{:03}", with_thousands(number / 1_000), number % 1_000)
    }
}

/// Publishes a place in every way, and adds its rows.
fn look(place: &Place, worlds: &[World], report: &mut Report) -> Result<(), AskError> {
    let (rows, numbers) = pages::compare(place, worlds)?;
    report.verdicts.extend(verdict::verdicts(place, &rows));
    report.pages.extend(rows);
    report.numbers.extend(number_rows(place, numbers));
    Ok(())
}

/// One row for each number, with a score for each profile.
fn number_rows(place: &Place, mut by_profile: Vec<Vec<Numbers>>) -> Vec<NumberRow> {
    let keys: BTreeSet<_> = by_profile.iter().flatten().flat_map(|numbers| numbers.pools.keys().copied()).collect();
    let row = |(number, kind): (&'static str, PeriodKind)| {
        let pools = |editions: &mut Vec<Numbers>| {
            editions.iter_mut().map(|numbers| numbers.pools.remove(&(number, kind)).unwrap_or_default()).collect()
        };
        let scores = by_profile.iter_mut().map(|editions| Score::of(pools(editions))).collect();
        NumberRow { place: place.name.clone(), number, period: kind.name(), scores }
    };
    keys.into_iter().map(row).collect()
}

impl Place {
    fn new(name: String, profile: &'static str, from: Day, repetitions: usize, seed: u64) -> Self {
        Self { name, profile, has_history: false, from, asked_days: ASKED_DAYS_MAX, repetitions, seed }
    }

    /// The periods of a kind whose tables are asked about: all of a small site, a few days of a large one.
    fn asked(&self, world: &World, kind: PeriodKind) -> Vec<Period> {
        let periods = world.periods(kind, self.from);
        let step = periods.len().div_ceil(self.asked_days).max(1);
        periods.into_iter().skip(step / 5).step_by(step).collect()
    }
}
