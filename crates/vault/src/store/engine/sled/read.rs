//! Reading the tree: long values are put together again, and a panic over damaged files becomes an error.

use std::{
    iter::Peekable,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use sled::IVec;

use super::{FENCE_KEY, Tree};
use crate::store::{
    engine::{EngineError, Fence, Keys, Range, ReadRows, Row, Rows, is_long},
    pieces, space,
};

/// The keys of all pieces that a long value may have.
pub(super) fn pieces_of(key: &[u8]) -> std::ops::RangeInclusive<Vec<u8>> {
    pieces::key(key, 0)..=pieces::key(key, u16::MAX)
}

impl ReadRows for Tree {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        if !is_long(key) {
            let value = unpanicked(|| self.db.get(key), &self.directory)?.map_err(|e| self.refused(e))?;
            return Ok(value.map(|value| value.to_vec()));
        }
        let read = || self.db.range(pieces_of(key)).collect::<Result<Vec<_>, _>>();
        let pieces = unpanicked(read, &self.directory)?.map_err(|e| self.refused(e))?;
        if pieces.is_empty() { Ok(None) } else { joined(key, &pieces).map(Some) }
    }

    fn scan(&self, range: &Range) -> Rows<'_> {
        let mut rows = self.physical(range).peekable();
        let range = range.clone();
        let all = std::iter::from_fn(move || next_row(&mut rows));
        Box::new(all.filter(move |row| row.as_ref().map_or(true, |(key, _)| range.contains(key))))
    }

    fn keys(&self, range: &Range) -> Keys<'_> {
        let range = range.clone();
        let keys = self.physical(&range).filter_map(|row| match row {
            Ok((key, _)) if is_long(&key) => match pieces::of(&key) {
                Some((key, 0)) => Some(Ok(key.to_vec())),
                _ => None,
            },
            Ok((key, _)) => Some(Ok(key.to_vec())),
            Err(error) => Some(Err(error)),
        });
        Box::new(keys.filter(move |key| key.as_ref().map_or(true, |key| range.contains(key))))
    }

    fn fence(&self) -> Result<Fence, EngineError> {
        let stored = unpanicked(|| self.db.get(FENCE_KEY), &self.directory)?.map_err(|e| self.refused(e))?;
        let Some(stored) = stored else { return Ok(Fence::default()) };
        let bytes = <&[u8; Fence::BYTES]>::try_from(&stored[..]);
        bytes.map(Fence::from_bytes).map_err(|_| EngineError::Damaged("the digest over the rows".to_owned()))
    }

    fn room(&self) -> Result<(), EngineError> {
        space::check(&self.directory, self.reserve_mib)
    }

    /// One reference that is never given back keeps sled from its last sync, in which it panics after an error.
    fn abandon(&self) {
        std::mem::forget(self.db.clone());
    }
}

impl Tree {
    /// The rows as sled has them, but for that of the last step.
    fn physical(&self, range: &Range) -> impl Iterator<Item = Result<(IVec, IVec), EngineError>> + use<'_> {
        let mut rows = match &range.to {
            Some(to) => self.db.range(range.from.clone()..to.clone()),
            None => self.db.range(range.from.clone()..),
        };
        std::iter::from_fn(move || match unpanicked(|| rows.next(), &self.directory) {
            Ok(row) => Some(row?.map_err(|e| self.refused(e))),
            Err(error) => Some(Err(error)),
        })
        .filter(|row| row.as_ref().map_or(true, |(key, _)| key != FENCE_KEY))
    }
}

/// The next value with all its pieces.
fn next_row(
    rows: &mut Peekable<impl Iterator<Item = Result<(IVec, IVec), EngineError>>>,
) -> Option<Result<Row, EngineError>> {
    let (first, value) = match rows.next()? {
        Ok(row) => row,
        Err(error) => return Some(Err(error)),
    };
    if !is_long(&first) {
        return Some(Ok((first.to_vec(), value.to_vec())));
    }
    let key_of = |piece: &IVec| pieces::of(piece).map(|(key, _)| key.to_vec()).unwrap_or_default();
    let key = key_of(&first);
    let mut found = vec![(first, value)];
    while let Some(Ok(next)) = rows.next_if(|row| row.as_ref().is_ok_and(|(piece, _)| key_of(piece) == key)) {
        found.push(next);
    }
    Some(joined(&key, &found).map(|value| (key, value)))
}

fn joined(key: &[u8], found: &[(IVec, IVec)]) -> Result<Vec<u8>, EngineError> {
    pieces::join(found.iter().map(|(key, piece)| (&**key, &**piece)))
        .ok_or_else(|| EngineError::Damaged(format!("the row {}", key.escape_ascii())))
}

/// Damaged files can make sled panic; that must not look like a bug of ours, nor start on a guess.
pub(super) fn unpanicked<T>(run: impl FnOnce() -> T, directory: &Path) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|_| EngineError::Damaged(format!("the database files in {}", directory.join("db").display())))
}
