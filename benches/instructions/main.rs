//! Guards what a call costs, in instructions: counts of fixed scenarios beside a committed baseline.
//!
//! `cargo bench --bench instructions [-- PART]` fails when a scenario (of those whose names contain PART) executes more
//! than the baseline and its margin; `UPDATE=1` writes the baseline anew. Callgrind counts, so no other work on the machine
//! and no clock is in it. The binary runs as it is served, as processes: a front whose cells run beside it, uncounted, and
//! a cell that the benchmark is the front of.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod baseline;
mod callgrind;
mod cell;
mod counting;
mod front;
mod scenarios;
mod verdict;
mod work;

#[allow(dead_code)]
#[path = "../../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;

use baseline::Baseline;
use scenarios::Scenario;
#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{check, json, processes, service};
use verdict::Row;

fn main() -> ExitCode {
    let update = std::env::var_os("UPDATE").is_some();
    let Some(valgrind) = callgrind::version() else {
        println!("instructions LEFT OUT: valgrind is not here");
        return ExitCode::from(u8::from(update));
    };
    let baseline = Baseline::read();
    let here = baseline::made_with(valgrind);
    println!("{}", verdict::HEADING);
    let mut rows = Vec::new();
    for scenario in chosen() {
        let row = Row::new(scenario, scenario.count(), &baseline);
        println!("{row}");
        rows.push(row);
    }
    if update {
        let counts: Vec<_> = rows.iter().map(Row::counted).collect();
        baseline.renewed(&counts, here).write();
        println!("\nthe baseline is written anew");
        return ExitCode::SUCCESS;
    }
    let verdict = verdict::of(&rows, baseline.differs_in(&here));
    println!("{verdict}");
    ExitCode::from(u8::from(verdict.is_failure()))
}

/// Those that were asked for, else all.
fn chosen() -> impl Iterator<Item = &'static Scenario> {
    // cargo adds flags of its own.
    let part = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let part = part.unwrap_or_default();
    scenarios::ALL
        .iter()
        .filter(move |scenario| scenario.name.contains(&part))
}
