//! What traces cost: calls of a warm function with nothing exported, and with a collector that takes all metrics, log
//! lines, and the spans of none, one in a hundred, or all calls.
//!
//! `cargo bench --bench tracing` prints calls per second, and the CPU time of the front for each call, which says
//! more on a busy machine.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::{Duration, Instant};

#[allow(dead_code)]
#[path = "../tests/e2e/collector.rs"]
mod collector;
#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

use collector::{Collector, Manner};
#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{
    check::{self, Call},
    json, processes,
    service::{self, Service, block_on},
};

const AT_ONCE: usize = 16;
const RUN_FOR: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;

fn main() {
    println!(
        "{:>8}  {:>10}  {:>18}",
        "sampled", "calls/s", "front, CPU us/call"
    );
    for _ in 0..ROUNDS {
        for sampled in [None, Some("0"), Some("0.01"), Some("1")] {
            let collector = Collector::start(Manner::Forgets);
            let endpoint = collector.endpoint();
            let exported = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", sampled.unwrap_or_default()),
            ];
            let environment = if sampled.is_some() {
                &exported[..]
            } else {
                &[]
            };
            let arguments = ["--cells", "1", "--cell-threads", "1"];
            let service = Service::start_with(&arguments, environment);
            let (calls, cost) = measure(&service);
            let sampled = sampled.unwrap_or("nothing");
            println!("{sampled:>8}  {calls:>10.0}  {cost:>18.1}");
        }
    }
}

/// Calls per second, and the front's microseconds of CPU time for each.
fn measure(service: &Service) -> (f64, f64) {
    let call = Call::of("function onTrack(event) { return event }");
    block_on(async {
        run(service, &call, RUN_FOR / 4).await;
        let (before, began) = (processes::cpu_time(service.pid()), Instant::now());
        let calls = run(service, &call, RUN_FOR).await as f64;
        let cost = processes::cpu_time(service.pid()).saturating_sub(before);
        let second = began.elapsed().as_secs_f64();
        (calls / second, cost.as_secs_f64() * 1e6 / calls)
    })
}

async fn run(service: &Service, call: &Call, duration: Duration) -> usize {
    let ends = Instant::now() + duration;
    let callers = (0..AT_ONCE).map(|_| {
        let (client, call) = (service.client(), call.clone());
        tokio::spawn(async move {
            let mut calls = 0;
            while Instant::now() < ends {
                call.clone().send(client.clone()).await.response();
                calls += 1;
            }
            calls
        })
    });
    let mut calls = 0;
    for caller in callers.collect::<Vec<_>>() {
        calls += caller.await.expect("a caller ends");
    }
    calls
}
