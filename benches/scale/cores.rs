//! A second core: how much more work Penstock does on two than on one, though the machine has two and the load needs some.
//!
//! Batches of work that keeps a core busy leave the load idle, so their throughput may be compared as it is. Warm calls
//! do not: they are measured with all on one core and all on two, where the load's share is the same, and by the CPU
//! time that the server takes for a call, which says what it could do if both cores were its own. What the machine
//! itself gains by its second core, with no server at all, is the most that any of it can come to.

use std::hint::black_box;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::load::{self, Ask, Protocol, Target};
use crate::pinning::{self, LOAD_CORE, SERVER_CORE};
use crate::started::{APART, CELLS, Places, started};
use crate::{figures, json, usage, work};

const BOTH: &[usize] = &[SERVER_CORE, LOAD_CORE];
const ONE: &[usize] = &[SERVER_CORE];
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(2);
const AIM: &str = "1.8 or more";

/// So many steps for an event, and not so long: a clock would go on while others have the core.
const BUSY: &str = "function onTrack(event) {
    let number = event.number;
    for (let step = 0; step < 60000; step++) number = Math.imul(number, 1664525) + 1013904223 | 0;
    event.busy = number;
    return event;
}";

/// What is done, over and over.
struct Task {
    ask: Ask,
    events: usize,
    in_flight: usize,
}

/// What a task came to in its places: the medians of all rounds.
struct Found {
    per_second: f64,
    /// The server's CPU time for an event in microseconds.
    cpu_each: f64,
    /// Cores that the server kept busy.
    server_cores: f64,
    /// Cores that the load kept busy.
    load_cores: f64,
}

const ALL_ON_ONE: Places = Places {
    server: ONE,
    load: ONE,
};
const ALL_ON_TWO: Places = Places {
    server: BOTH,
    load: BOTH,
};

pub fn measure() {
    let gained = gained_by_the_machine();
    let found = format!("{gained:.2} times the steps of one");
    figures::reference("two bare loops on two cores, no server", &found);
    let [one, two] = rounds(&busy_batches(), [APART, ALL_ON_TWO]);
    print_found("busy batches, one core", &one);
    print_found("busy batches, two cores", &two);
    print_ratio(
        "busy batches, two cores / one",
        two.per_second / one.per_second,
    );
    let warm = Task {
        ask: work::ask("warm"),
        events: 1,
        in_flight: 64,
    };
    let [apart, one, two] = rounds(&warm, [APART, ALL_ON_ONE, ALL_ON_TWO]);
    print_found("warm calls, server on one core, load beside", &apart);
    print_found("warm calls, server and load on one core", &one);
    print_found("warm calls, server and load on two cores", &two);
    print_ratio(
        "warm calls, all on two / all on one",
        two.per_second / one.per_second,
    );
    print_ratio(
        "warm calls, by CPU time / server on one core",
        2.0 * apart.cpu_each / two.cpu_each,
    );
}

/// By a loop of arithmetic that shares nothing: how many steps two threads make, by those of one.
fn gained_by_the_machine() -> f64 {
    let steps = |cores: &[usize]| -> f64 {
        let threads: Vec<_> = cores.iter().copied().map(steps_on).collect();
        let each = threads.into_iter().map(JoinHandle::join);
        each.map(|steps| steps.expect("it counts")).sum()
    };
    figures::median((0..ROUNDS).map(|_| steps(BOTH) / steps(ONE)))
}

fn steps_on(core: usize) -> JoinHandle<f64> {
    /// As a look at the clock takes longer than a step.
    const AT_ONCE: u32 = 10_000;
    std::thread::spawn(move || {
        pinning::take_cores(&[core]);
        let (began, mut blocks, mut number) = (Instant::now(), 0, 1_u32);
        while began.elapsed() < TIME / 2 {
            for _ in 0..AT_ONCE {
                number = black_box(number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
            }
            blocks += 1;
        }
        f64::from(blocks)
    })
}

fn busy_batches() -> Task {
    let request = penstock::api::InvokeBatchRequest {
        function: Some(penstock::api::FunctionRef {
            source: BUSY.to_owned(),
            ..work::function("busy")
        }),
        events_json: vec![br#"{"type":"track","number":1}"#.to_vec().into(); work::BATCH],
        settings: Some(json::to_struct(work::SETTINGS)),
        ..penstock::api::InvokeBatchRequest::default()
    };
    Task {
        ask: Ask {
            path: work::INVOKE_BATCH.to_owned(),
            body: work::frame(&request),
            function: String::new(),
            proof: br#""busy":"#,
        },
        events: work::BATCH,
        in_flight: 8,
    }
}

/// All places in turn, round after round, so that a machine that drifts disturbs all alike.
fn rounds<const N: usize>(task: &Task, places: [Places; N]) -> [Found; N] {
    let mut found = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (places, found) in places.into_iter().zip(&mut found) {
            found.push(once(task, places));
        }
    }
    found.map(|rounds| {
        let median = |of: fn(&Found) -> f64| figures::median(rounds.iter().map(of));
        Found {
            per_second: median(|one| one.per_second),
            cpu_each: median(|one| one.cpu_each),
            server_cores: median(|one| one.server_cores),
            load_cores: median(|one| one.load_cores),
        }
    })
}

/// On a server just started, which sets itself up for the cores that it finds.
fn once(task: &Task, places: Places) -> Found {
    let service = started(places, &[], CELLS);
    let target = Target {
        protocol: Protocol::Grpc,
        port: usage::port(&service),
    };
    let asks = std::slice::from_ref(&task.ask);
    load::on_this_thread(async {
        load::closed(target, asks, task.in_flight, WARM_UP).await;
        let pids = usage::pids(&service);
        let (cpu, own) = (usage::cpu(&pids), usage::own_cpu_time());
        let recorded = load::closed(target, asks, task.in_flight, TIME).await;
        let cpu = usage::cpu(&pids) - cpu;
        let took = recorded.took.as_secs_f64();
        Found {
            per_second: recorded.per_second() * task.events as f64,
            cpu_each: cpu / (recorded.latencies.len() as usize * task.events) as f64,
            server_cores: cpu / 1e6 / took,
            load_cores: usage::own_cpu_time().saturating_sub(own).as_secs_f64() / took,
        }
    })
}

fn print_found(name: &str, found: &Found) {
    let found = format!(
        "{:.0} events/s, {:.1} µs of CPU each; busy: server {:.2} cores, load {:.2}",
        found.per_second, found.cpu_each, found.server_cores, found.load_cores
    );
    figures::reference(name, &found);
}

fn print_ratio(name: &str, ratio: f64) {
    figures::line(name, &format!("{ratio:.2}"), AIM);
}
