//! What is said of panics of calls, which are our own defects: the caller has an INTERNAL status, the log says
//! where it was, a counter tells who watches. tower-http contains them, so that every other call goes on.

use std::{any::Any, cell::Cell, panic};

use http::Response;
use tonic::{Status, body::Body};
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};

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

/// Answers for calls that panicked.
#[derive(Clone, Debug)]
pub struct Defects(Panics);

/// Has panics of the services within answered and counted. What panicked is not used again: each call has a
/// service of its own, cloned for it.
pub fn contain(panics: Panics) -> CatchPanicLayer<Defects> {
    CatchPanicLayer::custom(Defects(panics))
}

impl ResponseForPanic for Defects {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn Any + Send>) -> Response<Body> {
        defect(&self.0).into_http()
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
    use std::convert::Infallible;

    use http::Request;
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;
    use crate::front::telemetry::Telemetry;

    /// False, and the compiler does not know.
    fn never() -> bool {
        std::env::args().count() > 1000
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_status_and_is_counted() {
        let telemetry = Telemetry::start().unwrap();
        let layer = contain(telemetry.panics());
        let counted = || {
            let text = String::from_utf8(telemetry.exposition().unwrap()).unwrap();
            let line = text
                .lines()
                .find(|line| line.starts_with("penstock_panics"));
            line.map(|line| line.ends_with(" 0"))
        };
        assert_eq!(counted(), Some(true));
        let early = layer.layer(service_fn(|_: Request<Body>| {
            assert!(never(), "early");
            std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
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
