//! What became of an invocation, as spans and attributes.

use std::time::{Duration, Instant};

use opentelemetry::{
    KeyValue,
    trace::{SpanKind, Status, TraceContextExt},
};

use super::{CallTrace, OTHER, Past};
use crate::{
    front::telemetry::LookEnd,
    invocation::{Usage, VersionKey},
};

/// How the events of a call ended, by count; of those that failed, the first one's code as metrics have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    pub delivered: i64,
    pub filtered: i64,
    pub failed: i64,
    pub first_failure: Option<&'static str>,
}

impl Ends {
    /// Another event failed, with this code.
    pub fn fail(&mut self, code: Option<&'static str>) {
        self.failed += 1;
        self.first_failure = self.first_failure.or(code);
    }
}

impl CallTrace {
    /// Which function is called, by which instance, with how many events.
    pub fn calls(&self, version: &VersionKey, instance_id: &str, events: usize) {
        let Some(traced) = self.recorded() else {
            return;
        };
        // `faas.name` and `faas.version` are a resource's elsewhere; here each call may be of another.
        traced.context.span().set_attributes([
            KeyValue::new("faas.name", version.function_id.clone()),
            KeyValue::new("faas.version", version.version.clone()),
            KeyValue::new("penstock.instance.id", instance_id.to_owned()),
            KeyValue::new("penstock.events", i64::try_from(events).unwrap_or(i64::MAX)),
        ]);
    }

    /// Its source was looked for since `from`, and found or not.
    pub fn resolved(&self, from: Instant, found: bool) {
        let Some(traced) = self.recorded() else {
            return;
        };
        traced.add(Past {
            name: "resolve",
            kind: SpanKind::Internal,
            from,
            to: Instant::now(),
            attributes: Vec::new(),
            failure: (!found).then_some((OTHER, "")),
        });
    }

    /// The function store was looked into for it since `from`.
    pub fn looked_into_store(&self, from: Instant, end: LookEnd) {
        let Some(traced) = self.recorded() else {
            return;
        };
        traced.add(Past {
            name: "store fetch",
            kind: SpanKind::Client,
            from,
            to: Instant::now(),
            attributes: vec![KeyValue::new("penstock.store.outcome", end.name())],
            failure: end.is_failure().then_some((end.name(), "")),
        });
    }

    /// It asked for a place at `from`, which the queue time counts as `before`, and is answered now; `failure` has
    /// code and label of its error. What is told of its times is laid out between the two: the queue from the
    /// start, what ran before the end, and what is left is the way to the cell and back.
    pub fn ran(
        &self,
        (from, before): (Instant, Duration),
        usage: &Usage,
        failure: impl FnOnce() -> Option<(&'static str, &'static str)>,
    ) {
        let Some(traced) = self.recorded() else {
            return;
        };
        if usage.wall.is_zero() {
            return;
        }
        let to = Instant::now();
        let within = |time: Duration| time.min(to.saturating_duration_since(from));
        let began = to.checked_sub(within(usage.wall)).unwrap_or(from);
        let set_up = began + within(usage.setup.min(usage.wall));
        let span = |name, from, to| Past {
            name,
            kind: SpanKind::Internal,
            from,
            to,
            attributes: Vec::new(),
            failure: None,
        };
        let cold = KeyValue::new("faas.coldstart", usage.cold_start);
        traced.context.span().set_attribute(cold);
        let queued = usage.queue.saturating_sub(before);
        traced.add(span("queue", from, from + within(queued)));
        if usage.cold_start {
            traced.add(span("cold start", began, set_up));
        }
        traced.add(Past {
            attributes: vec![
                KeyValue::new("penstock.turns", i64::from(usage.turns)),
                KeyValue::new("penstock.cpu.time", usage.cpu.as_secs_f64()),
                KeyValue::new(
                    "penstock.heap.used",
                    i64::try_from(usage.heap_used_bytes).unwrap_or(i64::MAX),
                ),
            ],
            failure: failure(),
            ..span("execute", set_up, to)
        });
    }

    /// What its events came to. A function's error is no error of the call; the loss of an invocation is.
    pub fn came_to(&self, ends: impl FnOnce() -> Ends) {
        let Some(traced) = self.recorded() else {
            return;
        };
        let ends = ends();
        let span = traced.context.span();
        span.set_attributes([
            KeyValue::new("penstock.events.delivered", ends.delivered),
            KeyValue::new("penstock.events.filtered", ends.filtered),
            KeyValue::new("penstock.events.failed", ends.failed),
        ]);
        if let Some(code) = ends.first_failure {
            span.set_attribute(KeyValue::new("error.type", code));
            if code == "EXECUTOR_LOST" {
                span.set_status(Status::error(code));
            }
        }
    }
}
