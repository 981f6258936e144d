//! `penstock.invocation.outcomes`: what became of events, one count for each.
//!
//! By `penstock.outcome`: `delivered`, `filtered` with `penstock.filter.reason`, `failed` with `error.type`,
//! the error code. The conventions' `faas.invocations`, `faas.errors` and `faas.timeouts` are sums of these
//! and not told again.

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, Counter, Meter},
};

/// A value of one of the API's enums: its number and name.
pub type Named = (i32, &'static str);

/// The counter, bound to every outcome there is.
#[derive(Debug)]
pub struct Outcomes {
    delivered: BoundCounter<u64>,
    filtered: Vec<(i32, BoundCounter<u64>)>,
    failed: Vec<(i32, BoundCounter<u64>)>,
}

impl Outcomes {
    pub(super) fn new(meter: &Meter, reasons: &[Named], codes: &[Named]) -> Self {
        let counter = meter
            .u64_counter("penstock.invocation.outcomes")
            .with_unit("{event}")
            .with_description("Events by what became of them")
            .build();
        let outcome = |name| KeyValue::new("penstock.outcome", name);
        let bind = |name: &'static str, key: &'static str, values: &[Named]| {
            let series = |&(number, value): &Named| {
                let attributes = [outcome(name), KeyValue::new(key, value)];
                (number, counter.bind(&attributes))
            };
            values.iter().map(series).collect()
        };
        Self {
            delivered: bound(&counter, outcome("delivered")),
            filtered: bind("filtered", "penstock.filter.reason", reasons),
            failed: bind("failed", "error.type", codes),
        }
    }

    /// The event goes on.
    pub fn delivered(&self) {
        self.delivered.add(1);
    }

    /// The event goes no further, for the reason of this number.
    pub fn filtered(&self, reason: i32) {
        count(&self.filtered, reason);
    }

    /// The function failed, with the code of this number.
    pub fn failed(&self, code: i32) {
        count(&self.failed, code);
    }
}

fn bound(counter: &Counter<u64>, attribute: KeyValue) -> BoundCounter<u64> {
    counter.bind(&[attribute])
}

fn count(series: &[(i32, BoundCounter<u64>)], number: i32) {
    if let Some((_, counter)) = series.iter().find(|(other, _)| *other == number) {
        counter.add(1);
    }
}
