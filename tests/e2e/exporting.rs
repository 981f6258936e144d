//! What goes to a collector besides spans: metrics and the log; and that a collector can harm nobody.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::check::{Call, Code, TRACK};
use crate::collector::{Collector, Manner, Received};
use crate::processes::{Guarded, signal, wait_until};
use crate::scrape::Scrape;
use crate::service::{Service, penstock};
use crate::stored::StoredFunctions;
use crate::tracing::{call, start, trace_of, traced};

const PATIENCE: Duration = Duration::from_secs(30);

const ECHO: &str = "function onTrack(e) { return e }";

#[test]
fn metrics_arrive_and_agree_with_the_scrape() {
    let collector = Collector::start(Manner::Takes);
    let named = [
        ("OTEL_SERVICE_NAME", "executor"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        ),
    ];
    let service = start(&collector, &[], &named);
    for _ in 0..3 {
        Call::of(ECHO).run_on(&service).delivers(TRACK);
    }
    let throws = Call::of("function onTrack() { throw 1 }");
    throws.run_on(&service).failed(Code::BadRequest, "1");
    let outcomes = |received: &Received| received.metric("penstock.invocation.outcomes");
    let count = |received: &Received, key: &str, value: &str| {
        let series = outcomes(received);
        let found = series
            .iter()
            .find(|(labels, _)| labels.get(key).is_some_and(|found| found == value));
        found.map(|(_, count)| *count)
    };
    let received = collector.wait_for(|received| {
        count(received, "penstock.outcome", "delivered") == Some(3.0)
            && count(received, "error.type", "BAD_REQUEST") == Some(1.0)
    });
    let scrape = Scrape::of(&service);
    let delivered = "penstock_invocation_outcomes_total{penstock_outcome=\"delivered\"}";
    assert!((scrape.value(delivered) - 3.0).abs() < 0.5);
    let calls = received.metric("rpc.server.call.duration");
    assert_eq!(
        calls.iter().map(|(_, count)| *count as u64).sum::<u64>(),
        4,
        "{calls:#?}"
    );
    let resources = received.resources();
    for (name, value) in [
        ("service.name", "executor"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "test"),
    ] {
        let all = resources
            .iter()
            .all(|one| one.get(name).is_some_and(|found| found == value));
        assert!(all, "{name} in {resources:#?}");
    }
    let instances = resources
        .iter()
        .map(|one| one["service.instance.id"].as_str());
    assert_eq!(
        instances.collect::<BTreeSet<_>>().len(),
        1,
        "{resources:#?}"
    );
}

#[test]
fn the_log_arrives_too_and_none_of_what_sends_it() {
    let collector = Collector::start(Manner::Takes);
    let all = [("PENSTOCK_LOG", "trace,h2=trace,hyper=trace,tonic=trace")];
    let service = start(&collector, &[], &all);
    let is_there = |received: &Received| {
        let records = received.records();
        records.iter().any(|record| record.body == "listening")
    };
    let received = collector.wait_for(is_there);
    let records = received.records();
    for record in &records {
        assert!(record.target.starts_with("penstock"), "{record:#?}");
        let severity = record.severity.as_str();
        assert!(["INFO", "WARN", "ERROR"].contains(&severity), "{record:#?}");
    }
    assert!(
        service.stderr().contains("h2"),
        "those lines are there to be left out"
    );
}

#[test]
fn the_log_may_be_json_that_names_traces() {
    let store = StoredFunctions::new();
    let (service, _collector) = traced(&["--log-format", "json", "--functions", store.location()]);
    std::fs::remove_dir_all(store.path()).expect("it goes");
    call(&service, Call::stored("any"), &trace_of(6), "00").expect_err("no store");
    let stderr = service.stderr();
    let lines = stderr.lines().map(|line| {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        line
    });
    let lines: Vec<_> = lines.collect();
    let said = |message: &str| {
        let line = lines.iter().find(|line| line["message"] == message);
        line.unwrap_or_else(|| panic!("no {message:?} in {lines:#?}"))
    };
    assert_eq!(
        said("the function store can't be read")["trace_id"],
        trace_of(6)
    );
    assert_eq!(said("listening")["level"], "INFO");
    assert!(said("listening").get("trace_id").is_none());
}

#[test]
fn a_collector_harms_neither_calls_nor_the_exit() {
    // Somebody listens there and says nothing, not even HTTP.
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let deaf = format!("http://{}", deaf.local_addr().expect("an address"));
    for endpoint in [
        "http://127.0.0.1:9".to_owned(),
        deaf,
        Collector::start(Manner::Refuses).endpoint(),
        Collector::start(Manner::Silent).endpoint(),
    ] {
        let mut service = Service::start_with(
            &["--cells", "1"],
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
                ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
                ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
                ("OTEL_BSP_SCHEDULE_DELAY", "20"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
            ],
        );
        let echo = Call::of(ECHO);
        for _ in 0..50 {
            echo.clone().run_on(&service).delivers(TRACK);
        }
        // What it did not take is lost and counted, either for want of room or by its refusal.
        let mut scrape = Scrape::of(&service);
        let counted = wait_until(PATIENCE, || {
            scrape = Scrape::of(&service);
            let full = scrape.series.iter().filter(|(series, count)| {
                series.starts_with("otel_sdk_processor_span_processed_total")
                    && series.contains("error_type=\"queue_full\"")
                    && **count > 0.0
            });
            full.count() > 0 || scrape.value("penstock_traces_spans_lost_total") > 0.0
        });
        assert!(counted, "{endpoint}: {:#?}", scrape.series);
        signal(service.pid(), Signal::TERM);
        let code = service.process().exit_code_within(PATIENCE);
        assert_eq!(code, Some(0), "{endpoint}: {}", service.stderr());
    }
}

#[test]
fn what_is_left_is_sent_before_the_exit() {
    let collector = Collector::start(Manner::Takes);
    let late = [
        ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "600000"),
    ];
    let mut service = start(&collector, &[], &late);
    call(&service, Call::of(ECHO), &trace_of(8), "01").expect("an answer");
    signal(service.pid(), Signal::TERM);
    assert_eq!(service.process().exit_code_within(PATIENCE), Some(0));
    collector.trace(&trace_of(8));
    let calls = collector.received().metric("penstock.invocation.outcomes");
    assert!(!calls.is_empty());
}

#[test]
fn an_export_that_is_not_spoken_is_told_by_its_variable() {
    let mut command = penstock();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--admin", "off"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = Guarded::spawn(&mut command);
    assert_eq!(process.exit_code_within(PATIENCE), Some(2));
    let mut told = String::new();
    let stderr = process.child().stderr.as_mut().expect("its stderr");
    std::io::Read::read_to_string(stderr, &mut told).expect("text");
    assert!(
        told.contains("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
        "{told}"
    );
}
