//! What describing takes and touches: limits, cells, isolates, places in flight, requests.

// Every value that is compared is a count.
#![allow(clippy::float_cmp)]

use std::time::Duration;

use penstock::api::{DescribeRequest, ErrorCode as Code, SourceKind, diagnostic::Severity};
use tonic::{Code as StatusCode, Request};

use super::{ask, described_by, inline, stored, told};
use crate::check::{Call, TRACK, fresh_id};
use crate::origin::respond;
use crate::processes::wait_until;
use crate::scrape::Scrape;
use crate::scripted::{Answer, Scripted};
use crate::service::{Service, block_on};

const PATIENCE: Duration = Duration::from_secs(20);

/// A minute for everything.
const PATIENT: [&str; 6] = [
    "--top-level-ms",
    "60000",
    "--wall-time-ms",
    "60000",
    "--cpu-time-ms",
    "60000",
];

#[track_caller]
fn passes_limit(service: &Service, source: &str, code: Code, name: &str) {
    let found = described_by(service, inline(source));
    let [told] = &found.diagnostics[..] else {
        panic!("not one diagnostic in {found:#?}");
    };
    assert_eq!(
        (told.severity(), told.code()),
        (Severity::Error, code),
        "{told:#?}"
    );
    let limit = told.limit.as_ref().expect("a limit");
    assert_eq!(limit.name, name, "{told:#?}");
    assert_eq!(found.handlers, [""; 0]);
}

#[test]
fn the_top_level_runs_inside_the_limits() {
    let hasty = Service::shared();
    // Filling a heap takes long on a busy machine.
    let patient = &Service::start(&PATIENT);
    passes_limit(
        hasty,
        "function onTrack() {}\nfor (;;) {}",
        Code::InvalidFunction,
        "top_level_time",
    );
    passes_limit(
        hasty,
        "export function onTrack() {}\nfor (;;) await null",
        Code::InvalidFunction,
        "top_level_time",
    );
    passes_limit(
        patient,
        "function onTrack() {}\nconst all = []; for (;;) all.push(new Array(1e5).fill(1.5))",
        Code::MemoryLimitExceeded,
        "heap",
    );
    passes_limit(
        patient,
        "function onTrack() {}\ntry { new ArrayBuffer(2 ** 32) } catch {}",
        Code::MemoryLimitExceeded,
        "heap",
    );
    // What the look for slips runs counts, too.
    passes_limit(
        hasty,
        "function onTrack() {}\nObject.defineProperty(globalThis, 'onPages', { get() { for (;;); } })",
        Code::InvalidFunction,
        "top_level_time",
    );
}

#[test]
fn an_end_of_its_cell_is_told_and_harms_nobody() {
    let service = Service::start(&["--cells", "1"]);
    let aborts = inline("function onTrack() {}\n[].sort.call({length: Infinity})");
    let found = described_by(&service, aborts);
    let [told] = &found.diagnostics[..] else {
        panic!("not one diagnostic in {found:#?}");
    };
    assert_eq!(told.severity(), Severity::Error, "{found:#?}");
    assert_eq!(found.source_kind(), SourceKind::Unspecified);
    let next = described_by(&service, inline("function onTrack() {}"));
    assert_eq!(next.handlers, ["onTrack"]);
}

#[test]
fn an_isolate_that_serves_events_is_left_alone() {
    // Where there is room for one isolate, what is described takes the room, and gives it back.
    for (isolates, calls) in [("1", 1), ("4", 2)] {
        let service = Service::start(&[
            "--cells",
            "1",
            "--cell-threads",
            "1",
            "--cell-isolates",
            isolates,
        ]);
        describes_beside(&service, calls);
    }
}

/// An event, descriptions, and another event, which is the isolate's call of this number.
#[track_caller]
fn describes_beside(service: &Service, calls: u32) {
    let source = "let loads = 0, calls = 0; loads++; function onTrack() { return { loads, calls: ++calls } }";
    let id = fresh_id();
    let call = Call::of(source).id(&id);
    call.clone()
        .run_on(service)
        .delivers(r#"{"loads":1,"calls":1}"#);
    let function = stored(&id);
    block_on(async {
        let asks = (0..8).map(|_| tokio::spawn(ask(service.client(), function.clone())));
        for asked in asks.collect::<Vec<_>>() {
            let found = asked.await.expect("it ends").expect("a description");
            assert_eq!(found.handlers, ["onTrack"]);
        }
    });
    call.run_on(service)
        .delivers(&format!(r#"{{"loads":1,"calls":{calls}}}"#));
}

#[test]
fn nothing_is_requested_and_that_is_told() {
    let server = Scripted::start(|_, _| Answer::Bytes(respond("200 OK", &[], b"")));
    let service = Service::start(&["--egress-allow", "127.0.0.0/8"]);
    let url = server.url();
    let source = format!(
        "const first = fetch('{url}/described');\nfunction onTrack() {{}}\nfirst.then(() => {{}})"
    );
    let found = described_by(&service, inline(&source));
    let expected = "warning 1:15 the top level makes a request, which was not made for this description: make \
                    requests in a handler, since those of the top level end with the event that comes first";
    assert_eq!(told(&found), [expected]);
    // By the time that another function has its answer, a request of before would have come.
    let asks = format!("async function onTrack(e) {{ await fetch('{url}/run'); return e }}");
    Call::of(&asks).run_on(&service).delivers(TRACK);
    let asked = server.counts().requests;
    let paths: Vec<_> = asked.iter().map(|request| &*request.path).collect();
    assert_eq!(paths, ["/run"]);
}

fn in_flight(service: &Service) -> f64 {
    Scrape::of(service).value("penstock_invocations_in_flight")
}

#[track_caller]
fn wait_for_in_flight(service: &Service, count: f64) {
    let reached = wait_until(PATIENCE, || in_flight(service) == count);
    assert!(reached, "{count} in flight\n{}", service.stderr());
}

#[test]
fn it_takes_a_place_and_a_caller_that_goes_gives_it_back() {
    let service =
        Service::start(&[&["--max-in-flight", "1", "--queue", "0"], &PATIENT[..]].concat());
    let endless = inline("function onTrack() {}\nfor (;;) {}");
    let before = Scrape::of(&service);
    block_on(async {
        let waiting = tokio::spawn(ask(service.client(), endless.clone()));
        let one_in_flight = || in_flight(&service) == 1.0;
        assert!(wait_until(PATIENCE, one_in_flight), "it takes a place");
        let full = ask(service.client(), inline("function onTrack() {}")).await;
        let status = full.expect_err("there is no place");
        assert_eq!(status.code(), StatusCode::ResourceExhausted, "{status:?}");
        waiting.abort();
    });
    wait_for_in_flight(&service, 0.0);

    // So does a deadline, whoever sees it first.
    let mut request = Request::new(DescribeRequest {
        function: Some(endless),
    });
    request.set_timeout(Duration::from_millis(300));
    let mut client = service.client();
    if let Ok(found) = block_on(client.describe(request)) {
        let found = found.into_inner();
        assert_eq!(found.diagnostics[0].code(), Code::Timeout, "{found:#?}");
    }
    wait_for_in_flight(&service, 0.0);

    let found = described_by(&service, inline("function onTrack() {}"));
    assert_eq!(found.handlers, ["onTrack"]);
    let grown = Scrape::of(&service).grown_since(&before);
    let count = |series: &str| grown.get(series).copied().unwrap_or_default();
    assert!(count("faas_coldstarts_total") >= 1.0, "{grown:#?}");
    let refusals = "penstock_invocations_refused_total{penstock_refusal_reason=\"max_in_flight\"}";
    assert_eq!(count(refusals), 1.0, "{grown:#?}");
    let outcomes = |series: &String| series.starts_with("penstock_invocation_outcomes");
    assert!(!grown.keys().any(outcomes), "no event was run: {grown:#?}");
}
