//! The targets of `tests/fuzz` and what they need, for the binaries here.

#![allow(dead_code)]

#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/fuzz/targets/mod.rs"]
pub mod targets;
