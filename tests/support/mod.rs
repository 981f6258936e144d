//! What every test of the running binary needs: starting it, calling it, looking at its processes.

pub mod check;
pub mod json;
pub mod processes;
pub mod service;
pub mod stored;
