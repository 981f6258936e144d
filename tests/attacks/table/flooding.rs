//! Attacks with too much of what is allowed: log lines, timers, promises, work after the result.

use crate::attack::{
    self, ANYTHING, Attack, DELIVERED, DELIVERED_OR_LIMIT, DELIVERED_OR_TIME, End, MEMORY_OR_TIME,
    TIME, UNCHANGED,
};

const fn floods(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::sync(name, body, ends))
}

const fn floods_later(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::awaited(name, body, ends))
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "flooding";
    attack
}

pub const ATTACKS: &[Attack] = &[
    floods(
        "log lines",
        "for (let i = 0; i < 1e4; i++) console.log('line', i); return event",
        UNCHANGED,
    )
    .limits(3_000, 1_900),
    floods(
        "log lines without end",
        "for (;;) console.log('line')",
        MEMORY_OR_TIME,
    ),
    floods(
        "log lines without end, from four callers",
        "for (;;) console.error('line', { a: [1, 2] })",
        MEMORY_OR_TIME,
    )
    .callers(4),
    floods(
        "empty log lines",
        "for (let i = 0; i < 1e5; i++) console.log(''); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    floods(
        "one long log line",
        "console.log('x'.repeat(1e7)); return event",
        DELIVERED_OR_LIMIT,
    ),
    floods(
        "longest log line",
        "console.log('x'.repeat(2 ** 29 - 24)); return event",
        ANYTHING,
    )
    .costs_a_cell(),
    floods(
        "log of a large object",
        "console.log(Array.from({ length: 1e5 }, (_, i) => ({ i, list: [i] })));
         console.dir(new Array(1e6).fill({}), { maxArrayLength: null }); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    floods(
        "log of a wide table",
        "console.table(Array.from({ length: 1e4 }, (_, i) => ({ ['column' + i]: i })));
         return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    floods(
        "log groups",
        "for (let i = 0; i < 1e5; i++) console.group(); for (let i = 0; i < 1000;
         i++) console.log('a\\nb'); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    floods(
        "log formats",
        "console.log('%s%o%j%c'.repeat(1e5), ...new Array(1e5).fill(event)); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    floods(
        "log of a spinning getter",
        "console.log({ get a() { for (;;); } }); return event",
        DELIVERED_OR_TIME,
    ),
    floods(
        "log labels",
        "for (let i = 0; i < 1e5; i++) { console.time('label' + i);
         console.count('label' + i) } return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    floods(
        "timers after the result",
        "for (let i = 0; i < 9000; i++) setTimeout(() => { for (;;); }, i % 100); return event",
        UNCHANGED,
    ),
    floods(
        "intervals after the result",
        "for (let i = 0; i < 1000; i++) setInterval(() => { for (;;); }, 1); return event",
        UNCHANGED,
    ),
    floods(
        "immediates after the result",
        "for (let i = 0; i < 1000; i++) setImmediate(() => { for (;;); }); return event",
        UNCHANGED,
    ),
    floods(
        "throwing timers after the result",
        "for (let i = 0; i < 100; i++) setTimeout(() => { throw new Error('late') }, 0);
         return event",
        UNCHANGED,
    ),
    floods(
        "timers that log after the result",
        "setInterval(() => console.log('still here'), 1); return event",
        UNCHANGED,
    ),
    floods_later(
        "many timers",
        "await Promise.all(Array.from({ length: 9000 },
         (_, i) => new Promise(resolve => setTimeout(resolve, i % 50)))); return event",
        UNCHANGED,
    )
    .limits(4_000, 1_900),
    floods_later(
        "timers set and cleared",
        "for (let i = 0; i < 2e5; i++) clearTimeout(setTimeout(() => {}, 1e5)); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    floods_later(
        "many short waits",
        "for (let i = 0; i < 200; i++) await new Promise(resolve => setTimeout(resolve, 0));
         return event",
        DELIVERED_OR_TIME,
    )
    .limits(3_000, 1_900),
    floods(
        "microtasks after the result",
        "(async () => { for (;;) await 0 })(); return event",
        DELIVERED_OR_TIME,
    ),
    floods(
        "queued microtask after the result",
        "queueMicrotask(() => { for (;;); }); return event",
        DELIVERED_OR_TIME,
    ),
    floods(
        "throwing microtask after the result",
        "queueMicrotask(() => { throw new Error('late') }); return event",
        ANYTHING,
    ),
    floods_later(
        "spin after an awaited result",
        "queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => { for (;;); })));
         return event",
        DELIVERED_OR_TIME,
    ),
    floods(
        "waiting loop after the result",
        "(async () => { for (;;) await new Promise(resolve => setTimeout(resolve, 0)) })();
         return event",
        UNCHANGED,
    ),
    floods(
        "unawaited promises",
        "for (let i = 0; i < 1e5; i++) (async () => { await null })(); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    floods(
        "unhandled rejections",
        "for (let i = 0; i < 2e4; i++) Promise.reject(new Error('x')); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    floods(
        "unhandled rejections without end",
        "(async () => { for (;;) { Promise.reject(new Error('x')); await null } })();
         return event",
        DELIVERED_OR_LIMIT,
    ),
    floods_later(
        "a race of many",
        "await Promise.race(Array.from({ length: 1e5 }, () => new Promise(() => {})))",
        MEMORY_OR_TIME,
    )
    .limits(600, 500),
    floods(
        "finalizers after the result",
        "const registry = new FinalizationRegistry(() => { for (;;); }); for (let i = 0; i < 1e5;
         i++) registry.register({}, i); return event",
        UNCHANGED,
    )
    .limits(2_000, 1_000),
    floods(
        "finalizers while it runs",
        "const registry = new FinalizationRegistry(() => { for (;;); });
         for (;;) registry.register({ a: new Array(100) }, 1)",
        MEMORY_OR_TIME,
    ),
    floods_later(
        "finalizers between turns",
        "const registry = new FinalizationRegistry(() => { for (;;); });
         for (let i = 0; i < 20; i++) { for (let j = 0; j < 1e4; j++) registry.register({
           j: new Array(50) }, 1); await new Promise(resolve => setTimeout(resolve, 1)) }
         return event",
        DELIVERED_OR_TIME,
    )
    .limits(2_000, 1_000),
    floods(
        "weak references",
        "const all = []; for (let i = 0; i < 3e5; i++) all.push(new WeakRef({ i })); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    floods("many callers that do little", "return event", UNCHANGED).callers(64),
    floods_later(
        "many callers that wait",
        "await new Promise(resolve => setTimeout(resolve, 100)); return event",
        UNCHANGED,
    )
    .callers(64)
    .limits(4_000, 1_900),
    floods_later(
        "many callers that wait for ever",
        "await new Promise(() => {})",
        TIME,
    )
    .callers(64)
    .limits(400, 300),
    floods("large event, returned", "return event", DELIVERED)
        .made_event(large_event)
        .callers(8),
];

/// As many bytes as an event may have, nearly.
fn large_event() -> String {
    let text = "x".repeat((1 << 20) - 64);
    format!(r#"{{"type":"track","text":"{text}"}}"#)
}
