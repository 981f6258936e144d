//! What one source of the configuration sets.

use std::{collections::BTreeMap, ffi::OsString};

use super::faults::Origin;

/// What flags, environment or file set, by key.
pub type Layer = BTreeMap<String, Given>;

/// A knob's values, and who gave them.
#[derive(Clone, Debug)]
pub struct Given {
    /// One for a switch (`true` or `false`) and for a knob of one value, any number for a list.
    pub values: Vec<OsString>,
    pub origin: Origin,
}
