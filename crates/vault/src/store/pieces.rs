//! Long values in short pieces, each under a key of its own.
//!
//! A value lies under keys `KEY part`, where `part` is a big-endian u16 counted from 0; the first piece begins with the
//! length of the whole in four bytes. The digest over the rows takes long values by their pieces, and sled stores them so.

/// The bytes of a piece. sled writes a node as a whole, splits it at the 17th row (while it merges two, some rows later), and
/// moves it to a file of its own from 128 KiB on: 30 rows with their keys stay below that.
pub(super) const PIECE_BYTES: usize = 4 * 1024;
/// Pieces of a value at most.
const PIECES_MAX: usize = 1 << u16::BITS;
/// What stands before the first.
const LENGTH_BYTES: usize = 4;

/// The key of a piece.
pub(super) fn key(key: &[u8], part: u16) -> Vec<u8> {
    [key, &part.to_be_bytes()].concat()
}

/// The key of the value that a piece is of, and its number.
pub(super) fn of(piece_key: &[u8]) -> Option<(&[u8], u16)> {
    let (key, part) = piece_key.split_last_chunk()?;
    Some((key, u16::from_be_bytes(*part)))
}

/// The bytes of a piece of a very long value: as many as it takes to need no more pieces than a part counts.
pub(super) fn piece_bytes(length: usize) -> usize {
    PIECE_BYTES.max((length + LENGTH_BYTES).div_ceil(PIECES_MAX))
}

/// Cuts a value. None where it is longer than 4 GiB, the most that its length can say.
pub(super) fn cut<'v>(key: &'v [u8], value: &'v [u8]) -> Option<impl Iterator<Item = (Vec<u8>, Vec<u8>)> + use<'v>> {
    let length = u32::try_from(value.len()).ok()?.to_le_bytes();
    let bytes = piece_bytes(value.len());
    let (first, rest) = value.split_at(value.len().min(bytes - LENGTH_BYTES));
    let first = [&length[..], first].concat();
    let pieces = std::iter::once(first).chain(rest.chunks(bytes).map(<[u8]>::to_vec));
    Some((0..=u16::MAX).zip(pieces).map(move |(part, piece)| (self::key(key, part), piece)))
}

/// Puts pieces together that were read in order. None where one is missing or the length is wrong.
pub(super) fn join<'a>(pieces: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    for (expected, (piece_key, piece)) in pieces.enumerate() {
        let (_, part) = of(piece_key)?;
        if usize::from(part) != expected {
            return None;
        }
        whole.extend_from_slice(piece);
    }
    let length = *whole.first_chunk::<LENGTH_BYTES>()?;
    whole.drain(..LENGTH_BYTES);
    (usize::try_from(u32::from_le_bytes(length)) == Ok(whole.len())).then_some(whole)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_values_have_no_more_pieces_than_a_part_counts() {
        for length in [0, 1, PIECE_BYTES, 200 << 20, 268 << 20, 1 << 30, u32::MAX as usize] {
            let pieces = (length + LENGTH_BYTES).div_ceil(piece_bytes(length));
            assert!(pieces <= PIECES_MAX && piece_bytes(length) >= PIECE_BYTES, "{length}: {pieces} pieces");
        }
        // A day of ten million visitors stays in the one file.
        assert!(17 * piece_bytes(400 << 20) < 128 * 1024);
    }

    proptest! {
        #[test]
        fn a_value_comes_back_whole_or_not_at_all(length in 0_usize..70_000, lost in 0_u16..6) {
            let value: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let mut rows: BTreeMap<_, _> = cut(b"k/", &value).unwrap().collect();
            let read = |rows: &BTreeMap<Vec<u8>, Vec<u8>>| join(rows.iter().map(|(k, v)| (&**k, &**v)));
            prop_assert_eq!(read(&rows), Some(value.clone()));
            if rows.remove(&key(b"k/", lost)).is_some() {
                prop_assert_eq!(read(&rows), None);
            }
        }
    }
}
