//! What every test of the running binary needs: starting it, calling it, looking at its processes.

pub mod batch;
pub mod check;
pub mod facts;
pub mod frames;
pub mod json;
pub mod origin;
pub mod poison;
pub mod processes;
pub mod scripted;
pub mod service;
pub mod stored;
