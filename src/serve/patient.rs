//! A connection that waits only so long: for what a client has begun to say, and for it to take what is sent. And one that takes
//! only so many frames that bring nothing.
//!
//! hyper limits the head of an HTTP/1.1 request; before a client's first bytes, and for HTTP/2, nobody else watches the time. It never
//! limits how long an answer lasts: a stream may rest for hours, as long as its reader takes what comes.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::{
    frames::{CONTINUATION, Credit, END_HEADERS, HEADERS, Head, PREFACE, Scan, goodbye},
    limits::Limits,
};
use crate::telemetry::{Refusals, Refused};

/// What a client speaks. It shows in its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// So many bytes of HTTP/2's preface have come.
    Unknown(usize),
    Http1,
    Http2,
}

/// A stream with limits.
pub(super) struct Patient<S> {
    stream: S,
    speaks: Speaks,
    came: Scan,
    went: Scan,
    credit: Credit,
    /// Whether the head of a request has begun and not ended.
    in_head: bool,
    last_stream: u32,
    /// Whether the client is within something that must end in time.
    is_saying: bool,
    say: Pin<Box<Sleep>>,
    say_wait: Duration,
    /// Whether the client has not taken what was last sent.
    is_stuck: bool,
    take: Pin<Box<Sleep>>,
    take_wait: Duration,
    refusals: Refusals,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, limits: &Limits, refusals: Refusals) -> Self {
        Self {
            stream,
            speaks: Speaks::Unknown(0),
            came: Scan::default(),
            went: Scan::default(),
            credit: Credit::new(limits.cheap_frames, limits.cheap_frames_per_second),
            in_head: false,
            last_stream: 0,
            // The first bytes are waited for from now on.
            is_saying: true,
            say: Box::pin(sleep(limits.head_wait)),
            say_wait: limits.head_wait,
            is_stuck: false,
            take: Box::pin(sleep(limits.take_wait)),
            take_wait: limits.take_wait,
            refusals,
        }
    }

    fn refuse(&self, refused: Refused, kind: io::ErrorKind) -> io::Error {
        self.refusals.count(refused);
        kind.into()
    }

    /// Looks at what has come. False where it is too much.
    fn see(&mut self, bytes: &[u8]) -> bool {
        let frames = match self.speaks {
            Speaks::Http1 => return true,
            Speaks::Http2 => bytes,
            Speaks::Unknown(have) => {
                let (now, rest) = bytes.split_at(bytes.len().min(PREFACE.len() - have));
                self.speaks = match have + now.len() {
                    _ if now != &PREFACE[have..have + now.len()] => Speaks::Http1,
                    all if all == PREFACE.len() => Speaks::Http2,
                    all => Speaks::Unknown(all),
                };
                rest
            }
        };
        if self.speaks != Speaks::Http2 {
            // hyper watches the head of an HTTP/1.1 request, once there is enough of it to know it.
            self.is_saying = !matches!(self.speaks, Speaks::Http1);
            return true;
        }
        let Self { came, credit, in_head, last_stream, .. } = self;
        let (mut is_within, was_in_frame) = (true, !came.is_between());
        let mut begun = false;
        came.feed(frames, |head| {
            begun = true;
            is_within &= credit.takes(head);
            if matches!(head.kind, HEADERS | CONTINUATION) {
                *in_head = head.flags & END_HEADERS == 0;
                *last_stream = head.stream.max(*last_stream);
            }
        });
        self.watch_time(was_in_frame && !begun);
        is_within
    }

    /// Whether something must end in time, and since when: what goes on keeps its time.
    fn watch_time(&mut self, is_same_frame: bool) {
        let was_saying = self.is_saying;
        self.is_saying = self.in_head || !self.came.is_between();
        let goes_on = was_saying && (self.in_head || is_same_frame);
        if self.is_saying && !goes_on {
            self.say.as_mut().reset(Instant::now() + self.say_wait);
        }
    }

    /// Watches the time while nothing can be sent.
    fn sent<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.is_stuck = false;
            return result;
        }
        if !self.is_stuck {
            self.is_stuck = true;
            self.take.as_mut().reset(Instant::now() + self.take_wait);
        }
        ready!(self.take.as_mut().poll(context));
        Poll::Ready(Err(self.refuse(Refused::NotTaken, io::ErrorKind::TimedOut)))
    }

    /// What was taken of these bytes has gone.
    fn gone(&mut self, slices: &[IoSlice<'_>], mut taken: usize) {
        if self.speaks != Speaks::Http2 {
            return;
        }
        for slice in slices {
            let now = taken.min(slice.len());
            let credit = &mut self.credit;
            self.went.feed(&slice[..now], |head: Head| credit.sent(head));
            taken -= now;
        }
    }
}

impl<S: AsyncWrite + Unpin> Patient<S> {
    /// Tells the client why its connection is closed, if that can be told at once.
    fn close_for_frames(&mut self, context: &mut Context<'_>) -> io::Error {
        if self.went.is_between() {
            let last = goodbye(self.last_stream, "too many frames without content");
            let _ = Pin::new(&mut self.stream).poll_write(context, &last);
        }
        self.refuse(Refused::CheapFrames, io::ErrorKind::ConnectionAborted)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if !self.see(&buffer.filled()[before..]) {
            return Poll::Ready(Err(self.close_for_frames(context)));
        }
        if result.is_pending() && self.is_saying {
            ready!(self.say.as_mut().poll(context));
            return Poll::Ready(Err(self.refuse(Refused::SlowOrSilent, io::ErrorKind::TimedOut)));
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(taken)) = result {
            self.gone(&[IoSlice::new(bytes)], taken);
        }
        self.sent(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if let Poll::Ready(Ok(taken)) = result {
            self.gone(slices, taken);
        }
        self.sent(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        self.sent(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        self.sent(context, result)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const WAIT: Duration = Duration::from_millis(50);
    /// Longer than any test runs.
    const LONG: Duration = Duration::from_secs(600);

    fn patient(head_wait: Duration, take_wait: Duration) -> (Patient<DuplexStream>, DuplexStream) {
        let (ours, client) = duplex(64);
        let limits = Limits { head_wait, take_wait, cheap_frames: 20, cheap_frames_per_second: 0, ..Limits::default() };
        (Patient::new(ours, &limits, Refusals::default()), client)
    }

    fn refused(patient: &Patient<DuplexStream>) -> Vec<Refused> {
        patient.refusals.totals().into_iter().filter(|(_, count)| *count > 0).map(|(refused, _)| refused).collect()
    }

    #[tokio::test]
    async fn first_bytes_that_trickle_are_not_waited_for() {
        let (mut patient, mut client) = patient(WAIT, LONG);
        client.write_all(b"PR").await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(patient.read(&mut buffer).await.unwrap(), 2);
        assert_eq!(patient.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(refused(&patient), [Refused::SlowOrSilent]);
    }

    #[tokio::test]
    async fn later_a_connection_may_rest() {
        for first in [PREFACE, b"GET / HTTP/1.1\r\n".as_slice()] {
            let (mut patient, mut client) = patient(WAIT, LONG);
            client.write_all(first).await.unwrap();
            let mut buffer = [0; 64];
            assert_eq!(patient.read(&mut buffer).await.unwrap(), first.len());
            let rest = tokio::time::timeout(4 * WAIT, patient.read(&mut buffer)).await;
            assert!(rest.is_err(), "it waits for the next request");
        }
    }

    /// A frame that stays half, and a head of a request that goes on and on in whole frames.
    #[tokio::test]
    async fn what_has_begun_over_http2_must_end() {
        let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2];
        let head: [&[u8]; 3] =
            [&[0, 0, 1, HEADERS, 0, 0, 0, 0, 1, 0x88], &[0, 0, 1, CONTINUATION, 0, 0, 0, 0, 1, 0x88], &[0, 0]];
        for sent in [[&ping[..], &[], &[]], head] {
            let (mut patient, mut client) = patient(WAIT, LONG);
            client.write_all(PREFACE).await.unwrap();
            let mut buffer = [0; 64];
            let reading = async {
                loop {
                    if let Err(error) = patient.read(&mut buffer).await {
                        return error.kind();
                    }
                }
            };
            let sending = async {
                for bytes in sent {
                    client.write_all(bytes).await.unwrap();
                    tokio::time::sleep(WAIT / 2).await;
                }
                std::future::pending::<()>().await;
            };
            let ended = tokio::select! {
                kind = reading => kind,
                () = sending => unreachable!("it never ends"),
            };
            assert_eq!(ended, io::ErrorKind::TimedOut);
        }
    }

    #[tokio::test]
    async fn frames_that_bring_nothing_end_with_a_reason() {
        let (mut patient, mut client) = patient(LONG, LONG);
        let (mut from, mut to) = (Vec::new(), [0; 64]);
        client.write_all(PREFACE).await.unwrap();
        let ended = loop {
            client.write_all(&[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1]).await.unwrap();
            match patient.read(&mut to).await {
                Ok(_) => {}
                Err(error) => break error.kind(),
            }
        };
        assert_eq!((ended, refused(&patient)), (io::ErrorKind::ConnectionAborted, vec![Refused::CheapFrames]));
        drop(patient);
        client.read_to_end(&mut from).await.unwrap();
        assert!(from.ends_with(b"too many frames without content"));
    }

    #[tokio::test]
    async fn what_nobody_takes_is_given_up() {
        let (mut patient, mut client) = patient(LONG, WAIT);
        patient.write_all(&[b'y'; 64]).await.unwrap();
        let begun = Instant::now();
        assert_eq!(patient.write(b"z").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= WAIT);
        // Taken at last: it goes on, and the time begins anew.
        client.read_exact(&mut [0; 64]).await.unwrap();
        assert_eq!(patient.write(b"z").await.unwrap(), 1);
    }
}
