//! Attacks on the stack: of calls, of parsers, of what walks over nested things.

use crate::attack::{
    self, ANYTHING, After, Attack, DELIVERED, DELIVERED_OR_LIMIT, End, INVALID_FUNCTION,
    INVALID_RESULT, THROWN, THROWN_OR_LIMIT, THROWN_OR_TIME, TIME,
};
use crate::support::check::Code;

const fn nests(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::sync(name, body, ends))
}

const fn nests_later(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::awaited(name, body, ends))
}

/// A source nested so deep that it cannot be read, now or later.
const fn unreadable(name: &'static str, source: fn() -> String) -> Attack {
    let attack = attack::made(name, source, INVALID_FUNCTION).after(After::Same);
    of_family(attack).limits(3_000, 1_900)
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "recursion";
    attack
}

const THROWN_OR_DELIVERED: &[End] = &[End::Delivered, End::Failed(Code::BadRequest)];

const THROWN_OR_DELIVERED_OR_TIME: &[End] = &[
    End::Delivered,
    End::Failed(Code::BadRequest),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];

const READ_OR_NOT: &[End] = &[
    End::Delivered,
    End::Failed(Code::InvalidFunction),
    End::Failed(Code::MemoryLimitExceeded),
];

const REFUSED_OR_NOT: &[End] = &[
    End::Refused,
    End::Delivered,
    End::Failed(Code::BadRequest),
    End::Failed(Code::InvalidResult),
];

/// So deep that it overflows any stack of a few MiB, within the bytes that an event may have.
fn deep_event() -> String {
    const DEPTH: usize = 200_000;
    let (open, close) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
    format!(r#"{{"type":"track","deep":{open}{close}}}"#)
}

fn deep_objects() -> String {
    const DEPTH: usize = 100_000;
    let (open, close) = (r#"{"a":"#.repeat(DEPTH), "}".repeat(DEPTH));
    format!(r#"{{"type":"track","deep":{open}1{close}}}"#)
}

/// The handler and an expression around `core`, nested `depth` times.
fn nested(depth: usize, open: &str, core: &str, close: &str) -> String {
    let (open, close) = (open.repeat(depth), close.repeat(depth));
    format!("function onTrack(event) {{ return event }}\nconst nested = () => {open}{core}{close};")
}

fn parentheses() -> String {
    nested(100_000, "(", "1", ")")
}

fn brackets() -> String {
    nested(100_000, "[", "1", "]")
}

fn arrows() -> String {
    nested(50_000, "a => ", "1", "")
}

fn negations() -> String {
    nested(300_000, "!", "1", "")
}

fn templates() -> String {
    nested(50_000, "`${", "1", "}`")
}

fn choices() -> String {
    nested(50_000, "1 ? 1 : ", "1", "")
}

fn sums() -> String {
    nested(100_000, "1 + ", "1", "")
}

fn blocks() -> String {
    let (open, close) = ("{".repeat(100_000), "}".repeat(100_000));
    format!("function onTrack(event) {{ return event }}\n{open}{close}")
}

fn functions() -> String {
    let (open, close) = ("function f() {".repeat(20_000), "}".repeat(20_000));
    format!("function onTrack(event) {{ return event }}\n{open}{close}")
}

pub const ATTACKS: &[Attack] = &[
    nests("functions", "const deep = () => deep() + 1; deep()", THROWN),
    nests(
        "functions, from eight callers",
        "const deep = () => deep() + 1; deep()",
        THROWN,
    )
    .callers(8),
    nests(
        "functions with large frames",
        "const deep = (...all) => deep(...all, 1, 2, 3, 4, 5, 6, 7, 8); deep()",
        THROWN_OR_LIMIT,
    ),
    nests(
        "functions, caught and called again",
        "const deep = () => { try { deep() } catch { deep() } }; deep()",
        THROWN_OR_TIME,
    ),
    nests(
        "functions, at the end of the stack for ever",
        "const deep = () => { try { deep() } finally { deep() } }; deep()",
        THROWN_OR_TIME,
    ),
    nests(
        "native callbacks",
        "const deep = () => [1].map(deep); deep()",
        THROWN,
    ),
    nests(
        "sort's comparer",
        "const deep = () => [1, 2].sort(deep); deep()",
        THROWN,
    ),
    nests(
        "getters",
        "const deep = { get value() { return this.value } }; return { value: deep.value }",
        THROWN,
    ),
    nests(
        "toString",
        "const deep = { toString() { return `${this}` } }; return { text: `${deep}` }",
        THROWN,
    ),
    nests(
        "toJSON",
        "const deep = { toJSON() { return JSON.stringify(this) } }; return {
         text: JSON.stringify(deep) }",
        THROWN,
    ),
    nests(
        "replace's function",
        "const deep = () => 'x'.replace(/x/, deep); deep()",
        THROWN,
    ),
    nests(
        "constructors",
        "class Deep { constructor() { new Deep() } } new Deep()",
        THROWN,
    ),
    nests(
        "evaluation",
        "globalThis.deep = () => (0, eval)('deep()'); deep()",
        THROWN_OR_LIMIT,
    ),
    nests(
        "console at the end of the stack",
        "const deep = () => { try { deep() } catch { console.log({ at: 'the end' }) } }; deep();
         return event",
        THROWN_OR_DELIVERED_OR_TIME,
    ),
    nests(
        "timers at the end of the stack",
        "const deep = () => { try { deep() } catch { setTimeout(() => {}, 1) } }; deep();
         return event",
        THROWN_OR_DELIVERED_OR_TIME,
    ),
    nests_later(
        "promises at the end of the stack",
        "const deep = () => { try { deep() } catch { Promise.reject(new Error('deep')) } };
         deep(); return event",
        THROWN_OR_DELIVERED_OR_TIME,
    ),
    nests_later(
        "async functions",
        "const deep = async () => { await deep() }; await deep()",
        THROWN_OR_LIMIT,
    ),
    nests_later(
        "thenables",
        "const deep = n => ({ then(resolve) { resolve(n ? deep(n - 1) : 1) } }); await deep(1e5);
         return event",
        THROWN_OR_DELIVERED_OR_TIME,
    ),
    nests(
        "Proxies of Proxies",
        "let deep = {}; for (let i = 0; i < 1e5; i++) deep = new Proxy(deep, {}); return {
         value: deep.value }",
        THROWN,
    ),
    nests(
        "Proxies of Proxies, has",
        "let deep = {}; for (let i = 0; i < 1e5; i++) deep = new Proxy(deep, {}); return {
         value: 'a' in deep }",
        THROWN,
    ),
    nests(
        "Proxies of Proxies, called",
        "let deep = () => {}; for (let i = 0; i < 1e5; i++) deep = new Proxy(deep, {}); deep();
         return event",
        THROWN_OR_DELIVERED,
    ),
    nests(
        "Proxies as prototypes",
        "let deep = {}; for (let i = 0; i < 1e5; i++) deep = Object.create(new Proxy(deep, {}));
         return { value: deep.value }",
        THROWN_OR_LIMIT,
    ),
    nests(
        "Array.isArray of Proxies",
        "let deep = []; for (let i = 0; i < 1e5; i++) deep = new Proxy(deep, {}); return {
         is: Array.isArray(deep) }",
        THROWN_OR_DELIVERED,
    ),
    nests(
        "prototypes",
        "let deep = {}; for (let i = 0; i < 2e5; i++) deep = Object.create(deep); return {
         value: deep.value }",
        DELIVERED_OR_LIMIT,
    ),
    nests(
        "bound functions",
        "let deep = () => 1; for (let i = 0; i < 1e5; i++) deep = deep.bind(null); return {
         value: deep() }",
        THROWN_OR_DELIVERED,
    ),
    nests(
        "instanceof of bound functions",
        "let deep = () => 1; for (let i = 0; i < 1e5; i++) deep = deep.bind(null); return {
         is: {} instanceof deep }",
        THROWN_OR_DELIVERED,
    ),
    nests(
        "strings of strings",
        "let deep = 'x'; for (let i = 0; i < 1e6; i++) deep = 'a' + deep + 'b'; return {
         code: deep.charCodeAt(1e6) }",
        DELIVERED_OR_LIMIT,
    ),
    nests(
        "arrays to text",
        "let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; return {
         text: String(deep) }",
        THROWN,
    ),
    nests(
        "flat of itself",
        "const deep = []; deep[0] = deep; deep.flat(Infinity)",
        THROWN,
    ),
    nests(
        "JSON.parse, deep",
        "JSON.parse('['.repeat(2e6) + ']'.repeat(2e6)); return event",
        ANYTHING,
    ),
    nests(
        "JSON.parse, deep and with a reviver",
        "JSON.parse('['.repeat(1e5) + ']'.repeat(1e5), (key, value) => value); return event",
        THROWN_OR_DELIVERED,
    ),
    nests(
        "JSON.stringify, deep",
        "let deep = []; for (let i = 0; i < 3e5; i++) deep = [deep]; return {
         length: JSON.stringify(deep).length }",
        THROWN_OR_DELIVERED,
    ),
    nests(
        "JSON.stringify, deep and with a replacer",
        "let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; return {
         length: JSON.stringify(deep, (key, value) => value).length }",
        THROWN,
    ),
    nests(
        "console, deep",
        "let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep }; console.log('%O', deep);
         console.dir(deep, { depth: Infinity }); return event",
        DELIVERED,
    ),
    nests(
        "groups of an expression",
        "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))",
        THROWN,
    ),
    nests(
        "lookaheads of an expression",
        "return { found: new RegExp('(?='.repeat(5e4) + 'a' + ')'.repeat(5e4)).test('a') }",
        THROWN,
    ),
    nests(
        "classes of an expression",
        "return { found: new RegExp('['.repeat(1e5) + 'a' + ']'.repeat(1e5), 'v').test('a') }",
        THROWN,
    ),
    nests(
        "repeats of an expression",
        "return { found: new RegExp('(?:'.repeat(1000) + 'a' + '{2,3})'.repeat(1000)).test('a'.repeat(100)) }",
        THROWN_OR_DELIVERED_OR_TIME,
    ),
    nests(
        "length of an expression",
        "return { found: new RegExp('(a{1000}){1000}'.repeat(10)).test('a') }",
        THROWN_OR_DELIVERED_OR_TIME,
    ),
    nests(
        "evaluated brackets",
        "(0, eval)('['.repeat(2e6) + ']'.repeat(2e6))",
        THROWN_OR_LIMIT,
    ),
    nests("deep in, deep out", "return event", REFUSED_OR_NOT).made_event(deep_event),
    nests("deep objects in, deep out", "return event", REFUSED_OR_NOT).made_event(deep_objects),
    nests(
        "deep in, sent as a Struct, deep out",
        "let deep = {}; for (let i = 0; i < 3000; i++) deep = { deep }; event.deep = deep;
         return event",
        INVALID_RESULT,
    )
    .structured(),
    nests(
        "much too deep out, as a Struct",
        "let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; event.deep = deep;
         return event",
        INVALID_RESULT,
    )
    .structured(),
    nests(
        "Error.cause, deep",
        "let deep = new Error('first'); for (let i = 0; i < 1e4; i++) deep = new Error('next', {
         cause: deep }); throw deep",
        THROWN,
    ),
    nests(
        "structure of its own, inspected",
        "const deep = new Map(); deep.set(deep, new Set([deep])); console.log(deep, [deep]);
         return event",
        DELIVERED,
    ),
    nests(
        "Date's conversion",
        "const deep = { [Symbol.toPrimitive]() { return +new Date(deep) } }; return { at: +deep }",
        THROWN,
    ),
    nests(
        "species",
        "class Deep extends Array { static get [Symbol.species]() {
         return new Deep(3).map(x => x) } } new Deep(1).map(x => x)",
        THROWN,
    ),
    nests(
        "spins at every depth",
        "const deep = n => { for (let i = 0; i < 1e9; i++) if (n < 5000) deep(n + 1) }; deep(0)",
        TIME,
    ),
    unreadable("source of parentheses", parentheses),
    unreadable("source of brackets", brackets),
    unreadable("source of arrows", arrows),
    unreadable("source of negations", negations),
    unreadable("source of templates", templates),
    unreadable("source of blocks", blocks),
    unreadable("source of functions", functions),
    of_family(attack::made("source of sums", sums, READ_OR_NOT)).after(After::Ends),
    of_family(attack::made("source of choices", choices, READ_OR_NOT)).after(After::Ends),
];
