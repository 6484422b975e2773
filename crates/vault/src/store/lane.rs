//! Opens the lane of a data directory, and refuses rows that are not those which were written last.

use std::path::Path;

use super::{
    Damaged, OpenError,
    digest::RowDigest,
    engine::{self, EngineError, Fence, Opened},
    reader::LaneReader,
    writer::LaneWriter,
};

/// An open lane, in its two halves.
pub(crate) struct Lane {
    pub(crate) reader: LaneReader,
    pub(crate) writer: LaneWriter,
}

impl Lane {
    /// Opens the lane, making it if need be, and checks it.
    pub(crate) fn open(directory: &Path, reserve_mib: u64) -> Result<Self, OpenError> {
        let opened = engine::open(directory, reserve_mib)?;
        let last = check(&opened, opened.high_water)?;
        Ok(Self::of(opened, last))
    }

    /// The same for a directory that is there already.
    pub(crate) fn open_existing(directory: &Path) -> Result<Self, OpenError> {
        engine::require(directory)?;
        Self::open(directory, 0)
    }

    /// The same for rows that may be older than what was here last, on purpose. The next step puts the high water right.
    pub(crate) fn open_older(directory: &Path) -> Result<Self, OpenError> {
        let opened = engine::open(directory, 0)?;
        let last = check(&opened, None)?;
        Ok(Self::of(opened, last))
    }

    /// The same for a directory that is there already and may be damaged, to read what can be read. Says what is wrong with
    /// the rows as a whole.
    pub(crate) fn open_damaged(directory: &Path) -> Result<(LaneReader, Result<(), OpenError>), EngineError> {
        engine::require(directory)?;
        let opened = engine::open(directory, 0)?;
        let checked = check(&opened, opened.high_water);
        Ok((LaneReader::new(opened.reader), checked.map(|_| ())))
    }

    pub(super) fn of(opened: Opened, last: Fence) -> Self {
        let reader = LaneReader::new(opened.reader);
        Self { writer: LaneWriter::new(opened.writer, reader.clone(), last), reader }
    }
}

/// Compares the rows with their digest, and the last step with the high water.
pub(super) fn check(opened: &Opened, high_water: Option<Fence>) -> Result<Fence, OpenError> {
    let stored = opened.reader.fence()?;
    if RowDigest::over(&*opened.reader)?.0 != stored.digest {
        return Err(Damaged::new("rows are missing, altered, or older than the others").into());
    }
    match high_water {
        Some(said) if said.steps > stored.steps => {
            Err(OpenError::Behind { path: opened.place.clone(), steps: said.steps - stored.steps })
        }
        Some(said) if said.steps == stored.steps && said != stored => {
            Err(Damaged::new("the last step is not the one that was last durable").into())
        }
        _ => Ok(stored),
    }
}
