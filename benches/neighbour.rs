//! What a hog costs its neighbours: the latency of a victim alone and beside eight spinning functions.
//!
//! `cargo bench --bench neighbour` prints p50 and p99 of both and their ratio.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

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
const SPIN_FOR: Duration = Duration::from_secs(1);

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
        report(&alone, &beside);
    });
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

fn report(alone: &[Duration], beside: &[Duration]) {
    println!(
        "{:>5}  {:>12}  {:>12}  {:>6}",
        "", "alone", "beside 8", "ratio"
    );
    for (name, share) in [("p50", 0.50), ("p99", 0.99), ("max", 1.0)] {
        let at = |sorted: &[Duration]| {
            let place = (sorted.len() as f64 * share) as usize;
            sorted[place.min(sorted.len() - 1)]
        };
        let (alone, beside) = (at(alone), at(beside));
        println!(
            "{name:>5}  {:>9} µs  {:>9} µs  {:>6.2}",
            alone.as_micros(),
            beside.as_micros(),
            beside.as_secs_f64() / alone.as_secs_f64()
        );
    }
}
