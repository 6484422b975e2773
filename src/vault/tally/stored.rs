//! How the limiter's tags are stored: each in eight bytes, in pieces of some thousand, in the order of the map, which is
//! that of the tags and tells nothing of when they came.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::SerializeSeq,
};

use super::Pairs;
use crate::vault::{limit::VisitorDay, names::TagMap, tables::VIEWS_PER_DAY_MAX};

/// Rows in one piece.
const ROWS_PER_PIECE: usize = 1_024;
/// Pieces for which room is made before they are read: 64 million rows.
const PIECES_RESERVED_MAX: usize = 1 << 16;
/// Bytes of most rows.
const ROW_BYTES: usize = 10;

/// A map from tags that is stored in rows.
pub(super) trait Rows: Default {
    /// How many rows it takes.
    fn rows(&self) -> usize;
    /// Each row: the tag, and what is known of it where that is written down.
    fn each(&self) -> impl Iterator<Item = (u64, Option<u64>)>;
    /// Makes room for about so many rows.
    fn reserve(&mut self, rows: usize);
    /// Takes a row in; what is known of the tag is read from the rest. None where it cannot be.
    fn read(&mut self, tag: u64, rest: &mut &[u8]) -> Option<()>;
}

/// Visitors, each with its day in one number.
impl Rows for TagMap<VisitorDay> {
    fn rows(&self) -> usize {
        self.len()
    }

    fn each(&self) -> impl Iterator<Item = (u64, Option<u64>)> {
        self.iter().map(|(tag, visitor)| (*tag, Some(visitor.packed())))
    }

    fn reserve(&mut self, rows: usize) {
        TagMap::reserve(self, rows);
    }

    fn read(&mut self, tag: u64, rest: &mut &[u8]) -> Option<()> {
        self.insert(tag, VisitorDay::from_packed(varint(rest)?));
        Some(())
    }
}

/// Pairs of a visitor and a page: a row for each view.
impl Rows for Pairs {
    fn rows(&self) -> usize {
        self.iter().map(|(_, views)| usize::from(views)).sum()
    }

    fn each(&self) -> impl Iterator<Item = (u64, Option<u64>)> {
        self.iter().flat_map(|(tag, views)| std::iter::repeat_n((tag, None), views.into()))
    }

    fn reserve(&mut self, rows: usize) {
        Pairs::reserve(self, rows);
    }

    fn read(&mut self, tag: u64, _: &mut &[u8]) -> Option<()> {
        (self.add(tag, 1) <= VIEWS_PER_DAY_MAX).then_some(())
    }
}

/// Appends a number in as many bytes as it needs, seven bits a byte, low ones first.
fn push_varint(mut number: u64, piece: &mut Vec<u8>) {
    while number >= 0x80 {
        // Cast safety: seven bits, and the mark that more follow.
        piece.push((number & 0x7f | 0x80) as u8);
        number >>= 7;
    }
    piece.push(number as u8);
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

pub(super) fn serialize<M: Rows, S: Serializer>(map: &M, to: S) -> Result<S::Ok, S::Error> {
    let all = map.rows();
    let mut pieces = to.serialize_seq(Some(all.div_ceil(ROWS_PER_PIECE)))?;
    let (mut piece, mut rows) = (Vec::with_capacity(all.min(ROWS_PER_PIECE) * ROW_BYTES), 0);
    for (tag, known) in map.each() {
        piece.extend_from_slice(&tag.to_le_bytes());
        if let Some(known) = known {
            push_varint(known, &mut piece);
        }
        rows += 1;
        if rows == ROWS_PER_PIECE {
            pieces.serialize_element(&Bytes(&piece))?;
            piece.clear();
            rows = 0;
        }
    }
    if rows > 0 {
        pieces.serialize_element(&Bytes(&piece))?;
    }
    pieces.end()
}

pub(super) fn deserialize<'de, M: Rows, D: Deserializer<'de>>(from: D) -> Result<M, D::Error> {
    from.deserialize_seq(Pieces(PhantomData))
}

struct Bytes<'b>(&'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

struct Pieces<M>(PhantomData<M>);

impl<'de, M: Rows> Visitor<'de> for Pieces<M> {
    type Value = M;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tags in pieces")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pieces: A) -> Result<M, A::Error> {
        let mut map = M::default();
        // As many as the input can hold at most: each piece takes at least a byte of it.
        map.reserve(pieces.size_hint().unwrap_or(0).min(PIECES_RESERVED_MAX) * ROWS_PER_PIECE);
        while let Some(piece) = pieces.next_element::<&[u8]>()? {
            let mut rest = piece;
            while let Some((tag, after)) = rest.split_first_chunk() {
                rest = after;
                map.read(u64::from_le_bytes(*tag), &mut rest)
                    .ok_or_else(|| A::Error::custom("a tag with what it cannot have"))?;
            }
            if !rest.is_empty() {
                return Err(A::Error::custom("a tag that is cut"));
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(PartialEq, serde::Serialize, serde::Deserialize)]
    struct Both {
        #[serde(with = "super")]
        visitors: TagMap<VisitorDay>,
        #[serde(with = "super")]
        pairs: Pairs,
    }

    proptest! {
        #[test]
        fn tags_come_back_and_what_is_cut_is_refused(
            visitors in prop::collection::hash_map(any::<u64>(), any::<u64>(), 0..40),
            pairs in prop::collection::hash_map(any::<u64>(), 1..=VIEWS_PER_DAY_MAX, 0..400),
            cut in 1_usize..9,
        ) {
            let visitors = visitors.into_iter().map(|(tag, n)| (tag, VisitorDay::from_packed(n))).collect();
            let both = Both { visitors, pairs: pairs.into_iter().collect() };
            let bytes = postcard::to_allocvec(&both).unwrap();
            prop_assert!(postcard::from_bytes::<Both>(&bytes).unwrap() == both);
            let short = &bytes[..bytes.len() - cut.min(bytes.len())];
            prop_assert!(postcard::from_bytes::<Both>(short).is_err());
        }
    }

    #[test]
    fn more_views_than_there_can_be_are_refused() {
        let both = Both { visitors: TagMap::default(), pairs: [(7, VIEWS_PER_DAY_MAX + 1)].into_iter().collect() };
        let bytes = postcard::to_allocvec(&both).unwrap();
        assert!(postcard::from_bytes::<Both>(&bytes).is_err());
    }
}
