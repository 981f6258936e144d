//! What one function does costs nobody else: limits by name, cells locked down, replaced, quarantined.

use std::{fs, path::Path, time::Duration};

use penstock::api::ErrorCode as Code;

use crate::{
    check::{Call, TRACK, fails, fresh_id},
    processes::wait_until,
    service::{Service, block_on},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// Aborts V8: the sort asks for an array of more than its longest.
const ABORTS: &str =
    "function onTrack(e) { if (e.harmless) return e; [].sort.call({length: Infinity}) }";

/// Never looks whether it should end.
const NEVER_ENDS: &str =
    "function onTrack(e) { console.log('before'); [].indexOf.call({length: 2 ** 53 - 1}, 1) }";

const SLEEPS: &str =
    "async function onTrack(e) { await new Promise(done => setTimeout(done, 1500)); return e }";

#[track_caller]
fn passes_limit(call: Call, code: Code, name: &str, knob: &str) {
    let error = call.run().failed(code, knob);
    let limit = error
        .limit
        .unwrap_or_else(|| panic!("no limit in {}", error.message));
    assert_eq!((limit.name.as_str(), limit.knob.as_str()), (name, knob));
    assert!(
        error.message.contains(&limit.value.to_string()),
        "{}",
        error.message
    );
}

#[test]
fn cpu_time_is_limited_over_all_turns() {
    let source = "async function onTrack() {
        for (;;) { const end = Date.now() + 30; while (Date.now() < end); await new Promise(setImmediate) }
    }";
    let millis = |nanos| Some(prost_types::Duration { seconds: 0, nanos });
    let call = Call::of(source).limits(|limits| limits.cpu_time = millis(200_000_000));
    passes_limit(call, Code::CpuLimitExceeded, "cpu_time", "--cpu-time-ms");
}

#[test]
fn a_top_level_that_does_not_end_is_an_invalid_function() {
    let call = Call::of("for (;;) {} function onTrack(e) { return e }");
    passes_limit(
        call,
        Code::InvalidFunction,
        "top_level_time",
        "--top-level-ms",
    );
}

#[test]
fn array_buffers_count_as_memory() {
    let eat = "function onTrack(e) { const all = []; for (;;) all.push(new ArrayBuffer(8 << 20)) }";
    passes_limit(
        Call::of(eat),
        Code::MemoryLimitExceeded,
        "heap",
        "--heap-bytes",
    );
    let release = "function onTrack(e) {
        for (let i = 0; i < 200; i++) new Uint8Array(8 << 20).fill(1);
        return e
    }";
    Call::of(release).run().delivers(TRACK);
}

#[test]
fn a_refused_buffer_ends_the_invocation_even_if_caught() {
    let source = "function onTrack(e) { try { new ArrayBuffer(2 ** 32) } catch {} for (;;); }";
    passes_limit(
        Call::of(source),
        Code::MemoryLimitExceeded,
        "heap",
        "--heap-bytes",
    );
    let last = "function onTrack(e) { new ArrayBuffer(2 ** 32) }";
    passes_limit(
        Call::of(last),
        Code::MemoryLimitExceeded,
        "heap",
        "--heap-bytes",
    );
}

#[test]
fn cells_are_locked_down() {
    let service = Service::shared();
    Call::of("function onTrack(e) { return e }")
        .run()
        .delivers(TRACK);
    let mut looks = Vec::new();
    // A spare may be starting and not be locked down yet.
    let locked = wait_until(PATIENCE, || {
        looks = service.cells().into_iter().map(lockdown_of).collect();
        !looks.is_empty() && looks.iter().all(|look| look == &["2", "1", "1000", ""])
    });
    assert!(
        locked,
        "seccomp, no_new_privs, oom_score_adj, environ: {looks:?}"
    );
}

fn lockdown_of(cell: u32) -> [String; 4] {
    let read = |file: &str| fs::read_to_string(format!("/proc/{cell}/{file}")).unwrap_or_default();
    let status = read("status");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let score = read("oom_score_adj").trim().to_owned();
    [
        field("Seccomp:"),
        field("NoNewPrivs:"),
        score,
        read("environ"),
    ]
}

/// Times that the front's ticks have gone to sleep, together, for each of its threads that ticks.
fn ticks(front: u32) -> Vec<u64> {
    let tasks = fs::read_dir(format!("/proc/{front}/task")).expect("the front lives");
    let paths = tasks.map(|task| task.expect("a task").path());
    let read = |path: &Path, file| fs::read_to_string(path.join(file)).unwrap_or_default();
    let ticking = paths.filter(|path| read(path, "comm").trim() == "tick");
    let sleeps = ticking.map(|path| {
        let status = read(&path, "status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.map_or(0, |count| count.trim().parse().expect("a count"))
    });
    sleeps.collect()
}

#[test]
fn while_a_hog_runs_a_thread_wakes_on_each_cpu_and_only_then() {
    let service = Service::start(&[]);
    Call::of("function onTrack(e) { return e }")
        .run_on(&service)
        .delivers(TRACK);
    assert_eq!(ticks(service.pid()), [0; 0], "before there is a hog");
    let spins = Call::of("function onTrack() { for (;;); }").wall(Duration::from_millis(1500));
    let mut before = Vec::new();
    for round in 0..2 {
        spins
            .clone()
            .run_on(&service)
            .failed(Code::Timeout, "wall_time");
        let now = ticks(service.pid());
        before.resize(now.len(), 0);
        let grew = |(before, now): (&u64, &u64)| *now > before + 20;
        let all = !now.is_empty() && before.iter().zip(&now).all(grew);
        assert!(all, "round {round}: {before:?}, then {now:?}");
        let are_over = wait_until(PATIENCE, || {
            let before = ticks(service.pid());
            std::thread::sleep(Duration::from_millis(50));
            ticks(service.pid()) == before
        });
        assert!(are_over, "round {round}");
        before = ticks(service.pid());
    }
}

#[test]
fn a_turn_that_never_ends_is_answered_and_its_cell_replaced_without_loss() {
    let service = Service::start(&["--cells", "1"]);
    let bystander = Call::of(SLEEPS);
    let serving = service.cells();
    block_on(async {
        let sleeping = tokio::spawn(bystander.clone().send(service.client()));
        let attack = Call::of(NEVER_ENDS).wall(Duration::from_millis(300));
        let reply = attack.send(service.client()).await;
        reply.failed(Code::Timeout, "--wall-time-ms");
        assert_eq!(reply.logs(), ["before"]);
        sleeping.await.unwrap().delivers(TRACK);
    });
    bystander.run_on(&service).delivers(TRACK);
    // The serving one or the spare: one of them had the turn, and is gone.
    let replaced = wait_until(PATIENCE, || {
        let now = service.cells();
        now.len() >= 2 && serving.iter().any(|cell| !now.contains(cell))
    });
    assert!(
        replaced,
        "{serving:?} {:?}\n{}",
        service.cells(),
        service.stderr()
    );
}

#[test]
fn a_version_that_keeps_costing_cells_is_quarantined_and_no_other() {
    let service = Service::start(&["--cells", "1"]);
    let attack = Call::of(ABORTS).id(&fresh_id());
    let other = Call::of("function onTrack(e) { return e }");
    for _ in 0..3 {
        attack
            .clone()
            .run_on(&service)
            .failed(Code::MemoryLimitExceeded, "--heap-bytes");
        other.clone().run_on(&service).delivers(TRACK);
    }
    let mut last = None;
    let quarantined = wait_until(PATIENCE, || {
        let harmless = attack.clone().event(r#"{"type":"track","harmless":true}"#);
        let reply = harmless.run_on(&service);
        let code = match reply.outcome() {
            penstock::api::invoke_response::Outcome::Error(error) => error.code(),
            _ => Code::Unspecified,
        };
        last = Some(reply);
        code == Code::Quarantined
    });
    let last = last.expect("a reply");
    assert!(quarantined, "{last}\n{}", service.stderr());
    let error = last.failed(Code::Quarantined, "is not run until 2");
    assert!(
        !error.retryable && error.retry_after.is_some(),
        "{error:#?}"
    );
    attack
        .version("2")
        .run_on(&service)
        .failed(Code::MemoryLimitExceeded, "");
    other.run_on(&service).delivers(TRACK);
}

#[test]
fn an_aborted_call_names_its_limit() {
    fails(ABORTS, TRACK, Code::MemoryLimitExceeded, "--heap-bytes");
}
