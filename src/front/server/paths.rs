//! Which service a call goes to: the API's own by the start of its path, all others by tonic's router.
//!
//! The router would find the API, too, and wrap each call in two more boxes on its way.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::Either;
use http::{Request, Response};
use tonic::{body::Body, service::Routes};
use tower::Service;

/// The API, which `S` serves, and the others.
#[derive(Clone, Debug)]
pub struct Paths<S> {
    prefix: Arc<str>,
    api: S,
    others: Routes,
}

impl<S> Paths<S> {
    /// `api` serves the paths that start with `prefix`.
    pub fn new(prefix: Arc<str>, api: S, others: Routes) -> Self {
        Self {
            prefix,
            api,
            others,
        }
    }
}

impl<S> Service<Request<Body>> for Paths<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, <Routes as Service<Request<Body>>>::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Both always are: what bounds calls comes before, in words.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match request.uri().path().starts_with(&*self.prefix) {
            true => Either::Left(self.api.call(request)),
            false => Either::Right(self.others.call(request)),
        }
    }
}
