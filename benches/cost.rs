//! What an invocation costs: CPU time of the front and of the cells, bytes on the wire, memory of what is kept.
//!
//! `cargo bench --bench cost` prints the figures. It reads CPU time, never the
//! clock, so that other work on the machine disturbs it little; the callers' own time is not in it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use penstock::api::invoke_response::Outcome;
use penstock::api::{FunctionRef, InvokeBatchRequest, InvokeRequest, invoke_request::Payload};
use prost::Message;
use tokio::{net::TcpListener, task::JoinSet};

#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{
    check, json, processes,
    service::{Client, Service, block_on, spawn},
};

/// A track event of an ordinary shop.
const EVENT: &str = include_str!("../examples/events/track.json");
const SYNC: &str = "function onTrack(event) {
    event.properties = { ...event.properties, seen: true };
    event.context.ip = undefined;
    return event;
}";
const ASYNC: &str = "async function onTrack(event) {
    event.properties = { ...event.properties, seen: await Promise.resolve(true) };
    event.context.ip = undefined;
    return event;
}";
const FETCH: &str = "async function onTrack(event, settings) {
    const response = await fetch(settings.url);
    event.properties = { ...event.properties, seen: (await response.json()).seen };
    return event;
}";

/// Calls in flight: enough that front and cells always have work, few enough that nothing queues for long.
const AT_ONCE: usize = 32;
const BATCH: usize = 100;
/// Instances whose isolates are weighed.
const KEPT: usize = 200;
/// Far over what is kept, so that nothing is evicted.
const ISOLATES: &str = "100000";

fn main() {
    let event = json::minified(EVENT);
    println!("event: {} bytes of JSON", event.len());
    println!("\nCPU time per event        front       cells         all     calls");
    let service = Service::start(&["--egress-allow", "127.0.0.0/8"]);
    let url = block_on(answering());
    for (name, source) in [("sync", SYNC), ("async", ASYNC), ("fetch", FETCH)] {
        let request = single(source, &event, &url);
        let calls = if name == "fetch" { 10_000 } else { 40_000 };
        let load = |calls| block_on(singles(&service, &request, calls));
        let spent = spent(&service, load, calls);
        print_row(&format!("Invoke, {name}"), spent, calls, 1);
        if name == "sync" {
            print_bytes(&request, &service);
        }
    }
    let on_batch = format!("{SYNC}\nfunction onBatch(events) {{ return events.map(onTrack) }}");
    for (name, source) in [("onBatch", on_batch.as_str()), ("each", SYNC)] {
        let request = batch(source, &event);
        let calls = 1_000;
        let load = |calls| block_on(batches(&service, &request, calls));
        let spent = spent(&service, load, calls);
        print_row(&format!("batch of {BATCH}, {name}"), spent, calls, BATCH);
    }
    drop(service);
    starts_and_memory(&event);
}

/// What first calls cost, and what stays when they are over.
fn starts_and_memory(event: &str) {
    let service = Service::start(&["--cells", "1", "--cell-isolates", ISOLATES]);
    // What a cell has ready for the first ones is not what the next ones cost.
    block_on(first_calls(&service, event, "warm-up", KEPT));
    let (before, memory) = (cpu(&service), kept_bytes(&service));
    block_on(first_calls(&service, event, "kept", KEPT));
    let spent = cpu(&service).since(before);
    let kept = kept_bytes(&service).saturating_sub(memory);
    println!();
    print_row("first call of an instance", spent, KEPT, 1);
    println!(
        "memory of an idle isolate: {} KiB, of cells, over {KEPT} instances",
        kept / KEPT as u64 / 1024
    );
}

/// CPU time of the two sorts of process.
#[derive(Clone, Copy)]
struct Cpu {
    front: Duration,
    cells: Duration,
}

impl Cpu {
    fn since(self, before: Cpu) -> Cpu {
        Cpu {
            front: self.front.saturating_sub(before.front),
            cells: self.cells.saturating_sub(before.cells),
        }
    }
}

fn cpu(service: &Service) -> Cpu {
    Cpu {
        front: processes::cpu_time(service.pid()),
        cells: service.cells().into_iter().map(processes::cpu_time).sum(),
    }
}

/// What so many calls cost, once the first tenth is over: cold starts and the optimising compiler.
fn spent(service: &Service, load: impl Fn(usize), calls: usize) -> Cpu {
    load(calls / 10);
    let before = cpu(service);
    load(calls);
    cpu(service).since(before)
}

fn print_row(name: &str, spent: Cpu, calls: usize, events_each: usize) {
    let each = |time: Duration| time.as_secs_f64() * 1e6 / (calls * events_each) as f64;
    let (front, cells) = (each(spent.front), each(spent.cells));
    let all = front + cells;
    println!("{name:<25}{front:>6.1} µs {cells:>8.1} µs {all:>8.1} µs {calls:>9}");
}

fn print_bytes(request: &InvokeRequest, service: &Service) {
    let mut client = service.client();
    let response = block_on(client.invoke(request.clone())).expect("it is warm");
    println!(
        "                         {} bytes of message in, {} out",
        request.encoded_len(),
        response.get_ref().encoded_len()
    );
}

async fn singles(service: &Service, request: &InvokeRequest, calls: usize) {
    let call = |mut client: Client| {
        let request = request.clone();
        async move {
            let response = client.invoke(request).await.expect("it is answered");
            let outcome = response.into_inner().outcome;
            assert!(
                matches!(outcome, Some(Outcome::EventJson(_))),
                "{outcome:?}"
            );
        }
    };
    at_once(service, calls, call).await;
}

async fn batches(service: &Service, request: &InvokeBatchRequest, calls: usize) {
    let call = |mut client: Client| {
        let request = request.clone();
        async move {
            let response = client.invoke_batch(request).await;
            let results = response.expect("it is answered").into_inner().results;
            assert_eq!(results.len(), BATCH);
        }
    };
    at_once(service, calls, call).await;
}

/// One call of each of so many instances, one after the other.
async fn first_calls(service: &Service, event: &str, name: &str, instances: usize) {
    let mut client = service.client();
    for instance in 0..instances {
        let mut request = single(SYNC, event, "");
        let function = request.function.get_or_insert_default();
        function.instance_id = format!("{name}-{instance}");
        let response = client.invoke(request).await.expect("it is answered");
        let usage = response.into_inner().usage.expect("it tells");
        assert!(usage.cold_start, "{name}-{instance} was there");
    }
}

/// Makes calls, [`AT_ONCE`] of them in flight.
async fn at_once<F>(service: &Service, calls: usize, call: impl Fn(Client) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    for _ in 0..calls {
        if under_way.len() == AT_ONCE {
            under_way.join_next().await.unwrap().expect("a call ends");
        }
        under_way.spawn(call(service.client()));
    }
    while let Some(ended) = under_way.join_next().await {
        ended.expect("a call ends");
    }
}

fn single(source: &str, event: &str, url: &str) -> InvokeRequest {
    InvokeRequest {
        function: Some(function(source)),
        payload: Some(Payload::EventJson(event.to_owned().into())),
        settings: Some(json::to_struct(&format!(r#"{{"url":"{url}"}}"#))),
        ..InvokeRequest::default()
    }
}

fn batch(source: &str, event: &str) -> InvokeBatchRequest {
    InvokeBatchRequest {
        function: Some(function(source)),
        events_json: vec![event.to_owned().into(); BATCH],
        ..InvokeBatchRequest::default()
    }
}

/// With its source, as from a router that does not wait to be asked for it; each source is a version of its own.
fn function(source: &str) -> FunctionRef {
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    FunctionRef {
        function_id: "cost".to_owned(),
        version: hasher.finish().to_string(),
        source: source.to_owned(),
        ..FunctionRef::default()
    }
}

/// Memory that only the cells have, and that would be free without them.
fn kept_bytes(service: &Service) -> u64 {
    let of = |pid: u32| {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("ours");
        let lines = rollup.lines().filter(|line| line.starts_with("Private_"));
        let kibibytes =
            lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kibibytes.sum::<u64>() * 1024
    };
    service.cells().into_iter().map(of).sum()
}

/// A server that keeps connections open and answers at once; its time is not counted.
async fn answering() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let service = service_fn(async |_: Request<Incoming>| {
                let body = Full::new(Bytes::from_static(br#"{"seen":true}"#));
                Ok::<_, Infallible>(Response::new(body))
            });
            tokio::spawn(async move {
                let builder = http1::Builder::new();
                let _ = builder
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    });
    format!("http://{address}/")
}
