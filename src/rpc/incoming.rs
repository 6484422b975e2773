//! The messages of a stream of batches, as their bytes arrive.
//!
//! It is here because tonic sets the announced length aside before anything of it has come, keeps the memory of the longest message for as
//! long as the stream lives, and waits for the rest of a message for ever. Here a message takes what has come of it, is counted with all
//! others ([`super::unfinished`]), has a time, and is given back with its batch. Bytes that are moved are wiped where they were.

use http_body_util::BodyExt;
use prost::bytes::{Buf, Bytes};
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Status, body::Body};
use zeroize::Zeroize;

use super::{
    message::Message,
    status,
    unfinished::{Part, Unfinished},
};
use crate::{
    answers::limit::{Connection, HangUp},
    telemetry::Refused,
};

/// Before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// What is set aside for a message before more of it has come, in bytes.
const FIRST_BYTES: usize = 64 * 1024;

/// The messages of one stream.
pub(super) struct Messages {
    body: Body,
    unfinished: Unfinished,
    connection: Connection,
    /// What has come and was not read yet.
    rest: Bytes,
}

impl Messages {
    pub(super) fn new(body: Body, unfinished: Unfinished, connection: Connection) -> Self {
        Self { body, unfinished, connection, rest: Bytes::new() }
    }

    /// The next message; nothing where the sender has ended. After an error there are no more. A future that is dropped loses what
    /// it has read.
    pub(super) async fn next(&mut self) -> Option<Result<Message, Status>> {
        if self.rest.is_empty() && !self.more().await {
            return None;
        }
        let part = self.unfinished.begin(self.connection, HangUp::default());
        let wait = self.unfinished.limits().wait;
        let read = tokio::select! {
            read = self.read(&part) => read,
            status = part.refused() => Err(status),
            () = sleep_until(Instant::now() + wait) => {
                self.unfinished.count(Refused::SlowMessage);
                Err(status::slow_message(wait))
            }
        };
        Some(read.and_then(|body| Message::of(body, part).map_err(|_| status::unreadable())))
    }

    /// Waits for more bytes; false where none come any more. What goes wrong in between ends the stream too: nobody is there to be
    /// told.
    async fn more(&mut self) -> bool {
        loop {
            match self.body.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => {
                        self.rest = data;
                        return true;
                    }
                    // Trailers: nothing of them is read.
                    Err(_) => {}
                },
                Some(Err(_)) | None => return false,
            }
        }
    }

    async fn read(&mut self, part: &Part) -> Result<Vec<u8>, Status> {
        let mut prefix = Vec::with_capacity(PREFIX_BYTES);
        self.fill(&mut prefix, PREFIX_BYTES, part).await?;
        let [flag, a, b, c, d] = prefix[..] else { return Err(status::internal()) };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let longest = self.unfinished.limits().bytes;
        match flag {
            0 => {}
            1 => return Err(status::compressed()),
            _ => return Err(status::bad_flag(flag)),
        }
        if length > longest {
            self.unfinished.count(Refused::LongMessage);
            return Err(status::long_message(length, longest));
        }
        let mut body = Vec::with_capacity(length.min(FIRST_BYTES));
        self.fill(&mut body, length, part).await?;
        Ok(body)
    }

    /// Reads until there are so many bytes.
    async fn fill(&mut self, to: &mut Vec<u8>, length: usize, part: &Part) -> Result<(), Status> {
        while to.len() < length {
            if self.rest.is_empty() && !self.more().await {
                return Err(Status::new(
                    Code::Internal,
                    "the stream ended within a message; nothing of it was counted",
                ));
            }
            let now = self.rest.len().min(length - to.len());
            if to.capacity() - to.len() < now {
                let capacity = (2 * to.capacity()).max(to.len() + now).min(length);
                part.hold(capacity)?;
                grow(to, capacity);
            }
            part.hold(to.capacity())?;
            to.extend_from_slice(&self.rest[..now]);
            self.rest.advance(now);
        }
        Ok(())
    }
}

/// The same bytes with room for more; where they were, they are wiped.
fn grow(bytes: &mut Vec<u8>, capacity: usize) {
    let mut larger = Vec::with_capacity(capacity);
    larger.extend_from_slice(bytes);
    std::mem::swap(bytes, &mut larger);
    larger.as_mut_slice().zeroize();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;
    use crate::{proto::IngestRequest, rpc::unfinished::MessageLimits, telemetry::Refusals};

    const LIMITS: MessageLimits = MessageLimits {
        bytes: 500_000,
        connection_bytes: 1_000_000,
        all_bytes: 1_000_000,
        wait: Duration::from_millis(50),
    };

    fn messages(chunks: Vec<Vec<u8>>, ends: bool) -> Messages {
        let frames = tokio_stream::iter(chunks.into_iter().map(|chunk| Ok::<_, Status>(Frame::data(chunk.into()))));
        let body = if ends {
            Body::new(StreamBody::new(frames))
        } else {
            Body::new(StreamBody::new(tokio_stream::StreamExt::chain(frames, tokio_stream::pending())))
        };
        Messages::new(body, Unfinished::new(LIMITS, Refusals::default()), Connection(1))
    }

    fn wire(sequence: u64, cursor_bytes: usize) -> Vec<u8> {
        let message = IngestRequest { sequence, cursor: vec![7; cursor_bytes], ..IngestRequest::default() };
        let body = message.encode_to_vec();
        let mut wire = vec![0];
        wire.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        wire.extend(body);
        wire
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    proptest! {
        /// However its bytes are cut, a stream has the same messages.
        #[test]
        fn messages_are_read_however_they_are_cut(
            cursors in prop::collection::vec(0_usize..200_000, 0..4),
            cuts in prop::collection::vec(1_usize..90_000, 1..20),
        ) {
            let bytes: Vec<u8> = (1..).zip(&cursors).flat_map(|(sequence, cursor)| wire(sequence, *cursor)).collect();
            let (mut chunks, mut rest) = (Vec::new(), &bytes[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                chunks.push(now.to_vec());
                rest = later;
            }
            run(async {
                let mut messages = messages(chunks, true);
                for (sequence, cursor) in (1..).zip(&cursors) {
                    let message = messages.next().await.unwrap().unwrap();
                    assert_eq!((message.sequence, message.cursor.len()), (sequence, *cursor));
                }
                assert!(messages.next().await.is_none());
            });
        }
    }

    #[tokio::test]
    async fn what_is_no_message_is_told_apart() {
        let prefix = |flag: u8, length: u32| [&[flag][..], &length.to_be_bytes()].concat();
        let code = async |bytes: Vec<u8>, ends: bool| match messages(vec![bytes], ends).next().await {
            Some(Err(status)) => status.code(),
            _ => Code::Ok,
        };
        assert_eq!(code(prefix(0, 500_001), true).await, Code::OutOfRange);
        assert_eq!(code(prefix(0, u32::MAX), true).await, Code::OutOfRange);
        assert_eq!(code(prefix(1, 1), true).await, Code::Internal);
        assert_eq!(code(prefix(9, 1), true).await, Code::Internal);
        assert_eq!(code(prefix(0, 9), true).await, Code::Internal);
        // It does not come in time, from its first byte on; before that a stream may rest.
        assert_eq!(code(prefix(0, 9), false).await, Code::ResourceExhausted);
        let rests = tokio::time::timeout(4 * LIMITS.wait, messages(Vec::new(), false).next()).await.is_err();
        assert!(rests, "it waits for the next message");
    }

    #[test]
    fn what_is_announced_is_not_set_aside() {
        let mut announced = vec![0, 0, 7, 0, 0];
        announced.extend([1; 100]);
        run(async {
            let mut messages = messages(vec![announced], false);
            let part = messages.unfinished.begin(Connection(1), HangUp::default());
            let mut prefix = Vec::new();
            messages.more().await;
            messages.fill(&mut prefix, PREFIX_BYTES, &part).await.unwrap();
            let mut body = Vec::with_capacity(FIRST_BYTES);
            let half = tokio::time::timeout(LIMITS.wait, messages.fill(&mut body, 0x0007_0000, &part)).await;
            assert!(half.is_err() && body.len() == 100 && body.capacity() == FIRST_BYTES);
        });
    }
}
