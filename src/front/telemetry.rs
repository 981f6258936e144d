//! What is measured and traced, by OpenTelemetry. Every reader of metrics reads the same instruments: Prometheus'
//! text, and the collector if the environment names one ([`otlp`]).
//!
//! Where a thing happens there is one line; names, units and attributes are here. Attribute sets are bound to
//! their instruments beforehand, so that a record is an addition and finds no map, and every series is there
//! at 0 from the start. No attribute has more values than the code has names: none is a function, a version
//! or a caller. Names follow the semantic conventions (1.42) where those have one.
//!
//! What has a state is not counted along but observed at a scrape: [`Telemetry::observe`].

use std::{sync::Arc, time::Duration};

use opentelemetry::{
    global,
    metrics::{Histogram, Meter, MeterProvider},
    trace::TracerProvider,
};
use opentelemetry_prometheus::exporter;
use opentelemetry_sdk::{
    error::OTelSdkError, logs::SdkLoggerProvider, metrics::SdkMeterProvider,
    trace::SdkTracerProvider,
};
use prometheus::{Encoder, Registry, TextEncoder};

use super::{files::Watched, security::Security};

mod calls;
mod egress;
mod invocations;
mod observed;
mod otlp;
mod outcomes;
mod process;
mod security;
mod store;
mod trace;

pub use calls::{CallLayer, TimedCall, TimedCalls};
pub use egress::EgressMetrics;
pub use invocations::Invocations;
pub use observed::Observed;
pub use otlp::UnusableExport;
use otlp::{Signal, Wanted};
pub use outcomes::{Named, Outcomes};
pub use store::{LookEnd, StoreMetrics};
use trace::Tracing;
pub use trace::{CallTrace, Ends, RequestSpan};

/// Upper bounds of the buckets of every duration, in seconds. A call that finds its isolate warm is through
/// in well under a millisecond; few may take longer than ten seconds.
const SECONDS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
];

/// What the instruments and spans are of, as readers name it.
const SCOPE: &str = "penstock";

/// The instruments and who reads them, and where spans and log lines go. Dropping it ends the measuring.
#[derive(Debug)]
pub struct Telemetry {
    /// Gives instruments to the readers; it has to live as long as they are read.
    meters: SdkMeterProvider,
    meter: Meter,
    registry: Registry,
    /// Nothing when calls are not traced.
    spans: Option<SdkTracerProvider>,
    /// Nothing when the log is not sent to a collector.
    logs: Option<SdkLoggerProvider>,
}

/// There can be no telemetry as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("the metrics could not be set up: {0}")]
    Metrics(#[from] OTelSdkError),
    #[error(transparent)]
    Export(#[from] UnusableExport),
}

/// Why there is no text for Prometheus.
pub type ExpositionError = prometheus::Error;

impl Telemetry {
    /// As the environment has it. To be called inside of a Tokio runtime, which then carries what is exported.
    ///
    /// # Errors
    /// [`TelemetryError`] when the environment asks for an export that can't be.
    pub fn start() -> Result<Self, TelemetryError> {
        let wanted = Wanted::from_environment()?;
        let registry = Registry::new();
        // Whoever scrapes names the target, and there is one scope only: neither says anything here.
        let prometheus = exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false)
            .build()?;
        let resource = otlp::resource();
        let mut meters = SdkMeterProvider::builder()
            .with_resource(resource.clone())
            .with_reader(prometheus);
        if wanted.exports(Signal::Metrics) {
            meters = meters.with_reader(otlp::metrics()?);
        }
        let meters = meters.build();
        let meter = meters.meter(SCOPE);
        let spans = wanted.exports(Signal::Traces).then(|| {
            // The SDK counts the spans it has no room for by the global meter.
            global::set_meter_provider(meters.clone());
            otlp::spans(resource.clone(), &meter)
        });
        let logs = wanted.exports(Signal::Logs).then(|| otlp::logs(resource));
        Ok(Self {
            meters,
            meter,
            registry,
            spans: spans.transpose()?,
            logs: logs.transpose()?,
        })
    }

    /// Where log lines go, if the environment names a collector for them.
    pub fn logs(&self) -> Option<&SdkLoggerProvider> {
        self.logs.as_ref()
    }

    /// Exports what is left, for so long at most; what a collector did not take by then is lost.
    pub fn stop(&self, within: Duration) {
        otlp::flush(
            self.spans.clone(),
            self.logs.clone(),
            self.meters.clone(),
            within,
        );
    }

    /// Times gRPC calls of the service, of which `methods` are known, and traces them.
    pub fn calls(&self, service: &'static str, methods: &[&'static str]) -> CallLayer {
        let tracing = self.spans.as_ref();
        let tracing = tracing.map(|spans| Tracing::new(spans.tracer(SCOPE)));
        CallLayer::new(&self.meter, tracing, service, methods)
    }

    /// Counts and times outgoing requests.
    pub fn egress(&self) -> EgressMetrics {
        EgressMetrics::new(&self.meter)
    }

    /// Times looks into the function store.
    pub fn store(&self) -> StoreMetrics {
        StoreMetrics::new(&self.meter)
    }

    /// What invocations cost, and which were refused.
    pub fn invocations(&self) -> Invocations {
        Invocations::new(&self.meter)
    }

    /// Counts what became of events.
    pub fn outcomes(&self, reasons: &[Named], codes: &[Named]) -> Outcomes {
        Outcomes::new(&self.meter, reasons, codes)
    }

    /// From now on, the state of the executor is looked at when a reader asks.
    pub fn observe(&self, observed: Observed) {
        process::observe(&self.meter, observed.cells.clone());
        observed.observe(&self.meter);
    }

    /// From now on, the listener's guards and what is made of files are looked at when a reader asks.
    pub fn observe_security(&self, guards: &Security, watched: Vec<Arc<dyn Watched>>) {
        security::observe(&self.meter, guards, watched);
    }

    /// All there is now, in Prometheus' text format. It reads files in /proc: not for an async thread.
    ///
    /// # Errors
    /// When it can't be written as text.
    pub fn exposition(&self) -> Result<Vec<u8>, ExpositionError> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// A histogram of seconds.
fn durations(meter: &Meter, name: &'static str, description: &'static str) -> Histogram<f64> {
    meter
        .f64_histogram(name)
        .with_unit("s")
        .with_description(description)
        .with_boundaries(SECONDS.to_vec())
        .build()
}
