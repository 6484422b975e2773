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
mod attendant;
mod bound;
mod cells;
mod event;
mod fold;
mod intake;
mod keeper;
mod keys;
#[cfg(any(test, feature = "lab"))]
pub mod lab;
mod limit;
mod names;
mod recover;
mod release;
mod roster;
mod seal;
mod site;
mod sketch;
mod store;
mod tally;
#[cfg(test)]
mod tests;
pub mod upkeep;
mod writer;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, RwLock},
};

use headcount_model::{outcome, tables};
use tokio::sync::{mpsc, watch};

pub use anonymize::network::GeoFault;
pub use anonymize::page::page_name;
pub use attendant::Attendant;
pub use event::{AccessEvent, Text};
pub use intake::{
    Batch, CURSOR_BYTES_MAX, EVENTS_PER_BATCH_MAX, Intake, Lane, PRODUCER_BYTES_MAX, Pending, Receipt, Refusal,
    Unreadable,
};
pub use keeper::Keeper;
pub use keys::{Epoch, KeyFault};
pub use release::reader::Releases;
pub use roster::Welcome;
pub use site::SiteSettings;
pub use store::Fault;

// Words that everybody shares: not the vault's own.
pub use headcount_model::{
    ledger::DayLedger,
    outcome::{Books, Outcome},
    plan::{Mechanism, What},
    promise::{RETENTION, Retention},
    release::{HourNumbers, KeyNumbers, Measured, Noisy, Release, SiteNumbers, TableNumbers},
    shares::{BASIS_POINTS, Privacy, Shares},
    source::SiteInfo,
    tables::{Bounds, KeySpace, OTHER_KEY, Table, TableSet, VIEWS_PER_DAY_MAX},
    terms::{Cost, Terms},
};

use crate::clock::Clock;
use anonymize::network::Countries;
use release::noise::{Noise, SystemNoise};
use roster::Roster;

/// Batches that wait for the keeper at most; then senders wait.
const BATCHES_WAITING_MAX: usize = 256;
/// Orders of an administrator that wait at most.
const ORDERS_WAITING_MAX: usize = 4;

/// What the vault is opened with.
pub struct Options {
    /// The data directory.
    pub data: PathBuf,
    /// The key directory. Best outside the data directory, on a volume of its own.
    pub keys: PathBuf,
    /// The directory of the archive of releases.
    pub archive: PathBuf,
    /// The journal is folded when it is longer than this, in MiB.
    pub journal_mib: u64,
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

/// An open vault.
pub struct Opened {
    /// Takes events.
    pub intake: Intake,
    /// Commits and seals; to be run on a thread of its own.
    pub keeper: Keeper,
    /// Reads what is published.
    pub releases: Releases,
    /// Asks the keeper.
    pub attendant: Attendant,
}

/// Opens the vault: reads back what is on the disk and checks it.
///
/// # Errors
/// When the directory is in use, damaged, of another format or full, when a key is missing, or when settings differ
/// from those that open periods were counted under.
pub fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Opened, Fault> {
    open_with_noise(options, clock, Box::new(SystemNoise))
}

fn open_with_noise(options: Options, clock: Arc<dyn Clock>, noise: Box<dyn Noise + Send>) -> Result<Opened, Fault> {
    let disk = store::disk::Disk::open(&options.data, options.reserve_mib)?;
    let opened = open_on(&disk, options, clock, noise);
    if opened.as_ref().is_err_and(Fault::is_of_the_system) {
        disk.abandon();
    }
    opened
}

fn open_on(
    disk: &store::disk::Disk,
    options: Options,
    clock: Arc<dyn Clock>,
    noise: Box<dyn Noise + Send>,
) -> Result<Opened, Fault> {
    let keys = Arc::new(keys::KeyRing::open(&options.keys)?);
    let countries = Countries::load(&options.countries)?;
    let country_sources = countries.sources().to_vec();
    let recover::Loaded { recovered, stored, archive, producer_key, given_up } = recover::load(disk, &keys, &options)?;
    let roster = Arc::new(Roster::open(
        options.privacy,
        options.welcome,
        &options.sites,
        stored,
        |site| recovered.newest_day(site),
        clock.now_unix_ms(),
    )?);
    let (latest, latest_seen) = watch::channel(recovered.index.last_release);
    let index = Arc::new(RwLock::new(recovered.index));
    let (sender, commits) = mpsc::channel(BATCHES_WAITING_MAX);
    let (orders, orders_seen) = mpsc::channel(ORDERS_WAITING_MAX);
    let (accepts, accepts_seen) = watch::channel(true);
    let mut keeper = Keeper {
        disk: disk.clone(),
        writer: writer::Writer::start(disk.clone())?,
        keys: keys.clone(),
        roster: roster.clone(),
        index: index.clone(),
        cells: recovered.cells,
        spare: cells::Cells::default(),
        dirty: recovered.dirty,
        lost: recover::load_lost(disk)?,
        look_at: BTreeSet::new(),
        parts: recovered.parts,
        base: recovered.base,
        trimmed: recovered.trimmed,
        fold: None,
        folded_bytes: 0,
        head: recovered.head,
        journal_bytes: recovered.journal_bytes,
        journal_bytes_max: options.journal_mib * 1024 * 1024,
        archive,
        producers: recovered.producers,
        noise,
        clock: clock.clone(),
        max_lateness_ms: options.max_lateness_ms,
        latest,
        commits,
        orders: orders_seen,
        accepts,
    };
    keeper.note_sites()?;
    keeper.split_whole(&recovered.whole)?;
    keeper.give_up(&given_up)?;
    let anonymizer = anonymize::Anonymizer::new(keys, countries);
    let releases =
        Releases::new(disk.clone(), index.clone(), roster.clone(), clock.clone(), latest_seen, country_sources);
    let shared = intake::Shared { anonymizer, roster, index, clock, producer_key };
    let attendant = Attendant::new(orders, accepts_seen);
    Ok(Opened { intake: Intake::new(shared, sender), keeper, releases, attendant })
}

/// Reads files of countries and says where their data come from, for the attribution that their licences ask for.
///
/// # Errors
/// When a file cannot be read, with the line at fault.
pub fn check_countries(files: &[PathBuf]) -> Result<Vec<String>, GeoFault> {
    Countries::load(files).map(|countries| countries.sources().to_vec())
}
