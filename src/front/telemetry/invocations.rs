//! What invocations cost, and those that were refused a place.

use std::time::Duration;

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, BoundHistogram, Counter, Histogram, Meter},
};

use super::durations;
use crate::{
    front::{admission::Refusal, dispatch::DispatchError},
    invocation::Usage,
};

/// The instruments of invocations, for the one place where all of them end.
#[derive(Debug)]
pub struct Invocations {
    cold: Costs,
    warm: Costs,
    /// `faas.coldstarts`: invocations for which an isolate had to be made.
    cold_starts: BoundCounter<u64>,
    /// `penstock.invocation.place.wait.time`, by `penstock.wait.result`: of those that had to wait for a place in
    /// flight.
    waited_for_place: BoundHistogram<f64>,
    waited_for_nothing: BoundHistogram<f64>,
    /// `faas.init_duration`: what making it took.
    setup: BoundHistogram<f64>,
    /// `penstock.pool.checkouts`, by `penstock.pool.result`: isolates that were warm, and those that were not.
    hits: BoundCounter<u64>,
    misses: BoundCounter<u64>,
    /// `penstock.invocations.refused`, by `penstock.refusal.reason`: no place in flight, or no cell to run
    /// in. The caller may come again.
    full: BoundCounter<u64>,
    share: BoundCounter<u64>,
    queue_time: BoundCounter<u64>,
    deadline: BoundCounter<u64>,
    no_cell: BoundCounter<u64>,
}

/// What is told of every invocation that ran, by `faas.coldstart`: one that makes its isolate, and compiles,
/// is another thing than one that finds it.
#[derive(Debug)]
struct Costs {
    /// `faas.invoke_duration`: from the start of the first turn to the outcome.
    wall: BoundHistogram<f64>,
    /// `penstock.invocation.cpu.time`: CPU time over all turns. The conventions' `faas.cpu_usage` would be
    /// the same under a name that their own rules keep for shares of a limit.
    cpu: BoundHistogram<f64>,
    /// `penstock.invocation.queue.time`: from arrival to the start of the first turn.
    queue: BoundHistogram<f64>,
}

impl Invocations {
    pub(super) fn new(meter: &Meter) -> Self {
        let wall = durations(
            meter,
            "faas.invoke_duration",
            "Time from the start of an invocation's first turn to its outcome",
        );
        let cpu = durations(
            meter,
            "penstock.invocation.cpu.time",
            "CPU time of an invocation over all its turns",
        );
        let queue = durations(
            meter,
            "penstock.invocation.queue.time",
            "Time from an invocation's arrival to the start of its first turn",
        );
        let costs = |cold| Costs::bind(&wall, &cpu, &queue, cold);
        let cold_starts = meter
            .u64_counter("faas.coldstarts")
            .with_unit("{coldstart}")
            .with_description("Invocations for which an isolate had to be made")
            .build();
        // Without attributes a series is there once it was added to.
        cold_starts.add(0, &[]);
        let setup = durations(
            meter,
            "faas.init_duration",
            "Time to make an isolate for an invocation: snapshot, compile, top level",
        );
        let checkouts = meter
            .u64_counter("penstock.pool.checkouts")
            .with_unit("{checkout}")
            .with_description(
                "Isolates that invocations took from the cells' pools: a hit found a warm one",
            )
            .build();
        let refused = meter
            .u64_counter("penstock.invocations.refused")
            .with_unit("{invocation}")
            .with_description("Invocations that were not run for want of a place or a cell")
            .build();
        let place_wait = durations(
            meter,
            "penstock.invocation.place.wait.time",
            "Time that invocations waited for a place in flight, of those that had to, and whether they got one",
        );
        let waits = |result| place_wait.bind(&[KeyValue::new("penstock.wait.result", result)]);
        Self {
            cold: costs(true),
            warm: costs(false),
            cold_starts: cold_starts.bind(&[]),
            waited_for_place: waits("place"),
            waited_for_nothing: waits("refused"),
            setup: setup.bind(&[KeyValue::new("faas.trigger", "other")]),
            hits: checkouts.bind(&[KeyValue::new("penstock.pool.result", "hit")]),
            misses: checkouts.bind(&[KeyValue::new("penstock.pool.result", "miss")]),
            full: refusals(&refused, "max_in_flight"),
            share: refusals(&refused, "function_share"),
            queue_time: refusals(&refused, "queue_time"),
            deadline: refusals(&refused, "deadline"),
            no_cell: refusals(&refused, "no_cell"),
        }
    }

    /// An invocation has ended. One that never reached JavaScript cost nothing and is left out.
    pub fn ended(&self, usage: &Usage) {
        if usage.wall.is_zero() {
            return;
        }
        let costs = match usage.cold_start {
            true => {
                self.cold_starts.add(1);
                self.misses.add(1);
                self.setup.record(usage.setup.as_secs_f64());
                &self.cold
            }
            false => {
                self.hits.add(1);
                &self.warm
            }
        };
        costs.wall.record(usage.wall.as_secs_f64());
        costs.cpu.record(usage.cpu.as_secs_f64());
        costs.queue.record(usage.queue.as_secs_f64());
    }

    /// An invocation got its place after a wait.
    pub fn waited(&self, time: Duration) {
        self.waited_for_place.record(time.as_secs_f64());
    }

    /// An invocation was not run.
    pub fn refused(&self, error: &DispatchError) {
        let refused = match error {
            DispatchError::Refused(refused) => {
                if let Some(waited) = refused.waited {
                    self.waited_for_nothing.record(waited.as_secs_f64());
                }
                match refused.refusal {
                    Refusal::Full { .. } => &self.full,
                    Refusal::Share { .. } => &self.share,
                    Refusal::Waited { .. } => &self.queue_time,
                    Refusal::Deadline => &self.deadline,
                }
            }
            DispatchError::NoCell(_) => &self.no_cell,
        };
        refused.add(1);
    }
}

impl Costs {
    fn bind(
        wall: &Histogram<f64>,
        cpu: &Histogram<f64>,
        queue: &Histogram<f64>,
        cold: bool,
    ) -> Self {
        let attributes = [KeyValue::new("faas.coldstart", cold)];
        Self {
            wall: wall.bind(&attributes),
            cpu: cpu.bind(&attributes),
            queue: queue.bind(&attributes),
        }
    }
}

fn refusals(refused: &Counter<u64>, reason: &'static str) -> BoundCounter<u64> {
    refused.bind(&[KeyValue::new("penstock.refusal.reason", reason)])
}
