//! Ticks on every CPU while hogs run: at each, a thread that waits for the CPU gets it from a demoted one.
//!
//! A demoted thread (`SCHED_IDLE`) gives way at once where another wakes. Threads that are awake already and wait share the
//! CPU with it, by weight: 1,024 to 3 each. When its turn comes it keeps the CPU until the kernel's clock ticks, 4 ms at
//! 250 Hz, and all others wait: beside eight spinners that is the 99th percentile of everybody's latency. It
//! need only be a thread that wakes, not the one that waits. So one wakes on each CPU, often, and sleeps again.

use std::{
    sync::Arc,
    thread::{self, available_parallelism},
    time::Duration,
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::lock::{Lock, Signal};

/// What a demoted thread may keep a CPU for while others wait. Waking takes a few microseconds, so these ticks cost some
/// half a per cent of each CPU, while hogs run.
const PERIOD: Duration = Duration::from_micros(500);

/// For a thread that does next to nothing.
const STACK_BYTES: usize = 64 << 10;

/// Where the executor may run on more CPUs, for each that it may use, than these, there are no ticks: the kernel
/// finds a CPU that nobody or a demoted thread has for what wakes, and ticks on all would cost more than they are of use.
const MOST_CPUS_FOR_EACH: usize = 2;

/// The ticks, for all cells. Clones are the same ones; the last ends them.
#[derive(Clone, Debug, Default)]
pub struct Ticks(Arc<Clock>);

/// Ends the threads, which hold the demand only, when it is dropped.
#[derive(Debug, Default)]
struct Clock(Arc<Demand>);

#[derive(Debug, Default)]
struct Demand {
    state: Lock<State>,
    changed: Signal,
}

#[derive(Debug, Default)]
struct State {
    /// Cells with demoted threads at work.
    cells: usize,
    /// Whether the threads were started, which is when they are wanted first.
    started: bool,
    over: bool,
}

/// One cell's wish for ticks, withdrawn when dropped.
#[derive(Debug)]
pub struct CellTicks {
    ticks: Ticks,
    wanted: bool,
}

impl CellTicks {
    /// Of a cell without demoted threads at work.
    pub fn new(ticks: Ticks) -> Self {
        let wanted = false;
        Self { ticks, wanted }
    }

    /// Whether the cell has some.
    pub fn want(&mut self, wanted: bool) {
        if wanted != self.wanted {
            self.wanted = wanted;
            self.ticks.0.0.change(wanted);
        }
    }
}

impl Drop for CellTicks {
    fn drop(&mut self) {
        self.want(false);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.0.state.lock().over = true;
        self.0.changed.notify_all();
    }
}

impl Demand {
    /// A cell more wants ticks, or one fewer.
    fn change(self: &Arc<Self>, wanted: bool) {
        let mut state = self.state.lock();
        match wanted {
            true => state.cells += 1,
            false => state.cells -= 1,
        }
        if wanted && !std::mem::replace(&mut state.started, true) {
            drop(state);
            self.start();
        }
        self.changed.notify_all();
    }

    fn start(self: &Arc<Self>) {
        for cpu in cpus() {
            let demand = self.clone();
            let started = thread::Builder::new()
                .name("tick".into())
                .stack_size(STACK_BYTES)
                .spawn(move || demand.tick_on(cpu));
            if let Err(error) = started {
                tracing::warn!(%error, cpu, "hogs may hold others up: there is no thread for ticks");
            }
        }
    }

    fn tick_on(&self, cpu: usize) {
        let mut only = CpuSet::new();
        only.set(cpu);
        if let Err(error) = sched_setaffinity(None, &only) {
            tracing::warn!(%error, cpu, "hogs may hold others up: there are no ticks on a CPU");
            return;
        }
        while self.is_wanted() {
            thread::sleep(PERIOD);
        }
    }

    /// Waits until there is a demand; false when there will be none any more.
    fn is_wanted(&self) -> bool {
        let mut state = self.state.lock();
        while state.cells == 0 && !state.over {
            state = self.changed.wait(state);
        }
        !state.over
    }
}

/// Those to tick on.
fn cpus() -> Vec<usize> {
    let allowed = match sched_getaffinity(None) {
        Ok(allowed) => allowed,
        Err(error) => {
            tracing::warn!(%error, "hogs may hold others up: the CPUs are not known");
            return Vec::new();
        }
    };
    let usable = available_parallelism().map_or(1, usize::from);
    let cpus = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
    few_enough(cpus.collect(), usable)
}

/// Those CPUs, or none if there are too many for as many as are used at a time.
fn few_enough(cpus: Vec<usize>, usable: usize) -> Vec<usize> {
    match cpus.len() <= usable * MOST_CPUS_FOR_EACH {
        true => cpus,
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// How often the tick threads of this process have gone to sleep, together.
    fn sleeps() -> Option<u64> {
        let mut sum = None;
        for task in fs::read_dir("/proc/self/task").unwrap() {
            let path = task.unwrap().path();
            // A thread of another test may end meanwhile.
            let read = |name| fs::read_to_string(path.join(name)).unwrap_or_default();
            if read("comm").trim() == "tick" {
                let status = read("status");
                let count = status
                    .lines()
                    .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
                let count = count.map_or(0, |count| count.trim().parse().unwrap());
                sum = Some(sum.unwrap_or(0) + count);
            }
        }
        sum
    }

    /// Looks now and then, for seconds at most.
    fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
        for _ in 0..10_000 {
            if is_so() {
                return;
            }
            thread::sleep(PERIOD);
        }
        panic!("never: {what}");
    }

    #[test]
    fn threads_tick_as_long_as_a_cell_wants_it_and_end_with_the_last_handle() {
        assert_eq!(sleeps(), None);
        let ticks = Ticks::default();
        let (mut one, mut other) = (CellTicks::new(ticks.clone()), CellTicks::new(ticks));
        one.want(true);
        one.want(true);
        other.want(true);
        drop(one);
        // The threads may not have their name yet.
        let began = sleeps().unwrap_or(0);
        eventually("they tick", || sleeps() >= Some(began + 100));
        other.want(false);
        eventually("they wait", || {
            let before = sleeps();
            thread::sleep(20 * PERIOD);
            sleeps() == before
        });
        drop(other);
        eventually("they end", || sleeps().is_none());
    }

    #[test]
    fn there_are_no_ticks_where_there_are_far_more_cpus_than_may_be_used() {
        for (cpus, usable, ticked) in [(1, 1, 1), (2, 2, 2), (8, 4, 8), (9, 4, 0), (64, 4, 0)] {
            let found = few_enough((0..cpus).collect(), usable);
            assert_eq!(
                found.len(),
                ticked,
                "{cpus} CPUs of which {usable} are used"
            );
        }
    }
}
