//! What a process takes of the machine, from /proc.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

/// How often memory is looked at: a cell that grows by gigabytes takes longer than this.
const PERIOD: Duration = Duration::from_millis(25);

/// A process at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauge {
    pub rss_kib: u64,
    pub threads: u64,
    pub descriptors: u64,
}

impl Gauge {
    /// Zeros when there is no such process.
    pub fn of(pid: u32) -> Gauge {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |name: &str| number_after(&status, name);
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        Gauge {
            rss_kib: field("VmRSS:"),
            threads: field("Threads:"),
            descriptors: descriptors as u64,
        }
    }
}

fn number_after(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// The most memory that some processes had together while it watched.
#[derive(Debug)]
pub struct MemoryWatch {
    peak_kib: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl MemoryWatch {
    /// To be called within the runtime.
    pub fn of(pids: Vec<u32>) -> MemoryWatch {
        let peak_kib = Arc::new(AtomicU64::new(0));
        let peak = peak_kib.clone();
        let task = tokio::spawn(async move {
            loop {
                let now = pids.iter().map(|pid| Gauge::of(*pid).rss_kib).sum();
                peak.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(PERIOD).await;
            }
        });
        MemoryWatch { peak_kib, task }
    }

    pub fn peak_kib(self) -> u64 {
        self.peak_kib.load(Ordering::Relaxed)
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
