//! The trusted process: listeners, functions, routing. It never runs JavaScript.

pub mod admission;
pub mod cells;
pub mod dispatch;
pub mod event;
pub mod functions;
mod grpc;
pub mod server;
