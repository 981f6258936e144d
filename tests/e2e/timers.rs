//! Timers and the like, as in Node.

use std::time::Duration;

use crate::check::{Call, Code, Reply, TRACK, assert_at, delivers, fails};
use crate::service::{Service, block_on};

/// What `statements` pushed to `order` within the call.
#[track_caller]
fn order(statements: &str, expected: &str) {
    let source = format!(
        "const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
        async function onTrack() {{\nconst order = []\n{statements}\nreturn {{ order }} }}"
    );
    delivers(&source, TRACK, &format!(r#"{{"order":{expected}}}"#));
}

#[test]
fn timers_fire_in_order() {
    order(
        "setTimeout(() => order.push('c'), 60); setTimeout(() => order.push('a'), 1); setTimeout(() => order.push('b'), 30)
        await sleep(90)",
        r#"["a","b","c"]"#,
    );
    order(
        "for (const n of [1, 2, 3]) setTimeout(() => order.push(n), 5); await sleep(20)",
        "[1,2,3]",
    );
}

#[test]
fn arguments_are_passed_on() {
    order(
        "setTimeout((...a) => order.push(...a), 1, 'x', 2); await sleep(20)",
        r#"["x",2]"#,
    );
    order(
        "setImmediate((...a) => order.push(...a), 'x', 2); await sleep(20)",
        r#"["x",2]"#,
    );
    order(
        "await new Promise(resolve => setTimeout(resolve)); order.push('no delay')",
        r#"["no delay"]"#,
    );
}

#[test]
fn odd_delays_count_as_in_node() {
    for delay in [
        "'5'",
        "0",
        "-1",
        "NaN",
        "undefined",
        "null",
        "{}",
        "1.5",
        "2 ** 40",
    ] {
        order(
            &format!("await sleep({delay}); order.push('fired')"),
            r#"["fired"]"#,
        );
    }
    order(
        "setTimeout(() => order.push('b'), '40'); setTimeout(() => order.push('a'), '1'); await sleep(60)",
        r#"["a","b"]"#,
    );
}

#[test]
fn cleared_timers_do_not_fire() {
    order(
        "const t = setTimeout(() => order.push('no'), 1); clearTimeout(t); await sleep(20)",
        "[]",
    );
    order(
        "const t = setImmediate(() => order.push('no')); clearImmediate(t); await sleep(20)",
        "[]",
    );
    order(
        "clearTimeout(undefined); clearTimeout(null); clearTimeout(123456); clearTimeout({}); clearInterval('x')",
        "[]",
    );
    order(
        "const b = setTimeout(() => order.push('no'), 10); setTimeout(() => { clearTimeout(b); order.push('a') }, 1)
        await sleep(40)",
        r#"["a"]"#,
    );
}

#[test]
fn intervals_repeat_until_cleared() {
    order(
        "await new Promise(resolve => {
          const timer = setInterval(word => { order.push(word); if (order.length === 3) { clearInterval(timer); resolve() } }, 2, 'tick')
        })
        await sleep(20)",
        r#"["tick","tick","tick"]"#,
    );
}

#[test]
fn microtasks_come_before_timers() {
    order(
        "setTimeout(() => order.push('timeout'), 0); queueMicrotask(() => order.push('microtask'))
        Promise.resolve().then(() => order.push('then')); order.push('sync')
        await sleep(30)",
        r#"["sync","microtask","then","timeout"]"#,
    );
    order(
        "setImmediate(() => order.push('immediate')); Promise.resolve().then(() => order.push('then')); await sleep(30)",
        r#"["then","immediate"]"#,
    );
    order(
        "setTimeout(() => { order.push(1); queueMicrotask(() => order.push(2)) }, 5); setTimeout(() => order.push(3), 5)
        await sleep(30)",
        "[1,2,3]",
    );
}

#[test]
fn time_passes_while_asleep() {
    order(
        "const start = Date.now(); await sleep(50); order.push(Date.now() - start >= 45)",
        "[true]",
    );
}

#[test]
fn what_a_callback_throws_fails_the_invocation() {
    let source = "async function onTrack() {
  setTimeout(function later() {
    throw new TypeError('in a timer')
  }, 1)
  await new Promise(() => {})
}";
    let error = fails(source, TRACK, Code::BadRequest, "in a timer");
    assert_eq!(error.name, "TypeError", "{error:#?}");
    assert_at(&error, 3, 11);
    for source in [
        "function onTrack() { return new Promise(() => { setImmediate(() => { throw new Error('in a callback') }) }) }",
        "function onTrack() { return new Promise(() => { queueMicrotask(() => { throw new Error('in a callback') }) }) }",
        "function onTrack() { return new Promise(() => { setInterval(() => { throw new Error('in a callback') }, 1) }) }",
    ] {
        fails(source, TRACK, Code::BadRequest, "in a callback");
    }
    let source = "function onTrack() { return new Promise(() => { setTimeout(() => { throw new RetryError('later') }, 1) }) }";
    fails(source, TRACK, Code::Retry, "later");
}

#[test]
fn what_is_no_function_is_refused() {
    for call in [
        "setTimeout('code', 1)",
        "setTimeout()",
        "setInterval({}, 1)",
        "setImmediate(null)",
        "queueMicrotask(1)",
    ] {
        let error = fails(
            &format!("function onTrack() {{ {call} }}"),
            TRACK,
            Code::BadRequest,
            "",
        );
        assert_eq!(error.name, "TypeError", "for {call}: {error:#?}");
    }
}

#[test]
fn timers_have_nodes_handles() {
    order(
        "const t = setTimeout(() => {}, 1000); order.push(typeof t.ref, typeof t.unref, t.hasRef(), t.unref() === t); clearTimeout(t)",
        r#"["function","function",true,true]"#,
    );
    order(
        "const t = setTimeout(() => order.push('no'), 1); clearTimeout(+t); await sleep(20)",
        "[]",
    );
}

#[test]
fn many_timers_are_kept_apart() {
    order(
        "let sum = 0; const all = []
        for (let i = 0; i < 1000; i++) all.push(new Promise(resolve => setTimeout(n => { sum += n; resolve() }, i % 7, i)))
        await Promise.all(all); order.push(sum)",
        "[499500]",
    );
}

#[test]
fn a_sleeping_handler_blocks_nobody() {
    let source = "async function onTrack(e) {
          if (e.sleep) await new Promise(resolve => setTimeout(resolve, e.sleep))
          return e
        }";
    let call = Call::of(source);
    call.clone().run().delivered();
    let sleeping = call.clone().event(r#"{"type":"track","sleep":3000}"#);
    block_on(async {
        let client = Service::shared().client();
        let sleeper = tokio::spawn(sleeping.send(client.clone()));
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            call.clone().send(client.clone()).await.delivers(TRACK);
        }
        assert!(
            !sleeper.is_finished(),
            "five calls were done while one slept for three seconds"
        );
        let reply: Reply = sleeper.await.expect("the call ends");
        reply.delivers(r#"{"type":"track","sleep":3000}"#);
    });
}

#[test]
fn many_may_sleep_at_once() {
    let source = "async function onTrack(e) { await new Promise(resolve => setTimeout(resolve, 200)); return e }";
    let call = Call::of(source);
    block_on(async {
        let tasks: Vec<_> = (0..50)
            .map(|_| tokio::spawn(call.clone().send(Service::shared().client())))
            .collect();
        for task in tasks {
            task.await.expect("the call ends").delivers(TRACK);
        }
    });
}
