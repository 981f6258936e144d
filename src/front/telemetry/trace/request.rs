//! The span of an outgoing request: whom it went to, how it ended, how long its parts took. Of its URL the query
//! and the user are left out, of headers and bodies everything.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, KeyValue,
    propagation::{Injector, TextMapPropagator},
    trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::Span};
use url::Url;

use super::{CallTrace, OTHER, Traced};
use crate::front::egress::{FetchError, Protocol, Trace};

/// Methods that the conventions know; a function may send any word, and it may be a secret.
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// One hop of a request, from its start on.
#[derive(Debug, Default)]
pub struct RequestSpan(Option<(Span, CallTrace)>);

impl CallTrace {
    /// A request is about to be made for the call. If these are its headers, whoever gets it is told of the
    /// trace, unless the function tells of its own.
    pub fn request(&self, headers: Option<&mut HeaderMap>) -> RequestSpan {
        let headers = headers.filter(|headers| !headers.contains_key("traceparent"));
        let traced = self.0.as_deref();
        let Some(traced) = traced.filter(|traced| traced.is_recorded || headers.is_some()) else {
            return RequestSpan::default();
        };
        let builder = traced.tracer.span_builder("HTTP");
        let builder = builder
            .with_kind(SpanKind::Client)
            .with_start_time(traced.now());
        let span = traced.tracer.build_with_context(builder, &traced.context);
        if let Some(headers) = headers {
            propagate(&span, headers);
        }
        RequestSpan(Some((span, self.clone())))
    }
}

/// Adds `traceparent` and `tracestate`.
fn propagate(span: &Span, headers: &mut HeaderMap) {
    let context = Context::new().with_remote_span_context(span.span_context().clone());
    TraceContextPropagator::new().inject_context(&context, &mut Headers(headers));
}

impl RequestSpan {
    /// The hop has ended, as its trace tells.
    pub fn end(self, trace: &Trace) {
        let Some((mut span, call)) = self.0 else {
            return;
        };
        let Some(traced) = call.recorded() else {
            return;
        };
        let known = METHODS.iter().find(|method| **method == trace.method);
        let method = known.copied().unwrap_or(OTHER);
        span.update_name(if known.is_some() { method } else { "HTTP" });
        span.set_attribute(KeyValue::new("http.request.method", method));
        span.set_attributes(destination(&trace.url, traced));
        if let Some(status) = trace.status {
            let status = KeyValue::new("http.response.status_code", i64::from(status));
            span.set_attribute(status);
        }
        if let Some(connection) = &trace.connection {
            let version = match connection.protocol {
                Protocol::Http1 => "1.1",
                Protocol::Http2 => "2",
            };
            span.set_attribute(KeyValue::new("network.protocol.version", version));
            let reused = KeyValue::new("penstock.connection.reused", connection.reused);
            span.set_attribute(reused);
        }
        span.set_attributes(durations(trace));
        if let Some(class) = error_class(trace) {
            span.set_attribute(KeyValue::new("error.type", class.clone()));
            span.set_status(Status::error(class));
        }
        span.end_with_timestamp(traced.now());
    }
}

/// Where the request went. Until the invocation's secrets are known there is nothing to be told; a request is
/// never made before.
fn destination(url: &str, traced: &Traced) -> Vec<KeyValue> {
    let (Some(redactor), Ok(mut url)) = (traced.redactor.get(), Url::parse(url)) else {
        return Vec::new();
    };
    let redacted = |text: &str| {
        let mut text = text.to_owned();
        redactor.text(&mut text);
        text
    };
    // Redacted whole, so that a secret is found which the cut goes through.
    url.set_fragment(None);
    let whole = redacted(url.as_str());
    let shown = whole.split('?').next().unwrap_or_default().to_owned();
    let mut told = vec![
        KeyValue::new("url.full", shown),
        KeyValue::new(
            "server.address",
            redacted(url.host_str().unwrap_or_default()),
        ),
    ];
    if let Some(port) = url.port_or_known_default() {
        told.push(KeyValue::new("server.port", i64::from(port)));
    }
    told
}

/// In seconds, of those parts that there were.
fn durations(trace: &Trace) -> Vec<KeyValue> {
    let timings = &trace.timings;
    let parts = [
        ("penstock.request.queue.time", timings.queue),
        ("penstock.request.dns.time", timings.dns),
        ("penstock.request.connect.time", timings.connect),
        ("penstock.request.tls.time", timings.tls),
        ("penstock.request.first_byte.time", timings.first_byte),
    ];
    let told = parts.into_iter().filter_map(|(name, time)| {
        let seconds = time.as_ref().map(Duration::as_secs_f64)?;
        Some(KeyValue::new(name, seconds))
    });
    told.collect()
}

/// One of few words: Node's code, node-fetch's type, or the status of a response that tells of an error.
fn error_class(trace: &Trace) -> Option<String> {
    let of_error = |error: &FetchError| error.code().unwrap_or_else(|| error.kind()).to_owned();
    let of_status = || {
        let status = trace.status.filter(|status| *status >= 400);
        status.map(|status| status.to_string())
    };
    trace.error.as_ref().map(of_error).or_else(of_status)
}

/// Names and values that the propagator makes are sound; any other would be left out.
struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if value.is_empty() {
            return;
        }
        let name = HeaderName::try_from(key);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    };

    use opentelemetry::trace::{SpanId, TraceId, TracerProvider};
    use opentelemetry_sdk::trace::{IdGenerator, Sampler, SdkTracerProvider};

    use super::*;
    use crate::front::telemetry::trace::Tracing;

    /// Numbers the spans.
    #[derive(Clone, Debug, Default)]
    struct Numbers(Arc<AtomicU8>);

    impl IdGenerator for Numbers {
        fn new_trace_id(&self) -> TraceId {
            TraceId::from_bytes([7; 16])
        }

        fn new_span_id(&self) -> SpanId {
            SpanId::from_bytes([self.0.fetch_add(1, Ordering::Relaxed) + 1; 8])
        }
    }

    /// How many spans a call and its request make.
    #[track_caller]
    fn check(sampler: Sampler, headers: Option<&mut HeaderMap>, expect: u8) {
        let numbers = Numbers::default();
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler)
            .with_id_generator(numbers.clone())
            .build();
        let tracing = Tracing::new(provider.tracer("test"));
        let (call, _) = tracing.begin("any/Method", &HeaderMap::new());
        let _request = call.request(headers);
        assert_eq!(numbers.0.load(Ordering::Relaxed), expect);
    }

    #[test]
    fn a_request_has_a_span_when_it_is_recorded_or_told_of() {
        let mut told = HeaderMap::new();
        check(Sampler::AlwaysOff, Some(&mut told), 2);
        let parent = "00-07070707070707070707070707070707-0202020202020202-00";
        assert_eq!(told["traceparent"], parent);
        check(Sampler::AlwaysOff, None, 1);
        check(Sampler::AlwaysOn, None, 2);
        // The function's own stays.
        check(Sampler::AlwaysOff, Some(&mut told), 1);
        assert_eq!(told["traceparent"], parent);
    }
}
