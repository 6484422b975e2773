//! Errors by operation: what reading, committing, opening and an administrator's work may fail with, and nothing that cannot
//! happen there. What an engine says stays closed inside of [`EngineError`].

use std::path::PathBuf;

use headcount_model::release::EncodeError;

use super::{engine::EngineError, files::FileError};
use crate::{
    anonymize::network::GeoFault,
    keys::{Epoch, KeyFault},
    release::noise::NoiseFault,
};

/// What was read cannot be what was written.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data is damaged ({what}). `headcount verify` names all that is; `headcount restore --help` says how to go on from a \
     backup or from the archive of published periods"
)]
pub struct Damaged {
    /// Which row.
    pub what: String,
}

impl Damaged {
    /// A row that cannot be what was written.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl From<EncodeError> for Damaged {
    fn from(error: EncodeError) -> Self {
        Self::new(error.to_string())
    }
}

/// Something stored cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The engine cannot be used.
    #[error(transparent)]
    Engine(EngineError),
    /// What it holds is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

impl From<EngineError> for ReadError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Damaged(what) => Self::Damaged(Damaged { what }),
            other => Self::Engine(other),
        }
    }
}

/// The archive cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file of it could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line of it is not what was written.
    #[error(
        "the archive's file {path} is damaged{}: put a good copy of the file in its place; or, where the database is whole, move \
         the archive away: the next start of the server writes a new one",
        line_of(*line)
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1; 0 is the last.
        line: u64,
    },
    /// A release cannot be written as a line.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

fn line_of(line: u64) -> String {
    if line == 0 { " in its last line".to_owned() } else { format!(" in line {line}") }
}

/// A step did not become durable, or what follows it could not be done. What was acknowledged is still there; the process
/// must stop, because memory may be ahead of the disk.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The engine refused, or holds what was not written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Somebody else has gone on with the same rows.
    #[error(
        "another process has gone on with the same data ({found} steps are there, and {known} were known here): this one stops, \
         and nothing of its last step was written"
    )]
    Fenced {
        /// How many steps there are.
        found: u64,
        /// How many this process knows of.
        known: u64,
    },
    /// A sender has seen more releases than there are.
    #[error(
        "a sender has seen {seen} releases of this server, and the data hold {stored}: an older copy of the data was put in its \
         place. Nothing more is published; the next start says how to go on"
    )]
    OlderCopy {
        /// How many there were.
        seen: u64,
        /// How many are here.
        stored: u64,
    },
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A release could not be archived.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A key is missing, or cannot be written or destroyed.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// No noise could be drawn.
    #[error("no noise could be drawn: {0}")]
    Noise(String),
}

impl From<NoiseFault> for CommitError {
    fn from(fault: NoiseFault) -> Self {
        Self::Noise(fault.to_string())
    }
}

/// A data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Reading it, or the first steps on it.
    #[error(transparent)]
    Commit(#[from] CommitError),
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
    /// The keys know of releases that the database lacks.
    #[error(
        "{archived} releases were published by what is noted in the key directory {path}, and the data hold {stored}: an older \
         copy of the data was put in its place. Put the newest copy back; or `headcount restore --from` the newest copy of the \
         archive; or, where there is none, `headcount serve --give-up copy`: days and hours that may have been published since \
         become gaps, so that nothing is published twice"
    )]
    NotedAhead {
        /// The key directory.
        path: PathBuf,
        /// The number of the last release that was noted.
        archived: u64,
        /// The number of the database's last release.
        stored: u64,
    },
    /// A backup was being put back.
    #[error("a restore into {0} was not finished: run `headcount restore` with the same backup again")]
    Unfinished(PathBuf),
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
         producers, or copy"
    )]
    GiveUp(String),
}

impl OpenError {
    /// Whether the system refused, rather than what is stored.
    pub(crate) fn is_of_the_system(&self) -> bool {
        let Self::Commit(error) = self else { return false };
        match error {
            CommitError::Read(ReadError::Engine(EngineError::Refused { .. } | EngineError::File(_)))
            | CommitError::File(_)
            | CommitError::Archive(ArchiveError::File(_))
            | CommitError::Key(KeyFault::Io { .. }) => true,
            CommitError::Read(_)
            | CommitError::Fenced { .. }
            | CommitError::OlderCopy { .. }
            | CommitError::Archive(_)
            | CommitError::Key(_)
            | CommitError::Noise(_) => false,
        }
    }
}

/// What an administrator asked for cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
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
    /// A backup file is not what was written.
    #[error("{0} is no backup of headcount, or is damaged or cut: take another copy of it")]
    Backup(PathBuf),
}

/// What fails inside of an operation fails the operation.
macro_rules! through {
    ($operation:ident by $variant:ident: $($inner:ty),*) => {
        $(impl From<$inner> for $operation {
            fn from(inner: $inner) -> Self {
                Self::$variant(inner.into())
            }
        })*
    };
}

through!(CommitError by Read: EngineError, Damaged);
through!(OpenError by Commit: ReadError, EngineError, Damaged, FileError, ArchiveError, KeyFault);
through!(AdminError by Open: CommitError, ReadError, EngineError, Damaged, FileError, ArchiveError, KeyFault);
