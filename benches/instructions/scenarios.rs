//! What is counted, and by how much it may differ from the baseline.

use crate::cell;
use crate::counting::{Calls, per_call};
use crate::front;

/// The margins are two to three times what counts of the same code were apart, on an idle machine and beside compilers,
/// which made no difference; more where that is next to nothing.
///
/// - The front: processes 0.9 % with single events, 0.5 % with Structs, 1.3 % with batches, of which the mean of three is
///   taken. What is left is when tokio finds two things to do at once.
/// - A cell's warm event: processes 3.5 %, and 1.9 % between means of five, so this margin is the widest. V8
///   compiles on a thread of its own, by what it has seen until then, and hashes with a seed of its own; from then on,
///   the windows of a process are within 0.5 %.
/// - Its batches: processes 1.2 %; means of three 0.3 %.
/// - First calls: 0.02 %. Single windows are up to 17 % apart, by isolates that are made ahead for the next one, and their
///   median is not.
const FRONT_MARGIN: f64 = 3.0;
const CELL_MARGIN: f64 = 5.0;
const CELL_BATCH_MARGIN: f64 = 3.0;
const CELL_FIRST_MARGIN: f64 = 3.0;

pub struct Scenario {
    pub name: &'static str,
    /// Per cent that the count may be above the baseline, or below it before the baseline should be renewed.
    pub margin: f64,
    count: fn() -> f64,
}

impl Scenario {
    /// Instructions of one event, in whole ones.
    pub fn count(&self) -> u64 {
        (self.count)().round() as u64
    }
}

pub const ALL: &[Scenario] = &[
    Scenario {
        name: "front, an event as JSON",
        margin: FRONT_MARGIN,
        count: || per_call(FRONT, front::OneEvent::json),
    },
    Scenario {
        name: "front, an event as a Struct",
        margin: FRONT_MARGIN,
        count: || per_call(FRONT, front::OneEvent::structured),
    },
    Scenario {
        name: "front, an event of a batch",
        margin: FRONT_MARGIN,
        count: || per_call(FRONT_BATCH, front::Batch::start) / front::BATCH as f64,
    },
    Scenario {
        name: "cell, an event",
        margin: CELL_MARGIN,
        count: || per_call(CELL, cell::OneEvent::start),
    },
    Scenario {
        name: "cell, an event of a batch",
        margin: CELL_BATCH_MARGIN,
        count: || per_call(CELL_BATCH, cell::Batch::start) / cell::BATCH as f64,
    },
    Scenario {
        name: "cell, first call of a version",
        margin: CELL_FIRST_MARGIN,
        count: || per_call(CELL_FIRST, cell::FirstCall::start),
    },
];

const FRONT: Calls = Calls {
    processes: 1,
    warm_up: 100,
    window: 200,
};
const FRONT_BATCH: Calls = Calls {
    processes: 3,
    warm_up: 20,
    window: 20,
};
/// The last that V8 compiles is there after some seven hundred events.
const CELL: Calls = Calls {
    processes: 5,
    warm_up: 1_000,
    window: 200,
};
const CELL_BATCH: Calls = Calls {
    processes: 3,
    warm_up: 60,
    window: 15,
};
const CELL_FIRST: Calls = Calls {
    processes: 1,
    warm_up: 10,
    window: 10,
};
