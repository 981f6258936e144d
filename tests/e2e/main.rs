//! End-to-end tests: the real binary, started on a free port and spoken to over gRPC.
//!
//! One test binary, because linking it is the expensive part. `service` starts and stops the binary,
//! `check` says in one line what a call must come to (both in `tests/support`, which the attack tests use
//! too); every other module is one purpose's cases.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod api;
mod cells;
mod cli;
mod console;
mod containment;
mod handlers;
mod isolation;
mod object_server;
mod outcomes;
mod secrets;
mod settings;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod timers;
mod values;
mod web;

use support::{check, json, processes, service, stored};
