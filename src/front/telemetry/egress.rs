//! The requests of functions, as they end. The conventions' `http.client.request.duration` would name the
//! server, of which there is no end.

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Meter},
};

use super::durations;
use crate::front::egress::{HopEnd, Trace};

/// `penstock.egress.request.duration`, bound to every `penstock.egress.outcome`; a redirect is a request of its
/// own.
#[derive(Debug)]
pub struct EgressMetrics([(HopEnd, BoundHistogram<f64>); NAMES.len()]);

/// The ways to end and their names. A response of any other class is told as failed.
const NAMES: [(HopEnd, &str); 9] = [
    (HopEnd::Status(2), "2xx"),
    (HopEnd::Status(3), "3xx"),
    (HopEnd::Status(4), "4xx"),
    (HopEnd::Status(5), "5xx"),
    (HopEnd::Denied, "denied"),
    (HopEnd::Limited, "limited"),
    (HopEnd::TimedOut, "timeout"),
    (HopEnd::Failed, "failed"),
    (HopEnd::Aborted, "aborted"),
];

impl EgressMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let duration = durations(
            meter,
            "penstock.egress.request.duration",
            "Time from an outgoing request's start to its end, waiting included, by the class of the response's \
             status, or by why there was none: denied by policy, over a limit, timed out, failed, given up",
        );
        let bind = |(end, name)| {
            let attributes = [KeyValue::new("penstock.egress.outcome", name)];
            (end, duration.bind(&attributes))
        };
        Self(NAMES.map(bind))
    }

    /// A request has ended, as its trace tells.
    pub fn ended(&self, trace: &Trace) {
        let of = |wanted| self.0.iter().find(|(end, _)| *end == wanted);
        if let Some((_, series)) = of(trace.end()).or_else(|| of(HopEnd::Failed)) {
            series.record(trace.timings.total.as_secs_f64());
        }
    }
}
