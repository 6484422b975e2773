//! Faults of the disk, the power and the clock for the real binary, and the load under which they come.
//!
//! The server has no hooks for this. `tests/faults/shim.c` stands between it and libc; `shim` drives that, `fleet` sends
//! batches and keeps account of what was acknowledged, and `truth` reads back what was counted. The short tests and
//! `benches/crash` share all of it.

pub mod campaign;
pub mod damage;
pub mod fleet;
pub mod scene;
pub mod sealing;
pub mod shim;
pub mod truth;

use headcount_model::rng::SplitMix64;

use crate::harness::House;

/// With this configuration the noise of a day's visits has a standard deviation of about one, so that one batch that
/// is lost or counted twice is more than ten of them. The journal is as short as can be, so that checkpoints come under load.
const CONFIG: &str = r#"
[server]
free_space_reserve_mib = 0
journal_mib = 1
[privacy]
epsilon = 10.0
delta = 1e-4
[bounds]
views_per_visitor_day = 2
[profiles.quiet]
hour = 20
day_site = 9700
day_pages = 40
day_attributes = 40
week_site = 40
month_site = 40
month_pages = 40
month_attributes = 40
selection = 40
[[site]]
name = "www"
profile = "quiet"
skip_tables = ["browser", "os", "device", "language", "country", "campaign", "entry", "profile", "status", "error",
  "response-time", "response-size", "bot"]
"#;

/// Arguments of `serve` for a site with hardly any noise.
pub fn quiet_args(house: &House) -> Vec<String> {
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", CONFIG)]);
    args
}

/// Numbers that a seed repeats.
#[derive(Clone)]
pub struct Dice(SplitMix64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to one less than `below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.next() % below
    }
}
