//! Many executors behind the example router: killed and drained in turn under load, nothing is lost.
//!
//! The router is the example's own code, run in this process; the pods are real processes, each on a loopback
//! address of its own, so that a replacement has the address of the one it replaces and nobody else can take it.
//! What ran is counted where it can't be lost: by a server that the function tells of every event.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod load;
mod pods;
#[allow(
    dead_code,
    unused_imports,
    reason = "its main and its options are for the command line"
)]
#[path = "../../examples/router/main.rs"]
mod router;
#[allow(dead_code, reason = "other tests need the rest")]
#[path = "../support/mod.rs"]
mod support;

#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{check, json, origin, processes, scripted, service};

use load::{Load, Told};
use pods::Pods;
use router::Report;

/// Events that have to run between two blows, so that each meets a router at work.
const BETWEEN: usize = 120;

#[test]
fn killed_pods_lose_nothing_and_repeat_only_what_was_under_way() {
    let mut pods = Pods::start();
    let load = Load::start(&pods, "hash");
    for pod in 0..pods::NUMBER {
        load.await_more(BETWEEN);
        pods.kill_and_replace(pod);
    }
    load.await_more(BETWEEN);
    let told = load.finish();
    told.assert_nothing_lost();
    for (delivery, ran) in &told.ran {
        let broken = told.ends[delivery].broken as usize;
        assert!(
            *ran <= 1 + broken,
            "{delivery:?} ran {ran} times, and {broken} connections broke under it"
        );
    }
    let broken: u32 = told.ends.values().map(|end| end.broken).sum();
    println!(
        "kills: {} deliveries, {broken} calls under way in killed pods, {} ran twice",
        told.ends.len(),
        told.ran.values().filter(|ran| **ran > 1).count()
    );
    assert!(broken > 0, "no kill met a call: {:#?}", told.report);
}

#[test]
fn drained_pods_lose_and_repeat_nothing() {
    let mut pods = Pods::start();
    let load = Load::start(&pods, "hash");
    for pod in 0..pods::NUMBER {
        load.await_more(BETWEEN);
        pods.drain_and_replace(pod);
    }
    load.await_more(BETWEEN);
    let told = load.finish();
    told.assert_nothing_lost();
    for (delivery, ran) in &told.ran {
        assert_eq!(*ran, 1, "{delivery:?}: {:?}", told.ends[delivery]);
    }
    println!(
        "drains: {} deliveries, retries: {:?}",
        told.ends.len(),
        told.report.retries
    );
}

#[test]
fn hashing_keeps_functions_warm_in_one_place() {
    let pods = Pods::start();
    let run = |balance| {
        let load = Load::start(&pods, balance);
        load.await_more(4 * BETWEEN);
        let Told { report, .. } = load.finish();
        let total = report.total();
        println!(
            "{balance}: {} calls, {} cold, {:.1} % warm",
            total.calls,
            total.cold_starts,
            total.warm() * 100.0
        );
        cold_places(&report)
    };
    // What is cold in one place is so for every function at every pod with the one, and once with the other.
    assert_eq!(run("hash"), load::FUNCTIONS);
    assert_eq!(run("round-robin"), load::FUNCTIONS * pods::NUMBER);
}

/// Pairs of pod and function in which an isolate had to be made.
fn cold_places(report: &Report) -> usize {
    let routes = report.executors.values().flat_map(|routes| routes.values());
    routes.filter(|route| route.cold_starts > 0).count()
}
