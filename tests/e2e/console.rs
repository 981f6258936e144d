//! What the console shows, to whom and how much of it.

use penstock::api::LogLevel;

use crate::check::{Call, Code, Reply, TRACK};

/// The log lines of one call that runs `statements` and succeeds.
#[track_caller]
fn logs(statements: &str) -> Vec<String> {
    let reply = logged(statements);
    reply.delivered();
    reply.logs()
}

fn logged(statements: &str) -> Reply {
    Call::of(&format!(
        "async function onTrack(e) {{\n{statements}\nreturn e }}"
    ))
    .capture()
    .run()
}

#[track_caller]
fn prints(arguments: &str, expected: &str) {
    assert_eq!(
        logs(&format!("console.log({arguments})")),
        [expected],
        "for console.log({arguments})"
    );
}

#[test]
fn logs_come_with_errors_always_and_with_success_on_request() {
    let source =
        "function onTrack(e) { console.log('seen', e.n); if (e.n) throw new Error('n'); return e }";
    let call = Call::of(source);
    let reply = call.clone().event(r#"{"type":"track","n":1}"#).run();
    reply.failed(Code::BadRequest, "n");
    assert_eq!(reply.logs(), ["seen 1"], "{reply}");
    let reply = call.clone().event(r#"{"type":"track","n":0}"#).run();
    reply.delivered();
    assert!(reply.logs().is_empty(), "{reply}");
    let reply = call.capture().event(r#"{"type":"track","n":0}"#).run();
    reply.delivered();
    assert_eq!(reply.logs(), ["seen 0"], "{reply}");
}

#[test]
fn logs_come_with_filtered_events_on_request() {
    let call =
        Call::of("function onTrack() { console.log('why'); throw new DropEvent('dropped') }");
    let reply = call.clone().capture().run();
    reply.filtered();
    assert_eq!(reply.logs(), ["why"], "{reply}");
    assert!(call.run().logs().is_empty());
}

#[test]
fn logs_up_to_a_timeout_are_kept() {
    let source = "function onTrack() { console.log('before'); while (true) {} }";
    let reply = Call::of(source)
        .wall(std::time::Duration::from_millis(200))
        .run();
    reply.failed(Code::Timeout, "");
    assert_eq!(reply.logs(), ["before"], "{reply}");
}

#[test]
fn each_method_has_its_level() {
    let reply = logged(
        "for (const level of ['trace', 'debug', 'info', 'log', 'warn', 'error']) console[level]('by ' + level)",
    );
    reply.delivered();
    let lines: Vec<_> = reply
        .response()
        .logs
        .iter()
        .map(|line| (line.level(), line.message.as_str()))
        .collect();
    let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
    use LogLevel::{Debug, Error, Info, Trace, Warn};
    assert_eq!(levels, [Trace, Debug, Info, Info, Warn, Error], "{reply}");
    for (line, method) in lines
        .iter()
        .zip(["trace", "debug", "info", "log", "warn", "error"])
    {
        assert!(line.1.contains(&format!("by {method}")), "{reply}");
    }
    assert!(
        reply.response().logs.iter().all(|line| line.time.is_some()),
        "each line has its time\n{reply}"
    );
}

#[test]
fn formats_are_nodes() {
    for (arguments, expected) in [
        ("", ""),
        ("'a', 'b'", "a b"),
        ("'%s is %d', 'x', 42", "x is 42"),
        ("'%i and %f', 42.9, '1.5'", "42 and 1.5"),
        ("'%j', { a: [1] }", r#"{"a":[1]}"#),
        ("'%s', 'a', 'rest', 1", "a rest 1"),
        ("'100%% %s'", "100%% %s"),
        ("'100%% %s', 'sure'", "100% sure"),
        ("'%c styled', 'color: red'", " styled"),
        ("'%d', 'no number'", "NaN"),
        ("'%s', { a: 1 }", "{ a: 1 }"),
        ("'%x', 1", "%x 1"),
        (
            "1, 'two', true, null, undefined",
            "1 two true null undefined",
        ),
        ("10n, Symbol('s'), -0", "10n Symbol(s) -0"),
    ] {
        prints(arguments, expected);
    }
    let lines = logs("console.log('%o', { a: 'x' })");
    assert!(lines[0].contains("a: 'x'"), "{lines:?}");
}

#[test]
fn values_are_inspected_as_in_node() {
    for (value, expected) in [
        ("{ a: { b: [1, 'x'] } }", "{ a: { b: [ 1, 'x' ] } }"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("['a', undefined, null]", "[ 'a', undefined, null ]"),
        ("new Map([['k', 1]])", "Map(1) { 'k' => 1 }"),
        ("new Set(['x'])", "Set(1) { 'x' }"),
        ("new (class Point { x = 1 })", "Point { x: 1 }"),
        ("class Point {}", "[class Point]"),
        ("function named() {}", "[Function: named]"),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("/a+/g", "/a+/g"),
        ("{ 'a-b': 1, ok: 2 }", "{ 'a-b': 1, ok: 2 }"),
        ("Object.create(null)", "[Object: null prototype] {}"),
        ("new Uint8Array([1, 2])", "Uint8Array(2) [ 1, 2 ]"),
        ("Promise.resolve(1)", "Promise { 1 }"),
        (
            "[new Map(), { s: new Set() }]",
            "[ Map(0) {}, { s: Set(0) {} } ]",
        ),
    ] {
        prints(value, expected);
    }
    let cycle = logs("const a = { name: 'a' }; a.self = a; console.log(a)");
    assert!(cycle[0].contains("[Circular *1]"), "{cycle:?}");
}

#[test]
fn errors_are_shown_with_their_stack() {
    let lines = logs("console.log(new TypeError('bad one'))");
    assert!(lines[0].starts_with("TypeError: bad one\n"), "{lines:?}");
    assert!(lines[0].contains("index.js:2"), "{lines:?}");
    assert!(!lines[0].contains("penstock:"), "{lines:?}");
    let lines = logs("console.error({ cause: new RangeError('inner') })");
    assert!(lines[0].contains("RangeError: inner"), "{lines:?}");
}

#[test]
fn values_that_trap_harm_nobody() {
    let lines = logs(
        "console.log({ get trap() { throw new Error('getter') } })
        console.log(new Proxy({}, { get() { throw new Error('proxy') }, ownKeys() { throw new Error('keys') } }))
        console.log('last')",
    );
    assert_eq!(lines.last().map(String::as_str), Some("last"), "{lines:?}");
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn the_lesser_methods_work() {
    let lines = logs(
        "console.group('outer'); console.log('inner'); console.groupEnd(); console.log('after')",
    );
    assert_eq!(lines, ["outer", "  inner", "after"]);
    assert_eq!(
        logs("console.count(); console.count(); console.count('x')"),
        ["default: 1", "default: 2", "x: 1"]
    );
    let lines = logs("console.assert(true, 'no'); console.assert(1 > 2, 'less')");
    assert_eq!(lines, ["Assertion failed: less"]);
    let lines = logs(
        "console.dir({ a: 1 }); console.table([{ a: 1 }]); console.time('t'); console.timeEnd('t')",
    );
    assert_eq!(lines[0], "{ a: 1 }", "{lines:?}");
    assert!(
        lines[1].contains('a') && lines[1].contains('1'),
        "{lines:?}"
    );
    assert!(lines[2].starts_with("t: "), "{lines:?}");
}

#[test]
fn logs_are_cut_at_their_limit() {
    const LIMIT: usize = 64 << 10;
    for statements in [
        "for (let i = 0; i < 200; i++) console.log('x'.repeat(1000))",
        "console.log('x'.repeat(200_000))",
        "console.log('x'.repeat(60_000)); console.log('é'.repeat(70_000))",
    ] {
        let lines = logs(statements);
        let (last, kept) = lines.split_last().expect("there are lines");
        let bytes: usize = kept.iter().map(String::len).sum();
        assert!(
            (LIMIT / 2..=LIMIT + '…'.len_utf8()).contains(&bytes),
            "{bytes} bytes kept of {statements}"
        );
        assert!(
            last.len() < 500 && last.contains(|c: char| c.is_ascii_digit()),
            "how much was cut: {last}"
        );
    }
    let reply = Call::of("function onTrack(e) { for (let i = 0; i < 100; i++) console.log('x'.repeat(99)); return e }")
        .limits(|limits| limits.log_bytes = 1_000).capture().run();
    reply.delivered();
    assert!(reply.logs().len() < 13, "the caller's limit holds\n{reply}");
}

#[test]
fn an_endless_log_ends_by_time() {
    let source = "function onTrack() { for (;;) console.log('again', { a: [1, 2, 3] }) }";
    let reply = Call::of(source)
        .wall(std::time::Duration::from_millis(300))
        .run();
    reply.failed(Code::Timeout, "");
    let bytes: usize = reply.logs().iter().map(String::len).sum();
    assert!(bytes < 80 << 10, "{bytes} bytes of logs");
}

#[test]
fn timers_left_behind_are_cancelled_and_told() {
    let source = "function onTrack(e) { setTimeout(() => { console.log('too late'); globalThis.late = true }, 50); return { late: !!globalThis.late } }";
    let call = Call::of(source).capture();
    let reply = call.clone().run();
    reply.delivers(r#"{"late":false}"#);
    assert!(
        reply
            .logs()
            .iter()
            .any(|line| line.to_lowercase().contains("timer")),
        "a line tells of it\n{reply}"
    );
    for _ in 0..20 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        let reply = call.clone().run();
        reply.delivers(r#"{"late":false}"#);
        assert!(
            !reply.logs().iter().any(|line| line.contains("too late")),
            "{reply}"
        );
    }
    assert!(
        logs(
            "clearTimeout(setTimeout(() => {}, 1000)); clearInterval(setInterval(() => {}, 1000))"
        )
        .is_empty()
    );
}

/// Bytes in the heap of a new isolate after one call that runs `statements`.
#[track_caller]
fn heap_after(statements: &str) -> u64 {
    let reply = logged(statements);
    reply.delivered();
    let usage = reply.response().usage;
    usage.expect("a call has its usage").heap_used_bytes
}

#[test]
fn only_who_shows_objects_pays_for_it() {
    let silent = heap_after("await new Promise(resolve => setTimeout(resolve))");
    let plain = heap_after("console.log('a', 1)");
    let object = heap_after("console.log({ a: 1 })");
    let found = [silent, plain, object];
    assert!(silent + 10_000 < plain, "the console is loaded: {found:?}");
    assert!(plain + 80_000 < object, "what shows objects is: {found:?}");
}

#[test]
fn an_unhandled_rejection_is_its_invocations() {
    let source = "async function onTrack(e) { if (e.lose) Promise.reject(new Error('lost promise')); await null; return e }";
    let call = Call::of(source).capture();
    let reply = call.clone().event(r#"{"type":"track","lose":true}"#).run();
    reply.delivered();
    let logs = &reply.response().logs;
    let found = logs
        .iter()
        .find(|line| line.message.contains("lost promise"));
    assert_eq!(
        found.map(penstock::api::LogLine::level),
        Some(LogLevel::Error),
        "{reply}"
    );
    let next = call.run();
    next.delivered();
    assert!(
        next.logs().is_empty(),
        "the next invocation has nothing of it\n{next}"
    );
}

#[test]
fn a_rejection_handled_in_time_is_none() {
    assert!(
        logs("const p = Promise.reject(new Error('late catch')); await null; p.catch(() => {})")
            .is_empty()
    );
    let reply = Call::of("function onTrack() { throw new Error('once') }")
        .event(TRACK)
        .run();
    reply.failed(Code::BadRequest, "once");
    assert!(
        reply.logs().is_empty(),
        "the invocation's own error is no log line\n{reply}"
    );
}
