//! What batching costs beyond the JavaScript itself: `InvokeBatch` of 100 events against a bare V8 loop of
//! `JSON.parse`, handler, `JSON.stringify` in one isolate, without gRPC or cells.
//!
//! `cargo bench --bench batch` prints events per second of CPU time of both and their ratio, which does not
//! depend on how many cores there are: the front's and the cell's time count together.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::{Duration, Instant};

#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{
    batch::Batch,
    check, json, processes,
    service::{Service, block_on},
};

const EVENT: &str = include_str!("../examples/events/track.json");
const HANDLER: &str = "function onTrack(event) {
    event.properties = { ...event.properties, seen: true };
    event.context.ip = undefined;
    return event;
}";
const BATCH: usize = 100;
/// Batches in flight, so that front and cell always have something to do.
const AT_ONCE: usize = 4;
const RUN_FOR: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

fn main() {
    println!(
        "{:>8}  {:>14}  {:>14}  {:>14}  {:>6}",
        "", "bare V8 loop", "all handlers", "onBatch", "ratio"
    );
    println!(
        "{:>8}  {:>14}  {:>14}  {:>14}",
        "", "events/CPU s", "events/CPU s", "events/CPU s"
    );
    let event = json::minified(EVENT);
    let service = Service::start(&["--cells", "1", "--cell-threads", "1"]);
    let on_batch =
        format!("{HANDLER}\nfunction onBatch(events) {{ return events.map(e => onTrack(e)) }}");
    for round in 0..ROUNDS {
        let bare = bare_loop(&event);
        let fanned_out = batches(&service, HANDLER, &event);
        let batched = batches(&service, &on_batch, &event);
        println!(
            "{round:>8}  {bare:>14.0}  {fanned_out:>14.0}  {batched:>14.0}  {:>6.2}, {:.2}",
            fanned_out / bare,
            batched / bare
        );
    }
}

/// Events per second of CPU time, front and cells together.
fn batches(service: &Service, source: &str, event: &str) -> f64 {
    let batch = Batch::of(source).events(&[event; BATCH]);
    block_on(async {
        // A cold start and the optimising compiler, before anything counts.
        run(service, &batch, RUN_FOR / 3).await;
        let before = cpu_time(service);
        let events = run(service, &batch, RUN_FOR).await;
        events as f64 / cpu_time(service).saturating_sub(before).as_secs_f64()
    })
}

async fn run(service: &Service, batch: &Batch, duration: Duration) -> usize {
    let ends = Instant::now() + duration;
    let callers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (client, batch) = (service.client(), batch.clone());
            tokio::spawn(async move {
                let mut events = 0;
                while Instant::now() < ends {
                    let reply = batch.clone().send(client.clone()).await;
                    events += reply.outcomes().len();
                }
                events
            })
        })
        .collect();
    let mut events = 0;
    for caller in callers {
        events += caller.await.expect("a caller ends");
    }
    events
}

/// Of the front and its cells.
fn cpu_time(service: &Service) -> Duration {
    let cells = service.cells();
    let all = cells.into_iter().chain([service.pid()]);
    all.map(processes::cpu_time).sum()
}

/// Events per second of CPU time of a loop inside one isolate.
fn bare_loop(event: &str) -> f64 {
    static V8: std::sync::Once = std::sync::Once::new();
    V8.call_once(|| {
        v8::V8::initialize_platform(v8::new_default_platform(1, false).make_shared());
        v8::V8::initialize();
    });
    let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let source = format!(
        "{HANDLER}; (text, times) => {{
            let bytes = 0
            for (let n = 0; n < times; n++) bytes += JSON.stringify(onTrack(JSON.parse(text))).length
            return bytes
        }}"
    );
    let source = v8::String::new(scope, &source).unwrap();
    let script = v8::Script::compile(scope, source, None).unwrap();
    let function = script.run(scope).unwrap();
    let function = v8::Local::<v8::Function>::try_from(function).unwrap();
    let text = v8::String::new(scope, event).unwrap();
    let times = v8::Number::new(scope, BATCH as f64);
    let undefined = v8::undefined(scope).into();
    let call = |duration: Duration| {
        let (ends, mut events) = (Instant::now() + duration, 0);
        let before = own_cpu_time();
        while Instant::now() < ends {
            let bytes = function.call(scope, undefined, &[text.into(), times.into()]);
            assert!(bytes.is_some(), "the loop ends");
            events += BATCH;
        }
        events as f64 / own_cpu_time().saturating_sub(before).as_secs_f64()
    };
    call(RUN_FOR / 3);
    call(RUN_FOR)
}

/// Of all threads of this process: V8's helpers count in the cell as well.
fn own_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
