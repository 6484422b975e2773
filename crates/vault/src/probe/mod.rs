//! The room's inner parts as the laboratory (`crates/lab`) needs them: made-up visitors and the lines of logs go through the
//! real anonymiser, limiter, tallies and draw here, and what the draw publishes of them comes out.
//!
//! It is built with the feature `lab` alone: no server has it. It opens no directory of a server: what is counted here was
//! handed in here, so it can give out what its own visitors did, and never a count of a running server.

mod accesses;
mod noise;
mod readers;
mod scene;
mod stages;
mod view_count;
mod world;

pub use accesses::LogReader;
pub use noise::{Noise, NoiseFault, SeededNoise, SystemNoise};
pub use readers::ReaderCount;
pub use scene::{Keys, Leaks, PUBLIC_PAGES, Plans, Play, Scene, Stage};
pub use stages::{Encoded, Sealed, Seen, Stages};
pub use view_count::{Added, ViewCount};
pub use world::{Edition, Facts, PageTruth, SiteTruth, View, VisitorDay, Visitors, WIKIMEDIA_PAGES_PER_DAY, World};

use headcount_model::source::ReadError;

use crate::{
    Release,
    calendar::Period,
    release::{draw::Body, terms::Under},
    sites::settings::Site,
};

/// A period's release, as sealing makes it.
fn release(site: &Site, under: &Under, period: Period, number: u64, body: Body) -> Release {
    Release {
        number,
        site: site.name.clone(),
        zone: site.calendar.zone_name().to_owned(),
        period,
        sealed_at_unix_s: 0,
        bounds: under.bounds,
        costs: under.costs.clone(),
        gap: None,
        site_numbers: body.site_numbers,
        hours: body.hours,
        tables: body.tables,
    }
}

/// What goes wrong here is a fault of the vault.
fn fault(fault: impl std::error::Error + Send + Sync + 'static) -> ReadError {
    ReadError::new(fault)
}
