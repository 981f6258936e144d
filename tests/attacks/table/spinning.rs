//! Attacks on time with plain code: loops, promises, timers that never let go.

use crate::attack::{self, After, Attack, DELIVERED_OR_TIME, End, TIME};
use crate::support::check::Code;

const fn spins(name: &'static str, body: &'static str) -> Attack {
    of_family(attack::sync(name, body, TIME))
}

const fn spins_later(name: &'static str, body: &'static str) -> Attack {
    of_family(attack::awaited(name, body, TIME))
}

/// Spins before there is a handler to call: the source's own fault, so it does so again.
const fn spins_at_top(name: &'static str, source: &'static str) -> Attack {
    let attack = attack::whole(name, source, &[End::TopLevelTime]);
    of_family(attack).limits(4_000, 1_900).after(After::Same)
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "unkillable";
    attack.limits(600, 200)
}

const ONLY_WALL: &[End] = &[End::Failed(Code::Timeout)];

pub const ATTACKS: &[Attack] = &[
    spins("for", "for (;;);"),
    spins("for, from eight callers", "for (;;);").callers(8),
    spins(
        "while with work",
        "let n = 0; while (true) n = (n * 31 + 7) % 1000003",
    ),
    spins(
        "try, finally, go on",
        "for (;;) { try { for (;;); } finally { continue } }",
    ),
    spins(
        "finally within finally",
        "const spin = () => { try { for (;;); } finally { try { spin() } finally { for (;;);
         } } }; spin()",
    ),
    spins(
        "catch and begin anew",
        "for (;;) { try { for (;;); } catch { for (;;); } }",
    ),
    spins(
        "optimised, short inner loops",
        "for (;;) new Array(1000).fill(1)",
    ),
    spins(
        "optimised, empty inner loops",
        "for (;;) { for (let i = 0; i < 7; i++); }",
    ),
    spins(
        "a change of shape every time",
        "for (;;) { globalThis.__proto__ = {}; }",
    ),
    spins(
        "spins in a microtask once the handler is stopped",
        "Promise.resolve().then(() => { for (;;); }); for (;;);",
    ),
    spins(
        "spins in every rejection's report",
        "for (let i = 0; i < 9; i++) Promise.reject({ get x() { return 1 }, [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } }); return event",
    ),
    spins_later(
        "spins in a microtask once its timer is stopped",
        "setTimeout(() => { Promise.resolve().then(() => { for (;;); }); for (;;); }, 1); await new Promise(() => {})",
    ),
    spins_at_top(
        "spins while its exports are read",
        "export default new Proxy({}, { get() { for (;;); } })",
    ),
    spins_at_top(
        "spins in a microtask and while its handlers are looked for",
        "Promise.resolve().then(() => { for (;;); });
         Object.defineProperty(globalThis, 'onTrack', { get() { for (;;); } })",
    ),
    spins(
        "generator that ignores return",
        "const all = { [Symbol.iterator]() { return { next: () => ({ done: false }), return() {
         for (;;); } } } }; for (const one of all) break",
    ),
    spins(
        "iterator without end",
        "for (const one of (function* () { for (;;) yield 1 })());",
    ),
    spins("made code", "Function('for (;;);')()"),
    spins("evaluated code", "(0, eval)('for (;;);')"),
    spins(
        "conversion",
        "return { sum: 1 + { valueOf() { for (;;); } } }",
    ),
    spins(
        "trap",
        "return 'a' in new Proxy({}, { has() { for (;;); } })",
    ),
    spins(
        "class field",
        "class Spinning { field = (() => { for (;;); })() } new Spinning()",
    ),
    spins(
        "with",
        "const scope = new Proxy({}, { has: () => true, get() { for (;;); } });
         Function('scope', 'with (scope) { one }')(scope)",
    ),
    spins(
        "delay's conversion",
        "setTimeout(() => {}, { valueOf() { for (;;); } })",
    ),
    spins(
        "what the console prints",
        "console.log('%s', { toString() { for (;;); } }); return event; for (;;);",
    )
    .ends(DELIVERED_OR_TIME),
    spins_later("await in a loop", "for (;;) await null"),
    spins_later(
        "microtasks that make microtasks",
        "const next = () => Promise.resolve().then(next); next(); await new Promise(() => {})",
    ),
    spins_later(
        "queued microtasks",
        "const next = () => queueMicrotask(next); next(); await new Promise(() => {})",
    ),
    spins_later(
        "two microtask loops",
        "const next = async () => { for (;;) await 0 }; await Promise.all([next(), next()])",
    ),
    spins_later(
        "thenable that never ends",
        "await { then(resolve) { resolve(this) } }",
    ),
    spins_later(
        "async generator",
        "for await (const one of (async function* () { for (;;) yield 1 })());",
    ),
    spins_later(
        "spin after a timer",
        "await new Promise(resolve => setTimeout(resolve, 10)); for (;;);",
    ),
    spins_later(
        "spin in a timer",
        "setTimeout(() => { for (;;); }, 5); await new Promise(() => {})",
    ),
    spins_later(
        "timers that set timers",
        "const next = () => setTimeout(next, 0); next(); await new Promise(() => {})",
    ),
    spins_later(
        "immediates that set immediates",
        "const next = () => setImmediate(next); next(); await new Promise(() => {})",
    ),
    spins_later(
        "intervals",
        "for (let i = 0; i < 1000; i++) setInterval(() => {}, 1); await new Promise(() => {})",
    ),
    spins_later("wait for nothing", "await new Promise(() => {})")
        .ends(ONLY_WALL)
        .limits(300, 300),
    spins_later(
        "wait for a late timer",
        "await new Promise(resolve => setTimeout(resolve, 1e9))",
    )
    .ends(ONLY_WALL)
    .limits(300, 300),
    spins_later(
        "short turns, much waiting",
        "for (;;) { const start = Date.now(); while (Date.now() - start < 5);
         await new Promise(resolve => setTimeout(resolve, 5)) }",
    ),
    spins_at_top(
        "top level: for",
        "for (;;);\nfunction onTrack(event) { return event }",
    ),
    spins_at_top(
        "top level: finally",
        "for (;;) { try { for (;;); } finally { continue } }\nfunction onTrack(event) {
         return event }",
    ),
    spins_at_top(
        "top level: static block",
        "class Spinning { static { for (;;); } }\nfunction onTrack(event) { return event }",
    ),
    spins_at_top(
        "top level: module",
        "for (;;);\nexport function onTrack(event) { return event }",
    ),
    spins_at_top(
        "top level: microtasks",
        "(async () => { for (;;) await 0 })();\nfunction onTrack(event) {
         return event }",
    ),
    spins_at_top(
        "top level: handler's getter",
        "Object.defineProperty(globalThis, 'onTrack', { get() { for (;;); } })",
    ),
    spins_at_top(
        "top level: await",
        "await new Promise(() => {});\nexport function onTrack(event) { return event }",
    )
    .ends(&[End::TopLevelTime, End::Failed(Code::InvalidFunction)]),
];
