//! `penstock.panics`: defects of our own that cost a call.

use std::fmt;

use opentelemetry::metrics::{Counter, Meter};

/// Counts them. One is one too many.
#[derive(Clone)]
pub struct Panics(Counter<u64>);

impl Panics {
    pub(super) fn new(meter: &Meter) -> Self {
        let panics = meter
            .u64_counter("penstock.panics")
            .with_unit("{panic}")
            .with_description("Calls that met a defect of the executor's own")
            .build();
        // Without attributes a series is there once it was added to.
        panics.add(0, &[]);
        Self(panics)
    }

    pub fn count(&self) {
        self.0.add(1, &[]);
    }
}

impl fmt::Debug for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panics").finish_non_exhaustive()
    }
}
