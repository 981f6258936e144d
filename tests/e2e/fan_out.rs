//! Batches without `onBatch`: each event through its own handler, with lines and errors of its own.

use std::time::Duration;

use crate::batch::Batch;

const A: &str = r#"{"type":"track","messageId":"a"}"#;
const B: &str = r#"{"type":"page","messageId":"b"}"#;
const PLAIN: &str = r#"{"type":"track"}"#;

#[test]
fn each_event_has_its_own_handler_and_outcome() {
    let source = "
        let calls = 0
        function onTrack(e, settings) { e.call = ++calls; e.name = settings.name; settings.name = 'changed'; return e }
        async function onPage(e) { await 0; throw new DropEvent('no pages') }
        const onIdentify = e => { throw new RetryError('later', { retryAfter: 20 }) }
        var onGroup = async e => 5";
    let events = [
        A,
        r#"{"type":"PAGE"}"#,
        r#"{"type":"identify"}"#,
        r#"{"type":"group"}"#,
        r#"{"type":"alias"}"#,
        r#"{"type":"strange"}"#,
        PLAIN,
    ];
    let reply = Batch::of(source)
        .events(&events)
        .settings(r#"{"name":"n"}"#)
        .run();
    reply.comes_to(&[
        r#"{"type":"track","messageId":"a","call":1,"name":"n"}"#,
        "filtered DROP_EVENT no pages",
        "RETRY later",
        "INVALID_RESULT onGroup must return the event, an object that JSON can carry: result is a number, not an object",
        "UNSUPPORTED_EVENT_TYPE no onAlias for event.type \"alias\"; this function defines onIdentify, onTrack, onPage, onGroup",
        "UNSUPPORTED_EVENT_TYPE event.type \"strange\" is none of identify",
        r#"{"type":"track","call":2,"name":"n"}"#,
    ]);
    let retry_after = reply.error(2).retry_after.expect("a delay");
    assert_eq!(retry_after.nanos, 20_000_000);
}

#[test]
fn sixteen_handlers_run_at_once() {
    let source = "
        let running = 0, most = 0
        async function onTrack(e) {
          most = Math.max(most, ++running)
          await new Promise(resolve => setTimeout(resolve, e.n % 3))
          running--
          return { n: e.n, most: e.n === 99 ? most : undefined }
        }";
    let reply = Batch::of(source).numbered(100).run();
    let expected: Vec<_> = (0..99).map(|n| format!("{{\"n\":{n}}}")).collect();
    let mut expected: Vec<_> = expected.iter().map(String::as_str).collect();
    expected.push(r#"{"n":99,"most":16}"#);
    reply.comes_to(&expected);
}

#[test]
fn lines_belong_to_their_event_across_everything_that_waits() {
    let source = "
        const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
        async function onTrack(e) {
          console.log('start ' + e.n)
          await pause(5 - e.n)
          console.log('after await ' + e.n)
          setTimeout((n) => console.log('in timer ' + n), 1, e.n)
          queueMicrotask(() => console.log('in microtask ' + e.n))
          Promise.resolve().then(() => console.log('in then ' + e.n))
          await pause(3)
          await { then(resolve) { console.log('in thenable ' + e.n); resolve() } }
          const interval = setInterval(() => { console.log('in interval ' + e.n); clearInterval(interval) }, 1)
          await new Promise(resolve => setImmediate(resolve))
          await pause(5)
          for await (const x of (async function* () { await 0; yield 1 })()) console.log('in generator ' + e.n)
          return e
        }";
    let reply = Batch::of(source).numbered(5).capture().run();
    for n in 0..5 {
        let expected = [
            "start",
            "after await",
            "in microtask",
            "in then",
            "in timer",
            "in thenable",
            "in interval",
            "in generator",
        ];
        let expected: Vec<_> = expected.iter().map(|what| format!("{what} {n}")).collect();
        assert_eq!(reply.logs_of(Some(n)), expected, "{reply}");
    }
    assert_eq!(reply.logs_of(None), [""; 0], "{reply}");
}

#[test]
fn what_goes_wrong_later_is_its_own_events_fault() {
    let source = "
        async function onTrack(e) {
          if (e.n === 1) setTimeout(() => { throw new Error('timer of ' + e.n) })
          if (e.n === 2) queueMicrotask(() => { throw new Error('microtask of ' + e.n) })
          if (e.n === 3) Promise.reject(new Error('rejection of ' + e.n))
          if (e.n === 4) setTimeout(async () => { throw new Error('late rejection of ' + e.n) })
          await new Promise(resolve => setTimeout(resolve, 20))
          return { n: e.n }
        }";
    let reply = Batch::of(source).numbered(6).capture().run();
    reply.comes_to(&[
        r#"{"n":0}"#,
        "BAD_REQUEST timer of 1",
        "BAD_REQUEST microtask of 2",
        r#"{"n":3}"#,
        r#"{"n":4}"#,
        r#"{"n":5}"#,
    ]);
    for (event, line) in [
        (3, "Error: rejection of 3"),
        (4, "Error: late rejection of 4"),
    ] {
        let lines = reply.logs_of(Some(event));
        assert!(lines.len() == 1 && lines[0].contains(line), "{reply}");
    }
}

#[test]
fn what_an_earlier_batch_left_behind_belongs_to_no_event_of_this_one() {
    let source = "
        let earlier = []
        async function onTrack(e) {
          for (const release of earlier.splice(0)) release()
          new Promise(resolve => earlier.push(resolve)).then(() => console.log('left behind by ' + e.round))
          await 0
          return { n: e.n }
        }";
    let base = Batch::of(source);
    let round = |name: &str| {
        let events = [0, 1].map(|n| format!(r#"{{"type":"track","round":"{name}","n":{n}}}"#));
        base.clone().events(&events).capture().run()
    };
    let first = round("first");
    assert_eq!(first.logs_of(Some(0)), ["left behind by first"], "{first}");
    let second = round("second");
    if second
        .response()
        .usage
        .as_ref()
        .is_some_and(|usage| !usage.cold_start)
    {
        assert_eq!(second.logs_of(None), ["left behind by first"], "{second}");
    }
}

#[test]
fn logs_come_with_what_failed_unless_all_are_asked_for() {
    let source = "
        function onTrack(e) { console.log('line of ' + e.messageId); return e }
        function onPage(e) { console.log('line of ' + e.messageId); throw new Error('no') }";
    let base = Batch::of(source).events(&[A, B]);
    let reply = base.clone().run();
    assert_eq!(reply.logs_of(Some(0)), [""; 0], "{reply}");
    assert_eq!(reply.logs_of(Some(1)), ["line of b"], "{reply}");
    let reply = base.capture().run();
    assert_eq!(reply.logs_of(Some(0)), ["line of a"], "{reply}");
}

#[test]
fn what_has_finished_when_time_is_up_keeps_its_outcome() {
    let source = "
        function onTrack(e) { return e.n % 2 ? new Promise(() => {}) : { n: e.n } }
        function onPage() { for (;;); }";
    let short = Duration::from_millis(150);
    let reply = Batch::of(source).numbered(4).wall(short).run();
    reply.comes_to(&[r#"{"n":0}"#, "TIMEOUT", r#"{"n":2}"#, "TIMEOUT"]);
    assert!(reply.error(1).retryable);
    let reply = Batch::of(source)
        .events(&[PLAIN, r#"{"type":"page"}"#, PLAIN])
        .wall(short)
        .run();
    reply.comes_to(&["{}", "TIMEOUT", "TIMEOUT"]);
    let reply = Batch::of("function onBatch() { for (;;); }")
        .events(&[A, B])
        .wall(short)
        .run();
    reply.comes_to(&["TIMEOUT", "TIMEOUT"]);
    let source = "function onTrack(e) { if (e.n === 1) for (;;) [].indexOf.call({ length: 2 ** 53 - 1 }, 1); return { n: e.n } }";
    let reply = Batch::of(source).numbered(3).wall(short).run();
    reply.comes_to(&[r#"{"n":0}"#, "TIMEOUT", "TIMEOUT"]);
}

#[test]
fn what_has_finished_when_memory_is_up_keeps_its_outcome() {
    let source = "function onTrack(e) { if (e.n === 1) for (const a = [];;) a.push(new Array(1000)); return { n: e.n } }";
    let reply = Batch::of(source).numbered(3).run();
    reply.comes_to(&[
        r#"{"n":0}"#,
        "MEMORY_LIMIT_EXCEEDED",
        "MEMORY_LIMIT_EXCEEDED",
    ]);
}

#[test]
fn lines_belong_to_their_event_after_the_cache_and_requests() {
    let source = "
        async function onTrack(e) {
          const value = await cache.load('shared', -1, async () => {
            console.log('loading for ' + e.n)
            await new Promise(resolve => setTimeout(resolve, 10))
            console.log('loaded for ' + e.n)
            return 7
          })
          console.log('value for ' + e.n)
          await fetch('http://127.0.0.1/').catch(() => console.log('refused for ' + e.n))
          console.log('done with ' + e.n)
          return e
        }";
    let reply = Batch::of(source).numbered(4).capture().run();
    for n in 0..4 {
        let first = [
            "loading for",
            "loaded for",
            "value for",
            "refused for",
            "done with",
        ];
        let own = if n == 0 { &first[..] } else { &first[2..] };
        let expected: Vec<_> = own.iter().map(|what| format!("{what} {n}")).collect();
        assert_eq!(reply.logs_of(Some(n)), expected, "{reply}");
    }
    let traces = reply.response().requests.iter();
    let mut events: Vec<_> = traces.map(|trace| trace.event_index).collect();
    events.sort_unstable();
    assert_eq!(events, [Some(0), Some(1), Some(2), Some(3)]);
}
