//! What those who run the executor see of it: metrics and probes.

// Every value that is compared is a count.
#![allow(clippy::float_cmp)]

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::time::Duration;

use penstock::api::{DescribeRequest, DescribeResponse};
use rustix::process::Signal;
use tonic::Code as StatusCode;

use crate::batch::Batch;
use crate::check::{Call, Code, TRACK, fresh_id};
use crate::json;
use crate::processes::{signal, wait_until};
use crate::scrape::{FAMILIES, Scrape, request};
use crate::service::{Service, block_on};

const PATIENCE: Duration = Duration::from_secs(20);

const ECHO: &str = "function onTrack(e) { return e }";

/// Aborts V8: the sort asks for an array of more than its longest.
const ABORTS: &str =
    "function onTrack(e) { if (e.harmless) return e; [].sort.call({length: Infinity}) }";

const SLEEPS: &str =
    "async function onTrack(e) { await new Promise(done => setTimeout(done, e.sleep)); return e }";

/// One cell and its spare, both up, so that nothing more is counted of them.
fn settled(arguments: &[&str]) -> Service {
    let service = Service::start(&[&["--cells", "1"], arguments].concat());
    settle(&service);
    service
}

#[track_caller]
fn settle(service: &Service) {
    let mut now = [0.0; 3];
    let settled = wait_until(PATIENCE, || {
        now = cells(&Scrape::of(service));
        now == [1.0, 1.0, 0.0]
    });
    assert!(settled, "{now:?}\n{}", service.stderr());
}

/// Cells that are up, spare, draining.
fn cells(scrape: &Scrape) -> [f64; 3] {
    ["up", "spare", "draining"].map(|state| {
        scrape.value(&format!(
            "penstock_cell_count{{penstock_cell_state=\"{state}\"}}"
        ))
    })
}

fn outcome(labels: &str) -> String {
    format!("penstock_invocation_outcomes_total{{{labels}}}")
}

fn failed(code: &str) -> String {
    outcome(&format!(
        "error_type=\"{code}\",penstock_outcome=\"failed\""
    ))
}

fn filtered(reason: &str) -> String {
    outcome(&format!(
        "penstock_filter_reason=\"{reason}\",penstock_outcome=\"filtered\""
    ))
}

fn delivered() -> String {
    outcome("penstock_outcome=\"delivered\"")
}

/// The count of calls of a method that ended so.
fn calls(method: &str, status: &str) -> String {
    let method = match method {
        "_OTHER" => method.to_owned(),
        known => format!("penstock.executor.v1.ExecutorService/{known}"),
    };
    format!(
        "rpc_server_call_duration_seconds_count{{rpc_method=\"{method}\",\
         rpc_response_status_code=\"{status}\",rpc_system_name=\"grpc\"}}"
    )
}

/// What is counted of an invocation that ran, besides its call and outcome.
fn ran(cold: bool) -> Vec<String> {
    let costs = [
        "faas_invoke_duration_seconds",
        "penstock_invocation_cpu_time_seconds",
        "penstock_invocation_queue_time_seconds",
    ];
    let costs = costs.map(|name| format!("{name}_count{{faas_coldstart=\"{cold}\"}}"));
    let starts = [
        "faas_coldstarts_total",
        r#"faas_init_duration_seconds_count{faas_trigger="other"}"#,
    ];
    let starts = starts.map(str::to_owned).into_iter().filter(|_| cold);
    let result = if cold { "miss" } else { "hit" };
    let checkout = format!("penstock_pool_checkouts_total{{penstock_pool_result=\"{result}\"}}");
    costs.into_iter().chain(starts).chain([checkout]).collect()
}

/// Does something and checks what is counted of it: each of these as often as it is named, and nothing else.
#[track_caller]
fn counts<T>(service: &Service, act: impl FnOnce() -> T, expected: &[String]) -> T {
    let before = Scrape::of(service);
    let done = act();
    let grown = Scrape::of(service).grown_since(&before);
    let mut counts = BTreeMap::new();
    for series in expected {
        *counts.entry(series.clone()).or_default() += 1.0;
    }
    assert_eq!(grown, counts);
    done
}

/// Runs a call that answers with an outcome and checks what is counted of it.
#[track_caller]
fn ends(service: &Service, call: Call, expected: String) {
    let all = [ran(true), vec![expected, calls("Invoke", "OK")]].concat();
    let reply = counts(service, || call.run_on(service), &all);
    reply.response();
}

#[test]
fn every_series_is_there_from_the_start() {
    let service = Service::start(&["--cells", "2", "--max-in-flight", "7"]);
    let mut first = Scrape::of(&service);
    let started = "penstock_cell_starts_total{penstock_cell_start_result=\"ready\"}";
    let up = wait_until(PATIENCE, || {
        first = Scrape::of(&service);
        first.value(started) == 3.0
    });
    assert!(up, "{first:#?}\n{}", service.stderr());

    let families: BTreeMap<_, _> = FAMILIES
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
        .collect();
    assert_eq!(first.families, families);
    let mut counts = first.counts();
    counts.retain(|series, _| series != started && !series.starts_with("process_"));
    assert!(counts.values().all(|count| *count == 0.0), "{counts:#?}");
    for series in [
        delivered(),
        filtered("NO_RETURN"),
        filtered("DROP_EVENT"),
        filtered("NOT_RETURNED"),
        calls("Invoke", "OK"),
        calls("Invoke", "RESOURCE_EXHAUSTED"),
        calls("InvokeBatch", "INVALID_ARGUMENT"),
        calls("_OTHER", "UNIMPLEMENTED"),
    ] {
        assert!(counts.contains_key(&series), "{series} in {counts:#?}");
    }
    let codes = (1..).map_while(|number| Code::try_from(number).ok());
    for code in codes {
        let name = code.as_str_name().trim_start_matches("ERROR_CODE_");
        assert!(counts.contains_key(&failed(name)), "{name} in {counts:#?}");
    }

    assert_eq!(cells(&first), [2.0, 1.0, 0.0]);
    let version = format!(
        "penstock_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    for (series, value) in [
        (version.as_str(), 1.0),
        ("penstock_invocations_in_flight", 0.0),
        ("penstock_invocations_limit", 7.0),
        ("penstock_invocations_waiting", 0.0),
        ("penstock_connections_open", 0.0),
        ("penstock_cache_size_bytes", 0.0),
        ("penstock_quarantine_versions", 0.0),
        ("penstock_source_cache_count", 0.0),
        ("penstock_source_cache_size_bytes", 0.0),
    ] {
        assert_eq!(first.value(series), value, "{series}");
    }
    let first_bucket =
        "faas_invoke_duration_seconds_bucket{faas_coldstart=\"true\",le=\"0.00025\"}";
    assert_eq!(first.value(first_bucket), 0.0);
    // More than nothing, and each a process of V8's size at least.
    assert!(first.value("process_memory_usage_bytes") > 1e6);
    assert!(first.value("penstock_cell_memory_bytes") > 3e7);
    assert!(first.value("process_unix_file_descriptor_count") > 5.0);
}

#[test]
fn each_outcome_is_counted_once_and_as_what_it_was() {
    let service = settled(&[]);
    let rows = [
        (ECHO, delivered()),
        ("function onTrack() {}", filtered("NO_RETURN")),
        (
            "function onTrack() { throw new DropEvent() }",
            filtered("DROP_EVENT"),
        ),
        ("function onTrack() { throw 1 }", failed("BAD_REQUEST")),
        (
            "function onTrack() { throw new ValidationError() }",
            failed("MESSAGE_REJECTED"),
        ),
        (
            "function onPage(e) { return e }",
            failed("UNSUPPORTED_EVENT_TYPE"),
        ),
        (
            "function onTrack() { throw new RetryError() }",
            failed("RETRY"),
        ),
        ("function onTrack() { return 1 }", failed("INVALID_RESULT")),
        ("function onTrack( {", failed("INVALID_FUNCTION")),
        (
            "function onTrack() { return {x: 'x'.repeat(2 ** 21)} }",
            failed("RESULT_TOO_LARGE"),
        ),
    ];
    for (source, expected) in rows {
        ends(&service, Call::of(source), expected);
    }
    let spins = || Call::of("function onTrack() { for (;;); }");
    let short = Duration::from_millis(100);
    ends(&service, spins().wall(short), failed("TIMEOUT"));
    let cpu = prost_types::Duration {
        seconds: 0,
        nanos: 100_000_000,
    };
    let call = spins().limits(|limits| limits.cpu_time = Some(cpu));
    ends(&service, call, failed("CPU_LIMIT_EXCEEDED"));
    let hungry = "function onTrack() { for (const all = [];;) all.push(new Array(1000).fill(1)) }";
    ends(&service, Call::of(hungry), failed("MEMORY_LIMIT_EXCEEDED"));
}

#[test]
fn an_event_that_its_form_cannot_carry_back_is_no_delivery() {
    let service = settled(&[]);
    let deep = "function onTrack(e) { for (let i = 0; i < 200; i++) e = {e}; return e }";
    let call = Call::of(deep).structured(json::to_struct(TRACK));
    ends(&service, call, failed("INVALID_RESULT"));
}

#[test]
fn a_batch_is_one_invocation_with_an_outcome_for_each_event() {
    let service = settled(&[]);
    let source = "function onTrack(e) { if (e.n === 0) return e; if (e.n > 1) throw 1 }";
    let outcomes = ["BAD_REQUEST"; 2].map(failed);
    let mut expected = [ran(true), outcomes.to_vec()].concat();
    expected.extend([
        delivered(),
        filtered("NO_RETURN"),
        calls("InvokeBatch", "OK"),
    ]);
    let batch = Batch::of(source).numbered(4);
    let reply = counts(&service, || batch.run_on(&service), &expected);
    assert_eq!(reply.outcomes().len(), 4);
}

#[test]
fn a_warm_call_is_no_cold_start() {
    let service = settled(&[]);
    let call = Call::of(ECHO);
    ends(&service, call.clone(), delivered());
    let all = [ran(false), vec![delivered(), calls("Invoke", "OK")]].concat();
    counts(&service, || call.run_on(&service).delivered(), &all);
    let after = Scrape::of(&service);
    assert_eq!(after.value("penstock_source_cache_count"), 1.0);
    let bytes = after.value("penstock_source_cache_size_bytes");
    assert!(bytes >= ECHO.len() as f64, "{bytes}");
    for name in ["faas_invoke_duration", "penstock_invocation_cpu_time"] {
        let seconds = after.value(&format!("{name}_seconds_sum{{faas_coldstart=\"true\"}}"));
        assert!(seconds > 0.0, "{name}");
    }
}

#[test]
fn what_is_refused_is_counted_by_method_and_status() {
    let service = settled(&[]);
    let refused = |call: Call, code: StatusCode, name: &str| {
        let act = || call.run_on(&service);
        counts(&service, act, &[calls("Invoke", name)]).status(code);
    };
    let nameless = Call::stored("");
    refused(nameless, StatusCode::InvalidArgument, "INVALID_ARGUMENT");
    refused(Call::stored("nobodys"), StatusCode::NotFound, "NOT_FOUND");
    let id = fresh_id();
    Call::of(ECHO).id(&id).run_on(&service).delivered();
    let other = Call::of("function onTrack() {}").id(&id);
    refused(other, StatusCode::FailedPrecondition, "FAILED_PRECONDITION");

    let describe = || block_on(service.client().describe(DescribeRequest::default()));
    let status = counts(&service, describe, &[calls("Describe", "INVALID_ARGUMENT")]);
    status.expect_err("which function is not said");
    let unknown = || block_on(call_unknown_method(&service));
    let code = counts(&service, unknown, &[calls("_OTHER", "UNIMPLEMENTED")]);
    assert_eq!(code, StatusCode::Unimplemented);
}

async fn call_unknown_method(service: &Service) -> StatusCode {
    let mut client = tonic::client::Grpc::new(service.channel());
    client.ready().await.expect("a connection");
    let path = "/penstock.executor.v1.ExecutorService/NoSuchMethod";
    let codec = tonic_prost::ProstCodec::<DescribeRequest, DescribeResponse>::default();
    let request = tonic::Request::new(DescribeRequest::default());
    let answer = client.unary(request, path.parse().expect("a path"), codec);
    answer.await.expect_err("there is no such method").code()
}

#[test]
fn places_in_flight_are_seen_and_refusals_counted() {
    let service = settled(&["--max-in-flight", "1", "--queue", "0"]);
    let in_flight = |scrape: &Scrape| scrape.value("penstock_invocations_in_flight");
    block_on(async {
        let event = r#"{"type":"track","sleep":60000}"#;
        let call = Call::of(SLEEPS).event(event).wall(Duration::from_secs(30));
        let sleeping = tokio::spawn(call.send(service.client()));
        let seen = wait_until(PATIENCE, || in_flight(&Scrape::of(&service)) == 1.0);
        assert!(seen, "it is in flight");
        let before = Scrape::of(&service);
        let second = Call::of(ECHO).send(service.client()).await;
        second.status(StatusCode::ResourceExhausted);
        let grown = Scrape::of(&service).grown_since(&before);
        let refused =
            "penstock_invocations_refused_total{penstock_refusal_reason=\"max_in_flight\"}";
        let expected = [refused.to_owned(), calls("Invoke", "RESOURCE_EXHAUSTED")];
        assert_eq!(grown, expected.map(|series| (series, 1.0)).into());
        // A caller that goes away frees its place, and its call has neither outcome nor costs.
        sleeping.abort();
        let mut after = before.clone();
        let freed = wait_until(PATIENCE, || {
            after = Scrape::of(&service);
            in_flight(&after) == 0.0 && after.value(&calls("Invoke", "CANCELLED")) == 1.0
        });
        let grown = after.grown_since(&before);
        assert!(freed && grown.len() == 3, "{grown:#?}");
    });
}

#[test]
fn a_version_that_costs_cells_is_seen() {
    let service = settled(&[]);
    let started = Scrape::of(&service);
    let attack = Call::of(ABORTS).id(&fresh_id());
    let parked = "penstock_cell_ends_total{penstock_cell_end_reason=\"parked\"}";
    let strikes = "penstock_quarantine_strikes_total";
    for cost in 1..=3 {
        let reply = attack.clone().run_on(&service);
        reply.failed(Code::MemoryLimitExceeded, "--heap-bytes");
        let mut now = started.clone();
        let counted = wait_until(PATIENCE, || {
            now = Scrape::of(&service);
            now.value(strikes) >= f64::from(cost) && now.value(parked) >= f64::from(cost)
        });
        assert!(counted, "{:#?}", now.counts());
        let quarantined = now.value("penstock_quarantine_versions");
        assert_eq!(quarantined, f64::from(u8::from(cost == 3)), "after {cost}");
    }
    settle(&service);
    let harmless = attack.event(r#"{"type":"track","harmless":true}"#);
    let expected = [failed("QUARANTINED"), calls("Invoke", "OK")];
    let reply = counts(&service, || harmless.run_on(&service), &expected);
    reply.failed(Code::Quarantined, "is not run until");
    let grown = Scrape::of(&service).grown_since(&started);
    assert_eq!([grown[strikes], grown[parked]], [3.0, 3.0]);
    assert_eq!(grown[&failed("MEMORY_LIMIT_EXCEEDED")], 3.0);
    let ends = grown.keys().filter(|series| series.contains("cell_ends"));
    assert_eq!(ends.count(), 1, "they all parked: {grown:#?}");
}

#[test]
fn a_cell_that_dies_is_seen_in_its_place_and_as_a_spare() {
    let service = settled(&[]);
    let died = "penstock_cell_ends_total{penstock_cell_end_reason=\"died\"}";
    let started = "penstock_cell_starts_total{penstock_cell_start_result=\"ready\"}";
    for in_place in [false, true] {
        let log = service.stderr();
        let is_up = |cell: &u32| log.contains(&format!("cell up place=0 pid={cell}"));
        let cells_now = service.cells();
        let victim = cells_now.iter().find(|cell| is_up(cell) == in_place);
        let before = Scrape::of(&service);
        signal(*victim.expect("there is one"), Signal::KILL);
        let mut after = before.clone();
        let replaced = wait_until(PATIENCE, || {
            after = Scrape::of(&service);
            cells(&after) == [1.0, 1.0, 0.0] && after.value(started) > before.value(started)
        });
        let grown = after.grown_since(&before);
        assert!(replaced, "{grown:#?}\n{}", service.stderr());
        let expected = [died, started].map(|series| (series.to_owned(), 1.0));
        assert_eq!(grown, expected.into(), "in place: {in_place}");
    }
}

#[test]
fn probes_tell_a_drain_and_metrics_are_there_to_its_end() {
    let mut service = Service::start(&["--cells", "1"]);
    let probe = |path: &str| {
        let answer = request(&service, "GET", path);
        (answer.status, answer.body)
    };
    assert_eq!(probe("/livez"), (200, "live\n".to_owned()));
    assert_eq!(probe("/readyz"), (200, "ready\n".to_owned()));
    let event = r#"{"type":"track","sleep":3000}"#;
    block_on(async {
        let call = Call::of(SLEEPS).event(event).send(service.client());
        let in_flight = tokio::spawn(call);
        let series = "penstock_invocations_in_flight";
        assert!(wait_until(PATIENCE, || Scrape::of(&service).value(series) == 1.0));
        signal(service.pid(), Signal::TERM);
        let mut ready = probe("/readyz");
        wait_until(PATIENCE, || {
            ready = probe("/readyz");
            ready.0 != 200
        });
        let draining = "draining: calls under way finish, new ones go elsewhere\n";
        assert_eq!(ready, (503, draining.to_owned()));
        assert_eq!(probe("/livez").0, 200);
        assert_eq!(Scrape::of(&service).value(series), 1.0);
        in_flight.await.expect("the call ends").delivers(event);
    });
    let code = service.process().exit_code_within(PATIENCE);
    assert_eq!(code, Some(0), "its stderr:\n{}", service.stderr());
    let address = service.admin().expect("it was on");
    assert!(TcpStream::connect(address).is_err(), "it is gone");
}

#[test]
fn the_cache_is_seen() {
    let service = settled(&[]);
    let lookups = |result: &str| {
        format!("penstock_cache_lookups_total{{penstock_cache_result=\"{result}\"}}")
    };
    let before = Scrape::of(&service);
    let source = "async function onTrack() {
        for (const key of ['a', 'b', 'a', 'a']) await cache.load(key, -1, () => 'x'.repeat(1000))
        cache.delete('b'); return {} }";
    Call::of(source).run_on(&service).delivered();
    let after = Scrape::of(&service);
    let grown = after.grown_since(&before);
    assert_eq!(grown.get(&lookups("hit")), Some(&2.0), "{grown:#?}");
    assert_eq!(grown.get(&lookups("miss")), Some(&2.0), "{grown:#?}");
    let held = after.value("penstock_cache_size_bytes");
    assert!(
        (1000.0..2000.0).contains(&held),
        "one value is held: {held}"
    );
    let source = "async function onTrack() {
        for (let n = 0; n < 20; n++) await cache.load('k' + n, -1, () => 'x'.repeat(2 ** 20)); return {} }";
    Call::of(source).run_on(&service).delivered();
    let evicted = Scrape::of(&service).value("penstock_cache_evictions_total");
    assert!(
        (12.0..=13.0).contains(&evicted),
        "of 20 values of 1 MiB, 8 MiB hold: {evicted}"
    );
}
