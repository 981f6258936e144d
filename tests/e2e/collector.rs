//! A collector that speaks OTLP over gRPC, by OTLP's own protocol files: it keeps what it is sent, or refuses it, or
//! never answers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point};
use prost::Message;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::service;

/// Nothing takes so long to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a collector does with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Takes,
    /// Takes it and keeps nothing.
    #[allow(dead_code, reason = "for the benchmark")]
    Forgets,
    /// With UNAVAILABLE.
    Refuses,
    /// The call is accepted and never answered.
    Silent,
}

/// Serves until the process ends.
#[derive(Clone, Debug)]
pub struct Collector {
    address: SocketAddr,
    sent: Arc<Sent>,
}

#[derive(Debug)]
pub struct Sent {
    manner: Manner,
    received: Mutex<Received>,
    changed: Condvar,
}

/// All that came so far, also what was refused.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub traces: Vec<ExportTraceServiceRequest>,
    pub metrics: Vec<ExportMetricsServiceRequest>,
    pub logs: Vec<ExportLogsServiceRequest>,
}

/// Attributes, each value as text.
pub type Attributes = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub struct Span {
    pub name: String,
    /// In hex, as are the two below; empty for no parent.
    pub trace: String,
    pub id: String,
    pub parent: String,
    /// As OTLP numbers it: 1 internal, 2 server, 3 client.
    pub kind: i32,
    pub attributes: Attributes,
    /// 0 unset, 2 error.
    pub status: i32,
    /// Nanoseconds since the Unix epoch.
    pub from: u64,
    pub to: u64,
}

impl Span {
    #[track_caller]
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.get(name);
        found.unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }
}

#[derive(Clone, Debug)]
pub struct LogRecord {
    /// The module that said it.
    pub target: String,
    pub body: String,
    pub severity: String,
    /// In hex; empty for none.
    pub trace: String,
}

impl Collector {
    pub fn start(manner: Manner) -> Collector {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("it can wait");
        let sent = Arc::new(Sent {
            manner,
            received: Mutex::default(),
            changed: Condvar::new(),
        });
        let services = Services(sent.clone());
        service::spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let server = tonic::transport::Server::builder()
                .add_service(TraceServiceServer::new(services.clone()))
                .add_service(MetricsServiceServer::new(services.clone()))
                .add_service(LogsServiceServer::new(services));
            let incoming = TcpIncoming::from(listener);
            let _ = server.serve_with_incoming(incoming).await;
        });
        Collector { address, sent }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn received(&self) -> Received {
        self.sent.lock().clone()
    }

    /// Waits until `holds`, and tells what came until then; fails with it when it never does.
    #[track_caller]
    pub fn wait_for(&self, holds: impl Fn(&Received) -> bool) -> Received {
        let waited = self
            .sent
            .changed
            .wait_timeout_while(self.sent.lock(), PATIENCE, |received| !holds(received));
        let (received, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(
            !timeout.timed_out() || holds(&received),
            "this never held for {:#?}\n{:#?}",
            received.spans(),
            received.records()
        );
        received.clone()
    }

    /// All spans of a trace once its call's own is among them, which ends last.
    #[track_caller]
    pub fn trace(&self, trace: &str) -> Vec<Span> {
        let of_trace = |received: &Received| {
            let mut spans = received.spans();
            spans.retain(|span| span.trace == trace);
            spans
        };
        let whole = |received: &Received| of_trace(received).iter().any(|span| span.kind == 2);
        of_trace(&self.wait_for(whole))
    }
}

impl Sent {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take<T>(&self, keep: impl FnOnce(&mut Received), taken: T) -> TakenOrNot<T> {
        if self.manner != Manner::Forgets {
            keep(&mut self.lock());
            self.changed.notify_all();
        }
        match self.manner {
            Manner::Takes | Manner::Forgets => Ok(Response::new(taken)),
            Manner::Refuses => Err(Status::unavailable("not now")),
            Manner::Silent => std::future::pending().await,
        }
    }
}

type TakenOrNot<T> = Result<Response<T>, Status>;

#[derive(Clone)]
struct Services(Arc<Sent>);

#[tonic::async_trait]
impl TraceService for Services {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> TakenOrNot<ExportTraceServiceResponse> {
        let keep = |received: &mut Received| received.traces.push(request.into_inner());
        self.0
            .take(keep, ExportTraceServiceResponse::default())
            .await
    }
}

#[tonic::async_trait]
impl MetricsService for Services {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> TakenOrNot<ExportMetricsServiceResponse> {
        let keep = |received: &mut Received| received.metrics.push(request.into_inner());
        self.0
            .take(keep, ExportMetricsServiceResponse::default())
            .await
    }
}

#[tonic::async_trait]
impl LogsService for Services {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> TakenOrNot<ExportLogsServiceResponse> {
        let keep = |received: &mut Received| received.logs.push(request.into_inner());
        self.0
            .take(keep, ExportLogsServiceResponse::default())
            .await
    }
}

impl Received {
    pub fn spans(&self) -> Vec<Span> {
        let resources = self.traces.iter().flat_map(|sent| &sent.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        let spans = scopes.flat_map(|scope| &scope.spans).map(|span| Span {
            name: span.name.clone(),
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            kind: span.kind,
            attributes: attributes(&span.attributes),
            status: span.status.as_ref().map_or(0, |status| status.code),
            from: span.start_time_unix_nano,
            to: span.end_time_unix_nano,
        });
        spans.collect()
    }

    pub fn records(&self) -> Vec<LogRecord> {
        let resources = self.logs.iter().flat_map(|sent| &sent.resource_logs);
        let scopes = resources.flat_map(|resource| &resource.scope_logs);
        let records = scopes.flat_map(|scope| {
            let target = scope.scope.as_ref().map(|scope| scope.name.clone());
            let target = target.unwrap_or_default();
            scope.log_records.iter().map(move |record| LogRecord {
                target: target.clone(),
                body: record.body.as_ref().map(text).unwrap_or_default(),
                severity: record.severity_text.clone(),
                trace: hex(&record.trace_id),
            })
        });
        records.collect()
    }

    /// The newest values of a metric by attributes; of a histogram, how many values it has.
    pub fn metric(&self, name: &str) -> Vec<(Attributes, f64)> {
        let newest = self.metrics.iter().rev().find_map(|sent| {
            let scopes = sent
                .resource_metrics
                .iter()
                .flat_map(|resource| &resource.scope_metrics);
            let mut metrics = scopes.flat_map(|scope| &scope.metrics);
            metrics.find(|metric| metric.name == name)
        });
        match newest.and_then(|metric| metric.data.as_ref()) {
            Some(Data::Sum(sum)) => numbers(&sum.data_points),
            Some(Data::Gauge(gauge)) => numbers(&gauge.data_points),
            Some(Data::Histogram(histogram)) => histogram
                .data_points
                .iter()
                .map(|point| (attributes(&point.attributes), point.count as f64))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Attributes of the resources that signals came of, one for each request.
    pub fn resources(&self) -> Vec<Attributes> {
        let traces = self.traces.iter().flat_map(|sent| &sent.resource_spans);
        let metrics = self.metrics.iter().flat_map(|sent| &sent.resource_metrics);
        let logs = self.logs.iter().flat_map(|sent| &sent.resource_logs);
        let resources = traces
            .map(|one| &one.resource)
            .chain(metrics.map(|one| &one.resource))
            .chain(logs.map(|one| &one.resource));
        resources
            .flatten()
            .map(|resource| attributes(&resource.attributes))
            .collect()
    }

    /// All of it as it came, so that every text is in it as it is.
    pub fn text(&self) -> String {
        let traces = self.traces.iter().map(Message::encode_to_vec);
        let metrics = self.metrics.iter().map(Message::encode_to_vec);
        let logs = self.logs.iter().map(Message::encode_to_vec);
        let all: Vec<Vec<u8>> = traces.chain(metrics).chain(logs).collect();
        String::from_utf8_lossy(&all.concat()).into_owned()
    }
}

fn numbers(
    points: &[opentelemetry_proto::tonic::metrics::v1::NumberDataPoint],
) -> Vec<(Attributes, f64)> {
    let value = |value| match value {
        number_data_point::Value::AsInt(value) => value as f64,
        number_data_point::Value::AsDouble(value) => value,
    };
    points
        .iter()
        .map(|point| {
            let value = point.value.map(value).unwrap_or_default();
            (attributes(&point.attributes), value)
        })
        .collect()
}

fn attributes(attributes: &[KeyValue]) -> Attributes {
    let texts = attributes.iter().map(|attribute| {
        let value = attribute.value.as_ref().map(text).unwrap_or_default();
        (attribute.key.clone(), value)
    });
    texts.collect()
}

fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(Value::StringValue(value)) => value.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
