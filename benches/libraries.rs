//! What the first touch of each library costs: CPU time and heap, in a cell that has not seen it and in one that has.
//!
//! `cargo bench --bench libraries` prints the table of docs/libraries.md, of what `just libs` has built. A service with
//! one cell is started for each, so that no library profits from another.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use serde_json::Value;

#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{
    check::{self, Call, fresh_id},
    json, origin, processes,
    service::{self, Service},
};

const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/libs/dist");

/// Isolates that touch a library after the first has; their median is told.
const LATER: usize = 9;

fn main() {
    let Ok(manifest) = std::fs::read(format!("{BUILT}/manifest.json")) else {
        println!("LEFT OUT: libs/dist is not built: just libs");
        return;
    };
    let manifest: Value = serde_json::from_slice(&manifest).expect("a manifest");
    println!("| global | package | text | first touch in a cell | later | heap |");
    println!("|---|---|---|---|---|---|");
    for library in manifest["libraries"].as_array().expect("libraries") {
        print_row(library);
    }
    println!();
    print_blank();
}

fn print_row(library: &Value) {
    let global = library["global"].as_str().expect("a global");
    let packages: Vec<_> = library["packages"]
        .as_object()
        .expect("packages")
        .keys()
        .cloned()
        .collect();
    // Members that are packages of their own are run when they are touched.
    let touch: Vec<_> = packages
        .iter()
        .map(|name| format!("require('{name}')"))
        .collect();
    let service = started(BUILT);
    let source = |touch: &str| {
        format!(
            "function onTrack() {{ const before = process.memoryUsage().heapUsed; {touch}; return {{ heap: process.memoryUsage().heapUsed - before }} }}"
        )
    };
    let nothing = median(&touches(&service, &source("")), |touched| touched.cpu);
    let touched = touches(&service, &source(&touch.join(";")));
    let (first, later) = (&touched[0], &touched[1..]);
    let milliseconds = |cpu: Duration| cpu.saturating_sub(nothing).as_secs_f64() * 1e3;
    println!(
        "| `{global}` | {} {} | {} KiB | {:.1} ms | {:.1} ms | {} KiB |",
        packages.join(", "),
        library["version"].as_str().unwrap_or_default(),
        library["bytes"].as_u64().unwrap_or_default() / 1024,
        milliseconds(first.cpu),
        milliseconds(median(later, |touched| touched.cpu)),
        median(later, |touched| touched.heap) / 1024,
    );
}

/// What a function pays that touches none.
fn print_blank() {
    for (name, place) in [("without libraries", "off"), ("with all", BUILT)] {
        let service = started(place);
        let nothing = touches(&service, "function onTrack() { return { heap: 0 } }");
        println!(
            "cold start of an empty function {name}: {:.2} ms of CPU time, heap {} KiB",
            median(&nothing, |touched| touched.cpu).as_secs_f64() * 1e3,
            median(&nothing, |touched| touched.used) / 1024,
        );
    }
}

fn started(libraries: &str) -> Service {
    Service::start(&[
        "--libraries",
        libraries,
        "--cells",
        "1",
        "--cell-threads",
        "1",
    ])
}

struct Touched {
    cpu: Duration,
    heap: i64,
    /// Of the isolate in all.
    used: u64,
}

/// The same in isolates of one function's instances, one after the other.
fn touches(service: &Service, source: &str) -> Vec<Touched> {
    let id = fresh_id();
    let instances = 0..=LATER;
    let touched = instances.map(|instance| {
        let call = Call::of(source).id(&id).instance(&instance.to_string());
        let reply = call.run_on(service);
        let event: Value = serde_json::from_str(&reply.delivered()).expect("an event");
        let usage = reply.response().usage.expect("usage");
        Touched {
            cpu: usage.cpu.expect("CPU time").try_into().expect("a time"),
            heap: event["heap"].as_i64().expect("bytes"),
            used: usage.heap_used_bytes,
        }
    });
    touched.collect()
}

fn median<T: Ord + Copy>(of: &[Touched], figure: impl Fn(&Touched) -> T) -> T {
    let mut figures: Vec<_> = of.iter().map(figure).collect();
    figures.sort_unstable();
    figures[figures.len() / 2]
}
