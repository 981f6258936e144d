//! What every test of the running binary needs: starting it, calling it, looking at its processes.

pub mod batch;
#[allow(dead_code, reason = "the egress tests need all of it")]
pub mod certificates;
pub mod check;
pub mod command;
pub mod dial;
pub mod facts;
pub mod json;
pub mod origin;
pub mod poison;
pub mod processes;
pub mod scripted;
pub mod secured;
pub mod service;
pub mod stored;
