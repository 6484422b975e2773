//! The body of a request to a service whose messages tonic reads: what has come of an unfinished message counts among all
//! ([`super::unfinished`]). Where it is the one that has to go, its stream is reset.
//!
//! It looks at the length before each message and passes everything on.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Request;
use hyper::body::{Frame, SizeHint};
use prost::bytes::Bytes;
use tonic::{Status, body::Body};

use super::unfinished::{Part, Unfinished};
use crate::answers::limit::{Connection, HangUp};

/// Before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// The same request; its messages are counted while they come.
pub fn counted(request: Request<Body>, unfinished: &Unfinished) -> Request<Body> {
    let known = request.extensions();
    let connection = known.get::<Connection>().copied().unwrap_or_default();
    let hang_up = known.get::<HangUp>().cloned().unwrap_or_default();
    let counting =
        Counting { unfinished: unfinished.clone(), connection, hang_up, place: Place::default(), part: None };
    request.map(|body| Body::new(Counted { body, counting }))
}

struct Counted {
    body: Body,
    counting: Counting,
}

struct Counting {
    unfinished: Unfinished,
    connection: Connection,
    hang_up: HangUp,
    place: Place,
    /// What the message under way counts for.
    part: Option<Part>,
}

/// Where in a message the last byte was.
#[derive(Default)]
struct Place {
    prefix: [u8; PREFIX_BYTES],
    /// How much of the prefix has come.
    have: usize,
    /// How much of the message is still to come, and has come.
    left: usize,
    held: usize,
}

impl Place {
    /// Goes on by bytes that have come.
    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let now = (PREFIX_BYTES - self.have).min(bytes.len());
            self.prefix[self.have..self.have + now].copy_from_slice(&bytes[..now]);
            self.have += now;
            bytes = &bytes[now..];
            if now > 0 && self.have == PREFIX_BYTES {
                let [_, a, b, c, d] = self.prefix;
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
            }
            let now = if self.have == PREFIX_BYTES { self.left.min(bytes.len()) } else { 0 };
            self.left -= now;
            self.held += now;
            bytes = &bytes[now..];
            if self.have == PREFIX_BYTES && self.left == 0 {
                *self = Self::default();
            }
        }
    }
}

impl Counting {
    fn count(&mut self, bytes: &[u8]) -> Result<(), Status> {
        self.place.pass(bytes);
        if self.place.held == 0 {
            self.part = None;
            return Ok(());
        }
        let Self { unfinished, connection, hang_up, place, part } = self;
        part.get_or_insert_with(|| unfinished.begin(*connection, hang_up.clone())).hold(place.held)
    }
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let next = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &next
            && let Some(data) = frame.data_ref()
            && let Err(status) = self.counting.count(data)
        {
            return Poll::Ready(Some(Err(status)));
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However messages are cut, what is held is what has come of the one that is not whole.
        #[test]
        fn only_what_is_not_whole_is_held(lengths in prop::collection::vec(0_usize..50, 1..6), last in 1_usize..50, cut in 1_usize..20) {
            let mut bytes = Vec::new();
            for length in lengths {
                bytes.push(0);
                bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
                bytes.extend(vec![1; length]);
            }
            bytes.extend([0, 0, 0, 1, 0]);
            bytes.extend(vec![1; last]);
            let mut place = Place::default();
            bytes.chunks(cut).for_each(|chunk| place.pass(chunk));
            prop_assert_eq!((place.held, place.left), (last, 256 - last));
            place.pass(&vec![1; 256 - last]);
            prop_assert_eq!((place.held, place.left, place.have), (0, 0, 0));
        }
    }
}
