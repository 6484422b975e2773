//! No number is published as it was counted: each has a draw of its own on it. A failure is a number without noise, and two
//! numbers that share a draw: their difference would be exact.

use std::collections::BTreeSet;

use super::*;
use crate::calendar::{Period, PeriodKind};
use release::{budget::SigmaMilli, noise::NoiseFault};

/// Far more than is counted here, so that the draw can be told from the number.
const STEP: i64 = 1_000;

/// The n-th draw is n steps.
struct Steps(i64);

impl Noise for Steps {
    fn sample(&mut self, _: SigmaMilli) -> Result<i64, NoiseFault> {
        self.0 += 1;
        Ok(STEP * self.0)
    }
}

fn numbers(release: &Release) -> Vec<i64> {
    let site = release.site_numbers.iter().flat_map(|site| site.ranks.iter().chain([&site.limited]));
    let keys = release.tables.iter().flat_map(|table| &table.keys);
    let hours = release.hours.iter().flat_map(|hour| &hour.counts);
    site.map(|noisy| noisy.count).chain(keys.flat_map(|key| key.counts.clone())).chain(hours.copied()).collect()
}

#[test]
fn every_number_has_a_draw_of_its_own() {
    let house = House::new();
    let opened = open_with_noise(house.options(), house.clock.clone(), Box::new(Steps(0))).unwrap();
    let Opened { intake, committer, releases, admin } = opened;
    let running = Running { intake, releases, admin, committer: std::thread::spawn(move || committer.run()) };
    let lane = running.lane("www", "import");
    let crowd = (0..20).map(|n| view(NOON_UNIX_MS - 5 * DAY_MS, n, ["/a", "/b"][n as usize % 2])).collect();
    block_on(lane.send(batch(1, crowd, i64::MAX))).unwrap();
    let date = day("2026-10-28");
    let periods = [Period::day(date), Period::of(PeriodKind::Week, date), Period::month_of(date)];
    let found: Vec<i64> = periods.iter().flat_map(|period| numbers(&running.wait_for("www", *period))).collect();
    let draws: BTreeSet<i64> = found.iter().map(|number| (number + STEP / 2) / STEP).collect();
    assert!(found.len() > 500 && !draws.contains(&0), "a number without noise among {}", found.len());
    assert_eq!(draws.len(), found.len(), "a draw is used twice");
    drop(lane);
    running.close();
}
