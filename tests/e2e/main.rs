//! End-to-end tests: the real binary, started on a free port and spoken to over gRPC.
//!
//! One test binary, because linking it is the expensive part. `service` starts and stops the binary,
//! `check` says in one line what a call must come to (both in `tests/support`, which the attack tests use
//! too); every other module is one purpose's cases.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod access;
mod admin;
mod api;
mod audit;
mod batch_model;
mod batches;
mod buffer;
mod cache;
mod cells;
mod check_command;
mod cli;
mod collector;
mod configuration;
mod console;
mod console_poisoned;
mod containment;
mod crypto;
mod describe;
mod dev;
mod documents;
mod drain;
mod encoding;
mod examples;
mod exporting;
mod fan_out;
mod fetch;
mod fetch_limits;
mod handlers;
mod http2;
#[allow(dead_code, reason = "the egress tests need all of it")]
#[path = "../egress/server.rs"]
mod https;
mod isolation;
mod libraries;
mod manual;
mod modules;
mod monitoring;
mod new_command;
mod node_api;
mod object_server;
mod operations;
mod outcomes;
mod playground;
#[allow(dead_code, reason = "the fuzz targets need all of it")]
#[path = "../fuzz/targets/random.rs"]
mod random;
mod reload;
mod scrape;
mod sealed;
mod secrets;
mod settings;
mod source_maps;
mod store;
mod stream;
mod stringify;
mod structured_clone;
#[path = "../support/mod.rs"]
mod support;
mod test_command;
mod timers;
mod tls;
mod tracing;
mod traffic;
mod types;
mod typescript;
mod url;
mod values;
mod web;
mod web_abort;
mod web_blob;
mod web_form_data;
mod web_headers;
mod web_poisoned;
mod web_request;
mod web_response;
mod writing_functions;
mod zlib;

use support::{
    batch, certificates, check, command, dial, facts, frames, json, origin, poison, processes,
    scripted, secured, service, stored,
};
