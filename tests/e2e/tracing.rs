//! The spans of a call, from the caller's trace through everything to outgoing requests, as a collector gets them.

use std::collections::BTreeSet;

use tonic::{Code as StatusCode, Request};

use crate::batch::Batch;
use crate::check::{Call, TRACK};
use crate::collector::{Collector, Manner, Received, Span};
use crate::origin::{Origin, respond};
use crate::scripted::{Answer, Scripted};
use crate::service::{Service, block_on};
use crate::stored::StoredFunctions;

const ECHO: &str = "function onTrack(e) { return e }";

/// The caller's own, in whatever trace.
const CALLERS_SPAN: &str = "b7ad6b7169203331";

/// Lets loopback be called, and everything be sent at once.
pub fn start(collector: &Collector, arguments: &[&str], environment: &[(&str, &str)]) -> Service {
    let endpoint = collector.endpoint();
    let usual = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
    ];
    let arguments = [
        &["--cells", "1", "--egress-allow", "127.0.0.0/8"],
        arguments,
    ]
    .concat();
    Service::start_with(&arguments, &[&usual, environment].concat())
}

pub fn traced(arguments: &[&str]) -> (Service, Collector) {
    let collector = Collector::start(Manner::Takes);
    (start(&collector, arguments, &[]), collector)
}

/// A trace id of its own in 32 hex digits.
pub fn trace_of(number: u8) -> String {
    format!("{number:032x}")
}

/// Calls as part of a caller's trace.
pub fn call(service: &Service, call: Call, trace: &str, flags: &str) -> Result<(), tonic::Status> {
    let mut request = Request::new(call.request());
    let parent = format!("00-{trace}-{CALLERS_SPAN}-{flags}");
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", parent.parse().expect("a header"));
    metadata.insert("tracestate", "vendor=opaque".parse().expect("a header"));
    metadata.insert(
        "baggage",
        "customer=baggage-canary".parse().expect("a header"),
    );
    block_on(service.client().invoke(request)).map(|_| ())
}

fn names(spans: &[Span]) -> BTreeSet<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

#[track_caller]
fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

const INVOKE: &str = "penstock.executor.v1.ExecutorService/Invoke";

#[test]
fn a_call_goes_on_in_the_callers_trace_down_to_its_requests() {
    let (service, collector) = traced(&[]);
    let port = Origin::start().port();
    let source = format!(
        "async function onTrack(e) {{
            await fetch('http://user:word@127.0.0.1:{port}/echo?query=1#hash', {{ headers: {{ 'x-own': 'header-canary' }} }});
            await fetch('http://127.0.0.1:{port}/status?503', {{ method: 'POST', body: 'body-canary' }}); return e }}"
    );
    let invocation = Call::of(&source).id("looked-at").instance("instance-7");
    let trace = trace_of(1);
    call(&service, invocation.clone(), &trace, "01").expect("an answer");
    let spans = collector.trace(&trace);
    let cold = [
        "resolve",
        "queue",
        "cold start",
        "execute",
        "GET",
        "POST",
        INVOKE,
    ];
    assert_eq!(names(&spans), BTreeSet::from(cold), "{spans:#?}");

    let server = named(&spans, INVOKE);
    assert_eq!(
        (server.kind, server.parent.as_str(), server.status),
        (2, CALLERS_SPAN, 0)
    );
    for (name, value) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", INVOKE),
        ("rpc.response.status_code", "OK"),
        ("faas.name", "looked-at"),
        ("faas.version", "1"),
        ("faas.coldstart", "true"),
        ("penstock.instance.id", "instance-7"),
        ("penstock.events", "1"),
        ("penstock.events.delivered", "1"),
        ("penstock.events.failed", "0"),
    ] {
        assert_eq!(server.attribute(name), value, "{name}");
    }
    for span in spans.iter().filter(|span| span.id != server.id) {
        assert_eq!(span.parent, server.id, "{span:#?}");
        assert!(
            server.from <= span.from && span.from <= span.to,
            "{span:#?}\n{server:#?}"
        );
    }
    assert_eq!(named(&spans, "execute").attribute("penstock.turns"), "3");
    let (cold, execute) = (named(&spans, "cold start"), named(&spans, "execute"));
    assert!(
        cold.from < cold.to && cold.to == execute.from,
        "{cold:#?}\n{execute:#?}"
    );

    assert_requests(&spans, port);

    // The second time an isolate is warm and the source is known.
    let trace = trace_of(2);
    call(&service, invocation, &trace, "01").expect("an answer");
    let spans = collector.trace(&trace);
    let warm = ["resolve", "queue", "execute", "GET", "POST", INVOKE];
    assert_eq!(names(&spans), BTreeSet::from(warm), "{spans:#?}");
    assert_eq!(named(&spans, INVOKE).attribute("faas.coldstart"), "false");
    let text = collector.received().text();
    for canary in [
        "user:word",
        "query=",
        "header-canary",
        "body-canary",
        "baggage-canary",
    ] {
        assert!(!text.contains(canary), "{canary}");
    }
}

#[track_caller]
fn assert_requests(spans: &[Span], port: u16) {
    let get = named(spans, "GET");
    assert_eq!((get.kind, get.status), (3, 0));
    assert_eq!(
        get.attribute("url.full"),
        format!("http://127.0.0.1:{port}/echo")
    );
    assert_eq!(get.attribute("server.address"), "127.0.0.1");
    assert_eq!(get.attribute("server.port"), port.to_string());
    assert_eq!(get.attribute("http.response.status_code"), "200");
    assert!(get.attribute("penstock.request.first_byte.time") > "0");
    let post = named(spans, "POST");
    assert_eq!((post.status, post.attribute("error.type")), (2, "503"));
}

#[test]
fn a_trace_is_recorded_when_its_caller_records_it() {
    let (service, collector) = traced(&[]);
    call(&service, Call::of(ECHO), &trace_of(1), "00").expect("an answer");
    call(&service, Call::of(ECHO), &trace_of(2), "01").expect("an answer");
    collector.trace(&trace_of(2));
    // Spans go out in the order they end in.
    let spans = collector.received().spans();
    assert!(
        spans.iter().all(|span| span.trace == trace_of(2)),
        "{spans:#?}"
    );
    // Without a caller's there is a trace of our own.
    Call::of(ECHO).run_on(&service).delivers(TRACK);
    let own = |span: &Span| span.kind == 2 && span.parent.is_empty();
    collector.wait_for(|received| received.spans().iter().any(own));
}

#[test]
fn the_sampler_is_the_environments() {
    let collector = Collector::start(Manner::Takes);
    let never = [("OTEL_TRACES_SAMPLER", "parentbased_always_off")];
    let service = start(&collector, &[], &never);
    Call::of(ECHO).run_on(&service).delivers(TRACK);
    call(&service, Call::of(ECHO), &trace_of(3), "01").expect("an answer");
    collector.trace(&trace_of(3));
    let spans = collector.received().spans();
    assert!(
        spans.iter().all(|span| span.trace == trace_of(3)),
        "{spans:#?}"
    );
}

#[test]
fn a_look_into_the_store_is_seen_once_and_its_failure_as_the_servers() {
    let store = StoredFunctions::new().with("kept", ECHO, "{}");
    let (service, collector) = traced(&["--functions", store.location()]);
    let look = |number, function: &str| {
        let answer = call(&service, Call::stored(function), &trace_of(number), "01");
        (answer, collector.trace(&trace_of(number)))
    };
    let (answer, spans) = look(1, "kept");
    answer.expect("an answer");
    assert_eq!(
        named(&spans, "store fetch").attribute("penstock.store.outcome"),
        "found"
    );
    let [queue, cold_start] = ["queue", "cold start"].map(|name| named(&spans, name));
    assert!(
        queue.to <= cold_start.from,
        "the look counts as a wait for a place: {spans:#?}"
    );
    let (_, spans) = look(2, "kept");
    assert!(!names(&spans).contains("store fetch"), "{spans:#?}");

    let (answer, spans) = look(3, "missing");
    assert_eq!(
        answer.expect_err("no function").code(),
        StatusCode::NotFound
    );
    let server = named(&spans, INVOKE);
    assert_eq!(
        (server.status, server.attribute("rpc.response.status_code")),
        (0, "NOT_FOUND")
    );
    assert_eq!(named(&spans, "resolve").status, 2);
    assert_eq!(
        named(&spans, "store fetch").attribute("penstock.store.outcome"),
        "missing"
    );

    std::fs::remove_dir_all(store.path()).expect("it goes");
    let (answer, spans) = look(4, "other");
    assert_eq!(
        answer.expect_err("no store").code(),
        StatusCode::Unavailable
    );
    let server = named(&spans, INVOKE);
    assert_eq!(
        (server.status, server.attribute("error.type")),
        (2, "UNAVAILABLE")
    );
    assert_eq!(
        named(&spans, "store fetch").attribute("error.type"),
        "failed"
    );
    // What is logged of it names the trace, here and there.
    let line = |text: &str| text.contains("the function store can't be read");
    let of_trace = |received: &Received| {
        let records = received.records();
        records
            .iter()
            .any(|record| line(&record.body) && record.trace == trace_of(4))
    };
    collector.wait_for(of_trace);
    let stderr = service.stderr();
    let named = stderr.lines().find(|found| line(found)).expect("a line");
    assert!(
        named.contains(&format!(" trace_id={} span_id=", trace_of(4))),
        "{named}"
    );
}

#[test]
fn what_events_came_to_is_on_the_spans() {
    let (service, collector) = traced(&[]);
    let throws = Call::of("function onTrack() { throw new ValidationError('word-canary') }");
    call(&service, throws, &trace_of(1), "01").expect("an answer");
    let spans = collector.trace(&trace_of(1));
    let (server, execute) = (named(&spans, INVOKE), named(&spans, "execute"));
    assert_eq!(
        (server.status, server.attribute("error.type")),
        (0, "MESSAGE_REJECTED")
    );
    assert_eq!(
        (execute.status, execute.attribute("error.type")),
        (2, "MESSAGE_REJECTED")
    );

    let unsound = Call::of(ECHO).id("");
    call(&service, unsound, &trace_of(2), "01").expect_err("it has no name");
    let spans = collector.trace(&trace_of(2));
    assert_eq!(spans.len(), 1, "{spans:#?}");
    assert_eq!(
        spans[0].attribute("rpc.response.status_code"),
        "INVALID_ARGUMENT"
    );

    let source = "function onTrack(e) { if (e.n === 0) return e; if (e.n > 1) throw 1 }";
    Batch::of(source).numbered(4).run_on(&service);
    let method = "penstock.executor.v1.ExecutorService/InvokeBatch";
    let received = collector.wait_for(|received| names(&received.spans()).contains(method));
    let spans = received.spans();
    let server = named(&spans, method);
    for (name, count) in [
        ("", "4"),
        (".delivered", "1"),
        (".filtered", "1"),
        (".failed", "2"),
    ] {
        assert_eq!(
            server.attribute(&format!("penstock.events{name}")),
            count,
            "{name}"
        );
    }
    assert!(!received.text().contains("word-canary"));
}

#[test]
fn a_caller_that_goes_away_leaves_a_trace() {
    let (service, collector) = traced(&[]);
    let silent = Scripted::start(|_, _| Answer::Silence);
    let source = format!(
        "async function onTrack() {{ await fetch('{}/') }}",
        silent.url()
    );
    let mut request = Request::new(Call::of(&source).request());
    let parent = format!("00-{}-{CALLERS_SPAN}-01", trace_of(9));
    let parent = parent.parse().expect("a header");
    request.metadata_mut().insert("traceparent", parent);
    block_on(async {
        let mut client = service.client();
        let under_way = tokio::spawn(async move { client.invoke(request).await });
        silent.wait_for("the request is made", |seen| seen.at_once == 1);
        under_way.abort();
    });
    let of_trace = |received: &Received| {
        let mut spans = received.spans();
        spans.retain(|span| span.trace == trace_of(9));
        spans
    };
    let both =
        |received: &Received| names(&of_trace(received)).is_superset(&[INVOKE, "GET"].into());
    let spans = of_trace(&collector.wait_for(both));
    let server = named(&spans, INVOKE);
    assert_eq!(server.attribute("rpc.response.status_code"), "CANCELLED");
    assert_eq!(named(&spans, "GET").attribute("error.type"), "aborted");
}

#[test]
fn third_parties_learn_of_a_trace_only_when_the_operator_says_so() {
    for (knob, carried) in [(&[][..], false), (&["--egress-propagate-trace"][..], true)] {
        let (service, collector) = traced(knob);
        let server = Scripted::start(|_, _| Answer::Bytes(respond("200 OK", &[], b"")));
        let source = format!(
            "async function onTrack(e) {{ await fetch('{}/'); return e }}",
            server.url()
        );
        call(&service, Call::of(&source), &trace_of(5), "01").expect("an answer");
        let spans = collector.trace(&trace_of(5));
        let parent = format!("00-{}-{}-01", trace_of(5), named(&spans, "GET").id);
        let seen = server.counts();
        let found = seen.requests[0].header("traceparent");
        assert_eq!(found, carried.then_some(parent.as_str()));
        let state = seen.requests[0].header("tracestate");
        assert_eq!(state, carried.then_some("vendor=opaque"));
    }
}
