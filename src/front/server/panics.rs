//! Contains panics of calls: our own defects. The caller has an INTERNAL status, the log says where it was, a
//! counter tells who watches, and every other call goes on.

use std::{
    cell::Cell,
    convert::Infallible,
    future::Future,
    panic::{self, AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::Status;
use tower::{Layer, Service};

use crate::front::telemetry::Panics;

thread_local! {
    /// Where the last panic of this thread was.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Has every panic of the process logged with its place, in the log's own form.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            what = panic.payload_as_str().unwrap_or("something that is no text"),
            backtrace = %std::backtrace::Backtrace::capture(),
            "a defect of the executor's own: it panicked"
        );
        PLACE.set(place);
    }));
}

/// Puts [`Contained`] around services.
#[derive(Clone, Debug)]
pub struct ContainLayer(Panics);

/// A service whose panics are answers.
#[derive(Clone, Debug)]
pub struct Contained<S> {
    service: S,
    panics: Panics,
}

impl ContainLayer {
    pub fn new(panics: Panics) -> Self {
        Self(panics)
    }
}

impl<S> Layer<S> for ContainLayer {
    type Service = Contained<S>;

    fn layer(&self, service: S) -> Self::Service {
        Contained {
            service,
            panics: self.0.clone(),
        }
    }
}

impl<S, Sent, Answered> Service<Request<Sent>> for Contained<S>
where
    S: Service<Request<Sent>, Response = Response<Answered>, Error = Infallible>,
    Answered: Default,
{
    type Response = S::Response;
    type Error = Infallible;
    type Future = ContainedCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        // What panicked is not used again: each call has a service of its own, cloned for it.
        let called = catch_unwind(AssertUnwindSafe(|| self.service.call(request)));
        let (call, failed) = match called {
            Ok(call) => (Some(call), None),
            Err(_) => (None, Some(defect(&self.panics))),
        };
        ContainedCall {
            call,
            failed,
            panics: self.panics.clone(),
        }
    }
}

pin_project! {
    /// A call under way, or what became of one that panicked before it was.
    #[derive(Debug)]
    pub struct ContainedCall<F> {
        #[pin]
        call: Option<F>,
        failed: Option<Status>,
        panics: Panics,
    }
}

impl<F, Answered> Future for ContainedCall<F>
where
    F: Future<Output = Result<Response<Answered>, Infallible>>,
    Answered: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = this
            .call
            .as_mut()
            .as_pin_mut()
            .map(|call| catch_unwind(AssertUnwindSafe(|| call.poll(context))));
        if let Some(Ok(polled)) = polled {
            return polled;
        }
        // Whatever it holds is let go at once.
        this.call.set(None);
        let failed = this.failed.take().unwrap_or_else(|| defect(this.panics));
        Poll::Ready(Ok(failed.into_http()))
    }
}

/// Counts a panic that was just caught. The caller is told that it happened and where, for a report; not with
/// what.
fn defect(panics: &Panics) -> Status {
    panics.count();
    let place = PLACE.take();
    let place = place.as_deref().unwrap_or("an unknown place");
    Status::internal(format!("a defect of the executor's own, at {place}"))
}

#[cfg(test)]
mod tests {
    use tonic::body::Body;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::front::telemetry::Telemetry;

    /// False, and the compiler does not know.
    fn never() -> bool {
        std::env::args().count() > 1000
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_status_and_is_counted() {
        let telemetry = Telemetry::new().unwrap();
        let layer = ContainLayer::new(telemetry.panics());
        let counted = || {
            let text = String::from_utf8(telemetry.exposition().unwrap()).unwrap();
            let line = text.lines().find(|line| line.starts_with("penstock_panics"));
            line.map(|line| line.ends_with(" 0"))
        };
        assert_eq!(counted(), Some(true));
        let early = layer.layer(service_fn(|_: Request<Body>| {
            assert!(never(), "early");
            std::future::ready(Ok(Response::new(Body::empty())))
        }));
        let late = service_fn(|_: Request<Body>| async {
            tokio::task::yield_now().await;
            assert!(never(), "late");
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let late = layer.layer(late);
        for answer in [
            early.oneshot(Request::new(Body::empty())).await,
            late.oneshot(Request::new(Body::empty())).await,
        ] {
            let answer = answer.unwrap();
            assert_eq!(answer.headers()["grpc-status"], "13");
        }
        assert_eq!(counted(), Some(false));
    }
}
