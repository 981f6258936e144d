//! What the system says of the front and of the cells.

use std::sync::Arc;

use opentelemetry::{KeyValue, metrics::Meter};
use procfs::process::Process;

use crate::front::cells::Census;

/// The conventions' `process.*` for the front, and `penstock.cell.memory` for all cells together. What the
/// system does not tell has no series.
pub fn observe(meter: &Meter, cells: Arc<Census>) {
    cpu(meter);
    meter
        .i64_observable_up_down_counter("process.memory.usage")
        .with_unit("By")
        .with_description("Physical memory of the front")
        .with_callback(|observer| {
            if let Some(bytes) = Process::myself().ok().and_then(|front| resident(&front)) {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    meter
        .i64_observable_up_down_counter("process.unix.file_descriptor.count")
        .with_unit("{file_descriptor}")
        .with_description("File descriptors the front has open")
        .with_callback(|observer| {
            let count = Process::myself().and_then(|front| front.fd_count());
            if let Some(count) = count.ok().and_then(|count| i64::try_from(count).ok()) {
                observer.observe(count, &[]);
            }
        })
        .build();
    meter
        .i64_observable_up_down_counter("penstock.cell.memory")
        .with_unit("By")
        .with_description("Physical memory of all cells; what they share counts once for each")
        .with_callback(move |observer| observer.observe(memory_of(&cells.pids()), &[]))
        .build();
}

/// `process.cpu.time` by `cpu.mode`.
fn cpu(meter: &Meter) {
    let mode = |name| [KeyValue::new("cpu.mode", name)];
    let (user, system) = (mode("user"), mode("system"));
    meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("CPU time of the front")
        .with_callback(move |observer| {
            if let Ok(stat) = Process::myself().and_then(|front| front.stat()) {
                let second = procfs::ticks_per_second() as f64;
                observer.observe(stat.utime as f64 / second, &user);
                observer.observe(stat.stime as f64 / second, &system);
            }
        })
        .build();
}

/// Those that are gone by now count nothing.
fn memory_of(pids: &[u32]) -> i64 {
    let processes = pids.iter().filter_map(|pid| {
        let pid = i32::try_from(*pid).ok()?;
        Process::new(pid).ok()
    });
    processes.filter_map(|process| resident(&process)).sum()
}

/// Resident memory in bytes.
fn resident(process: &Process) -> Option<i64> {
    let pages = process.statm().ok()?.resident;
    i64::try_from(pages.saturating_mul(procfs::page_size())).ok()
}
