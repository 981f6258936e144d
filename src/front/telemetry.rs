//! What is measured, by OpenTelemetry's instruments; every reader reads the same ones. Prometheus' text is the
//! only one so far.
//!
//! Where a thing happens there is one line; names, units and attributes are here. Attribute sets are bound to
//! their instruments beforehand, so that a record is an addition and finds no map, and every series is there
//! at 0 from the start. No attribute has more values than the code has names: none is a function, a version
//! or a caller. Names follow the semantic conventions (1.42) where those have one.
//!
//! What has a state is not counted along but observed at a scrape: [`Telemetry::observe`].

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter, MeterProvider},
};
use opentelemetry_prometheus::exporter;
use opentelemetry_sdk::{Resource, error::OTelSdkError, metrics::SdkMeterProvider};
use prometheus::{Encoder, Registry, TextEncoder};

mod calls;
mod invocations;
mod observed;
mod outcomes;
mod panics;
mod process;

pub use calls::{CallLayer, TimedCall, TimedCalls};
pub use invocations::Invocations;
pub use observed::Observed;
pub use outcomes::{Named, Outcomes};
pub use panics::Panics;

/// Upper bounds of the buckets of every duration, in seconds. A call that finds its isolate warm is through
/// in well under a millisecond; few may take longer than ten seconds.
const SECONDS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
];

/// The instruments and who reads them. Dropping it ends the measuring.
#[derive(Debug)]
pub struct Telemetry {
    /// Gives instruments to the readers; it has to live as long as they are read.
    _provider: SdkMeterProvider,
    meter: Meter,
    registry: Registry,
}

/// Why there is no text for Prometheus.
pub type ExpositionError = prometheus::Error;

impl Telemetry {
    /// # Errors
    /// When the SDK refuses the reader, which it has no cause to.
    pub fn new() -> Result<Self, OTelSdkError> {
        let registry = Registry::new();
        // Whoever scrapes names the target, and there is one scope only: neither says anything here.
        let prometheus = exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false)
            .build()?;
        let resource = Resource::builder()
            .with_service_name("penstock")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_reader(prometheus)
            .build();
        Ok(Self {
            meter: provider.meter("penstock"),
            _provider: provider,
            registry,
        })
    }

    /// Times gRPC calls of the service, of which `methods` are known.
    pub fn calls(&self, service: &'static str, methods: &[&'static str]) -> CallLayer {
        CallLayer::new(&self.meter, service, methods)
    }

    /// What invocations cost, and which were refused.
    pub fn invocations(&self) -> Invocations {
        Invocations::new(&self.meter)
    }

    /// Counts panics that were contained.
    pub fn panics(&self) -> Panics {
        Panics::new(&self.meter)
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
