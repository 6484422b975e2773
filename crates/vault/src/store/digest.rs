//! A digest over many rows that does not depend on their order, so that one step changes it by the rows it changes.
//!
//! Each row, and each piece of a long one, has a BLAKE3 hash; the digest is their sum in four 64-bit lanes (Bellare and
//! Micciancio 1997). It is there to find damage: a row that is missing, altered or older than its neighbours. Against
//! somebody who can write to the database it proves nothing. The journal and the releases are left out: the one is a chain,
//! the others have digests of their own.

use super::{
    engine::{EngineError, Range, ReadRows, is_long},
    pieces, rows,
};

/// The sum over all covered rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowDigest(pub(super) [u64; 4]);

fn hash(key: &[u8], value: &[u8]) -> [u64; 4] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes()).update(key).update(value);
    let (mut lanes, hash) = ([0; 4], hasher.finalize());
    for (lane, bytes) in lanes.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
        *lane = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    }
    lanes
}

impl RowDigest {
    /// Of all rows of a lane.
    pub(super) fn over(lane: &dyn ReadRows) -> Result<Self, EngineError> {
        let mut digest = Self::default();
        let mut from = Vec::new();
        // What is left out is long, and is not even read.
        for left_out in [rows::JOURNAL_PREFIX, rows::RELEASE_PREFIX] {
            let left_out = Range::beginning_with(left_out);
            digest.add_all(lane, &Range { from, to: Some(left_out.from) })?;
            from = left_out.to.unwrap_or_default();
        }
        digest.add_all(lane, &Range { from, to: None })?;
        Ok(digest)
    }

    fn add_all(&mut self, lane: &dyn ReadRows, range: &Range) -> Result<(), EngineError> {
        for row in lane.scan(range) {
            let (key, value) = row?;
            self.add(&key, &value);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.change(key, value, u64::wrapping_add);
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.change(key, value, u64::wrapping_sub);
    }

    fn change(&mut self, key: &[u8], value: &[u8], by: fn(u64, u64) -> u64) {
        let mut one = |key: &[u8], value: &[u8]| {
            for (lane, part) in self.0.iter_mut().zip(hash(key, value)) {
                *lane = by(*lane, part);
            }
        };
        if is_long(key) {
            // A longer one than can be cut, no engine takes.
            pieces::cut(key, value).into_iter().flatten().for_each(|(key, piece)| one(&key, &piece));
        } else {
            one(key, value);
        }
    }
}

/// Whether the digest covers a row.
pub(super) fn covers(key: &[u8]) -> bool {
    !(key.starts_with(rows::JOURNAL_PREFIX) || key.starts_with(rows::RELEASE_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_does_not_matter_and_every_row_does(
            rows in prop::collection::btree_map(prop::collection::vec(0_u8..4, 0..4), prop::collection::vec(0_u8..4, 0..4), 1..20),
            lost in 0_usize..20,
        ) {
            let rows: Vec<_> = rows.into_iter().collect();
            let sum = |rows: &mut dyn Iterator<Item = &(Vec<u8>, Vec<u8>)>| {
                let mut sum = RowDigest::default();
                rows.for_each(|(key, value)| sum.add(key, value));
                sum
            };
            let whole = sum(&mut rows.iter());
            prop_assert_eq!(sum(&mut rows.iter().rev()), whole);
            let lost = lost % rows.len();
            let mut without = whole;
            without.remove(&rows[lost].0, &rows[lost].1);
            prop_assert_ne!(without, whole);
            prop_assert_eq!(sum(&mut rows.iter().enumerate().filter(|(n, _)| *n != lost).map(|(_, row)| row)), without);
        }
    }
}
