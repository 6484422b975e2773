//! A connection that waits only so long: for the first bytes of a client, and for a client to take what is sent.
//!
//! What hyper waits for in between (the head of a request) has its limit there. It never limits how long an answer lasts: a
//! stream may rest for hours, as long as its reader takes what comes.

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

/// Which of the two protocols a client speaks shows in its first bytes; until then nobody else watches the time.
const FIRST_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// A stream with limits.
pub(super) struct Patient<S> {
    stream: S,
    /// How many of the first bytes are missing.
    missing_bytes: usize,
    first: Pin<Box<Sleep>>,
    take: Pin<Box<Sleep>>,
    take_wait: Duration,
    /// Whether the client has not taken what was last sent.
    is_stuck: bool,
}

impl<S> Patient<S> {
    /// `first_wait`: how long the first bytes may take; `take_wait`: how long the client may take nothing.
    pub(super) fn new(stream: S, first_wait: Duration, take_wait: Duration) -> Self {
        let (first, take) = (Box::pin(sleep(first_wait)), Box::pin(sleep(take_wait)));
        Self { stream, missing_bytes: FIRST_BYTES, first, take, take_wait, is_stuck: false }
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
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read_bytes = buffer.filled().len() - before;
        self.missing_bytes = self.missing_bytes.saturating_sub(read_bytes);
        if result.is_pending() && self.missing_bytes > 0 {
            ready!(self.first.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const WAIT: Duration = Duration::from_millis(50);
    /// Longer than any test runs.
    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn first_bytes_that_trickle_are_not_waited_for() {
        let (ours, mut client) = duplex(64);
        let mut patient = Patient::new(ours, WAIT, LONG);
        client.write_all(b"PR").await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(patient.read(&mut buffer).await.unwrap(), 2);
        assert_eq!(patient.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn later_a_connection_may_rest() {
        let (ours, mut client) = duplex(64);
        let mut patient = Patient::new(ours, WAIT, LONG);
        client.write_all(&[b'x'; FIRST_BYTES]).await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(patient.read(&mut buffer).await.unwrap(), FIRST_BYTES);
        let rest = tokio::time::timeout(4 * WAIT, patient.read(&mut buffer)).await;
        assert!(rest.is_err(), "it waits for the next request");
    }

    #[tokio::test]
    async fn what_nobody_takes_is_given_up() {
        let (ours, mut client) = duplex(64);
        let mut patient = Patient::new(ours, LONG, WAIT);
        patient.write_all(&[b'y'; 64]).await.unwrap();
        let begun = Instant::now();
        assert_eq!(patient.write(b"z").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= WAIT);
        // Taken at last: it goes on, and the time begins anew.
        client.read_exact(&mut [0; 64]).await.unwrap();
        assert_eq!(patient.write(b"z").await.unwrap(), 1);
    }
}
