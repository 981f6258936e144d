//! The spans of a call: its own, which goes on from the caller's `traceparent`, and below it `resolve`, `queue`,
//! `cold start`, `execute` and one for each outgoing request.
//!
//! They are made here and not from spans of `tracing`: what a cell did is known only when it is over, with times
//! of its own, and a call that is not traced must cost no more than a look whether it is. Baggage is not read.
//! What a caller or a function wrote goes into a span only where this file's children say so, and without secrets.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Instant, SystemTime},
};

use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracer};

use crate::front::redactor::Redactor;

mod invocation;
mod request;

pub use invocation::Ends;
pub use request::RequestSpan;

/// What the conventions call an error whose class is not told.
const OTHER: &str = "_OTHER";

/// gRPC statuses that are the server's fault, by the conventions: `UNKNOWN`, `DEADLINE_EXCEEDED`,
/// `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`.
const SERVER_FAULTS: [usize; 6] = [2, 4, 12, 13, 14, 15];

/// Begins traces.
#[derive(Clone, Debug)]
pub struct Tracing {
    tracer: SdkTracer,
    propagator: TraceContextPropagator,
}

/// The trace of the call that is being served; nothing when calls are not traced. Clones are of the same call.
#[derive(Clone, Debug, Default)]
pub struct CallTrace(Option<Arc<Traced>>);

struct Traced {
    tracer: SdkTracer,
    /// Has the call's span.
    context: Context,
    /// Whether the sampler wants it.
    is_recorded: bool,
    began: Instant,
    began_at: SystemTime,
    /// Keeps the invocation's secrets out, once they are known.
    redactor: OnceLock<Redactor>,
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced")
            .field("is_recorded", &self.is_recorded)
            .finish_non_exhaustive()
    }
}

impl Tracing {
    pub fn new(tracer: SdkTracer) -> Self {
        Self {
            tracer,
            propagator: TraceContextPropagator::new(),
        }
    }

    /// Begins the trace of a call of `method`, with its service, that came with these headers; the context is to
    /// be attached while it is served.
    pub fn begin(&self, method: &str, headers: &HeaderMap) -> (CallTrace, Context) {
        let parent = self
            .propagator
            .extract_with_context(&Context::new(), &Headers(headers));
        let (began, began_at) = (Instant::now(), SystemTime::now());
        let builder = self.tracer.span_builder("rpc");
        let builder = builder
            .with_kind(SpanKind::Server)
            .with_start_time(began_at);
        let mut span = self.tracer.build_with_context(builder, &parent);
        let is_recorded = span.is_recording();
        if is_recorded {
            span.update_name(method.to_owned());
            span.set_attribute(KeyValue::new("rpc.system.name", "grpc"));
            span.set_attribute(KeyValue::new("rpc.method", method.to_owned()));
            span.set_attribute(KeyValue::new("faas.trigger", "other"));
        }
        let context = parent.with_span(span);
        let trace = CallTrace(Some(Arc::new(Traced {
            tracer: self.tracer.clone(),
            context: context.clone(),
            is_recorded,
            began,
            began_at,
            redactor: OnceLock::new(),
        })));
        let attached = context.with_value(trace.clone());
        (trace, attached)
    }
}

/// W3C's two headers; others are not looked at.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

impl CallTrace {
    /// That of the call which the current task serves.
    pub fn current() -> Self {
        Context::map_current(|context| context.get::<Self>().cloned().unwrap_or_default())
    }

    /// Whether spans of it are exported.
    pub fn is_recorded(&self) -> bool {
        self.recorded().is_some()
    }

    /// For what another task does for the call, so that its log lines name the trace.
    pub fn context(&self) -> Context {
        let traced = self.0.as_ref();
        traced.map_or_else(Context::new, |traced| traced.context.clone())
    }

    /// From now on these secrets are kept out. The first word counts.
    pub fn keep_out(&self, redactor: &Redactor) {
        if let Some(traced) = self.recorded() {
            traced.redactor.get_or_init(|| redactor.clone());
        }
    }

    /// The call is answered with the gRPC status of this number and name.
    pub fn end(&self, status: usize, name: &'static str) {
        let Some(traced) = self.recorded() else {
            return;
        };
        let span = traced.context.span();
        span.set_attribute(KeyValue::new("rpc.response.status_code", name));
        if SERVER_FAULTS.contains(&status) {
            span.set_attribute(KeyValue::new("error.type", name));
            span.set_status(Status::error(name));
        }
        span.end_with_timestamp(traced.now());
    }

    fn recorded(&self) -> Option<&Traced> {
        self.0.as_deref().filter(|traced| traced.is_recorded)
    }
}

/// A span that is over.
struct Past {
    name: &'static str,
    kind: SpanKind,
    from: Instant,
    to: Instant,
    attributes: Vec<KeyValue>,
    /// `error.type` and what people read.
    failure: Option<(&'static str, &'static str)>,
}

impl Traced {
    /// Adds a span below the call's.
    fn add(&self, past: Past) {
        let builder = self
            .tracer
            .span_builder(past.name)
            .with_kind(past.kind)
            .with_start_time(self.at(past.from))
            .with_attributes(past.attributes);
        let mut span = self.tracer.build_with_context(builder, &self.context);
        if let Some((class, words)) = past.failure {
            span.set_attribute(KeyValue::new("error.type", class));
            span.set_status(Status::error(words));
        }
        span.end_with_timestamp(self.at(past.to));
    }

    /// All times of a trace by the one clock, which nobody sets.
    fn at(&self, instant: Instant) -> SystemTime {
        self.began_at + instant.saturating_duration_since(self.began)
    }

    fn now(&self) -> SystemTime {
        self.at(Instant::now())
    }
}
