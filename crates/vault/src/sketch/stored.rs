//! How a sketch is written down, and how it is read back with nothing taken on trust.
//!
//! One byte string, so it is the same bytes in every serde format:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, 1 |
//! | 1 | p: 12 or 14 |
//! | 1 | form: 0 sparse, 1 dense |
//! | sparse | for each used register by index: the gap to the one before (1 or 2 bytes, low seven bits first), the rank |
//! | dense | m ranks of 6 bits, packed from the low bit of the first byte |
//!
//! A sketch has exactly one such string. Damage gives a [`SketchFault`], never a panic.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Form, Precision, Sketch};

const VERSION: u8 = 1;
const SPARSE: u8 = 0;
const DENSE: u8 = 1;
const RANK_BITS: usize = 6;

// Six bits must hold every rank, or packing would cut some.
const _: () = assert!((Precision::P12.rank_max() as usize) < 1 << RANK_BITS);
// A gap must fit into two groups of seven bits.
const _: () = assert!(Precision::P14.registers() <= 1 << 14);

/// Why bytes are not a sketch, or two sketches cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SketchFault {
    /// Written by a version that this one does not know.
    #[error("the sketch has version {0}; this version reads {VERSION}")]
    Version(u8),
    /// A precision that does not exist, or not the one of the other sketch.
    #[error("the sketch has precision {0}; allowed are 12 and 14, and only equal ones merge")]
    Precision(u8),
    /// A form that does not exist, or not the one for so many used registers.
    #[error("the sketch has form {0} with {1} used registers; 0 (sparse) is for few, 1 (dense) for many")]
    Form(u8, usize),
    /// A register or a rank that cannot be.
    #[error(
        "the sketch gives register {index} the rank {rank}; there are {registers} registers and ranks 1 to {rank_max}"
    )]
    Register {
        /// The register as read.
        index: u32,
        /// The rank as read.
        rank: u8,
        /// How many registers there are.
        registers: usize,
        /// The highest rank.
        rank_max: u8,
    },
    /// Too few or too many bytes.
    #[error("the sketch has {0} bytes, which is too few or too many for its form")]
    Length(usize),
}

/// The byte string of a sketch. It writes itself as bytes, not as a list of numbers.
pub(super) struct Stored(Vec<u8>);

#[cfg(test)]
impl Stored {
    /// Any bytes at all, to see what reading makes of them.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> de::Visitor<'de> for BytesVisitor {
    type Value = Stored;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the bytes of a sketch")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Stored, E> {
        Ok(Stored(bytes.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Stored, E> {
        Ok(Stored(bytes))
    }

    // Text formats such as JSON know no bytes and give a list of numbers.
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut numbers: A) -> Result<Stored, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = numbers.next_element()? {
            bytes.push(byte);
        }
        Ok(Stored(bytes))
    }
}

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self).serialize(serializer)
    }
}

impl From<&Sketch> for Stored {
    fn from(sketch: &Sketch) -> Self {
        let mut bytes = vec![VERSION, sketch.precision.bits()];
        match &sketch.form {
            Form::Sparse(_) => {
                bytes.push(SPARSE);
                let mut next = 0;
                sketch.for_each_used(|entry| {
                    push_gap(&mut bytes, entry.index - next);
                    bytes.push(entry.rank);
                    next = entry.index + 1;
                });
            }
            Form::Dense(dense) => {
                bytes.push(DENSE);
                // Four ranks of six bits are three bytes, and m is a multiple of four.
                for four in dense.ranks.chunks_exact(4) {
                    let word = four.iter().rev().fold(0_u32, |word, rank| word << RANK_BITS | u32::from(*rank));
                    bytes.extend_from_slice(&word.to_le_bytes()[..3]);
                }
            }
        }
        Self(bytes)
    }
}

impl TryFrom<Stored> for Sketch {
    type Error = SketchFault;

    fn try_from(stored: Stored) -> Result<Self, SketchFault> {
        let length = stored.0.len();
        let [version, bits, form, body @ ..] = stored.0.as_slice() else {
            return Err(SketchFault::Length(length));
        };
        if *version != VERSION {
            return Err(SketchFault::Version(*version));
        }
        let precision = match bits {
            12 => Precision::P12,
            14 => Precision::P14,
            other => return Err(SketchFault::Precision(*other)),
        };
        let mut sketch = Self::new(precision);
        let used = match *form {
            SPARSE => read_sparse(&mut sketch, body).ok_or(SketchFault::Length(length))??,
            DENSE if body.len() * 8 == precision.registers() * RANK_BITS => read_dense(&mut sketch, body)?,
            DENSE => return Err(SketchFault::Length(length)),
            other => return Err(SketchFault::Form(other, 0)),
        };
        // The form follows from the number of used registers: anything else was not written by this file.
        let expected = if matches!(sketch.form, Form::Sparse(_)) { SPARSE } else { DENSE };
        if *form == expected { Ok(sketch) } else { Err(SketchFault::Form(*form, used)) }
    }
}

/// Raises a register that came from outside, if there is such a one and such a rank.
fn raise_checked(sketch: &mut Sketch, index: u32, rank: u8) -> Result<(), SketchFault> {
    let precision = sketch.precision;
    match u16::try_from(index) {
        Ok(index) if precision.allows(index, rank) => {
            sketch.raise(index, rank);
            Ok(())
        }
        _ => {
            Err(SketchFault::Register { index, rank, registers: precision.registers(), rank_max: precision.rank_max() })
        }
    }
}

/// Reads pairs of gap and rank and gives their number, or `None` where the bytes end in the middle of a pair.
fn read_sparse(sketch: &mut Sketch, mut body: &[u8]) -> Option<Result<usize, SketchFault>> {
    let (mut next, mut used) = (0_u32, 0);
    while !body.is_empty() {
        let (gap, rest) = take_gap(body)?;
        let (rank, rest) = rest.split_first()?;
        // Each gap is below 2^14 and an index past the last register ends the loop: no overflow.
        let index = next + u32::from(gap);
        if let Err(fault) = raise_checked(sketch, index, *rank) {
            return Some(Err(fault));
        }
        (next, used, body) = (index + 1, used + 1, rest);
    }
    Some(Ok(used))
}

/// Reads packed ranks, of which the zeros are unused registers, and gives the number of used ones.
fn read_dense(sketch: &mut Sketch, body: &[u8]) -> Result<usize, SketchFault> {
    let (mut index, mut used) = (0_u32, 0);
    for three in body.chunks_exact(3) {
        let word = u32::from_le_bytes([three[0], three[1], three[2], 0]);
        for place in 0..4 {
            #[expect(clippy::cast_possible_truncation, reason = "Cast safety: the mask keeps the low bits alone.")]
            let rank = (word >> (place * RANK_BITS)) as u8 & ((1 << RANK_BITS) - 1);
            if rank > 0 {
                raise_checked(sketch, index, rank)?;
                used += 1;
            }
            index += 1;
        }
    }
    Ok(used)
}

/// Writes a gap below 2^14 in one or two bytes.
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: a gap is below 2^14.")]
fn push_gap(bytes: &mut Vec<u8>, gap: u16) {
    debug_assert!(gap < 1 << 14, "gap {gap}");
    let low = (gap & 0x7f) as u8;
    if gap < 0x80 {
        bytes.push(low);
    } else {
        bytes.extend_from_slice(&[low | 0x80, (gap >> 7) as u8]);
    }
}

/// Reads a gap; `None` where there is none or where it was written in more bytes than it needs.
fn take_gap(bytes: &[u8]) -> Option<(u16, &[u8])> {
    match bytes {
        [low, rest @ ..] if *low < 0x80 => Some((u16::from(*low), rest)),
        [low, high, rest @ ..] if (1..0x80).contains(high) => {
            Some((u16::from(low & 0x7f) | u16::from(*high) << 7, rest))
        }
        _ => None,
    }
}
