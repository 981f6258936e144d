//! A server that is up with all its cells: one that comes up later takes functions over from the first.

use std::time::Duration;

use crate::pinning;
use crate::processes::wait_until;
use crate::scrape::Scrape;
use crate::service::Service;

/// Cells of a server that is not told how many.
pub const CELLS: u32 = 2;

const BOUND: Duration = Duration::from_secs(30);

/// Which cores a server has, and which its load.
#[derive(Clone, Copy)]
pub struct Places {
    pub server: &'static [usize],
    pub load: &'static [usize],
}

/// A core for each.
pub const APART: Places = Places {
    server: &[pinning::SERVER_CORE],
    load: &[pinning::LOAD_CORE],
};

/// So many cells are up, and the spare one, so that nobody's start is measured. The load's cores are this thread's then.
pub fn started(places: Places, arguments: &[&str], cells: u32) -> Service {
    let start = || Service::start(arguments);
    let service = pinning::started_on(places.server, places.load, start);
    let all_up = wait_until(BOUND, || {
        let scrape = Scrape::of(&service);
        let count = |state| {
            scrape.value(&format!(
                "penstock_cell_count{{penstock_cell_state=\"{state}\"}}"
            ))
        };
        count("up") >= f64::from(cells) && count("spare") >= 1.0
    });
    assert!(all_up, "not all cells came up:\n{}", service.stderr());
    service
}
