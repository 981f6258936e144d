//! Fuzzing on the stable toolchain: a bounded number of rounds from a seed, as part of all tests.
//!
//! `PENSTOCK_FUZZ_SEED` sets the seed, `PENSTOCK_FUZZ_SECONDS` lets each test go on for that long. The targets
//! are shared with `fuzz`, where a fuzzer that sees coverage drives them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod corpus;
mod harness;
mod mutation;
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
mod targets;

use std::fmt::Write;

use corpus::JSON_WORDS;
use harness::{Target, run};
use mutation::mutate;
use prost::Message;
use targets::{events, function_sources, grammar, random::Random, requests, wire_frames};

const BYTE_TRIES: usize = 20_000;

#[test]
fn wire_frames() {
    let make = |random: &mut Random| damaged(random, corpus::frames, &JSON_WORDS);
    run_bytes("wire_frames", 12_000, &make, &wire_frames::check);
}

#[test]
fn requests() {
    let encoded = |random: &mut Random| corpus::request(random).encode_to_vec();
    let make = |random: &mut Random| damaged(random, encoded, &JSON_WORDS);
    run_bytes("requests", 20_000, &make, &requests::check);
}

#[test]
fn events() {
    let make = |random: &mut Random| damaged(random, corpus::event, &JSON_WORDS);
    run_bytes("events", 30_000, &make, &events::check);
}

#[test]
fn function_sources() {
    let subject = function_sources::Subject::default();
    run(&Target {
        name: "function_sources",
        rounds: 150,
        make: &grammar::pieces,
        check: &|pieces| subject.check(&pieces.join("\n")),
        show: &|pieces| pieces.join("\n"),
        shrinking_tries: 16,
    });
}

fn run_bytes(
    name: &str,
    rounds: u64,
    make: &dyn Fn(&mut Random) -> Vec<u8>,
    check: &dyn Fn(&[u8]),
) {
    run(&Target {
        name,
        rounds,
        make,
        check,
        show: &show_bytes,
        shrinking_tries: BYTE_TRIES,
    });
}

/// A third as made, most with a little damage, and some with no form at all.
fn damaged(random: &mut Random, make: impl Fn(&mut Random) -> Vec<u8>, words: &[&[u8]]) -> Vec<u8> {
    match random.below(12) {
        0 => {
            let length = random.below(64);
            random.bytes(length)
        }
        1..=4 => make(random),
        _ => {
            let mut bytes = make(random);
            mutate(&mut bytes, words, random);
            bytes
        }
    }
}

fn show_bytes(bytes: &[u8]) -> String {
    let mut text = String::from("hex ");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    let _ = write!(text, "\ntext {:?}", String::from_utf8_lossy(bytes));
    text
}
