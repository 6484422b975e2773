//! headcount counts heads, never who.
//!
//! Site backends stream access events over gRPC; headcount keeps per-page counters and sketches of visitors, and lets
//! anybody read statistics from which nobody can be picked out. The rooms, in the order in which data flows:
//!
//! - [`ship`]: the client side, from log files to the wire; it sends by the crate `headcount-client`.
//! - [`access`]: who may do what: tokens, and one decision that all transports ask.
//! - [`receive`]: what collectors and proxies send of their own.
//! - [`rpc`]: the wire; [`web`]: the same answers as JSON, and the page that shows them; [`serve`] runs both.
//! - [`vault`]: the room with people in it. Events go in, releases come out.
//! - [`query`]: answers made of releases and nothing else; [`answers`] computes each once for all who ask; [`files`] writes
//!   them as CSV and JSON.
//! - [`sitemap`]: pages that are known without looking at anybody.
//! - [`report`]: answers in a terminal. [`publish`]: the public report and open data. [`digest`]: a mail each week.
//!   [`demo`]: traffic to try it all with. [`doctor`]: what the machine should have.
//!
//! Words that all of them share are in the crate `headcount-model`: [`bins`], [`calendar`], [`clock`], [`units`] and more.
//! They know nothing of people.
//!
//! Words: a *visitor* is a browser as far as a site can tell; a *visit* is all that a visitor does on a site from local
//! midnight to midnight (a *visitor-day*); a *page view* is a page that was asked for and given; a *release* is a
//! period's published numbers; a *watermark* is a producer's statement that it sent everything before an instant.

#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "tests choose the numbers that they cast"
    )
)]

pub mod access;
pub mod answers;
pub mod cli;
pub mod config;
pub mod demo;
pub mod digest;
pub mod doctor;
pub mod files;
#[cfg(test)]
#[path = "../tests/golden/golden.rs"]
mod golden;
pub mod metrics;
pub mod proto;
pub mod publish;
pub mod receive;
pub mod report;
pub mod rpc;
pub mod serve;
pub mod ship;
pub mod sitemap;
pub mod telemetry;
mod text;
pub mod web;

pub use headcount_model::{bins, calendar, clock, units};
pub use headcount_query as query;
pub use headcount_vault as vault;
