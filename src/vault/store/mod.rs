//! The disk. One embedded database (sled) holds the journal of deltas, the checkpoints of open cells, the producers'
//! sequences and the releases; one batch is one atomic, durable step. docs/ARCHITECTURE.md lists the layout.
//!
//! What is not sealed reaches this room encrypted. What it writes in clear is public, or tells nothing of a visitor.

pub(super) mod archive;
pub(super) mod backup;
mod blobs;
mod chunks;
pub(super) mod disk;
pub(super) mod journal;
pub(super) mod migrate;
pub(super) mod rows;
mod stopwatch;
mod sum;
mod witness;

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    anonymize::network::GeoFault,
    keys::{Epoch, KeyFault},
};

/// Our own failure: the store or a key cannot be used. What was acknowledged is still there.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database refused.
    #[error("the database in {path}: {source}")]
    Database {
        /// Its directory.
        path: PathBuf,
        /// What it said.
        source: sled::Error,
    },
    /// A file could not be used.
    #[error("{path}: {source}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the data directory.
    #[error(
        "the data directory {0} is in use by another headcount process; stop that one or choose another directory with --data"
    )]
    InUse(PathBuf),
    /// There is less free space than is kept in reserve.
    #[error("only {free_mib} MiB are free for {path}, and {reserve_mib} MiB are kept in reserve: free some space")]
    NoSpace {
        /// The data directory.
        path: PathBuf,
        /// What is free.
        free_mib: u64,
        /// What is kept.
        reserve_mib: u64,
    },
    /// The layout is of another version.
    #[error(
        "the data in {path} has format {found}, and this program reads format {known}: use the matching version of headcount"
    )]
    Format {
        /// The database's directory.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The format this program writes.
        known: u32,
    },
    /// What was read cannot be what was written.
    #[error(
        "the data is damaged ({what}). `headcount verify` names all that is; `headcount restore --help` says how to go on \
         from a backup or from the archive of published periods"
    )]
    Damaged {
        /// Which row.
        what: String,
    },
    /// The database is older than it was.
    #[error(
        "the database in {path} lacks the last {steps} steps that it once held: its file was damaged, or an older copy \
         was put in its place. Put the right copy back; or run `headcount restore`, which completes it from the archive \
         of published periods and accepts that what was counted since is lost"
    )]
    Behind {
        /// The data directory.
        path: PathBuf,
        /// How many steps.
        steps: u64,
    },
    /// The archive knows of releases that the database lacks.
    #[error(
        "the archive in {path} holds {archived} releases and the database {stored}: an older copy of the database was put in \
         its place. Run `headcount restore`, which takes the others from the archive, so that nothing is published twice"
    )]
    ArchiveAhead {
        /// The archive's directory.
        path: PathBuf,
        /// The number of its last release.
        archived: u64,
        /// The number of the database's last release.
        stored: u64,
    },
    /// The archive and the database have different releases of a period.
    #[error(
        "the archive in {path} and the database have different releases of {epoch}: they do not belong together. Restore \
         into an empty data directory"
    )]
    OtherArchive {
        /// The archive's directory.
        path: PathBuf,
        /// The period.
        epoch: Epoch,
    },
    /// What is to be filled holds something already.
    #[error("{0} is not empty: move it away (keep it until all is well again), or name another directory")]
    NotEmpty(PathBuf),
    /// A backup was being put back.
    #[error("a restore into {0} was not finished: run `headcount restore` with the same backup again")]
    Unfinished(PathBuf),
    /// A backup file is not what was written.
    #[error("{0} is no backup of headcount, or is damaged or cut: take another copy of it")]
    Backup(PathBuf),
    /// A line of the archive is not what was written.
    #[error(
        "the archive's file {path} is damaged{}: put a good copy of the file in its place; or, where the database is whole, move \
         the archive away: the next start of the server writes a new one",
        line_of(*line)
    )]
    Archive {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1; 0 is the last.
        line: u64,
    },
    /// A setting that cannot change differs from the stored one.
    #[error(
        "{what} was {stored} when this data directory was made and is now {configured}. It cannot change, because days \
         would then overlap and a visitor-day could cost more than was promised: set it back, or start with a new data \
         directory"
    )]
    Settings {
        /// Which setting.
        what: String,
        /// Its value then.
        stored: String,
        /// Its value now.
        configured: String,
    },
    /// A key is missing or cannot be written.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// A file of countries cannot be read.
    #[error(transparent)]
    Geo(#[from] GeoFault),
    /// A part of the budget is too small to publish anything.
    #[error(
        "the site {site}: the share of the budget for {table} by {period} comes to nothing. Give it a larger share, or \
         raise epsilon"
    )]
    Budget {
        /// The site.
        site: String,
        /// The table.
        table: &'static str,
        /// The period.
        period: &'static str,
    },
    /// There is data but no keys for it: open periods, or the senders.
    #[error(
        "keys are missing ({}). Put the key files back; or give up what these periods have counted so far, and what is \
         known of who sent what (`producers`), with `headcount serve{}`",
        .0.join(", "),
        .0.iter().map(|name| format!(" --give-up {name}")).collect::<String>()
    )]
    MissingKeys(Vec<String>),
    /// The key of the producers is another one.
    #[error(
        "the key file {0} is not the one that this data directory was written with: put the right one back; or remove it \
         and start with `headcount serve --give-up producers`. A log that is shipped again is then counted again in \
         days that are open"
    )]
    ProducerKey(PathBuf),
    /// A period to give up cannot be read.
    #[error(
        "{0:?} names nothing to give up: write SITE/day-2026-11-24, SITE/week-2026-11-23 (a Monday), SITE/month-2026-11-01, \
         or producers"
    )]
    GiveUp(String),
    /// No noise could be drawn.
    #[error("no noise could be drawn: {0}")]
    Noise(String),
}

impl Fault {
    /// Whether the system refused, rather than what is stored.
    pub(super) fn is_of_the_system(&self) -> bool {
        matches!(self, Self::Database { .. } | Self::File { .. } | Self::Key(KeyFault::Io { .. }))
    }

    /// A row that cannot be what was written.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

/// What the system said of a file or directory.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Fault + use<> {
    let path = path.to_owned();
    move |source| Fault::File { path, source }
}

fn line_of(line: u64) -> String {
    if line == 0 { " in its last line".to_owned() } else { format!(" in line {line}") }
}
