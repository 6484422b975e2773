//! The demonstration: invented sites with realistic traffic, and the exact truth about them.
//!
//! Real access logs of a ministry cannot be shown to anybody, and their true counts are known to nobody. So the logs of
//! `headcount demo` and of many tests are made here: the same seed gives the same bytes on every machine, and because we
//! made every visit ourselves we know the exact numbers that the published, noisy ones have to stand beside.
//!
//! Nothing here opens a network connection or a vault. No person's address, name or mail address belongs to anybody: all
//! of them come from ranges and domains set aside for documentation and private use.

pub mod agents;
pub mod crawlers;
mod day;
pub mod lines;
mod machines;
pub mod names;
pub mod pages;
pub mod people;
pub mod plan;
pub mod random;
pub mod referrers;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod traffic;
pub mod truth;
mod visit;

pub use plan::{Plan, SitePlan};
pub use tally::{LineCounts, Truth};
pub use traffic::{DemoSite, write_logs};
pub use truth::{Counts, Exact};
