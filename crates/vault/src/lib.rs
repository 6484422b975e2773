//! The room with people in it.
//!
//! Everything that knows more of a visitor than a published number lives in private children of this module. The
//! door is narrow: [`open`] gives an [`Intake`] that only takes events, a [`Committer`] that only moves data onward,
//! [`Releases`] that only reads what is published, and an [`Admin`] that asks the committer for a backup. Data goes one way,
//! and the modules below stand in that order:
//!
//! ```text
//! AccessEvent --anonymize--> Sighting --bound--> delta --commit--> open cells --seal--> Release --query--> answer
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "tests choose the numbers that they cast"
    )
)]

#[cfg(test)]
#[path = "../../../tests/golden/golden.rs"]
mod golden;
mod telemetry;

mod event;

mod anonymize;
mod names;

mod bound;
mod guard;
mod limit;

mod cells;
mod sketch;
mod tally;

mod commit;

mod store;

mod seal;

mod release;

mod sites;

mod keys;

pub mod admin;

#[cfg(feature = "lab")]
#[allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the laboratory chooses its numbers and may stop at what it did not expect"
)]
pub mod probe;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{Arc, RwLock, atomic::AtomicU64},
};

use headcount_model::{bins, calendar, clock, outcome, tables, units};
use tokio::sync::{mpsc, watch};

pub use admin::running::Admin;
pub use anonymize::network::GeoFault;
pub use anonymize::page::{page_name, personal_parameter, scrubbed_page};
pub use commit::{
    checkpoint::Limits,
    committer::Committer,
    intake::{
        Batch, CURSOR_BYTES_MAX, EVENTS_PER_BATCH_MAX, Intake, Lane, PRODUCER_BYTES_MAX, Pending, Receipt, Refusal,
        Unreadable,
    },
    sender::PRODUCER_SECRET_BYTES,
};
pub use event::{AccessEvent, Text};
pub use keys::{Epoch, KeyFault};
pub use release::reader::Releases;
pub use sites::{registry::SitePolicy, settings::SiteSettings};
pub use store::{AdminError, ArchiveError, CommitError, Damaged, EngineError, FileError, OpenError, ReadError};

// Words that everybody shares: not the vault's own.
pub use headcount_model::{
    ledger::DayLedger,
    outcome::{Outcome, OutcomeCounts},
    plan::{Mechanism, What},
    promise::{NOT_COVERED, RETENTION, Retention},
    regular::Regular,
    release::{HourNumbers, KeyNumbers, Measured, Noisy, Release, SiteNumbers, TableNumbers},
    shares::{BASIS_POINTS, Privacy, Shares},
    source::{SiteGroup, SiteInfo, SiteLabel},
    tables::{Bounds, KeySpace, OTHER_KEY, Table, TableSet, VIEWS_PER_DAY_MAX},
    terms::{Cost, Terms},
};

use anonymize::network::Countries;
use clock::Clock;
use commit::{
    checkpoint::Checkpointer,
    committer::{Counted, Inbox, Room, Seals, Shared},
    intake,
    open::OpenCells,
    recover::{self, Loaded},
    writer::Writer,
};
use release::{
    noise::{NoiseSource, SystemNoise},
    reader::About,
};
use seal::{due::SealQueue, publish::Publisher, trust::ClockTrust};
use sites::{registry::Registry, settings as site};
use store::lane::Lane as StoredLane;

/// Batches that wait for the committer at most; then senders wait.
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
    /// A checkpoint is written when the journal is longer than this, in MiB.
    pub journal_mib: u64,
    /// How finely checkpoints are cut.
    pub limits: Limits,
    /// Free space that is never used, in MiB.
    pub reserve_mib: u64,
    /// The promise to every visitor.
    pub privacy: Privacy,
    /// The configured sites.
    pub sites: Vec<SiteSettings>,
    /// The groups of sites.
    pub groups: Vec<SiteGroup>,
    /// Files that say which country an address is of; none: no countries are counted.
    pub countries: Vec<PathBuf>,
    /// Which other sites take events.
    pub site_policy: SitePolicy,
    /// How long a period waits for producers that do not say that they are complete, in milliseconds.
    pub max_lateness_ms: i64,
    /// The clock is believed up to this, in milliseconds since 1970, however far ahead it is of the last time known.
    pub accepted_clock_unix_ms: Option<i64>,
    /// Open periods to give up, because their keys are lost: `SITE/day-2026-11-24`.
    pub give_up: Vec<String>,
}

/// An open vault.
pub struct Opened {
    /// Takes events.
    pub intake: Intake,
    /// Commits and seals; to be run on a thread of its own.
    pub committer: Committer,
    /// Reads what is published.
    pub releases: Releases,
    /// Asks the committer.
    pub admin: Admin,
}

/// Opens the vault: reads back what is on the disk and checks it.
///
/// # Errors
/// When the directory is in use, damaged, of another format or full, when a key is missing, or when settings differ
/// from those that open periods were counted under.
pub fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Opened, OpenError> {
    open_with_noise(options, clock, Box::new(SystemNoise::new()))
}

fn open_with_noise(
    options: Options,
    clock: Arc<dyn Clock>,
    noise: Box<dyn NoiseSource + Send>,
) -> Result<Opened, OpenError> {
    let lane = StoredLane::open(&options.data, options.reserve_mib)?;
    let reader = lane.reader.clone();
    let opened = open_on(lane, options, clock, noise);
    if opened.as_ref().is_err_and(OpenError::is_of_the_system) {
        reader.abandon();
    }
    opened
}

fn open_on(
    mut lane: StoredLane,
    options: Options,
    clock: Arc<dyn Clock>,
    noise: Box<dyn NoiseSource + Send>,
) -> Result<Opened, OpenError> {
    let keys = Arc::new(keys::KeyRing::open(&options.keys)?);
    let countries = Countries::load(&options.countries)?;
    let about = About {
        country_sources: countries.sources().to_vec(),
        groups: options.groups.clone(),
        max_lateness_ms: options.max_lateness_ms,
    };
    let loaded = recover::load(&mut lane, &keys, &options)?;
    let Loaded { recovered, stored, archive, producer_key, given_up, doubt } = loaded;
    let lost = recover::load_lost(&lane.reader)?;
    let registry = Arc::new(Registry::open(
        options.privacy,
        options.site_policy,
        &options.sites,
        stored,
        |site| recovered.newest_day(site),
        clock.now_unix_ms(),
    )?);
    registry.remember_pages(&recovered.index);
    let (latest, latest_seen) = watch::channel(recovered.index.last_release);
    let index = Arc::new(RwLock::new(recovered.index));
    let (sender, commits) = mpsc::channel(BATCHES_WAITING_MAX);
    let (orders, orders_seen) = mpsc::channel(ORDERS_WAITING_MAX);
    let (accepts, accepts_seen) = watch::channel(true);
    let newer_release = Arc::new(AtomicU64::new(0));
    let reader = lane.reader.clone();
    let known = reader.row(store::rows::CLOCK_KEY, "the last time known")?;
    let trust = ClockTrust::new(known, options.accepted_clock_unix_ms, clock.now_unix_ms());
    let mut committer = Committer::new(
        Inbox { commits, orders: orders_seen },
        Room {
            lane: reader.clone(),
            data: options.data,
            archive: options.archive,
            reserve_mib: options.reserve_mib,
            accepts,
        },
        Writer::start(lane.writer)?,
        Counted {
            open: OpenCells::new(recovered.cells, recovered.head, keys.clone()),
            producers: recovered.producers,
            checkpointer: Checkpointer::new(recovered.stored, options.journal_mib * 1024 * 1024, options.limits),
            guard: guard::KeyGuard::new(clock.now_unix_ms()),
        },
        Seals {
            queue: SealQueue::new(lost, options.max_lateness_ms),
            trust,
            publisher: Publisher::new(reader.clone(), archive, noise, keys.clone(), index.clone(), latest),
        },
        Shared {
            registry: registry.clone(),
            index: index.clone(),
            keys: keys.clone(),
            clock: clock.clone(),
            newer_release: newer_release.clone(),
        },
    );
    committer.note_sites()?;
    committer.give_up_doubtful(doubt, &given_up, &keys)?;
    let anonymizer = anonymize::Anonymizer::new(keys, countries);
    let releases = Releases::new(reader, index.clone(), registry.clone(), clock.clone(), latest_seen, about);
    let shared = intake::Shared { anonymizer, registry, index, clock, producer_key, newer_release };
    Ok(Opened { intake: Intake::new(shared, sender), committer, releases, admin: Admin::new(orders, accepts_seen) })
}

/// Reads files of countries and says where their data come from, for the attribution that their licences ask for.
///
/// # Errors
/// When a file cannot be read, with the line at fault.
pub fn check_countries(files: &[PathBuf]) -> Result<Vec<String>, GeoFault> {
    Countries::load(files).map(|countries| countries.sources().to_vec())
}
