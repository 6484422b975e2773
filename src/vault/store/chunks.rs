//! Long values in short rows: sled moves values past a threshold to files that it never syncs, so none may get there.
//!
//! A value lies in rows `KEY part`, where `part` is a big-endian u16 counted from 0; the first row begins with the
//! length of the whole in four bytes.

use super::disk::Step;

/// The bytes of a value in one row. sled's threshold is about 128 KiB for a node of several rows.
const CHUNK_BYTES: usize = 16 * 1024;

fn row_key(key: &[u8], part: usize) -> Option<Vec<u8>> {
    let part = u16::try_from(part).ok()?;
    let mut row = Vec::with_capacity(key.len() + 2);
    row.extend_from_slice(key);
    row.extend_from_slice(&part.to_be_bytes());
    Some(row)
}

/// Puts a value into a step. None where it is longer than 1 GiB, the most that 65,536 rows hold.
pub(super) fn put(step: &mut Step, key: &[u8], value: &[u8]) -> Option<()> {
    let length = u32::try_from(value.len()).ok()?.to_le_bytes();
    let (first, rest) = value.split_at(value.len().min(CHUNK_BYTES - length.len()));
    step.put(&row_key(key, 0)?, &[&length[..], first].concat());
    for (part, chunk) in (1..).zip(rest.chunks(CHUNK_BYTES)) {
        step.put(&row_key(key, part)?, chunk);
    }
    Some(())
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
    use proptest::prelude::*;

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
