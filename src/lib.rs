//! Penstock: a sandbox executor for JavaScript functions in event pipelines.
//!
//! A request goes [`front`] (gRPC, admission, functions, routing) → [`wire`] → [`cell`] (isolates, turns,
//! limits) and back; [`invocation`] is the vocabulary they share. ARCHITECTURE.md has the map.

pub mod cell;
pub mod cli;
pub mod config;
pub mod front;
pub mod invocation;
mod lock;
pub mod wire;

/// The API's generated messages, server and client: package `penstock.executor.v1`.
#[allow(clippy::all, clippy::pedantic, missing_debug_implementations)]
pub mod api {
    tonic::include_proto!("penstock.executor.v1");

    /// The encoded `FileDescriptorSet` of the API, for server reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/executor_descriptor.bin"));
}
