//! Reads a batch from the bytes of its message, in place: no text of an event is copied, and the bytes are wiped when
//! the message is dropped.
//!
//! It is here because a batch has thousands of texts, and a piece of memory for each of them costs more than all that
//! is done with it. It takes what `IngestRequest` and `AccessEvent` of the protocol say, field by field, skips fields
//! that it does not know, and refuses what is no message. It never shows what a message held.

use std::ops::Range;

use prost::bytes::{Buf, BufMut};
use zeroize::{Zeroize, Zeroizing};

use super::unfinished::Part;
use crate::vault::{AccessEvent, EVENTS_PER_BATCH_MAX, Unreadable};

/// A batch as it came. Its events are read by [`Message::events`].
#[derive(Default)]
pub(super) struct Message {
    body: Body,
    /// Where the events lie in the body, up to the most that a batch may have.
    spans: Vec<Range<usize>>,
    /// How many events there are.
    pub(super) length: usize,
    pub(super) site: String,
    pub(super) producer: String,
    pub(super) sequence: u64,
    pub(super) complete_through_unix_ms: i64,
    pub(super) cursor: Vec<u8>,
    pub(super) producer_secret: Zeroizing<Vec<u8>>,
    pub(super) release_mark: Option<Vec<u8>>,
    /// What it counts for among all messages, until it is dropped.
    _part: Option<Part>,
}

/// The bytes of a message, wiped when they are dropped.
#[derive(Default)]
struct Body(Vec<u8>);

impl Drop for Body {
    fn drop(&mut self) {
        // The slice and not the vector: that wipes in one piece, and not byte by byte.
        self.0.as_mut_slice().zeroize();
    }
}

impl Message {
    /// Copies the bytes and reads all but the events.
    pub(super) fn read(bytes: impl Buf) -> Result<Self, Unreadable> {
        let mut body = Vec::with_capacity(bytes.remaining());
        body.put(bytes);
        Self::of_body(Body(body))
    }

    /// Takes the bytes over, with what they count for, and reads all but the events.
    pub(super) fn of(bytes: Vec<u8>, part: Part) -> Result<Self, Unreadable> {
        Ok(Self { _part: Some(part), ..Self::of_body(Body(bytes))? })
    }

    fn of_body(body: Body) -> Result<Self, Unreadable> {
        let mut message = Self::default();
        message.read_fields(&body.0)?;
        message.body = body;
        Ok(message)
    }

    fn read_fields(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        let mut rest = body;
        while !rest.is_empty() {
            match key(&mut rest)? {
                (1, Wire::Bytes) => self.site = owned(piece(&mut rest)?)?,
                (2, Wire::Bytes) => self.producer = owned(piece(&mut rest)?)?,
                (3, Wire::Varint) => self.sequence = varint(&mut rest)?,
                (4, Wire::Bytes) => {
                    let event = piece(&mut rest)?;
                    let end = body.len() - rest.len();
                    self.length += 1;
                    if self.length <= EVENTS_PER_BATCH_MAX {
                        self.spans.push(end - event.len()..end);
                    }
                }
                (5, Wire::Varint) => self.complete_through_unix_ms = varint(&mut rest)?.cast_signed(),
                (6, Wire::Bytes) => self.cursor = piece(&mut rest)?.to_vec(),
                (7, Wire::Bytes) => self.producer_secret = Zeroizing::new(piece(&mut rest)?.to_vec()),
                (8, Wire::Bytes) => self.release_mark = Some(piece(&mut rest)?.to_vec()),
                (1..=8, _) => return Err(Unreadable),
                (_, wire) => skip(wire, &mut rest)?,
            }
        }
        Ok(())
    }

    /// The events, one after the other. Each wipes its texts in the body when it is dropped.
    pub(super) fn events(&mut self) -> impl Iterator<Item = Result<AccessEvent<'_>, Unreadable>> {
        let Self { body, spans, .. } = self;
        let (mut rest, mut at) = (body.0.as_mut_slice(), 0);
        spans.iter().map(move |span| {
            let (_, from_here) = std::mem::take(&mut rest).split_at_mut(span.start - at);
            let (event, after) = from_here.split_at_mut(span.len());
            (rest, at) = (after, span.end);
            read_event(event)
        })
    }
}

/// A number of 32 bits, as it is read from a longer one.
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: the protocol takes the low 32 bits.")]
const fn low_half(number: u64) -> u32 {
    number as u32
}

/// Reads one event; its texts are lent from these bytes.
fn read_event(bytes: &mut [u8]) -> Result<AccessEvent<'_>, Unreadable> {
    let (mut time_unix_ms, mut status, mut response_time_ms, mut response_bytes) = (0, 0, None, None);
    // By field from 2 on; three of them hold numbers instead: 7, 11 and 12.
    let mut texts: [&mut str; 12] = Default::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut view = &*rest;
        let (field, wire) = key(&mut view)?;
        match (field, wire) {
            (2..=6 | 8..=10 | 13, Wire::Bytes) => {
                let length = piece(&mut view)?.len();
                let end = rest.len() - view.len();
                let (head, after) = std::mem::take(&mut rest).split_at_mut(end);
                texts[field as usize - 2] =
                    std::str::from_utf8_mut(&mut head[end - length..]).map_err(|_| Unreadable)?;
                rest = after;
                continue;
            }
            (1, Wire::Varint) => time_unix_ms = varint(&mut view)?.cast_signed(),
            (7, Wire::Varint) => status = low_half(varint(&mut view)?),
            (11, Wire::Varint) => response_time_ms = Some(low_half(varint(&mut view)?)),
            (12, Wire::Varint) => response_bytes = Some(varint(&mut view)?),
            (1..=13, _) => return Err(Unreadable),
            (_, wire) => skip(wire, &mut view)?,
        }
        let used = rest.len() - view.len();
        rest = std::mem::take(&mut rest).split_at_mut(used).1;
    }
    let [address, cookie, user_agent, method, target, _, referrer, accept_language, client_host, _, _, host] = texts;
    let texts = [address, cookie, user_agent, method, target, referrer, accept_language, client_host, host];
    Ok(AccessEvent::lent(time_unix_ms, status, texts, response_time_ms, response_bytes))
}

/// How a field's value is written. Groups are not part of the protocol and are refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    Varint,
    Eight,
    Bytes,
    Four,
}

/// A field's number and how its value is written.
#[inline(always)]
fn key(rest: &mut &[u8]) -> Result<(u32, Wire), Unreadable> {
    let key = u32::try_from(varint(rest)?).map_err(|_| Unreadable)?;
    let wire = match key & 7 {
        0 => Wire::Varint,
        1 => Wire::Eight,
        2 => Wire::Bytes,
        5 => Wire::Four,
        _ => return Err(Unreadable),
    };
    if key < 8 { Err(Unreadable) } else { Ok((key >> 3, wire)) }
}

/// A number of seven bits a byte, low ones first, at most ten bytes.
#[inline(always)]
fn varint(rest: &mut &[u8]) -> Result<u64, Unreadable> {
    // Keys and most lengths are one byte.
    if let Some((&byte @ 0..0x80, after)) = rest.split_first() {
        *rest = after;
        return Ok(byte.into());
    }
    long_varint(rest)
}

fn long_varint(rest: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut value = 0;
    for (index, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            // The tenth byte has room for one bit.
            if index == 9 && byte > 1 {
                return Err(Unreadable);
            }
            *rest = &rest[index + 1..];
            return Ok(value);
        }
    }
    Err(Unreadable)
}

/// Bytes after their length.
#[inline(always)]
fn piece<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], Unreadable> {
    let length = usize::try_from(varint(rest)?).map_err(|_| Unreadable)?;
    let (piece, after) = rest.split_at_checked(length).ok_or(Unreadable)?;
    *rest = after;
    Ok(piece)
}

fn skip(wire: Wire, rest: &mut &[u8]) -> Result<(), Unreadable> {
    let length = match wire {
        Wire::Varint => return varint(rest).map(drop),
        Wire::Bytes => return piece(rest).map(drop),
        Wire::Eight => 8,
        Wire::Four => 4,
    };
    *rest = rest.get(length..).ok_or(Unreadable)?;
    Ok(())
}

fn owned(bytes: &[u8]) -> Result<String, Unreadable> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Unreadable)
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
