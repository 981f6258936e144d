//! Lets calls in, or not, before anything of them is read; what is let in knows its caller.
//!
//! It knows nothing of tonic: how a refusal is answered is given to it.

use std::{
    fmt,
    task::{Context, Poll},
};

use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use tower::{Layer, Service};

use super::{Access, Refusal};
use crate::front::peer::Peer;

/// Puts [`Guarded`] around services.
pub struct AccessLayer<Body> {
    access: Access,
    answer: fn(&Refusal) -> Response<Body>,
}

/// A service that is called only by those who may.
pub struct Guarded<S, Body> {
    service: S,
    access: Access,
    answer: fn(&Refusal) -> Response<Body>,
}

impl<Body> AccessLayer<Body> {
    pub fn new(access: Access, answer: fn(&Refusal) -> Response<Body>) -> Self {
        Self { access, answer }
    }
}

impl<S, Body> Layer<S> for AccessLayer<Body> {
    type Service = Guarded<S, Body>;

    fn layer(&self, service: S) -> Self::Service {
        Guarded {
            service,
            access: self.access.clone(),
            answer: self.answer,
        }
    }
}

impl<S, Sent, Body> Service<Request<Sent>> for Guarded<S, Body>
where
    S: Service<Request<Sent>, Response = Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Sent>) -> Self::Future {
        let unknown = Peer::default();
        let peer = request.extensions().get::<Peer>().unwrap_or(&unknown);
        match self
            .access
            .judge(request.uri().path(), request.headers(), peer)
        {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                Either::Left(self.service.call(request))
            }
            Err(refusal) => Either::Right(ready(Ok((self.answer)(&refusal)))),
        }
    }
}

impl<Body> Clone for AccessLayer<Body> {
    fn clone(&self) -> Self {
        Self::new(self.access.clone(), self.answer)
    }
}

impl<S: Clone, Body> Clone for Guarded<S, Body> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            access: self.access.clone(),
            answer: self.answer,
        }
    }
}

impl<Body> fmt::Debug for AccessLayer<Body> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLayer")
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl<S, Body> fmt::Debug for Guarded<S, Body> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
