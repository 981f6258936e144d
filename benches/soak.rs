//! Hours in minutes: everything callers do, all at once and over and over, and whether the executor stays as it is.
//!
//! `cargo bench --bench soak -- MINUTES` prints what the front and its cells hold each few seconds: memory, file
//! descriptors, threads. It fails when one of them still grows after the first quarter of the time.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use penstock::api::InvokeRequest;
use penstock::api::invoke_response::Outcome;

#[allow(dead_code)]
#[path = "../tests/attacks/gauge.rs"]
mod gauge;
#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

use gauge::Gauge;
#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{
    batch::Batch,
    check::{self, Call, fresh_id},
    dial::never_sent,
    json,
    origin::Origin,
    processes,
    service::{Client, Service, spawn},
};

/// Callers, each with a call under way at all times.
const CALLERS: usize = 12;

/// Functions that are called again and again.
const REGULARS: u64 = 10;

/// Connections in a row that end as a call meets them.
const MOST_ENDING: usize = 3;

const SAMPLE_EVERY: Duration = Duration::from_secs(5);

/// The part of the time in which caches fill, which is not judged.
const WARM_UP: f64 = 0.25;

/// What memory may grow by in the time that is judged, by its slope: a share of it, for V8's heaps come and go.
const GROWTH: f64 = 0.05;

/// What descriptors and threads may grow by between the first and the last half.
const SLACK: u64 = 6;

/// So small that it is all in use within the warm-up.
const ARGUMENTS: [&str; 12] = [
    "--cells",
    "2",
    "--cell-isolates",
    "24",
    "--function-cache-bytes",
    "1048576",
    "--cache-bytes",
    "1048576",
    "--egress-allow",
    "127.0.0.0/8",
    "--connection-age-ms",
    "20000",
];

const CHANGES: &str = "function onTrack(event) { event.seen = true; return event }";
const SLEEPS: &str =
    "async function onTrack(e) { await new Promise(done => setTimeout(done, 300)); return e }";
const THROWS: &str = "function onTrack(event) { throw new RetryError('later') }";
const SPINS: &str = "function onTrack() { for (;;); }";
const FETCHES: &str = "async function onTrack(event, settings) {
    event.answer = await cache.load('k' + event.n % 50, 100, async () => (await fetch(settings.url)).text());
    return event }";

fn main() -> ExitCode {
    let minutes = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let time = Duration::from_secs_f64(60.0 * minutes.unwrap_or(1.0));
    let service = Arc::new(Service::start(&ARGUMENTS));
    let origin = Origin::start();
    let load = Arc::new(Load {
        over: AtomicBool::new(false),
        calls: AtomicU64::new(0),
        undelivered: AtomicU64::new(0),
        url: format!("http://127.0.0.1:{}/zeros?2000", origin.port()),
    });
    for caller in 0..CALLERS {
        spawn(call_on(service.clone(), load.clone(), caller as u64));
    }
    let samples = watch(&service, &load, time);
    load.over.store(true, Ordering::Relaxed);
    // Why cells were replaced, if they were; the audit log has a line for each new version.
    for warning in service
        .stderr()
        .lines()
        .filter(|line| line.contains(" WARN "))
    {
        println!("{warning}");
    }
    judge(&samples, load.undelivered.load(Ordering::Relaxed))
}

struct Load {
    over: AtomicBool,
    calls: AtomicU64,
    /// Calls of functions that always deliver, and did not.
    undelivered: AtomicU64,
    url: String,
}

impl Load {
    /// Nothing that the others do may keep this one from its delivery. A connection that grew old may: the client is
    /// then as it was before.
    async fn delivers(&self, call: &Call, client: impl Fn() -> Client) {
        let mut reply = call.clone().send(client()).await;
        for _ in 0..MOST_ENDING {
            if !reply.result.as_ref().is_err_and(never_sent) {
                break;
            }
            reply = call.clone().send(client()).await;
        }
        let outcome = reply
            .result
            .as_ref()
            .ok()
            .and_then(|response| response.outcome.as_ref());
        if !matches!(outcome, Some(Outcome::Event(_) | Outcome::EventJson(_))) {
            println!("not delivered: {reply}");
            self.undelivered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn call_on(service: Arc<Service>, load: Arc<Load>, caller: u64) {
    let mut number = caller;
    while !load.over.load(Ordering::Relaxed) {
        number += CALLERS as u64;
        one_call(&service, &load, number).await;
        load.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// What is to fail may fail in any way: other tests say how.
async fn one_call(service: &Service, load: &Load, number: u64) {
    let client = service.client();
    let regular = |kind: &str| format!("{kind}-{}", number % REGULARS);
    let event = format!(r#"{{"type":"track","n":{number}}}"#);
    let call = |kind: &str, source: &str| Call::of(source).id(&regular(kind)).event(&event);
    match mix(number) % 20 {
        0..=7 => {
            load.delivers(&call("changes", CHANGES), || client.clone())
                .await;
        }
        8..=9 => drop(Batch::of(CHANGES).numbered(20).send(client).await),
        10..=11 => {
            let settings = format!(r#"{{"url":"{}"}}"#, load.url);
            drop(
                call("fetches", FETCHES)
                    .settings(&settings)
                    .send(client)
                    .await,
            );
        }
        // A function that nobody has seen.
        12..=13 => {
            let unseen = Call::of(CHANGES).id(&fresh_id());
            load.delivers(&unseen, || client.clone()).await;
        }
        14..=15 => drop(call("throws", THROWS).send(client).await),
        // Its caller goes away.
        16 => {
            let call = call("sleeps", SLEEPS).send(client);
            drop(tokio::time::timeout(Duration::from_millis(20), call).await);
        }
        // Its caller's deadline passes, while it sleeps and while it runs.
        17 => deadline(service, call("sleeps", SLEEPS)).await,
        18 => deadline(service, call("spins", SPINS)).await,
        // On a connection of its own.
        _ => {
            let call = call("changes", CHANGES);
            load.delivers(&call, || service.separate_client()).await;
        }
    }
}

async fn deadline(service: &Service, call: Call) {
    let mut request = None::<InvokeRequest>;
    drop(call.change(|call| request = Some(call.clone())));
    let mut request = tonic::Request::new(request.expect("it was changed"));
    request.set_timeout(Duration::from_millis(60));
    drop(service.client().invoke(request).await);
}

/// The same in every run, and in no order.
fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 31)
}

/// What the front holds, what its cells hold together, and how many those were.
#[derive(Clone, Copy)]
struct Sample {
    seconds: f64,
    front: Gauge,
    cells: Gauge,
    processes: u64,
}

impl Sample {
    fn of(service: &Service, seconds: f64) -> Self {
        let mut sample = Self {
            seconds,
            front: Gauge::of(service.pid()),
            cells: Gauge::default(),
            processes: 0,
        };
        for cell in service.cells().into_iter().map(Gauge::of) {
            sample.cells.rss_kib += cell.rss_kib;
            sample.cells.descriptors += cell.descriptors;
            sample.cells.threads += cell.threads;
            sample.processes += 1;
        }
        sample
    }

    fn front_kib(&self) -> f64 {
        self.front.rss_kib as f64
    }

    /// Of one cell on average: while one is replaced there are more of them.
    fn cell_kib(&self) -> f64 {
        self.cells.rss_kib as f64 / self.processes.max(1) as f64
    }

    fn descriptors(&self) -> u64 {
        self.front.descriptors + self.cells.descriptors
    }

    fn threads(&self) -> u64 {
        self.front.threads + self.cells.threads
    }
}

fn watch(service: &Service, load: &Load, time: Duration) -> Vec<Sample> {
    let start = Instant::now();
    let mut samples = Vec::new();
    println!(
        "{:>8}  {:>9}  {:>9}  {:>9}  {:>5}  {:>11}  {:>7}",
        "seconds", "calls", "front MiB", "cells MiB", "cells", "descriptors", "threads"
    );
    while start.elapsed() < time {
        std::thread::sleep(SAMPLE_EVERY);
        let sample = Sample::of(service, start.elapsed().as_secs_f64());
        println!(
            "{:>8.0}  {:>9}  {:>9}  {:>9}  {:>5}  {:>11}  {:>7}",
            sample.seconds,
            load.calls.load(Ordering::Relaxed),
            sample.front.rss_kib >> 10,
            sample.cells.rss_kib >> 10,
            sample.processes,
            sample.descriptors(),
            sample.threads()
        );
        samples.push(sample);
    }
    samples
}

fn judge(samples: &[Sample], undelivered: u64) -> ExitCode {
    let judged = &samples[(samples.len() as f64 * WARM_UP) as usize..];
    assert!(
        judged.len() >= 4,
        "too short a time to judge: one minute at least"
    );
    println!();
    let flat = [
        memory_is_flat("the front's memory", judged, Sample::front_kib),
        memory_is_flat("a cell's memory", judged, Sample::cell_kib),
        count_is_flat("descriptors", judged, Sample::descriptors),
        count_is_flat("threads", judged, Sample::threads),
    ];
    let all = flat.iter().all(|flat| *flat);
    println!("{}", if all { "flat" } else { "NOT FLAT" });
    println!("not delivered, of calls that nothing should fail: {undelivered}");
    ExitCode::from(u8::from(!all || undelivered > 0))
}

fn memory_is_flat(what: &str, samples: &[Sample], kib: fn(&Sample) -> f64) -> bool {
    let slope = slope(samples, kib);
    let mean = samples.iter().map(kib).sum::<f64>() / samples.len() as f64;
    let growth = slope * (samples[samples.len() - 1].seconds - samples[0].seconds);
    println!(
        "{what}: {:+.2} MiB a minute at {:.0} MiB",
        slope * 60.0 / 1024.0,
        mean / 1024.0
    );
    growth <= GROWTH * mean
}

/// By the least of each half: what leaks is never given back, and a cell that is being replaced is no leak.
fn count_is_flat(what: &str, samples: &[Sample], count: fn(&Sample) -> u64) -> bool {
    let (early, late) = samples.split_at(samples.len() / 2);
    let least = |part: &[Sample]| part.iter().map(count).min().unwrap_or(0);
    let (before, after) = (least(early), least(late));
    println!("{what}: at least {before} in the first half, {after} in the second");
    after <= before + SLACK
}

/// By least squares, a second.
fn slope(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    let count = samples.len() as f64;
    let mean_time = samples.iter().map(|sample| sample.seconds).sum::<f64>() / count;
    let mean = samples.iter().map(&value).sum::<f64>() / count;
    let along = samples
        .iter()
        .map(|sample| (sample.seconds - mean_time) * (value(sample) - mean));
    let squares = samples
        .iter()
        .map(|sample| (sample.seconds - mean_time).powi(2));
    along.sum::<f64>() / squares.sum::<f64>()
}
