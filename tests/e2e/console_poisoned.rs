//! What the runtime says of a function that did its worst before there was anything to say: the scripts that put
//! values into words are loaded only then.

use crate::{
    check::{Call, Code},
    poison::POISON,
};

/// The logs of `statements` after the worst, run with a few values made before it.
#[track_caller]
fn says(statements: &str, expected: &[&str]) {
    let source = format!(
        "const map = new Map([[1, {{ b: 2 }}]]), set = new Set(['x']), symbol = Symbol('s'), date = new Date(0)
        const regular = /a\\/b/gi, bytes = new Uint8Array([1, 2]), key = Object('boxed')
        Object.defineProperty(Map, 'name', {{ value: 'Renamed' }}); delete Error.stackTraceLimit
        {POISON}
        function onTrack(event) {{ {statements}; return event }}"
    );
    let reply = Call::of(&source).capture().run();
    reply.delivered();
    assert_eq!(reply.logs(), expected, "{reply}");
}

#[test]
fn logs() {
    says(
        "console.log('plain', 1, -0, 5n, undefined, null, true, symbol)",
        &["plain 1 -0 5n undefined null true Symbol(s)"],
    );
    says(
        "console.log({ a: [1, 'two', , [3]], deep: { deep: { deep: {} } } }, [1, 2, 3, 4, 5, 6, 7])",
        &[
            "{\n  a: [ 1, 'two', <1 empty item>, [ 3 ] ],\n  deep: { deep: { deep: {} } }\n} [\n  1, 2, 3, 4,\n  5, 6, 7\n]",
        ],
    );
    says(
        "console.log(set, date, regular, bytes, key); console.log(map)",
        &[
            "Set(1) { 'x' } 1970-01-01T00:00:00.000Z /a\\/b/gi Uint8Array(2) [ 1, 2 ] [String: 'boxed']",
            "Renamed(1) { 1 => { b: 2 } }",
        ],
    );
    says(
        "console.log('%s is %d, %i, %f, %j, %o, %%', 'a', 1.5, 2.5, 3.5, 'x', 'y', { z: 1 })",
        &["a is 1.5, 2, 3.5, \"x\", 'y', % { z: 1 }"],
    );
}

/// Otherwise the date would be asked for its text.
#[test]
fn a_builtin_class_is_known_under_any_name() {
    let source = "const date = new Date(0)
        Object.defineProperty(Date, 'name', { value: 'Day' }); delete globalThis.Date
        function onTrack(event) { console.log('%s', date); return event }";
    let reply = Call::of(source).capture().run();
    reply.delivered();
    assert_eq!(reply.logs(), ["Day 1970-01-01T00:00:00.000Z"], "{reply}");
}

#[test]
fn the_lesser_methods() {
    says(
        "console.table([{ a: 1 }, { a: 'x' }])",
        &[
            "┌─────────┬─────┐\n│ (index) │ a   │\n├─────────┼─────┤\n│ 0       │ 1   │\n│ 1       │ 'x' │\n└─────────┴─────┘",
        ],
    );
    says(
        "console.dir({ a: 1 }); console.group('g'); console.count(); console.log({ b: 1 }); console.groupEnd(); console.assert(false, {})",
        &[
            "{ a: 1 }",
            "g",
            "  default: 1",
            "  { b: 1 }",
            "Assertion failed: {}",
        ],
    );
}

/// The reply to `statements`, which throw after the worst.
fn thrown(statements: &str) -> crate::check::Reply {
    Call::of(&format!(
        "const Kept = Error; {POISON}\nfunction onTrack() {{ {statements} }}"
    ))
    .run()
}

#[test]
fn errors() {
    thrown("throw new Kept('plain')").failed(Code::BadRequest, "plain");
    thrown("throw new RetryError('later')").failed(Code::Retry, "later");
    thrown("throw { a: [1] }").failed(Code::BadRequest, "{ a: [ 1 ] }");
    let reply = thrown("return { a: [{ b: 1n }] }");
    reply.failed(Code::InvalidResult, "result.a[0].b is a BigInt");
}

/// Every level of a stack that was used up tries to log, so that the scripts are cut short at any place.
#[test]
fn scripts_cut_short_by_a_full_stack_are_run_anew() {
    let source = "let logged = 0
        function dive() {
          try { dive() } catch {}
          if (logged < 20) try { console.log({ a: { b: [1] } }); logged++ } catch {}
        }
        function onTrack(event) { dive(); console.log({ a: { b: [new Map([[1, 2]])] } }); return event }";
    let reply = Call::of(source).capture().run();
    reply.delivered();
    let logs = reply.logs();
    assert_eq!(logs.len(), 21, "{reply}");
    assert_eq!(logs[20], "{ a: { b: [ [Map] ] } }", "{reply}");
    let shown = logs.iter().filter(|line| *line == "{ a: { b: [ 1 ] } }");
    assert!(shown.count() > 0, "{reply}");
}
