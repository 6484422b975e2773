//! The demonstration: invented sites with realistic traffic, and the exact truth about them.
//!
//! Real access logs of a ministry cannot be shown, and nobody knows their true counts. So the logs of `headcount demo` and of
//! many tests are generated here: the same seed gives the same bytes on every machine, and because every visit is made here,
//! the exact numbers are known that the published, noisy ones are compared with.
//!
//! Nothing here opens a network connection or a vault. No address, name or mail address belongs to a real person: all come
//! from ranges and domains reserved for documentation and private use.

pub mod agents;
pub mod crawlers;
mod day;
pub mod labels;
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
