//! How the limiter's tags are stored: each in eight bytes, in pieces of some thousand, in the order of the map, which is
//! that of the tags and tells nothing of when they came.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::SerializeSeq,
};

use crate::vault::{limit::VisitorDay, names::TagMap, tables::VIEWS_PER_DAY_MAX};

/// Rows in one piece.
const ROWS_PER_PIECE: usize = 1_024;
/// Bytes of most rows.
const ROW_BYTES: usize = 10;

/// What is known of a tag, in one row or several.
pub(super) trait Known: Copy {
    /// How many rows it takes.
    fn rows(self) -> usize;
    /// Writes what follows the tag in a row.
    fn write(self, row: &mut Vec<u8>);
    /// Reads that, and puts it into a map. None where it cannot be.
    fn read(tag: u64, rest: &mut &[u8], map: &mut TagMap<Self>) -> Option<()>;
}

/// A visitor's day: in as many bytes as it needs, seven bits a byte, low ones first.
impl Known for VisitorDay {
    fn rows(self) -> usize {
        1
    }

    fn write(self, row: &mut Vec<u8>) {
        let mut rest = self.packed();
        while rest >= 0x80 {
            // Cast safety: seven bits, and the mark that more follow.
            row.push((rest & 0x7f | 0x80) as u8);
            rest >>= 7;
        }
        row.push(rest as u8);
    }

    fn read(tag: u64, rest: &mut &[u8], map: &mut TagMap<Self>) -> Option<()> {
        let mut packed = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, after) = rest.split_first()?;
            *rest = after;
            packed |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                map.insert(tag, Self::from_packed(packed));
                return Some(());
            }
        }
        None
    }
}

/// Views of a page by a visitor: a row for each of them, with nothing in it.
impl Known for u8 {
    fn rows(self) -> usize {
        self.into()
    }

    fn write(self, _: &mut Vec<u8>) {}

    fn read(tag: u64, _: &mut &[u8], map: &mut TagMap<Self>) -> Option<()> {
        let views = map.entry(tag).or_default();
        *views += 1;
        (*views <= VIEWS_PER_DAY_MAX).then_some(())
    }
}

pub(super) fn serialize<K: Known, S: Serializer>(map: &TagMap<K>, to: S) -> Result<S::Ok, S::Error> {
    let all: usize = map.values().map(|known| known.rows()).sum();
    let mut pieces = to.serialize_seq(Some(all.div_ceil(ROWS_PER_PIECE)))?;
    let (mut piece, mut rows) = (Vec::with_capacity(all.min(ROWS_PER_PIECE) * ROW_BYTES), 0);
    for (tag, known) in map {
        for _ in 0..known.rows() {
            piece.extend_from_slice(&tag.to_le_bytes());
            known.write(&mut piece);
            rows += 1;
            if rows == ROWS_PER_PIECE {
                pieces.serialize_element(&Bytes(&piece))?;
                piece.clear();
                rows = 0;
            }
        }
    }
    if rows > 0 {
        pieces.serialize_element(&Bytes(&piece))?;
    }
    pieces.end()
}

pub(super) fn deserialize<'de, K: Known, D: Deserializer<'de>>(from: D) -> Result<TagMap<K>, D::Error> {
    from.deserialize_seq(Pieces(PhantomData))
}

struct Bytes<'b>(&'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

struct Pieces<K>(PhantomData<K>);

impl<'de, K: Known> Visitor<'de> for Pieces<K> {
    type Value = TagMap<K>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tags in pieces")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pieces: A) -> Result<TagMap<K>, A::Error> {
        let mut map = TagMap::default();
        while let Some(piece) = pieces.next_element::<&[u8]>()? {
            let mut rest = piece;
            while let Some((tag, after)) = rest.split_first_chunk() {
                rest = after;
                K::read(u64::from_le_bytes(*tag), &mut rest, &mut map)
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

    #[derive(PartialEq, Debug, serde::Serialize, serde::Deserialize)]
    struct Both {
        #[serde(with = "super")]
        visitors: TagMap<VisitorDay>,
        #[serde(with = "super")]
        pairs: TagMap<u8>,
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
            prop_assert_eq!(&postcard::from_bytes::<Both>(&bytes).unwrap(), &both);
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
