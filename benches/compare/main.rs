//! Penstock beside its floors and its peers, in one run on one machine: tables of ratios.
//!
//! `cargo bench --bench compare -- [--seconds 5] [--rounds 3] [--peers DIRECTORY] [--json FILE]
//! [--pictures DIRECTORY]`. Servers run on the
//! first core, the load on the second, so that each has one of its own and none helps another. The floors are a gRPC
//! echo, which shows what the transport costs, and a bare V8 loop, which shows what the JavaScript costs. The peers run
//! where `npm ci` was done in their directory; docs/performance.md holds what came out, and says how to read it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod echo;
mod engine;
mod measures;
mod options;
mod picture;
mod subject;
mod table;

#[allow(dead_code)]
#[path = "../shared/mod.rs"]
mod shared;
#[allow(dead_code)]
#[path = "../../tests/support/mod.rs"]
mod support;

use options::{Options, Role};
use shared::{figures, grpc, http, load, pinning, usage, work};
#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{check, json, processes, service};

fn main() {
    match Role::from_arguments() {
        Role::Echo => echo::serve(),
        Role::Engine => engine::run(),
        Role::Compare(options) => compare(&options),
    }
}

/// Every case on every subject, round after round, so that a machine that drifts disturbs all alike.
fn compare(options: &Options) {
    pinning::take_cores(&[pinning::LOAD_CORE]);
    let subjects = subject::all(options);
    println!("{}", table::heading(options));
    let mut results = table::Results::default();
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        for subject in &subjects {
            measures::all(*subject, options, &mut results);
        }
    }
    println!("{results}");
    if let Some(directory) = &options.pictures {
        picture::write_all(&results, options, directory);
    }
    if let Some(file) = &options.json {
        std::fs::write(file, results.to_json()).expect("the file of results is writable");
    }
}
