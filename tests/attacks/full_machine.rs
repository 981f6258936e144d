//! Attacks on a machine with nothing to spare: spinners while all cores are busy with other things.
//!
//! Their threads are demoted, and may stand still for seconds wherever they happen to be. No lock that others wait for may
//! be among those places, no termination may be lost there, and none of it is a reason to replace a cell.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, available_parallelism};
use std::time::{Duration, Instant};

use crate::arena::{Arena, Trial, answer};
use crate::gauge::MemoryWatch;
use crate::judge;
use crate::support::check::{Call, fresh_id};
use crate::support::service::block_on;

pub const FAMILY: &str = "full machine";

/// Functions that spin, each called so many times, so many at once.
const SPINNERS: usize = 8;
const CALLS: usize = 24;

/// In the shorter time few are found to be hogs; in the longer one they are, and are known for it from then on.
const WALLS: [Duration; 2] = [Duration::from_millis(60), Duration::from_millis(400)];

const CALL_BOUND: Duration = Duration::from_secs(20);

pub fn trial(arena: &Arena) -> Trial {
    block_on(run(arena))
}

async fn run(arena: &Arena) -> Trial {
    let cells = BTreeSet::from_iter(arena.cells());
    let memory = MemoryWatch::of(arena.cells());
    let busy = BusyCores::start();
    let start = Instant::now();
    let mut faults = spin(arena).await;
    let time = start.elapsed();
    drop(busy);
    let after = BTreeSet::from_iter(arena.cells());
    if after != cells {
        faults.push(format!("cells were replaced: {cells:?}, then {after:?}"));
    }
    arena.finish(Trial {
        name: format!("spinners ({} calls)", SPINNERS * CALLS),
        family: FAMILY,
        end: "TIMEOUT".to_owned(),
        time,
        cells_kib: memory.peak_kib(),
        faults,
        ..Trial::default()
    })
}

async fn spin(arena: &Arena) -> Vec<String> {
    let spinners: Vec<_> = (0..SPINNERS)
        .map(|spinner| {
            let call = Call::of("function onTrack() { for (;;); }").id(&fresh_id());
            let call = call.event(r#"{"type":"track"}"#);
            let call = call.wall(WALLS[spinner % WALLS.len()]);
            let client = arena.client();
            tokio::spawn(async move {
                let mut faults = Vec::new();
                for _ in 0..CALLS {
                    let answer = answer(call.clone(), client.clone(), CALL_BOUND).await;
                    let end = judge::name_of(&answer);
                    if end != "TIMEOUT" {
                        faults.push(format!("a spinner ended with {end}"));
                    }
                }
                faults
            })
        })
        .collect();
    let mut faults = Vec::new();
    for spinner in spinners {
        faults.extend(spinner.await.expect("it does not panic"));
    }
    faults
}

/// A thread for each core that never rests, until dropped.
struct BusyCores {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl BusyCores {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let cores = available_parallelism().map_or(1, usize::from);
        let threads = (0..cores)
            .map(|_| {
                let over = over.clone();
                thread::spawn(move || while !over.load(Ordering::Relaxed) {})
            })
            .collect();
        Self { over, threads }
    }
}

impl Drop for BusyCores {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
