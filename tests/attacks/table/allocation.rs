//! Attacks on memory: heap, what V8 keeps beside it, and single allocations too large for any heap.

use crate::attack::{
    self, ANYTHING, Attack, End, MEMORY, MEMORY_OR_TIME, THROWN, THROWN_OR_LIMIT, awaited,
};
use crate::support::check::Code;

/// With time enough that memory is what ends it, where it is quick.
const fn eats(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    let mut attack = attack::sync(name, body, ends).limits(4_900, 1_900);
    attack.family = "allocation";
    attack
}

/// One that collects garbage for so long that time may end it first.
const fn drags(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    eats(name, body, ends).limits(1_500, 800)
}

/// One whose one allocation V8 has no exception for: the process has to be replaced.
const fn bursts(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    eats(name, body, ends).limits(1_500, 1_000).costs_a_cell()
}

const fn eats_later(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    let mut attack = awaited(name, body, ends).limits(4_900, 1_900);
    attack.family = "allocation";
    attack
}

const THROWN_OR_MEMORY: &[End] = &[
    End::Failed(Code::BadRequest),
    End::Failed(Code::MemoryLimitExceeded),
];

pub const ATTACKS: &[Attack] = &[
    eats("push", "const all = []; for (;;) all.push({ all })", MEMORY),
    drags(
        "push, from four callers",
        "const all = []; for (;;) all.push({ all })",
        MEMORY_OR_TIME,
    )
    .callers(4),
    drags(
        "push, caught and begun anew",
        "for (;;) { try { const all = []; for (;;) all.push([all]) } catch {} }",
        MEMORY_OR_TIME,
    ),
    eats(
        "push, with finally",
        "const all = []; for (;;) { try { for (;;) all.push([1]) } finally { continue } }",
        MEMORY,
    ),
    eats(
        "arrays made to length",
        "const all = []; for (;;) all.push(new Array(1e6))",
        MEMORY,
    ),
    eats(
        "arrays filled",
        "const all = []; for (;;) all.push(new Array(1000).fill(all.length))",
        MEMORY,
    ),
    bursts(
        "fill of 1e8",
        "return { length: new Array(1e8).fill(1.5).length }",
        MEMORY_OR_TIME,
    ),
    bursts(
        "fill of 2**32-2",
        "new Array(2 ** 32 - 2).fill(0)",
        MEMORY_OR_TIME,
    ),
    bursts(
        "sort of a length without end",
        "Array.prototype.sort.call({ length: Infinity })",
        THROWN_OR_LIMIT,
    ),
    bursts(
        "Array.from of 2**32-1",
        "Array.from({ length: 2 ** 32 - 1 })",
        MEMORY_OR_TIME,
    ),
    bursts(
        "spread of a long string",
        "const text = 'x'.repeat(3e8); return { length: [...text].length }",
        MEMORY_OR_TIME,
    ),
    bursts(
        "split of a long string",
        "return { length: 'x'.repeat(5e8).split('').length }",
        THROWN_OR_LIMIT,
    ),
    bursts(
        "slices of a long string",
        "const text = 'x'.repeat(5e8); const all = []; for (let i = 1; ;
         i++) all.push(text.slice(i))",
        MEMORY_OR_TIME,
    ),
    bursts(
        "join to a long string",
        "return { length: new Array(5e8).join('x').length }",
        ANYTHING,
    ),
    bursts(
        "join of long strings",
        "const part = 'x'.repeat(1e8); return {
         code: [part, part, part, part].join('y').charCodeAt(7) }",
        THROWN_OR_LIMIT,
    ),
    bursts(
        "flat copy of a long string",
        "return { code: ('x'.repeat(5e8) + 'y').charCodeAt(3) }",
        THROWN_OR_LIMIT,
    ),
    bursts(
        "padding to the longest string",
        "const all = []; for (;;) all.push('x'.padEnd(2 ** 29 - 25, 'abc'))",
        THROWN_OR_LIMIT,
    ),
    bursts(
        "replace that doubles",
        "let text = 'x'.repeat(1e7); for (;;) text = text.replace(/x/g, 'xx')",
        THROWN_OR_LIMIT,
    ),
    eats(
        "doubling a string",
        "let text = 'x'; for (;;) text += text",
        THROWN_OR_MEMORY,
    ),
    drags(
        "strings of templates",
        "const all = []; for (let i = 0; ; i++) all.push(`${i}: ${'x'.repeat(i % 1000)},
         ${all.length}`)",
        MEMORY_OR_TIME,
    ),
    eats(
        "Map",
        "const map = new Map(); for (let i = 0; ; i++) map.set(i, { i })",
        MEMORY,
    ),
    drags(
        "Set of strings",
        "const set = new Set(); for (let i = 0; ; i++) set.add('key ' + i)",
        MEMORY_OR_TIME,
    ),
    drags(
        "Set of an iterator without end",
        "return { size: new Set((function* () { for (let i = 0; ; i++) yield i })()).size }",
        MEMORY_OR_TIME,
    ),
    drags(
        "WeakMap whose keys live",
        "const map = new WeakMap(); let last = {}; for (;;) { const next = { last };
         map.set(next, [last]); last = next }",
        MEMORY_OR_TIME,
    ),
    drags(
        "properties of one object",
        "const one = {}; for (let i = 0; ; i++) one['key ' + i] = i",
        MEMORY_OR_TIME,
    ),
    drags(
        "registered symbols",
        "for (let i = 0; ; i++) Symbol.for('symbol ' + i)",
        MEMORY_OR_TIME,
    ),
    drags(
        "closures",
        "let last = () => 0; for (;;) { const before = last; last = () => before }",
        MEMORY_OR_TIME,
    ),
    drags(
        "generators",
        "const all = []; for (;;) { const one = (function* () { yield all })(); one.next();
         all.push(one) }",
        MEMORY_OR_TIME,
    ),
    drags(
        "code",
        "const all = []; for (let i = 0; ;
         i++) all.push(Function(`return ${i} + ${'1 + '.repeat(100)} 0`)())",
        MEMORY_OR_TIME,
    ),
    drags(
        "regular expressions",
        "const all = []; for (let i = 0; ; i++) {
         const one = new RegExp(`(a${i}|b)+c{2,${i % 50 + 2}}`); one.test('abc'); all.push(one) }",
        MEMORY_OR_TIME,
    ),
    eats(
        "large array buffers",
        "const all = []; for (;;) all.push(new ArrayBuffer(8 << 20))",
        MEMORY,
    ),
    eats(
        "large array buffers, written to",
        "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(7))",
        MEMORY,
    ),
    drags(
        "tiny array buffers",
        "const all = []; for (;;) all.push(new ArrayBuffer(1))",
        MEMORY_OR_TIME,
    ),
    drags(
        "array buffers, caught and begun anew",
        "const all = []; for (;;) { try { for (;;) all.push(new ArrayBuffer(4 << 20)) }
         catch {} }",
        MEMORY_OR_TIME,
    ),
    eats(
        "one huge array buffer",
        "return { length: new Uint8Array(2 ** 32).fill(1).length }",
        THROWN_OR_MEMORY,
    ),
    eats(
        "array buffers that grow",
        "const all = [];
         for (;;) { const one = new ArrayBuffer(0, { maxByteLength: 2 ** 28 });
           one.resize(2 ** 28); new Uint8Array(one).fill(1); all.push(one) }",
        THROWN_OR_MEMORY,
    ),
    eats(
        "array buffers handed on",
        "const all = []; for (;;) all.push(new ArrayBuffer(1 << 20).transfer(3 << 20))",
        THROWN_OR_MEMORY,
    ),
    eats(
        "shared array buffers",
        "const all = [];
         for (;;) all.push(new Uint8Array(new SharedArrayBuffer(8 << 20)).fill(1))",
        THROWN_OR_MEMORY,
    ),
    eats(
        "shared array buffers that grow",
        "const all = [];
         for (;;) { const one = new SharedArrayBuffer(0, { maxByteLength: 2 ** 28 });
           one.grow(2 ** 28); new Uint8Array(one).fill(1); all.push(one) }",
        THROWN_OR_MEMORY,
    ),
    drags(
        "array buffers dropped at once",
        "for (;;) new Uint8Array(16 << 20).fill(1)",
        MEMORY_OR_TIME,
    )
    .limits(1_500, 800),
    eats(
        "JSON.parse, kept",
        "const text = '[' + '{\"a\":1},'.repeat(1e5) + '1]'; const all = [];
         for (;;) all.push(JSON.parse(text))",
        MEMORY,
    ),
    bursts(
        "JSON.stringify of much",
        "const one = 'x'.repeat(1e6); return {
         length: JSON.stringify(new Array(500).fill(one)).length }",
        THROWN_OR_LIMIT,
    ),
    eats(
        "matches, kept",
        "const text = 'x'.repeat(1e5); const all = []; for (;;) all.push(text.match(/x/g))",
        MEMORY,
    ),
    eats(
        "BigInts",
        "const all = []; for (;;) all.push(1n << 1000000n)",
        MEMORY,
    ),
    eats(
        "the largest BigInt",
        "return { kind: typeof (1n << 2n ** 30n) }",
        THROWN,
    ),
    drags(
        "Intl objects",
        "const all = []; for (;;) all.push(new Intl.DateTimeFormat('de', { dateStyle: 'full' }),
         new Intl.NumberFormat('ar'))",
        MEMORY_OR_TIME,
    )
    .limits(2_000, 1_000),
    drags(
        "Intl segments",
        "const segmenter = new Intl.Segmenter('th'); const all = [];
         for (;;) all.push(...segmenter.segment('x y '.repeat(1000)))",
        MEMORY_OR_TIME,
    )
    .limits(2_000, 1_000),
    drags(
        "error stacks",
        "Error.stackTraceLimit = 200; const all = [];
         const deep = n => n ? deep(n - 1) : all.push(new Error('x')); for (;;) deep(200)",
        MEMORY_OR_TIME,
    ),
    drags(
        "error stacks without end",
        "Error.stackTraceLimit = Infinity; const all = [];
         const deep = n => n ? deep(n - 1) : all.push(new Error('x').stack); for (;;) deep(3000)",
        MEMORY_OR_TIME,
    ),
    eats(
        "timers",
        "for (;;) setTimeout(() => {}, 1e6)",
        THROWN_OR_LIMIT,
    ),
    eats_later(
        "timers that hold much",
        "for (let i = 0; i < 1000; i++) { const held = new Array(1e5).fill(i);
         setTimeout(() => held, 1e6) } await new Promise(() => {})",
        MEMORY,
    ),
    eats(
        "promises",
        "const all = []; for (;;) all.push(new Promise(() => {}))",
        MEMORY,
    ),
    drags(
        "a chain of promises",
        "let last = new Promise(() => {}); for (;;) last = last.then(() => {})",
        MEMORY_OR_TIME,
    ),
    eats(
        "async functions that wait",
        "const never = new Promise(() => {}); for (;;) (async () => { await never })()",
        MEMORY,
    ),
    eats(
        "registrations for finalization",
        "const registry = new FinalizationRegistry(() => {}); const all = []; for (;;) {
         const one = {}; all.push(one); registry.register(one, all) }",
        MEMORY,
    ),
    eats_later(
        "a little in each of many turns",
        "const all = []; for (;;) { all.push(new Array(2e5).fill(1));
         await new Promise(resolve => setTimeout(resolve, 0)) }",
        MEMORY,
    ),
    eats_later(
        "a little in each of many microtasks",
        "const all = []; for (;;) { all.push(new Array(1000).fill(1)); await null }",
        MEMORY,
    ),
    eats(
        "results of call by apply",
        "return { length: Math.max.apply(null, { length: 1e9 }) }",
        ANYTHING,
    )
    .costs_a_cell(),
    drags(
        "console that counts",
        "for (let i = 0; ; i++) console.count('label ' + i)",
        MEMORY_OR_TIME,
    ),
];
