//! What others cost a function: the latency of a victim alone, beside eight spinning functions, and beside one that is
//! called by very many at once.
//!
//! `cargo bench --bench neighbour` prints p50, p99 and the maximum of each, their ratio to the victim's own, and the aim where
//! there is one.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

#[allow(dead_code)]
#[path = "shared/figures.rs"]
mod figures;
#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{
    check, json, processes,
    service::{Client, Service, block_on},
};

const CALLS: usize = 3_000;
const SPINNERS: usize = 8;
const VICTIM: &str = "function onTrack(event) { event.seen = true; return event }";
const SPIN: &str = "function onTrack() { for (;;); }";
/// What the aim is of.
const SPINNING: &str = "beside eight spinners";
const SPIN_FOR: Duration = Duration::from_secs(1);
/// Callers of the cheap function, each of which calls again as soon as it is answered, and their connections.
const CROWD: usize = 800;
const CROWD_CONNECTIONS: usize = 8;

fn main() {
    let service = Service::start(&[]);
    block_on(async {
        let victim = check::Call::of(VICTIM);
        measure(&victim, service.client(), CALLS / 10).await;
        let alone = measure(&victim, service.client(), CALLS).await;
        let stop = Arc::new(AtomicBool::new(false));
        let spinners: Vec<_> = (0..SPINNERS)
            .map(|_| tokio::spawn(spin(service.client(), stop.clone())))
            .collect();
        tokio::time::sleep(SPIN_FOR / 2).await;
        let beside = measure(&victim, service.client(), CALLS).await;
        stop.store(true, Ordering::Relaxed);
        for spinner in spinners {
            spinner.await.expect("a spinner's calls end");
        }
        report(SPINNING, &alone, &beside);
        let over = Arc::new(AtomicBool::new(false));
        let connections: Vec<_> = (0..CROWD_CONNECTIONS)
            .map(|_| service.separate_client())
            .collect();
        let crowd: Vec<_> = (0..CROWD)
            .map(|one| {
                let client = connections[one % CROWD_CONNECTIONS].clone();
                tokio::spawn(call_again(client, over.clone()))
            })
            .collect();
        tokio::time::sleep(SPIN_FOR).await;
        let began = Instant::now();
        let calls = CALLS / 6;
        let beside = measure(&victim, service.separate_client(), calls).await;
        let took = began.elapsed();
        over.store(true, Ordering::Relaxed);
        let mut answered = 0;
        for one in crowd {
            answered += one.await.expect("a caller's calls end");
        }
        report("in a crowd of 800", &alone, &beside);
        println!(
            "{answered} calls of the crowd beside {calls} of the victim, which took {took:.1?}"
        );
    });
}

/// One of many: how often it was answered.
async fn call_again(client: Client, over: Arc<AtomicBool>) -> usize {
    let call = check::Call::of(VICTIM).id("crowd");
    let mut answered = 0;
    while !over.load(Ordering::Relaxed) {
        let reply = call.clone().send(client.clone()).await;
        answered += usize::from(reply.result.is_ok());
    }
    answered
}

/// Latencies of calls one after the other, in order of size.
async fn measure(victim: &check::Call, client: Client, calls: usize) -> Vec<Duration> {
    let mut latencies = Vec::with_capacity(calls);
    for _ in 0..calls {
        let began = Instant::now();
        let reply = victim.clone().send(client.clone()).await;
        latencies.push(began.elapsed());
        reply.delivered();
    }
    latencies.sort_unstable();
    latencies
}

async fn spin(client: Client, stop: Arc<AtomicBool>) {
    let call = check::Call::of(SPIN).wall(SPIN_FOR);
    while !stop.load(Ordering::Relaxed) {
        let _ = call.clone().send(client.clone()).await;
    }
}

fn report(situation: &str, alone: &[Duration], beside: &[Duration]) {
    for (name, share) in [("p50", 0.50), ("p99", 0.99), ("max", 1.0)] {
        let at = |sorted: &[Duration]| {
            let place = (sorted.len() as f64 * share) as usize;
            sorted[place.min(sorted.len() - 1)]
        };
        let (alone, beside) = (at(alone), at(beside));
        let found = format!(
            "{} µs alone, {} µs beside them: {:.2} times",
            alone.as_micros(),
            beside.as_micros(),
            beside.as_secs_f64() / alone.as_secs_f64()
        );
        let what = format!("{name} of a victim {situation}");
        match (situation, name) {
            (SPINNING, "p99") => figures::line(&what, &found, "at most 2 times"),
            _ => figures::reference(&what, &found),
        }
    }
}
