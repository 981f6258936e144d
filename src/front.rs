//! The trusted process: listeners, functions, routing. It never runs JavaScript.

pub mod admin;
pub mod admission;
pub mod arrival;
pub mod cells;
pub mod dispatch;
pub mod egress;
pub mod event;
pub mod functions;
pub mod grpc;
mod jitter;
pub mod listener;
pub mod memory;
pub mod quarantine;
pub mod readiness;
pub mod redactor;
pub mod server;
pub mod settings;
pub mod telemetry;
