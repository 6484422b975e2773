//! Long values in short rows: sled moves values past a threshold to files that it never syncs, so none may get there.
//!
//! A value lies in rows `KEY part`, where `part` is a big-endian u16 counted from 0; the first row begins with the
//! length of the whole in four bytes.

use super::disk::Step;

/// The bytes of a value in one row. sled writes a node as a whole, splits it at the 17th row (while it merges two, some rows
/// later), and moves it to a file of its own from 128 KiB on: 30 rows with their keys stay below that.
const CHUNK_BYTES: usize = 4 * 1024;

fn row_key(key: &[u8], part: usize) -> Option<Vec<u8>> {
    let part = u16::try_from(part).ok()?;
    let mut row = Vec::with_capacity(key.len() + 2);
    row.extend_from_slice(key);
    row.extend_from_slice(&part.to_be_bytes());
    Some(row)
}

/// The bytes of a very long value in one row: as many as it takes to need no more rows than a part counts. From 500 MiB on,
/// sled moves its nodes out (`blobs`).
fn chunk_bytes(length: usize) -> usize {
    CHUNK_BYTES.max((length + LENGTH_BYTES).div_ceil(PARTS_MAX))
}

/// Parts of a value at most.
const PARTS_MAX: usize = 1 << u16::BITS;
/// What stands before the first.
const LENGTH_BYTES: usize = 4;

/// Puts a value into a step. None where it is longer than 4 GiB, the most that its length can say.
pub(super) fn put(step: &mut Step, key: &[u8], value: &[u8]) -> Option<()> {
    let length = u32::try_from(value.len()).ok()?.to_le_bytes();
    let chunk_bytes = chunk_bytes(value.len());
    let (first, rest) = value.split_at(value.len().min(chunk_bytes - LENGTH_BYTES));
    step.put(&row_key(key, 0)?, &[&length[..], first].concat());
    for (part, chunk) in (1..).zip(rest.chunks(chunk_bytes)) {
        step.put(&row_key(key, part)?, chunk);
    }
    Some(())
}

/// The key of the value that a row is of.
pub(super) fn key_of(row: &[u8]) -> &[u8] {
    &row[..row.len().saturating_sub(size_of::<u16>())]
}

/// Puts rows together that were read in order. None where one is missing or the length is wrong.
pub(super) fn join<'a>(rows: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    for (expected, (row, chunk)) in rows.enumerate() {
        let (_, part) = row.split_last_chunk::<2>()?;
        if usize::from(u16::from_be_bytes(*part)) != expected {
            return None;
        }
        whole.extend_from_slice(chunk);
    }
    let (length, value) = whole.split_first_chunk::<4>()?;
    (usize::try_from(u32::from_le_bytes(*length)) == Ok(value.len())).then(|| value.to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::vault::store::disk::Disk;
    use proptest::prelude::*;

    #[test]
    fn the_longest_values_have_no_more_rows_than_a_part_counts() {
        for length in [0, 1, CHUNK_BYTES, 200 << 20, 268 << 20, 1 << 30, u32::MAX as usize] {
            let rows = (length + LENGTH_BYTES).div_ceil(chunk_bytes(length));
            assert!(rows <= PARTS_MAX && chunk_bytes(length) >= CHUNK_BYTES, "{length}: {rows} rows");
        }
        // A day of ten million visitors stays in the one file.
        assert!(17 * chunk_bytes(400 << 20) < 128 * 1024);
    }

    #[test]
    fn long_values_stay_in_the_one_file() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path(), 0).unwrap();
        let mut random = 1_u64;
        let mut value = vec![0; 400_000];
        for round in 0..40_u8 {
            for byte in &mut value {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (random >> 56) as u8;
            }
            let mut step = Step::default();
            // As the journal grows, and as cells are written again.
            put(&mut step, &[b'j', round], &value[..usize::from(round) * 10_000]).unwrap();
            disk.remove_long(&mut step, b"c").unwrap();
            put(&mut step, b"c", &value[usize::from(round) * 5_000..]).unwrap();
            if round % 8 == 7 {
                (0..round).for_each(|old| disk.remove_long(&mut step, &[b'j', old]).unwrap());
            }
            disk.commit(step).unwrap();
            let blobs = std::fs::read_dir(directory.path().join("db/blobs")).unwrap();
            assert_eq!(blobs.count(), 0, "after round {round}");
        }
    }

    proptest! {
        #[test]
        fn a_value_comes_back_whole_or_not_at_all(length in 0_usize..70_000, lost in 0_usize..6) {
            let value: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let mut step = Step::default();
            put(&mut step, b"k/", &value).unwrap();
            let mut rows: BTreeMap<_, _> = step.rows().map(|(k, v)| (k.to_vec(), v.unwrap().to_vec())).collect();
            let read = |rows: &BTreeMap<Vec<u8>, Vec<u8>>| join(rows.iter().map(|(k, v)| (&**k, &**v)));
            prop_assert_eq!(read(&rows), Some(value.clone()));
            if rows.remove(&row_key(b"k/", lost).unwrap()).is_some() {
                prop_assert_eq!(read(&rows), None);
            }
        }
    }
}
