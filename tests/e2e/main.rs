//! End-to-end tests: the real binary, started on a free port and spoken to over gRPC.
//!
//! One test binary, because linking it is the expensive part. `service` starts and stops the binary,
//! `check` says in one line what a call must come to; every other module is one purpose's cases.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod api;
mod cells;
mod check;
mod cli;
mod console;
mod handlers;
mod isolation;
mod json;
mod outcomes;
mod processes;
mod service;
mod timers;
mod values;
