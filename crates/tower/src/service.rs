//! A service under the layer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Request;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::CountedBody;
use crate::layer::Settings;
use crate::view::View;

/// See [`crate::Headcount`].
#[derive(Clone)]
pub struct Counted<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Counted<S> {
    pub(crate) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, A, B> Service<Request<A>> for Counted<S>
where
    S: Service<Request<A>, Response = http::Response<B>>,
{
    type Response = http::Response<CountedBody<B>>;
    type Error = S::Error;
    type Future = Response<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let view = View::begin(&self.settings, &request);
        Response { inner: self.inner.call(request), view }
    }
}

pin_project! {
    /// The answer of a service under the layer, on its way. One that is given up before its head leaves no event.
    pub struct Response<F> {
        #[pin]
        inner: F,
        view: Option<View>,
    }
}

impl<F, B, E> Future for Response<F>
where
    F: Future<Output = Result<http::Response<B>, E>>,
{
    type Output = Result<http::Response<CountedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        let mut view = this.view.take();
        Poll::Ready(answer.map(|mut response| {
            if let Some(view) = &mut view {
                view.answered(&mut response);
            }
            response.map(|body| CountedBody::new(body, view))
        }))
    }
}
