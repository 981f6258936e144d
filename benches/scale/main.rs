//! How Penstock scales, each figure beside its aim: many versions resident, their memory, and a second core.
//!
//! `cargo bench --bench scale -- [versions] [memory] [cores]` prints these parts, or all. What a function costs another
//! is in `cargo bench --bench neighbour`; docs/performance.md says how the figures are come by, and what they were.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod cores;
mod resident;
mod started;
mod versions;

#[allow(dead_code)]
#[path = "../../tests/e2e/scrape.rs"]
mod scrape;
#[allow(dead_code)]
#[path = "../shared/mod.rs"]
mod shared;
#[allow(dead_code)]
#[path = "../../tests/support/mod.rs"]
mod support;

use shared::{figures, grpc, http, load, pinning, usage, work};
#[allow(
    unused_imports,
    reason = "the support modules find each other at the root"
)]
use support::{check, json, processes, service};

/// What evicts nothing, whatever is called.
const KEEP_ALL: [&str; 4] = ["--cell-isolates", "100000", "--memory", "17179869184"];

const PARTS: [(&str, fn()); 3] = [
    ("versions", versions::measure),
    ("memory", resident::measure),
    ("cores", cores::measure),
];

fn main() {
    let arguments = std::env::args().skip(1);
    // Cargo says so.
    let wanted: Vec<String> = arguments.filter(|argument| argument != "--bench").collect();
    for part in &wanted {
        let known = PARTS.iter().any(|(name, _)| name == part);
        assert!(known, "{part} is none of versions, memory and cores");
    }
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            measure();
            println!();
        }
    }
}
