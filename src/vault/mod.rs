//! The room with people in it.
//!
//! Everything that knows more of a visitor than a published number lives in private children of this module. The
//! door is narrow: [`open`] gives an [`Intake`] that only takes events, a [`Keeper`] that only moves data onward, and
//! [`Releases`] that only reads what is published. Data goes one way:
//!
//! ```text
//! AccessEvent --anonymize--> Visit --bound--> delta --commit--> open cells --seal--> Release --query--> answer
//! ```

mod anonymize;
mod cells;
mod event;
mod intake;
mod keeper;
mod keys;
#[cfg(any(test, feature = "lab"))]
pub mod lab;
mod limit;
mod names;
mod outcome;
mod recover;
mod release;
mod roster;
mod seal;
mod site;
mod sketch;
mod store;
mod tables;
mod tally;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, RwLock},
};

use tokio::sync::{mpsc, watch};

pub use anonymize::network::GeoFault;
pub use event::{AccessEvent, Text};
pub use intake::{
    Batch, CURSOR_BYTES_MAX, EVENTS_PER_BATCH_MAX, Intake, Lane, PRODUCER_BYTES_MAX, Pending, Receipt, Refusal,
    Unreadable,
};
pub use keeper::Keeper;
pub use keys::{Epoch, KeyFault};
pub use outcome::{Books, Outcome};
pub use release::{
    block::{HourNumbers, KeyNumbers, Measured, Noisy, Release, SiteNumbers, TableNumbers},
    plan::{Mechanism, What},
    reader::{DayLedger, Releases, SiteInfo},
    shares::{BASIS_POINTS, Privacy, Shares},
    terms::{Cost, Terms},
};
pub use roster::Welcome;
pub use site::SiteSettings;
pub use store::Fault;
pub use tables::{Bounds, KeySpace, OTHER_KEY, Table, TableSet, VIEWS_PER_DAY_MAX};

use crate::clock::Clock;
use anonymize::network::Countries;
use release::{
    index::Index,
    noise::{Noise, SystemNoise},
};
use roster::Roster;

/// Batches that wait for the keeper at most; then senders wait.
const BATCHES_WAITING_MAX: usize = 256;

/// What the vault is opened with.
pub struct Options {
    /// The data directory.
    pub data: PathBuf,
    /// The key directory. Best outside the data directory, on a volume of its own.
    pub keys: PathBuf,
    /// Free space that is never used, in MiB.
    pub reserve_mib: u64,
    /// The promise to every visitor.
    pub privacy: Privacy,
    /// The configured sites.
    pub sites: Vec<SiteSettings>,
    /// Files that say which country an address is of; none: no countries are counted.
    pub countries: Vec<PathBuf>,
    /// Which other sites take events.
    pub welcome: Welcome,
    /// How long a period waits for producers that did not say that they are complete, in milliseconds.
    pub max_lateness_ms: i64,
    /// Open periods to give up, because their keys are lost: `SITE/day-2026-11-24`.
    pub give_up: Vec<String>,
}

/// Opens the vault: reads back what is on the disk and checks it.
///
/// # Errors
/// When the directory is in use, damaged, of another format or full, when a key is missing, or when settings differ
/// from those that open periods were counted under.
pub fn open(options: Options, clock: Arc<dyn Clock>) -> Result<(Intake, Keeper, Releases), Fault> {
    open_with_noise(options, clock, Box::new(SystemNoise))
}

fn open_with_noise(
    options: Options,
    clock: Arc<dyn Clock>,
    noise: Box<dyn Noise + Send>,
) -> Result<(Intake, Keeper, Releases), Fault> {
    let disk = store::disk::Disk::open(&options.data, options.reserve_mib)?;
    recover::check_format(&disk, &options.data)?;
    let keys = Arc::new(keys::KeyRing::open(&options.keys)?);
    let countries = Countries::load(&options.countries)?;
    let country_sources = countries.sources().to_vec();
    let mut index = Index::default();
    let stored = recover::load_sites(&disk, &mut index)?;
    recover::load_index(&disk, &mut index)?;
    recover::destroy_stale_keys(&disk, &keys, &index)?;
    let given_up = parse_given_up(&options.give_up)?;
    let recovered = recover::load_cells(&disk, &keys, index, &given_up)?;
    let roster = Arc::new(Roster::open(
        options.privacy,
        options.welcome,
        &options.sites,
        stored,
        |site| recovered.newest_day(site),
        clock.now_unix_ms(),
    )?);
    let producer_key = keys.producer_key()?;
    let (latest, latest_seen) = watch::channel(recovered.index.last_release);
    let index = Arc::new(RwLock::new(recovered.index));
    let (sender, commits) = mpsc::channel(BATCHES_WAITING_MAX);
    let mut keeper = Keeper {
        disk: disk.clone(),
        writer: writer::Writer::start(disk.clone())?,
        keys: keys.clone(),
        roster: roster.clone(),
        index: index.clone(),
        cells: recovered.cells,
        spare: cells::Cells::default(),
        dirty: recovered.dirty,
        base: recovered.base,
        head: recovered.head,
        journal_bytes: recovered.journal_bytes,
        producers: recovered.producers,
        noise,
        clock: clock.clone(),
        max_lateness_ms: options.max_lateness_ms,
        latest,
        commits,
    };
    keeper.note_sites()?;
    keeper.give_up(&given_up)?;
    let anonymizer = anonymize::Anonymizer::new(keys, countries);
    let releases = Releases::new(disk, index.clone(), roster.clone(), clock.clone(), latest_seen, country_sources);
    let shared = intake::Shared { anonymizer, roster, index, clock, producer_key };
    Ok((Intake::new(shared, sender), keeper, releases))
}

/// Reads files of countries and says where their data come from, for the attribution that their licences ask for.
///
/// # Errors
/// When a file cannot be read, with the line at fault.
pub fn check_countries(files: &[PathBuf]) -> Result<Vec<String>, GeoFault> {
    Countries::load(files).map(|countries| countries.sources().to_vec())
}

fn parse_given_up(texts: &[String]) -> Result<BTreeSet<Epoch>, Fault> {
    let parse = |text: &String| {
        let (site, period) = text.split_once('/')?;
        keys::parse_epoch(site, period)
    };
    texts.iter().map(|text| parse(text).ok_or_else(|| Fault::GiveUp(text.clone()))).collect()
}

/// The noise that a site with these shares gets, for tests of answers over releases made by hand.
#[cfg(test)]
pub(crate) fn mechanisms(shares: &Shares) -> Vec<Mechanism> {
    release::plan::Plan::new(&Privacy::default(), shares, TableSet::without_sources()).mechanisms
}
