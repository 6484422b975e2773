//! The body of an answer, which counts what is sent and tells when it is over. What is sent is not changed.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf as _;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::view::View;

/// The end of a view: when the body is over, or is dropped because its client went away.
pub(crate) struct Ending {
    view: Option<View>,
    bytes: u64,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(view) = self.view.take() {
            view.end(self.bytes);
        }
    }
}

pin_project! {
    /// A body of a service under the layer.
    pub struct CountedBody<B> {
        #[pin]
        inner: B,
        ending: Ending,
    }
}

impl<B> CountedBody<B> {
    pub(crate) fn new(inner: B, view: Option<View>) -> Self {
        Self { inner, ending: Ending { view, bytes: 0 } }
    }
}

impl<B: Body> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let polled = this.inner.poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            this.ending.bytes += frame.data_ref().map_or(0, |data| data.remaining() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
