//! `structuredClone`: a table of facts, and what hostile functions try with it.

use crate::{
    check::{Call, Code, TRACK, delivers, fails},
    facts,
    poison::POISON,
};

const MILLIS_50: prost_types::Duration = prost_types::Duration {
    seconds: 0,
    nanos: 50_000_000,
};

#[test]
fn values_are_cloned_as_node_clones_them() {
    facts::hold(include_str!("facts/structured_clone.txt"));
}

#[test]
fn clones_are_made_whatever_was_done_to_the_globals() {
    let source = format!(
        "const map = new Map([['k', new Set([1])]]), date = new Date(5), bytes = new Uint8Array([1, 2, 3]).subarray(1)
        {POISON}
        Date = RegExp = undefined
        function onTrack() {{
          const {{ all, at, found, part, list }} = structuredClone({{ all: map, at: date, found: /a/g, part: bytes, list: [1, [2]], __proto__: null }})
          let name
          try {{ structuredClone(() => 1) }} catch (error) {{ name = error.name }}
          return {{ name, first: part[0], list, same: all === map || at === date }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        r#"{"name":"DataCloneError","first":2,"list":[1,[2]],"same":false}"#,
    );
}

#[test]
fn equal_strings_cost_nothing_and_too_much_ends_the_invocation() {
    delivers(
        "function onTrack() {
          const text = 'x'.repeat(1e6), all = structuredClone(new Array(1e5).fill(text))
          return { same: all[99999] === text, length: all.length } }",
        TRACK,
        r#"{"same":true,"length":100000}"#,
    );
    fails(
        "function onTrack() { const all = [new ArrayBuffer(4e7)]; for (;;) all.push(structuredClone(all[0])) }",
        TRACK,
        Code::MemoryLimitExceeded,
        "--heap-bytes",
    );
    fails(
        "function onTrack() { let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; structuredClone(deep) }",
        TRACK,
        Code::BadRequest,
        "Maximum call stack size exceeded",
    );
    // So little that a busy machine gives it before the wall time is over.
    Call::of("function onTrack() { structuredClone({ get a() { for (;;); } }) }")
        .limits(|limits| limits.cpu_time = Some(MILLIS_50))
        .run()
        .failed(Code::CpuLimitExceeded, "--cpu-time-ms");
}

#[test]
fn a_buffer_that_goes_away_in_the_middle_is_refused() {
    let source = "function onTrack() {
          const buffer = new ArrayBuffer(8), view = new Uint8Array(buffer)
          const caught = []
          for (const value of [{ get a() { buffer.transfer(); return 1 }, view }, view, buffer])
            try { structuredClone(value) } catch (error) { caught.push(error.name + ' ' + error.code) }
          return { caught } }";
    delivers(
        source,
        TRACK,
        r#"{"caught":["DataCloneError 25","DataCloneError 25","DataCloneError 25"]}"#,
    );
}
