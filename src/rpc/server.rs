//! A service that is written by hand, as the transport calls it: what both of them have in common.

use std::{
    convert::Infallible,
    future::Future,
    sync::Arc,
    task::{Context, Poll},
};

use tonic::{
    Code, Status,
    codegen::{Body, BoxFuture, Service, StdError, http},
    server::NamedService,
};

/// A request's answer.
pub(super) type Answer = http::Response<tonic::body::Body>;

/// The methods of a service.
pub trait Methods: Send + Sync + 'static {
    /// The protocol's package and service.
    const SERVICE: &'static str;

    /// Answers a request to a method; None where there is no such method.
    fn answer<B>(
        self: Arc<Self>,
        method: &str,
        request: http::Request<B>,
    ) -> impl Future<Output = Option<Answer>> + Send
    where
        B: Body + Send + 'static,
        B::Error: Into<StdError> + Send + 'static;
}

/// A service with these methods.
pub struct Server<M>(pub(super) Arc<M>);

impl<M> Clone for Server<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Methods> NamedService for Server<M> {
    const NAME: &'static str = M::SERVICE;
}

impl<M: Methods, B> Service<http::Request<B>> for Server<M>
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = BoxFuture<Answer, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let methods = self.0.clone();
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let method = path.strip_prefix('/').and_then(|path| path.strip_prefix(M::SERVICE)?.strip_prefix('/'));
            let answer = methods.answer(method.unwrap_or_default(), request).await;
            Ok(answer.unwrap_or_else(|| Status::new(Code::Unimplemented, "").into_http()))
        })
    }
}
