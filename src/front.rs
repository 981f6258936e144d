//! The trusted process: listeners, functions, routing. It never runs JavaScript.

pub mod access;
pub mod admin;
pub mod admission;
pub mod audit;
pub mod cells;
pub mod certificate;
pub mod describe;
pub mod dispatch;
pub mod egress;
pub mod event;
pub mod files;
pub mod functions;
pub mod grpc;
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
pub mod source_maps;
pub mod telemetry;
pub mod tls;
