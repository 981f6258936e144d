//! What one function does, or what happens to a process, fails nobody else's calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use penstock::api::invoke_response::Outcome;
use rustix::process::Signal;

use crate::check::{Call, Code, Reply, TRACK};
use crate::processes::{is_alive, signal, wait_until};
use crate::service::{Client, Service, block_on};

const RECOVERY: Duration = Duration::from_secs(10);

fn sleeper() -> Call {
    Call::of(
        "async function onTrack(e) { await new Promise(resolve => setTimeout(resolve, 10)); return e }",
    )
}

/// What the tasks of a load saw.
#[derive(Default)]
struct Tally {
    delivered: AtomicUsize,
    lost: AtomicUsize,
    stop: AtomicBool,
}

impl Tally {
    fn count(&self, reply: &Reply) {
        match reply.outcome() {
            Outcome::EventJson(_) => self.delivered.fetch_add(1, Ordering::Relaxed),
            Outcome::Error(error) if error.code() == Code::ExecutorLost => {
                reply.failed(Code::ExecutorLost, "");
                self.lost.fetch_add(1, Ordering::Relaxed)
            }
            _ => panic!("neither delivered nor lost\n{reply}"),
        };
    }

    fn delivered(&self) -> usize {
        self.delivered.load(Ordering::Relaxed)
    }

    fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Calls its functions in turn, one at a time, until told to stop.
async fn load(client: Client, functions: Vec<Call>, tally: Arc<Tally>) {
    for call in functions.iter().cycle() {
        if tally.stop.load(Ordering::Relaxed) {
            return;
        }
        tally.count(&call.clone().send(client.clone()).await);
    }
}

/// Waits until `count` more calls were delivered.
async fn progress(tally: &Tally, count: usize) {
    let goal = tally.delivered() + count;
    for _ in 0..3_000 {
        if tally.delivered() >= goal {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "no progress in half a minute: {} of {goal} delivered, {} lost",
        tally.delivered(),
        tally.lost()
    );
}

#[test]
fn a_killed_cell_costs_no_more_than_its_calls_in_flight() {
    const TASKS: usize = 8;
    let service = Service::start(&["--cells", "2"]);
    let functions: Vec<Call> = (0..24).map(|_| sleeper()).collect();
    let tally = Arc::new(Tally::default());
    block_on(async {
        let tasks: Vec<_> = functions
            .chunks(functions.len() / TASKS)
            .map(|share| tokio::spawn(load(service.client(), share.to_vec(), tally.clone())))
            .collect();
        // Two, since a version in flight in three lost cells may be quarantined.
        for _ in 0..2 {
            progress(&tally, 5 * TASKS).await;
            let lost = tally.lost();
            let cells = service.cells();
            let busiest = *cells.first().expect("there are cells");
            signal(busiest, Signal::KILL);
            progress(&tally, 5 * TASKS).await;
            let lost = tally.lost() - lost;
            assert!(
                lost <= TASKS,
                "{lost} calls lost with at most {TASKS} in flight"
            );
        }
        tally.stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.expect("the load never sees a status");
        }
        for call in &functions {
            call.clone().send(service.client()).await.delivers(TRACK);
        }
    });
    assert!(
        service.is_alive(),
        "the front lives; its stderr:\n{}",
        service.stderr()
    );
}

/// A thread holds answers back while it has quick turns to take; a turn that was quick so far and is long now must not
/// hold them back as well.
#[test]
fn answers_wait_for_no_long_turn_that_follows() {
    let service = Service::start(&["--cells", "1", "--cell-threads", "1"]);
    let quick = Call::of("function onTrack(event) { return event }");
    let long = Call::of("function onTrack(event) { while (event.long); return event }")
        .wall(Duration::from_secs(2));
    let long_event = r#"{"type":"track","long":true}"#;
    block_on(async {
        for _ in 0..20 {
            quick.clone().send(service.client()).await.delivers(TRACK);
            long.clone().send(service.client()).await.delivers(TRACK);
        }
        let long_is_over = Arc::new(AtomicBool::new(false));
        let quick_ones: Vec<_> = (0..16)
            .map(|_| {
                let (call, over) = (quick.clone(), long_is_over.clone());
                let client = service.client();
                tokio::spawn(async move {
                    call.send(client).await.delivers(TRACK);
                    over.load(Ordering::Relaxed)
                })
            })
            .collect();
        let reply = long.clone().event(long_event).send(service.client()).await;
        long_is_over.store(true, Ordering::Relaxed);
        reply.failed(Code::Timeout, "");
        for one in quick_ones {
            assert!(!one.await.expect("it is answered"), "it waited");
        }
    });
}

#[test]
fn a_single_cell_is_replaced() {
    let service = Service::start(&["--cells", "1"]);
    let call = sleeper();
    call.clone().run_on(&service).delivers(TRACK);
    let before = service.cells();
    for cell in &before {
        signal(*cell, Signal::KILL);
    }
    let mut statuses = BTreeMap::<String, usize>::new();
    let recovered = wait_until(RECOVERY, || match call.clone().run_on(&service).result {
        Ok(response) => matches!(response.outcome, Some(Outcome::EventJson(_))),
        Err(status) => {
            *statuses.entry(format!("{:?}", status.code())).or_default() += 1;
            false
        }
    });
    assert!(
        recovered,
        "calls succeed again; statuses: {statuses:?}; stderr:\n{}",
        service.stderr()
    );
    assert!(
        statuses.keys().all(|code| code == "Unavailable"),
        "with no cell alive: {statuses:?}"
    );
    assert!(service.is_alive(), "the front lives");
    let after = service.cells();
    assert!(
        after.iter().all(|cell| !before.contains(cell)),
        "new processes: {before:?} {after:?}"
    );
}

#[test]
fn cells_die_with_the_front() {
    let mut service = Service::start(&["--cells", "2"]);
    sleeper().run_on(&service).delivers(TRACK);
    let cells = service.cells();
    assert!(cells.len() >= 2, "two cells or more: {cells:?}");
    signal(service.pid(), Signal::KILL);
    service.process().exit_code_within(RECOVERY);
    let gone = wait_until(RECOVERY, || cells.iter().all(|cell| !is_alive(*cell)));
    assert!(gone, "all of {cells:?} are gone");
}

#[test]
fn heap_exhaustion_ends_one_call_only() {
    let service = Service::start(&[]);
    let hungry = Call::of(
        "function onTrack(e) { if (!e.eat) return e; const all = []; for (;;) all.push(new Array(1000).fill(all.length)) }",
    );
    let other = sleeper();
    hungry.clone().run_on(&service).delivers(TRACK);
    other.clone().run_on(&service).delivers(TRACK);
    let reply = hungry
        .clone()
        .event(r#"{"type":"track","eat":true}"#)
        .run_on(&service);
    let error = reply.failed(Code::MemoryLimitExceeded, "");
    let limit = error.limit.unwrap_or_else(|| panic!("no limit\n{reply}"));
    let found = (
        limit.name.as_str(),
        limit.value,
        limit.unit.as_str(),
        limit.knob.as_str(),
    );
    assert_eq!(
        found,
        ("heap", 128 << 20, "bytes", "--heap-bytes"),
        "{reply}"
    );
    hungry.run_on(&service).delivers(TRACK);
    other.run_on(&service).delivers(TRACK);
    assert!(
        service.is_alive(),
        "the front lives; its stderr:\n{}",
        service.stderr()
    );
}

#[test]
fn hostile_allocations_harm_nobody() {
    let service = Service::start(&["--cells", "2"]);
    let other = sleeper();
    other.clone().run_on(&service).delivers(TRACK);
    for body in [
        "const all = []; for (;;) all.push(new ArrayBuffer(8 << 20))",
        "let s = 'x'; for (;;) s += s",
        "Array.from({ length: 2 ** 32 - 1 })",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })",
        "new Array(2 ** 32 - 2).fill(0)",
        "const s = 'x'.repeat(2 ** 28); [...s]",
    ] {
        let reply = Call::of(&format!("function onTrack() {{ {body} }}")).run_on(&service);
        assert!(
            matches!(reply.outcome(), Outcome::Error(_)),
            "for {body}\n{reply}"
        );
        other.clone().run_on(&service).delivers(TRACK);
    }
    assert!(
        service.is_alive(),
        "the front lives; its stderr:\n{}",
        service.stderr()
    );
}

#[test]
fn a_hog_delays_nobody() {
    let service = Service::start(&[]);
    let others: Vec<Call> = (0..4).map(|_| sleeper()).collect();
    for call in &others {
        call.clone().run_on(&service).delivers(TRACK);
    }
    block_on(async {
        let hog =
            Call::of("function onTrack() { while (true) {} }").wall(Duration::from_millis(1_500));
        let hog = tokio::spawn(hog.send(service.client()));
        let mut meanwhile = 0;
        while !hog.is_finished() {
            for call in &others {
                call.clone().send(service.client()).await.delivers(TRACK);
            }
            meanwhile += usize::from(!hog.is_finished());
        }
        hog.await.expect("the call ends").failed(Code::Timeout, "");
        assert!(
            meanwhile >= 2,
            "others were served while it ran: {meanwhile} rounds"
        );
    });
}

#[test]
fn several_hogs_delay_nobody_for_long() {
    let service = Service::start(&["--cells", "1"]);
    let other = sleeper();
    other.clone().run_on(&service).delivers(TRACK);
    block_on(async {
        let hog =
            Call::of("function onTrack() { while (true) {} }").wall(Duration::from_millis(1_500));
        let hogs: Vec<_> = (0..6)
            .map(|number| {
                tokio::spawn(
                    hog.clone()
                        .instance(&format!("hog-{number}"))
                        .send(service.client()),
                )
            })
            .collect();
        for _ in 0..5 {
            other.clone().send(service.client()).await.delivers(TRACK);
        }
        for hog in hogs {
            hog.await.expect("the call ends").failed(Code::Timeout, "");
        }
    });
    other.run_on(&service).delivers(TRACK);
}

#[test]
fn a_cancelled_call_leaves_its_function_working() {
    let service = Service::start(&[]);
    let call = Call::of("let calls = 0\nfunction onTrack(e) { calls++; while (e.spin); return e }");
    call.clone().run_on(&service).delivers(TRACK);
    // On the connection that others use only the stream ends; on one of its own the connection does, too.
    for client in [
        service.client(),
        service.separate_client(),
        service.client(),
    ] {
        block_on(async {
            let spinning = call
                .clone()
                .event(r#"{"type":"track","spin":true}"#)
                .send(client);
            let answer = tokio::time::timeout(Duration::from_millis(200), spinning).await;
            assert!(answer.is_err(), "it spins until it is dropped: {answer:?}");
        });
        call.clone().run_on(&service).delivers(TRACK);
        sleeper().run_on(&service).delivers(TRACK);
    }
    assert!(
        service.is_alive(),
        "the front lives; its stderr:\n{}",
        service.stderr()
    );
}
