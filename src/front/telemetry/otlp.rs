//! What goes to a collector, by OTLP over gRPC: spans, the same metrics that `/metrics` tells, our log from info
//! on. The environment says where and how, by OpenTelemetry's own names; the SDK reads the most of them.
//!
//! Each signal has a thread of the SDK's that batches and sends; what it has no room for is dropped and counted.
//! So a collector that is gone, slow or wrong costs no call anything. What these threads do is not traced.

use std::{
    env, fmt,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use opentelemetry::{
    Key, KeyValue,
    metrics::{BoundCounter, Meter},
};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithTonicConfig,
    tonic_types::transport::ClientTlsConfig,
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::SdkLoggerProvider,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{SdkTracerProvider, SpanData, SpanExporter as ExportSpans},
};

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    /// As names of variables have it.
    fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
        }
    }
}

/// The environment asks for an export that can't be.
#[derive(Debug, thiserror::Error)]
pub enum UnusableExport {
    #[error("{variable}={value}: only {known} can be had here")]
    Unknown {
        variable: String,
        value: String,
        known: &'static str,
    },
    #[error("the export to a collector can't be set up: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// Which signals the environment has a collector for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted(Vec<Signal>);

impl Wanted {
    /// # Errors
    /// [`UnusableExport::Unknown`] when it asks for another exporter than `otlp`, or another protocol than
    /// `grpc`.
    pub fn from_environment() -> Result<Self, UnusableExport> {
        Self::by(&|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn by(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, UnusableExport> {
        let is_disabled = variable("OTEL_SDK_DISABLED");
        if is_disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(Self(Vec::new()));
        }
        let mut signals = Vec::new();
        for signal in Signal::ALL {
            let name = signal.name();
            let exporter = format!("OTEL_{name}_EXPORTER");
            match variable(&exporter).as_deref() {
                None | Some("otlp") => {}
                Some("none") => continue,
                Some(other) => {
                    return Err(UnusableExport::Unknown {
                        variable: exporter,
                        value: other.to_owned(),
                        known: "otlp or none",
                    });
                }
            }
            if of_signal(variable, name, "ENDPOINT").is_none() {
                continue;
            }
            if let Some((variable, value)) = of_signal(variable, name, "PROTOCOL")
                && value != "grpc"
            {
                return Err(UnusableExport::Unknown {
                    variable,
                    value,
                    known: "grpc",
                });
            }
            signals.push(signal);
        }
        Ok(Self(signals))
    }

    pub fn exports(&self, signal: Signal) -> bool {
        self.0.contains(&signal)
    }
}

/// The signal's own variable, else the one for all, with its name.
fn of_signal(
    variable: &dyn Fn(&str) -> Option<String>,
    signal: &str,
    what: &str,
) -> Option<(String, String)> {
    let names = [
        format!("OTEL_EXPORTER_OTLP_{signal}_{what}"),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ];
    names
        .into_iter()
        .find_map(|name| variable(&name).map(|value| (name, value)))
}

/// Who we are: `penstock`, its version and this process, unless `OTEL_SERVICE_NAME` and
/// `OTEL_RESOURCE_ATTRIBUTES` say otherwise.
pub fn resource() -> Resource {
    let told = Resource::builder().build();
    let ours = [
        ("service.name", "penstock".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", instance_id()),
    ];
    let is_told = |name: &str| {
        let value = told.get(&Key::new(name.to_owned()));
        // What the SDK says when nobody has said anything.
        value.is_some_and(|value| !value.as_str().starts_with("unknown_service"))
    };
    let missing = ours.into_iter().filter(|(name, _)| !is_told(name));
    Resource::builder()
        .with_attributes(missing.map(|(name, value)| KeyValue::new(name, value)))
        .build()
}

/// Another in each process, so that no two executors' counters are taken for one.
fn instance_id() -> String {
    let mut random = [0; 16];
    // Without randomness the process's number tells apart what runs on one machine.
    if getrandom::fill(&mut random).is_err() {
        return std::process::id().to_string();
    }
    format!("{:032x}", u128::from_be_bytes(random))
}

/// Sends spans of this resource; `meter` counts those that were lost on the way.
pub fn spans(resource: Resource, meter: &Meter) -> Result<SdkTracerProvider, UnusableExport> {
    let exporter = SpanExporter::builder().with_tonic();
    let exporter = match roots(Signal::Traces) {
        Some(roots) => exporter.with_tls_config(roots),
        None => exporter,
    };
    let lost = meter
        .u64_counter("penstock.traces.spans.lost")
        .with_unit("{span}")
        .with_description("Spans that the collector did not take")
        .build();
    // Without attributes a series is there once it was added to.
    lost.add(0, &[]);
    let exporter = Accounted {
        exporter: exporter.build()?,
        lost: lost.bind(&[]),
    };
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build())
}

/// Reads the metrics and sends them, in the SDK's interval.
pub fn metrics() -> Result<PeriodicReader<MetricExporter>, UnusableExport> {
    let exporter = MetricExporter::builder().with_tonic();
    let exporter = match roots(Signal::Metrics) {
        Some(roots) => exporter.with_tls_config(roots),
        None => exporter,
    };
    Ok(PeriodicReader::builder(exporter.build()?).build())
}

/// Sends log lines of this resource.
pub fn logs(resource: Resource) -> Result<SdkLoggerProvider, UnusableExport> {
    let exporter = LogExporter::builder().with_tonic();
    let exporter = match roots(Signal::Logs) {
        Some(roots) => exporter.with_tls_config(roots),
        None => exporter,
    };
    Ok(SdkLoggerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter.build()?)
        .build())
}

/// The platform's certificates, for an endpoint that needs some.
fn roots(signal: Signal) -> Option<ClientTlsConfig> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let (_, endpoint) = of_signal(&variable, signal.name(), "ENDPOINT")?;
    let is_https = endpoint.to_ascii_lowercase().starts_with("https://");
    is_https.then(|| ClientTlsConfig::new().with_native_roots())
}

/// An exporter whose failures are counted.
struct Accounted {
    exporter: SpanExporter,
    lost: BoundCounter<u64>,
}

impl fmt::Debug for Accounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounted").finish_non_exhaustive()
    }
}

impl ExportSpans for Accounted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let exported = self.exporter.export(batch).await;
        if exported.is_err() {
            self.lost.add(spans);
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Sends what is left of all signals at once, for so long at most: the SDK waits longer for some than it is
/// told, so it is left behind then.
pub fn flush(
    spans: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
    meters: SdkMeterProvider,
    within: Duration,
) {
    let (done, all_done) = mpsc::channel();
    let mut left = 0;
    let mut start = |flush: Box<dyn FnOnce() + Send>| {
        let done = done.clone();
        let thread = thread::Builder::new().name("telemetry-flush".into());
        let started = thread.spawn(move || {
            flush();
            let _ = done.send(());
        });
        left += usize::from(started.is_ok());
    };
    if let Some(spans) = spans {
        start(Box::new(move || {
            let _ = spans.shutdown_with_timeout(within);
        }));
    }
    if let Some(logs) = logs {
        start(Box::new(move || {
            let _ = logs.shutdown_with_timeout(within);
        }));
    }
    start(Box::new(move || {
        let _ = meters.shutdown_with_timeout(within);
    }));
    let ends = Instant::now() + within;
    while left > 0 {
        let remaining = ends.saturating_duration_since(Instant::now());
        if all_done.recv_timeout(remaining).is_err() {
            tracing::warn!("the collector did not take all telemetry in time");
            return;
        }
        left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_what_is_exported() {
        #[track_caller]
        fn check(set: &[(&str, &str)], expect: &[Signal]) {
            let found = wanted(set).unwrap();
            assert_eq!(found.0, expect, "{set:?}");
        }
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        check(&[], &[]);
        check(&[all], &Signal::ALL);
        check(&[all, ("OTEL_SDK_DISABLED", "TRUE")], &[]);
        check(&[all, ("OTEL_SDK_DISABLED", "false")], &Signal::ALL);
        check(
            &[all, ("OTEL_LOGS_EXPORTER", "none")],
            &[Signal::Traces, Signal::Metrics],
        );
        check(
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c")],
            &[Signal::Traces],
        );
        check(
            &[all, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &Signal::ALL,
        );
        // Nobody speaks it.
        check(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")], &[]);
    }

    #[test]
    fn what_is_not_spoken_is_refused_by_its_name() {
        #[track_caller]
        fn check(name: &str, value: &str) {
            let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
            let error = wanted(&[all, (name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}={value}: ")), "{error}");
        }
        check("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        check("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json");
        check("OTEL_TRACES_EXPORTER", "zipkin");
    }

    fn wanted(set: &[(&str, &str)]) -> Result<Wanted, UnusableExport> {
        Wanted::by(&|name| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }
}
