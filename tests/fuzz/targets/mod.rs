//! What each fuzz target holds to, shared by the seeded tests here and by the coverage-guided ones in `fuzz`.

pub mod events;
pub mod function_sources;
pub mod grammar;
pub mod random;
pub mod requests;
pub mod wire_frames;
