//! What has a state, looked at when a reader asks: places in flight, cells, quarantine, sources.

use std::sync::Arc;

use opentelemetry::{KeyValue, metrics::Meter};

use crate::{
    front::{
        admission::Admission,
        cells::{CacheAccount, CellEnd, CellState, Census},
        egress::Pool,
        functions::Functions,
        listener::Occupancy,
        quarantine::Quarantine,
    },
    wire::UnfitCause,
};

/// The parts of the executor that are looked at.
#[derive(Clone, Debug)]
pub struct Observed {
    pub admission: Admission,
    pub occupancy: Occupancy,
    pub cells: Arc<Census>,
    pub cache: Arc<CacheAccount>,
    pub quarantine: Arc<Quarantine>,
    pub functions: Arc<Functions>,
    pub connections: Arc<Pool>,
    /// Bytes that the executor may use.
    pub memory: u64,
}

impl Observed {
    pub(super) fn observe(self, meter: &Meter) {
        build_info(meter);
        in_flight(meter, self.admission);
        occupancy(meter, self.occupancy);
        cells(meter, &self.cells);
        cache(meter, &self.cache);
        quarantine(meter, &self.quarantine);
        sources(meter, &self.functions);
        connections(meter, &self.connections);
        memory(meter, self.memory);
    }
}

/// `penstock.build.info`: always 1, with the version.
fn build_info(meter: &Meter) {
    let version = [KeyValue::new("version", env!("CARGO_PKG_VERSION"))];
    meter
        .u64_observable_gauge("penstock.build.info")
        .with_description("The executor's version")
        .with_callback(move |observer| observer.observe(1, &version))
        .build();
}

/// `penstock.invocations.in_flight` of `penstock.invocations.limit`: how busy the executor is. At the limit,
/// invocations are refused.
///
/// `penstock.invocations.waiting`: for a place.
fn in_flight(meter: &Meter, admission: Admission) {
    let limit = signed(admission.max_in_flight());
    let observed = admission.clone();
    meter
        .i64_observable_up_down_counter("penstock.invocations.waiting")
        .with_unit("{invocation}")
        .with_description("Invocations that wait for a place in flight")
        .with_callback(move |observer| observer.observe(signed(observed.waiting()), &[]))
        .build();
    meter
        .i64_observable_up_down_counter("penstock.invocations.in_flight")
        .with_unit("{invocation}")
        .with_description("Invocations in flight")
        .with_callback(move |observer| observer.observe(signed(admission.in_flight()), &[]))
        .build();
    meter
        .i64_observable_up_down_counter("penstock.invocations.limit")
        .with_unit("{invocation}")
        .with_description("Invocations that may be in flight at once (--max-in-flight)")
        .with_callback(move |observer| observer.observe(limit, &[]))
        .build();
}

/// `penstock.connections.open` of `--max-connections`; `penstock.connections.refused`: those beyond.
fn occupancy(meter: &Meter, occupancy: Occupancy) {
    let observed = occupancy.clone();
    meter
        .i64_observable_up_down_counter("penstock.connections.open")
        .with_unit("{connection}")
        .with_description("Connections of callers")
        .with_callback(move |observer| observer.observe(signed(observed.open()), &[]))
        .build();
    meter
        .u64_observable_counter("penstock.connections.refused")
        .with_unit("{connection}")
        .with_description("Connections closed at once, for there were --max-connections")
        .with_callback(move |observer| observer.observe(occupancy.refused(), &[]))
        .build();
}

/// `penstock.cell.count` by `penstock.cell.state`; `penstock.cell.starts` by `penstock.cell.start.result`;
/// `penstock.cell.ends` by `penstock.cell.end.reason`.
fn cells(meter: &Meter, census: &Arc<Census>) {
    let states = CellState::ALL.map(|state| (state, [state_attribute(state)]));
    let observed = census.clone();
    meter
        .i64_observable_up_down_counter("penstock.cell.count")
        .with_unit("{cell}")
        .with_description(
            "Cell processes: up, ready as a spare, or draining before they are replaced",
        )
        .with_callback(move |observer| {
            for (state, attributes) in &states {
                observer.observe(signed(observed.count(*state)), attributes);
            }
        })
        .build();
    let result = |name| [KeyValue::new("penstock.cell.start.result", name)];
    let (ready, failed) = (result("ready"), result("failed"));
    let observed = census.clone();
    meter
        .u64_observable_counter("penstock.cell.starts")
        .with_unit("{cell}")
        .with_description("Cell processes that were started")
        .with_callback(move |observer| {
            observer.observe(observed.starts(), &ready);
            observer.observe(observed.failed_starts(), &failed);
        })
        .build();
    let ends = CellEnd::ALL.map(|end| (end, [end_attribute(end)]));
    let observed = census.clone();
    meter
        .u64_observable_counter("penstock.cell.ends")
        .with_unit("{cell}")
        .with_description("Cell processes that were lost or had to be replaced")
        .with_callback(move |observer| {
            for (end, attributes) in &ends {
                observer.observe(observed.ends(*end), attributes);
            }
        })
        .build();
}

/// `penstock.cache.lookups` by `penstock.cache.result`, `penstock.cache.evictions`, `penstock.cache.size`:
/// what functions keep with `cache`, in all cells.
fn cache(meter: &Meter, account: &Arc<CacheAccount>) {
    let result = |name| [KeyValue::new("penstock.cache.result", name)];
    let (hit, miss) = (result("hit"), result("miss"));
    let observed = account.clone();
    meter
        .u64_observable_counter("penstock.cache.lookups")
        .with_unit("{lookup}")
        .with_description(
            "Calls of cache.load: a hit found a value, or one that another was loading",
        )
        .with_callback(move |observer| {
            observer.observe(observed.hits(), &hit);
            observer.observe(observed.misses(), &miss);
        })
        .build();
    let observed = account.clone();
    meter
        .u64_observable_counter("penstock.cache.evictions")
        .with_unit("{value}")
        .with_description("Values that went for want of room")
        .with_callback(move |observer| observer.observe(observed.evictions(), &[]))
        .build();
    let observed = account.clone();
    meter
        .i64_observable_up_down_counter("penstock.cache.size")
        .with_unit("By")
        .with_description("Memory that cached values take in all cells")
        .with_callback(move |observer| {
            observer.observe(i64::try_from(observed.bytes()).unwrap_or(i64::MAX), &[]);
        })
        .build();
}

fn state_attribute(state: CellState) -> KeyValue {
    let name = match state {
        CellState::Up => "up",
        CellState::Spare => "spare",
        CellState::Draining => "draining",
    };
    KeyValue::new("penstock.cell.state", name)
}

fn end_attribute(end: CellEnd) -> KeyValue {
    let name = match end {
        CellEnd::Died => "died",
        CellEnd::BrokeProtocol => "broke_protocol",
        CellEnd::Unfit(UnfitCause::Stuck) => "stuck",
        CellEnd::Unfit(UnfitCause::Parked) => "parked",
        CellEnd::Unfit(UnfitCause::Defect) => "defect",
    };
    KeyValue::new("penstock.cell.end.reason", name)
}

/// `penstock.quarantine.versions`: versions that are not run now; `penstock.quarantine.strikes`: cells that
/// cost somebody their place, as far as a version could be blamed.
fn quarantine(meter: &Meter, quarantine: &Arc<Quarantine>) {
    let observed = quarantine.clone();
    meter
        .i64_observable_up_down_counter("penstock.quarantine.versions")
        .with_unit("{version}")
        .with_description("Function versions that are not run for having cost too many cells")
        .with_callback(move |observer| observer.observe(signed(observed.len()), &[]))
        .build();
    let observed = quarantine.clone();
    meter
        .u64_observable_counter("penstock.quarantine.strikes")
        .with_unit("{strike}")
        .with_description("Cells lost or replaced for which a function version was blamed")
        .with_callback(move |observer| observer.observe(observed.strikes(), &[]))
        .build();
}

/// `penstock.source.cache.count` and `penstock.source.cache.size`: the versions whose source is kept.
fn sources(meter: &Meter, functions: &Arc<Functions>) {
    let observed = functions.clone();
    meter
        .i64_observable_up_down_counter("penstock.source.cache.count")
        .with_unit("{version}")
        .with_description("Function versions whose source is kept")
        .with_callback(move |observer| observer.observe(signed(observed.kept_versions()), &[]))
        .build();
    let observed = functions.clone();
    meter
        .i64_observable_up_down_counter("penstock.source.cache.size")
        .with_unit("By")
        .with_description("Memory that kept sources take")
        .with_callback(move |observer| {
            let bytes = i64::try_from(observed.kept_bytes()).unwrap_or(i64::MAX);
            observer.observe(bytes, &[]);
        })
        .build();
}

/// `penstock.memory.limit`: what front and cells may use together; cells keep idle isolates by it.
fn memory(meter: &Meter, limit: u64) {
    meter
        .i64_observable_up_down_counter("penstock.memory.limit")
        .with_unit("By")
        .with_description(
            "Memory that front and cells may use together (--memory, else the system's limit)",
        )
        .with_callback(move |observer| {
            observer.observe(i64::try_from(limit).unwrap_or(i64::MAX), &[]);
        })
        .build();
}

/// `penstock.egress.in_flight`, `penstock.egress.waiting`, `penstock.egress.connections.kept`: the outgoing
/// requests of all functions.
fn connections(meter: &Meter, pool: &Arc<Pool>) {
    let observed = pool.clone();
    meter
        .i64_observable_up_down_counter("penstock.egress.in_flight")
        .with_unit("{request}")
        .with_description("Outgoing requests under way, each with a connection or opening one")
        .with_callback(move |observer| observer.observe(signed(observed.under_way()), &[]))
        .build();
    let observed = pool.clone();
    meter
        .i64_observable_up_down_counter("penstock.egress.waiting")
        .with_unit("{request}")
        .with_description("Outgoing requests that wait for a place among the connections")
        .with_callback(move |observer| observer.observe(signed(observed.waiting()), &[]))
        .build();
    let observed = pool.clone();
    meter
        .i64_observable_up_down_counter("penstock.egress.connections.kept")
        .with_unit("{connection}")
        .with_description("Connections kept open without a request, for the next one")
        .with_callback(move |observer| observer.observe(signed(observed.kept()), &[]))
        .build();
}

/// Counters that go up and down are signed.
fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
