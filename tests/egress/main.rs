//! The egress engine against real servers on loopback: hostile functions on one side, hostile servers on the
//! other.
//!
//! Loopback is denied by default, so clients here allow it by name. What is about other addresses is in
//! `namespace`, which dials them in a network of its own. `server`, `dns` and `certificates` are the other
//! side; `client` says in one line what a fetch must come to.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod bodies;
#[allow(dead_code, reason = "the listener's tests need all of it")]
#[path = "../support/certificates.rs"]
mod certificates;
mod client;
mod connections;
mod dns;
mod failures;
mod namespace;
mod policy;
mod redirects;
mod requests;
mod server;
mod tls;
