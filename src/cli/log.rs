//! The executor's own log: to standard error, as text or JSON, and to a collector if there is one. Each way is a
//! layer with a filter of its own.

use std::{fmt, io::IsTerminal};

use opentelemetry::{Context, trace::TraceContextExt};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::Targets,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Json, JsonFields, Writer},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::config::LogFormat;

/// Libraries that would log what requests carry, secrets among it: names looked up, headers, URLs. They warn,
/// and say more only to who names them, as in `PENSTOCK_LOG=trace,h2=trace`.
const RESERVED: &str = "h2=warn,hickory_net=warn,hickory_proto=warn,hickory_resolver=warn,hyper=warn,\
                        hyper_util=warn,object_store=warn,opentelemetry=warn,reqwest=warn,rustls=warn,\
                        tonic=warn,tower=warn";

/// Logs from now on: to standard error at `level` unless `PENSTOCK_LOG` says otherwise, and from info on to
/// the collector behind `exported`. There only our own lines go, and none of what sends them.
pub fn start(format: LogFormat, level: &str, exported: Option<&SdkLoggerProvider>) {
    let exported = exported.map(|logs| {
        let ours = Targets::new().with_target("penstock", LevelFilter::INFO);
        OpenTelemetryTracingBridge::new(logs).with_filter(ours)
    });
    tracing_subscriber::registry()
        .with(lines(format).with_filter(filter(level)))
        .with(exported)
        .init();
}

fn filter(level: &str) -> EnvFilter {
    let wanted = std::env::var("PENSTOCK_LOG").ok();
    let wanted = wanted.map(|wanted| format!("{RESERVED},{wanted}"));
    let filter = wanted.and_then(|wanted| EnvFilter::try_new(wanted).ok());
    filter.unwrap_or_else(|| EnvFilter::new(format!("{RESERVED},{level}")))
}

/// Lines on standard error.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            let ansi = std::io::stderr().is_terminal();
            layer
                .with_ansi(ansi)
                .event_format(Traced(Format::default().with_ansi(ansi)))
                .boxed()
        }
        LogFormat::Json => layer
            .with_ansi(false)
            .fmt_fields(JsonFields::new())
            .event_format(Traced(Format::default().json().flatten_event(true)))
            .boxed(),
    }
}

/// Adds to a line of what is within which trace and span it was said, if it was in one.
struct Traced<F>(F);

/// How a field is added to a line.
trait Adds {
    /// What a line ends with, and what with the trace's ids.
    fn ends(trace: &str, span: &str) -> (&'static str, String);
}

impl Adds for Format<Full> {
    fn ends(trace: &str, span: &str) -> (&'static str, String) {
        ("\n", format!(" trace_id={trace} span_id={span}\n"))
    }
}

impl Adds for Format<Json> {
    fn ends(trace: &str, span: &str) -> (&'static str, String) {
        let added = format!(",\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}\n");
        ("}\n", added)
    }
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N> + Adds,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let span = Context::map_current(|current| current.span().span_context().clone());
        if !span.is_valid() {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let (trace, span) = (span.trace_id().to_string(), span.span_id().to_string());
        let (end, longer) = F::ends(&trace, &span);
        match line.strip_suffix(end) {
            Some(start) => write!(writer, "{start}{longer}"),
            None => writer.write_str(&line),
        }
    }
}
