//! The seam for engines: the rows of one lane, which one committer owns.
//!
//! An engine keeps rows in the order of their keys, and makes a step durable as a whole or not at all. A step names the
//! [`Fence`] that it follows: where another one is found, somebody else has gone on with the lane, and nothing is written.
//! Values are whole here; how an engine cuts, syncs and locks is its own affair. It knows no row's meaning, and nothing
//! of a visitor: what is not published reaches it encrypted.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod memory;
pub(crate) mod sled;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{files::FileError, space::NoSpace};

/// Kinds of rows whose values may be long, up to 4 GiB; those of others have at most a few KiB. No key of these kinds is the
/// beginning of another.
pub(super) const LONG_KINDS: [&[u8]; 3] = [b"j/", b"o/", b"r/"];

/// Whether the value of a key may be long.
pub(super) fn is_long(key: &[u8]) -> bool {
    LONG_KINDS.iter().any(|kind| key.starts_with(kind))
}

/// A key and its value.
pub(crate) type Row = (Vec<u8>, Vec<u8>);
/// What becomes of rows together: a new value, or none where the row goes.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;
/// Rows as they are read.
pub(crate) type Rows<'a> = Box<dyn Iterator<Item = Result<Row, EngineError>> + 'a>;
/// Keys as they are read.
pub(crate) type Keys<'a> = Box<dyn Iterator<Item = Result<Vec<u8>, EngineError>> + 'a>;

/// Which step of a lane was the last: how many there were, and the digest over the rows that it left. Whoever wants to write
/// the next one must know it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fence {
    /// Counts up with every durable step.
    pub(crate) steps: u64,
    /// See `digest`. No engine looks into it.
    pub(crate) digest: [u64; 4],
}

impl Fence {
    /// Its length in bytes.
    pub(crate) const BYTES: usize = 40;

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let numbers = [self.steps, self.digest[0], self.digest[1], self.digest[2], self.digest[3]];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (mut numbers, mut rest) = ([0; 5], &bytes[..]);
        for number in &mut numbers {
            if let Some((first, after)) = rest.split_first_chunk() {
                (*number, rest) = (u64::from_le_bytes(*first), after);
            }
        }
        let [steps, digest @ ..] = numbers;
        Self { steps, digest }
    }
}

/// Keys from one on, up to another one that is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: Vec<u8>,
    /// None: to the end.
    pub(crate) to: Option<Vec<u8>>,
}

impl Range {
    pub(crate) fn all() -> Self {
        Self { from: Vec::new(), to: None }
    }

    /// All keys that begin so.
    pub(crate) fn beginning_with(prefix: &[u8]) -> Self {
        let mut to = prefix.to_vec();
        while to.last() == Some(&u8::MAX) {
            to.pop();
        }
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        Self { from: prefix.to_vec(), to: Some(to).filter(|to| !to.is_empty()) }
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        key >= &self.from[..] && self.to.as_ref().is_none_or(|to| key < &to[..])
    }
}

/// Why an engine cannot be used. What it says itself stays closed: no other room decides by it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine's system refused.
    #[error("the database in {place}: {source}")]
    Refused {
        /// Where it is.
        place: PathBuf,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file beside it could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was read cannot be what was written.
    #[error("{0}")]
    Damaged(String),
    /// Another process has the lane.
    #[error(
        "the data directory {0} is in use by another headcount process; stop that one or choose another directory with --data"
    )]
    InUse(PathBuf),
    /// There is less free space than is kept in reserve.
    #[error(transparent)]
    NoSpace(#[from] NoSpace),
}

/// Why a step is not known to be durable.
#[derive(Debug)]
pub(crate) enum StepError {
    /// Nothing was written: the lane has gone on with a step of somebody else.
    Fenced(Fence),
    /// Nothing was written.
    Refused(EngineError),
    /// It may be durable or not: [`WriteRows::fate`] finds out.
    InDoubt(EngineError),
}

/// What became of a step in doubt.
#[cfg_attr(not(test), expect(dead_code, reason = "sled cannot tell before the next open; the model in memory can"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is durable, and stays so whatever fails next.
    Durable,
    /// It is not there and will not come: the same step may be sent again.
    Absent,
    /// Somebody else has gone on with the lane.
    Fenced(Fence),
    /// Only the next open can tell.
    Unknown,
}

/// Reads the rows of a lane. What it reads is durable, or a step that is on its way.
pub(crate) trait ReadRows: Send + Sync {
    /// A row's value.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Rows in the order of their keys. A value that is damaged is an error in its place.
    fn scan(&self, range: &Range) -> Rows<'_>;

    /// The same without the values.
    fn keys(&self, range: &Range) -> Keys<'_>;

    /// The last step.
    fn fence(&self) -> Result<Fence, EngineError>;

    /// Whether there is room for more.
    fn room(&self) -> Result<(), EngineError>;

    /// Leaves the lane as it is, after a failure: nothing more is written, also not while it is dropped.
    fn abandon(&self);
}

/// Writes the rows of a lane. There is one in all processes; where two believe so, the fence keeps one out.
pub(crate) trait WriteRows: Send {
    /// Makes changes durable together, if the lane's fence is `from`; it is `to` afterwards.
    fn commit(&mut self, changes: &Changes, from: &Fence, to: &Fence) -> Result<(), StepError>;

    /// What became of the step from one fence to another that was in doubt.
    fn fate(&mut self, from: &Fence, to: &Fence) -> Fate;
}

/// A lane that is open.
pub(crate) struct Opened {
    pub(crate) reader: Arc<dyn ReadRows>,
    pub(crate) writer: Box<dyn WriteRows>,
    /// The last step that was once durable, as far as that is known from outside the rows: they may be ahead of it, never
    /// behind.
    pub(crate) high_water: Option<Fence>,
    /// What errors name the lane by.
    pub(crate) place: PathBuf,
}

/// Opens the lane of a data directory, making it if need be.
pub(crate) fn open(directory: &Path, reserve_mib: u64) -> Result<Opened, EngineError> {
    sled::open(directory, reserve_mib)
}

/// Refuses a data directory without a lane.
pub(crate) fn require(directory: &Path) -> Result<(), EngineError> {
    sled::require(directory)
}

/// The system refused.
fn refused(place: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
    EngineError::Refused { place: place.to_owned(), source: source.into() }
}
