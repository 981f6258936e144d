//! What processes use: their CPU time, and their memory as the kernel counts it.

use std::time::Duration;

use crate::processes;
use crate::service::Service;

/// The front and its cells, the spare ones too.
pub fn pids(service: &Service) -> Vec<u32> {
    let cells = service.cells().into_iter();
    cells.chain([service.pid()]).collect()
}

/// Where the service takes calls.
pub fn port(service: &Service) -> u16 {
    let (_, port) = service
        .address()
        .rsplit_once(':')
        .expect("an address has a port");
    port.parse().expect("a port is a number")
}

/// CPU time of all of them so far, in microseconds.
pub fn cpu(pids: &[u32]) -> f64 {
    let times = pids.iter().copied().map(processes::cpu_time);
    times.map(|time| time.as_secs_f64() * 1e6).sum()
}

/// Memory that would be free without them, in bytes: pages that processes share count once.
pub fn proportional_bytes(pids: &[u32]) -> f64 {
    pids.iter().map(|pid| rolled_up(*pid, "Pss:")).sum()
}

/// Memory that each of them sees, added up, in bytes: pages that processes share count for each.
pub fn resident_bytes(pids: &[u32]) -> f64 {
    pids.iter().map(|pid| rolled_up(*pid, "Rss:")).sum()
}

fn rolled_up(pid: u32, name: &str) -> f64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("ours");
    let line = rollup.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.expect("the kernel tells") * 1024.0
}

/// Of all threads of this process: V8's helpers count in a cell as well.
pub fn own_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
