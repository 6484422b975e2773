//! A stream that ends when whoever reads it may not any more.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio_stream::Stream;
use tonic::Status;

use super::status;
use crate::access::{Pass, decide::Denied};

/// A stream with the leave that it goes on under.
pub(super) struct Held<S> {
    stream: S,
    /// Gone when the stream has ended.
    ended: Option<Pin<Box<dyn Future<Output = Denied> + Send>>>,
}

impl<S> Held<S> {
    pub(super) fn new(stream: S, pass: Pass) -> Self {
        Self { stream, ended: Some(Box::pin(async move { pass.ended().await })) }
    }
}

impl<T, S: Stream<Item = Result<T, Status>> + Unpin> Stream for Held<S> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(ended) = &mut self.ended else { return Poll::Ready(None) };
        if let Poll::Ready(denied) = ended.as_mut().poll(context) {
            self.ended = None;
            return Poll::Ready(Some(Err(status::denied(denied))));
        }
        Pin::new(&mut self.stream).poll_next(context)
    }
}
