//! How the limiter's tables are stored: each tag in eight bytes, in pieces of some thousand, in the order of the table, which
//! is that of the tags and tells nothing of when they came.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::SerializeSeq,
};

use super::tags::{PairRow, Row, Tags, VisitorRow};
use crate::{limit::VisitorDay, tables::VIEWS_PER_DAY_MAX};

/// Rows in one piece.
const ROWS_PER_PIECE: usize = 1_024;
/// Pieces for which room is made before they are read: 64 million rows.
const PIECES_RESERVED_MAX: usize = 1 << 16;
/// Bytes of most rows.
const ROW_BYTES: usize = 10;

/// A row that is stored.
pub(super) trait Stored: Row {
    /// Appends it.
    fn append(self, piece: &mut Vec<u8>);
    /// Reads what follows the tag. None where it cannot be.
    fn read(tag: u64, rest: &mut &[u8]) -> Option<Self>;
    /// Whether a visitor can have it.
    fn is_possible(self) -> bool;
}

/// The tag, and the day in one number.
impl Stored for VisitorRow {
    fn append(self, piece: &mut Vec<u8>) {
        piece.extend_from_slice(&self.tag.to_le_bytes());
        push_varint(self.day.packed(), piece);
    }

    fn read(tag: u64, rest: &mut &[u8]) -> Option<Self> {
        Some(Self { tag, day: VisitorDay::from_packed(varint(rest)?) })
    }

    fn is_possible(self) -> bool {
        !self.is_free()
    }
}

/// The tag once for each view.
impl Stored for PairRow {
    fn append(self, piece: &mut Vec<u8>) {
        for _ in 0..self.views() {
            piece.extend_from_slice(&self.tag().to_le_bytes());
        }
    }

    fn read(tag: u64, _: &mut &[u8]) -> Option<Self> {
        (Self::looked_at(tag) == tag).then(|| Self::new(tag, 1))
    }

    fn is_possible(self) -> bool {
        self.views() <= VIEWS_PER_DAY_MAX
    }
}

/// Appends a number in as many bytes as it needs, seven bits a byte, low ones first.
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: seven bits, and the mark that more follow.")]
fn push_varint(mut number: u64, piece: &mut Vec<u8>) {
    while number >= 0x80 {
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

/// The rows of a table from one place in their order to another, both included.
pub(super) struct Span<'t, R> {
    pub(super) tags: &'t Tags<R>,
    pub(super) first: u64,
    pub(super) last: u64,
}

impl<R: Stored> Serialize for Span<'_, R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let rows = || self.tags.between(self.first, self.last);
        let all = rows().count();
        let mut pieces = to.serialize_seq(Some(all.div_ceil(ROWS_PER_PIECE)))?;
        let (mut piece, mut filled) = (Vec::with_capacity(all.min(ROWS_PER_PIECE) * ROW_BYTES), 0);
        for row in rows() {
            row.append(&mut piece);
            filled += 1;
            if filled == ROWS_PER_PIECE {
                pieces.serialize_element(&Bytes(&piece))?;
                piece.clear();
                filled = 0;
            }
        }
        if filled > 0 {
            pieces.serialize_element(&Bytes(&piece))?;
        }
        pieces.end()
    }
}

impl<R: Stored> Serialize for Tags<R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Span { tags: self, first: 0, last: u64::MAX }.serialize(to)
    }
}

impl<'de, R: Stored> Deserialize<'de> for Tags<R> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Pieces(PhantomData))
    }
}

/// Rows as they were stored: what a table takes in that has made room for all that come.
pub(super) struct RowList<R>(pub(super) Vec<R>);

impl<'de, R: Stored> Deserialize<'de> for RowList<R> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Pieces(PhantomData))
    }
}

/// What rows are read into.
trait Rows<R>: Sized {
    /// With room for about so many.
    fn with_room(rows: usize) -> Self;
    /// Takes a row in. False where it cannot be.
    fn take(&mut self, row: R) -> bool;
}

impl<R: Stored> Rows<R> for Tags<R> {
    fn with_room(rows: usize) -> Self {
        let mut tags = Self::default();
        tags.reserve(rows);
        tags
    }

    fn take(&mut self, row: R) -> bool {
        row.is_possible() && self.add_row(row).is_possible()
    }
}

impl<R: Stored> Rows<R> for RowList<R> {
    fn with_room(rows: usize) -> Self {
        Self(Vec::with_capacity(rows))
    }

    fn take(&mut self, row: R) -> bool {
        self.0.push(row);
        row.is_possible()
    }
}

struct Bytes<'b>(&'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

struct Pieces<M, R>(PhantomData<(M, R)>);

impl<'de, R: Stored, M: Rows<R>> Visitor<'de> for Pieces<M, R> {
    type Value = M;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tags in pieces")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pieces: A) -> Result<M, A::Error> {
        // As many as the input can hold at most: each piece takes at least a byte of it.
        let mut rows = M::with_room(pieces.size_hint().unwrap_or(0).min(PIECES_RESERVED_MAX) * ROWS_PER_PIECE);
        while let Some(piece) = pieces.next_element::<&[u8]>()? {
            let mut rest = piece;
            while let Some((tag, after)) = rest.split_first_chunk() {
                rest = after;
                let row = R::read(u64::from_le_bytes(*tag), &mut rest);
                if !row.is_some_and(|row| rows.take(row)) {
                    return Err(A::Error::custom("a tag with what it cannot have"));
                }
            }
            if !rest.is_empty() {
                return Err(A::Error::custom("a tag that is cut"));
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tally::{Pairs, Visitors};

    proptest! {
        #[test]
        fn tags_come_back_and_what_is_cut_is_refused(
            visitors in prop::collection::hash_map(any::<u64>(), 1_u64.., 0..40),
            pairs in prop::collection::hash_map(any::<u64>(), 1..=VIEWS_PER_DAY_MAX, 0..400),
            (first, last) in (any::<u64>(), any::<u64>()),
            cut in 1_usize..9,
        ) {
            let visitor = |(tag, n)| VisitorRow { tag, day: VisitorDay::from_packed(n) };
            let visitors: Visitors = visitors.into_iter().map(visitor).collect();
            let pairs: Pairs = pairs.into_iter().map(|(tag, views)| PairRow::new(tag, views)).collect();
            let bytes = postcard::to_allocvec(&(&visitors, &pairs)).unwrap();
            prop_assert!(postcard::from_bytes::<(Visitors, Pairs)>(&bytes).unwrap() == (visitors, pairs.clone()));
            let short = &bytes[..bytes.len() - cut.min(bytes.len())];
            prop_assert!(postcard::from_bytes::<(Visitors, Pairs)>(short).is_err());
            let some = postcard::to_allocvec(&Span { tags: &pairs, first, last }).unwrap();
            let some: RowList<PairRow> = postcard::from_bytes(&some).unwrap();
            let mut again = Pairs::default();
            some.0.into_iter().for_each(|row| { again.add_row(row); });
            prop_assert!(again == pairs.between(first, last).collect());
        }
    }

    #[test]
    fn more_views_than_there_can_be_are_refused() {
        let pairs: Pairs = [PairRow::new(7, VIEWS_PER_DAY_MAX + 1)].into_iter().collect();
        let bytes = postcard::to_allocvec(&pairs).unwrap();
        assert!(postcard::from_bytes::<Pairs>(&bytes).is_err());
    }
}
