//! `penstock.store.fetch.duration`: looks into the function store, by `penstock.store.outcome`.

use std::time::Instant;

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Meter},
};

use super::{CallTrace, durations};

/// How a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookEnd {
    Found,
    /// The store says that it has no such version.
    Missing,
    /// The store could not be read.
    Failed,
    /// The store did not answer in time.
    TimedOut,
}

impl LookEnd {
    const ALL: [Self; 4] = [Self::Found, Self::Missing, Self::Failed, Self::TimedOut];

    /// As attributes have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Missing => "missing",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
        }
    }

    /// Whether the store did not do its part.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut)
    }
}

/// The histogram, bound to every way to end.
#[derive(Debug)]
pub struct StoreMetrics([(LookEnd, BoundHistogram<f64>); LookEnd::ALL.len()]);

impl StoreMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let duration = durations(
            meter,
            "penstock.store.fetch.duration",
            "Time of a look into the function store for a version's source and manifest",
        );
        let bind = |end: LookEnd| {
            let attributes = [KeyValue::new("penstock.store.outcome", end.name())];
            (end, duration.bind(&attributes))
        };
        Self(LookEnd::ALL.map(bind))
    }

    /// A look for the current call, begun at `began`, has ended. Who waits for another's look has none.
    pub fn looked(&self, began: Instant, end: LookEnd) {
        if let Some((_, series)) = self.0.iter().find(|(other, _)| *other == end) {
            series.record(began.elapsed().as_secs_f64());
        }
        CallTrace::current().looked_into_store(began, end);
    }
}
