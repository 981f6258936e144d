//! The trusted process: listeners, functions, routing. It never runs JavaScript.

pub mod access;
pub mod admin;
pub mod admission;
pub mod arrival;
pub mod audit;
pub mod cells;
pub mod certificate;
pub mod dispatch;
pub mod egress;
pub mod event;
pub mod files;
pub mod functions;
pub mod grpc;
mod jitter;
pub mod listener;
pub mod memory;
pub mod peer;
pub mod quarantine;
pub mod readiness;
pub mod redactor;
pub mod reload;
pub mod sealed;
pub mod security;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod tls;
