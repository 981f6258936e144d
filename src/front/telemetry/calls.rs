//! Times gRPC calls from the outside: `rpc.server.call.duration`, with method and status; and begins and ends
//! their traces, if calls are traced.
//!
//! A layer around the services, so that a call counts however it is refused. It knows nothing of tonic: the
//! status is the `grpc-status` header, which a failed call has and a successful one leaves to its trailers.
//! `error.type`, which the conventions would have beside it, could only say the status again.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Instant,
};

use http::{HeaderMap, Request, Response, StatusCode};
use opentelemetry::{
    Context as TraceContext, KeyValue,
    metrics::{BoundHistogram, Histogram, Meter},
};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{
    durations,
    trace::{CallTrace, Tracing},
};

/// What the conventions call every method that is not known.
const OTHER: &str = "_OTHER";

/// The statuses by their numbers, as gRPC has them.
const STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

const OK: usize = 0;
const CANCELLED: usize = 1;
const UNKNOWN: usize = 2;
const UNIMPLEMENTED: usize = 12;

/// The statuses that methods answer with in the ordinary run of things: their series are there from the
/// start. Others come when they first happen.
const ORDINARY: [usize; 8] = [OK, CANCELLED, 3, 5, 8, 9, 13, 14];

/// Puts [`TimedCalls`] around services.
#[derive(Clone, Debug)]
pub struct CallLayer(Arc<Calls>);

/// A service whose calls are timed.
#[derive(Clone, Debug)]
pub struct TimedCalls<S> {
    service: S,
    calls: Arc<Calls>,
}

/// The histogram of calls, bound to what methods and statuses there are.
struct Calls {
    duration: Histogram<f64>,
    /// Nothing when calls are not traced.
    tracing: Option<Tracing>,
    /// What paths of our service start with.
    prefix: String,
    methods: Vec<Method>,
    other: Method,
}

struct Method {
    /// The last part of its path.
    name: &'static str,
    /// As the conventions want it, with the service.
    full_name: String,
    by_status: [OnceLock<BoundHistogram<f64>>; STATUSES.len()],
}

impl CallLayer {
    pub(super) fn new(
        meter: &Meter,
        tracing: Option<Tracing>,
        service: &'static str,
        methods: &[&'static str],
    ) -> Self {
        let duration = durations(
            meter,
            "rpc.server.call.duration",
            "Time from a gRPC call's header to its answer, by method and status. CANCELLED: the caller went \
             away or its deadline passed",
        );
        let known = |name: &&'static str| Method::new(name, format!("{service}/{name}"));
        let calls = Calls {
            duration,
            tracing,
            prefix: format!("/{service}/"),
            methods: methods.iter().map(known).collect(),
            other: Method::new(OTHER, OTHER.to_owned()),
        };
        for method in &calls.methods {
            for status in ORDINARY {
                method.bound(&calls.duration, status);
            }
        }
        calls.other.bound(&calls.duration, UNIMPLEMENTED);
        Self(Arc::new(calls))
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = TimedCalls<S>;

    fn layer(&self, service: S) -> Self::Service {
        TimedCalls {
            service,
            calls: self.0.clone(),
        }
    }
}

impl Calls {
    /// The method a path names; `None` for other services' paths, which are not timed.
    fn method(&self, path: &str) -> Option<usize> {
        let name = path.strip_prefix(&self.prefix)?;
        let known = self.methods.iter().position(|method| method.name == name);
        Some(known.unwrap_or(self.methods.len()))
    }

    fn of_number(&self, method: usize) -> &Method {
        self.methods.get(method).unwrap_or(&self.other)
    }

    fn begin_trace(&self, method: usize, headers: &HeaderMap) -> Option<(CallTrace, TraceContext)> {
        let tracing = self.tracing.as_ref()?;
        Some(tracing.begin(&self.of_number(method).full_name, headers))
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

impl Method {
    fn new(name: &'static str, full_name: String) -> Self {
        Self {
            name,
            full_name,
            by_status: [const { OnceLock::new() }; STATUSES.len()],
        }
    }

    fn bound(&self, duration: &Histogram<f64>, status: usize) -> Option<&BoundHistogram<f64>> {
        let (series, status) = self.by_status.get(status).zip(STATUSES.get(status))?;
        Some(series.get_or_init(|| {
            duration.bind(&[
                KeyValue::new("rpc.system.name", "grpc"),
                KeyValue::new("rpc.method", self.full_name.clone()),
                KeyValue::new("rpc.response.status_code", *status),
            ])
        }))
    }
}

impl<S, Sent, Answered> Service<Request<Sent>> for TimedCalls<S>
where
    S: Service<Request<Sent>, Response = Response<Answered>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = TimedCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        let timer = self.calls.method(request.uri().path());
        let timer = timer.map(|method| Timer {
            trace: self.calls.begin_trace(method, request.headers()),
            calls: self.calls.clone(),
            method,
            started: Instant::now(),
            status: CANCELLED,
        });
        TimedCall {
            call: self.service.call(request),
            timer,
        }
    }
}

pin_project! {
    /// A call under way.
    #[derive(Debug)]
    pub struct TimedCall<F> {
        #[pin]
        call: F,
        timer: Option<Timer>,
    }
}

impl<F, Answered, Error> Future for TimedCall<F>
where
    F: Future<Output = Result<Response<Answered>, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let trace = this.timer.as_ref().and_then(|timer| timer.trace.as_ref());
        let _attached = trace.map(|(_, context)| context.clone().attach());
        let answer = ready!(this.call.poll(context));
        if let Some(mut timer) = this.timer.take() {
            timer.status = answer.as_ref().map_or(UNKNOWN, |response| {
                status_of(response.status(), response.headers())
            });
        }
        Poll::Ready(answer)
    }
}

/// Records when dropped, which for a call that nobody waits for any more is before it has a status.
struct Timer {
    calls: Arc<Calls>,
    method: usize,
    started: Instant,
    status: usize,
    /// Attached while the call is worked on.
    trace: Option<(CallTrace, TraceContext)>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        let calls = &self.calls;
        let method = calls.of_number(self.method);
        if let Some((trace, _)) = &self.trace {
            let name = STATUSES.get(self.status).copied().unwrap_or("UNKNOWN");
            trace.end(self.status, name);
        }
        if let Some(series) = method.bound(&calls.duration, self.status) {
            series.record(self.started.elapsed().as_secs_f64());
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

fn status_of(http: StatusCode, headers: &HeaderMap) -> usize {
    match headers.get("grpc-status") {
        Some(status) => {
            let number = status.to_str().ok().and_then(|status| status.parse().ok());
            number
                .filter(|number| *number < STATUSES.len())
                .unwrap_or(UNKNOWN)
        }
        None if http == StatusCode::OK => OK,
        None => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_answer() {
        #[track_caller]
        fn check(http: u16, status: Option<&'static str>, expect: &str) {
            let mut headers = HeaderMap::new();
            if let Some(status) = status {
                headers.insert("grpc-status", status.parse().unwrap());
            }
            let http = StatusCode::from_u16(http).unwrap();
            assert_eq!(STATUSES[status_of(http, &headers)], expect);
        }
        check(200, None, "OK");
        check(200, Some("0"), "OK");
        check(200, Some("8"), "RESOURCE_EXHAUSTED");
        check(200, Some("16"), "UNAUTHENTICATED");
        for odd in ["17", "-1", "", "x"] {
            check(200, Some(odd), "UNKNOWN");
        }
        check(415, None, "UNKNOWN");
    }
}
