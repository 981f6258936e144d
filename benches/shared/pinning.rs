//! Which cores a server and its load run on, so that neither gets what the other was meant to have.

use rustix::thread::{CpuSet, sched_setaffinity};

pub const SERVER_CORE: usize = 0;
pub const LOAD_CORE: usize = 1;

/// This thread, and what it starts from now on, runs on those cores alone.
pub fn take_cores(cores: &[usize]) {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    if let Err(error) = sched_setaffinity(None, &set) {
        panic!("the cores {cores:?} can't be had, and two are needed: {error}");
    }
}

/// Starts a server on its cores, and then takes the load's; the server sets itself up for as many as it finds.
pub fn started_on<T>(server: &[usize], load: &[usize], start: impl FnOnce() -> T) -> T {
    take_cores(server);
    let started = start();
    take_cores(load);
    started
}
