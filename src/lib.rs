//! Penstock: a sandbox executor for JavaScript functions in event pipelines.
//!
//! A request goes [`front`] (gRPC, admission, functions, routing) → [`wire`] → [`cell`] (isolates, turns,
//! limits) and back; [`invocation`] is the vocabulary they share. ARCHITECTURE.md has the map.

pub mod api;
pub mod cell;
pub mod cli;
pub mod config;
pub mod front;
pub mod invocation;
mod json_file;
mod lock;
mod source_text;
pub mod strip;
pub mod wire;
