//! Sources of hostile functions, grown from templates: `@` and a letter stand for a piece to be chosen.
//!
//! `@E` is an expression, `@S` a statement, `@N` a number, `@K` a property's name, `@P` an object that all
//! share. Nothing here names the executor's own scripts, so that they can't be in a stack by the function's own doing.

use super::random::Random;

const EVENTS: [&str; 8] = [
    r#"//{"type":"track"}"#,
    r#"//{"type":"track","event":"Bought","properties":{"total":12.5,"items":["a","b"]},"userId":"u"}"#,
    r#"//{"type":"track","context":{"ip":"::1","traits":{"name":"é😀"}},"properties":{"n":null}}"#,
    r#"//{"type":"track","properties":{"__proto__":{"a":1},"list":[1,[2]]}}"#,
    r#"//{"type":"track","toJSON":1,"then":2,"constructor":"\ud800"}"#,
    r#"//{"type":"identify"}"#,
    r#"//{"type":"Page"}"#,
    r#"//{"type":"nothing"}"#,
];

/// The first of them are tracks, which most handlers take.
const TRACK_EVENTS: usize = 5;

/// Defined before all else, so that handlers' code also runs at top level.
const SHARED: &str = "var event = { properties: {} }, settings = {}, kept = [];";

const LEAVES: [&str; 35] = [
    "event",
    "settings",
    "undefined",
    "null",
    "NaN",
    "-0",
    "1n",
    "(2n ** 64n)",
    "Symbol('x')",
    "Symbol.toPrimitive",
    "'text'",
    "'\\ud800'",
    "'é😀\\u2028'",
    "`line\n`",
    "/(a+)+$/u",
    "globalThis",
    "this",
    "event.properties",
    "[]",
    "({})",
    "[,,]",
    "new Date(NaN)",
    "Error",
    "console",
    "kept",
    "setTimeout",
    "new DropEvent('drop')",
    "new RetryError('again', { retryAfter: @N })",
    "new ValidationError(`no`)",
    "new EventNotSupported",
    "(() => {})",
    "Object.create(null)",
    "new (class Named extends Error {})('own')",
    "@N",
    "async () => { await null; throw 1 }",
];

const EXPRESSIONS: [&str; 47] = [
    "[@E, @E, ...[@E]]",
    "({ ...(@E), [@E]: @E, @K: @E })",
    "({ get @K() { @S return @E } })",
    "({ toJSON() { @S return @E } })",
    "({ toString() { @S return @E }, valueOf: @E })",
    "({ [Symbol.toPrimitive]() { @S return @E } })",
    "({ then(take, refuse) { @S take(@E) } })",
    "({ get then() { @S return @E } })",
    "new Proxy(@E, { get() { @S return @E } })",
    "new Proxy({}, { ownKeys() { @S return @E }, getOwnPropertyDescriptor() { throw @E } })",
    "new Proxy(@E, { getPrototypeOf() { throw @E }, has() { @S return @E } })",
    "new Proxy(function () {}, { apply() { @S return @E }, construct: @E })",
    "(() => { @S return @E })()",
    "(function f(...all) { @S return all })(@E)",
    "(async () => { await (@E); @S return @E })()",
    "[...(function* () { yield @E; @S yield* @E })()]",
    "(@E)?.@K",
    "(@E)[@E]",
    "(@E)(@E)",
    "new (@E)(@E)",
    "`${@E}${@E}`",
    "String.raw`\\u${@E}`",
    "JSON.stringify(@E)",
    "JSON.parse(@E)",
    "Object.assign(@E, @E)",
    "Object.freeze(@E)",
    "Promise.resolve(@E)",
    "Promise.reject(@E)",
    "new Promise((done) => { @S done(@E) })",
    "new Promise(() => { @S })",
    "Promise.all([@E, @E])",
    "('' + @E).repeat(@N)",
    "new Array(@N).fill(@E)",
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.match(/(a+)+$/)",
    "eval(@E)",
    "eval('@N; (' + @E + ')')",
    "Function(@E)()",
    "new Error(@E, { cause: @E })",
    "new AggregateError([@E], @E)",
    "Object.assign(new Error('changed'), { name: @E, stack: @E })",
    "new Uint8Array(@N)",
    "new WeakMap([[@E, @E]])",
    "class extends (@E) { static { @S } }",
    "(@E, @E)",
    "(kept.push(@E), kept)",
    "typeof (@E) + (@E)",
    "new Map([[@E, @E]])",
];

const STATEMENTS: [&str; 53] = [
    "kept.push(@E);",
    "console.log(@E, @E);",
    "console.error('%s %o %d %j %c', @E, @E);",
    "console.table(@E);",
    "console.dir(@E);",
    "console.trace(@E);",
    "console.group(@E);",
    "throw @E;",
    "try { @S } catch (error) { @S kept.push(error.stack) } finally { @S }",
    "try { @S } catch { @S }",
    "for (let i = 0; i < @N; i++) { @S }",
    "for (const key in @E) { @S }",
    "for (const item of @E) { @S break }",
    "do { @S } while (@E);",
    "for (;;) { @S }",
    "while (true);",
    "outer: { @S break outer; }",
    "if (@E) { @S } else { @S }",
    "switch (@E) { case @E: @S default: @S }",
    "setTimeout(() => { @S }, @N);",
    "setInterval(() => { @S }, @N);",
    "setImmediate(() => { @S });",
    "queueMicrotask(() => { @S });",
    "clearTimeout(@E);",
    "Promise.resolve(@E).then(() => { @S });",
    "(async () => { await @E; @S })();",
    "(async () => { for await (const item of @E) { @S } })();",
    "@P.@K = @E;",
    "@P.@K = function () { @S return @E };",
    "@P.@K = undefined;",
    "Object.defineProperty(@P, '@K', { get() { @S return @E }, configurable: true });",
    "delete @P.@K;",
    "Object.setPrototypeOf(@P, @E);",
    "Object.freeze(@P);",
    "Error.prepareStackTrace = (error, frames) => { @S return @E };",
    "Error.stackTraceLimit = @N;",
    "event = @E;",
    "event.@K = @E;",
    "event.self = event;",
    "settings.@K = @E;",
    "{ let deep = []; for (let i = 0; i < 20000; i++) deep = [deep]; event.deep = deep }",
    "{ function again() { again() } again() }",
    "(function again() { try { again() } finally { again() } })();",
    "{ const hog = []; for (;;) hog.push(new Array(10000).fill(1.5)) }",
    "debugger;",
    "Function('scope', 'with (scope) { return value }')(@E);",
    "var @K = @E;",
    "globalThis.@K = @E;",
    "{ const own = @E; own.@K ??= @E }",
    "kept.push(new Error('kept').stack);",
    "Promise.prototype.then = function () { @S return @E };",
    "[].@K = @E;",
    "void @E;",
];

const NUMBERS: [&str; 13] = [
    "0", "1", "-1", "3", "10", "1000", "1e5", "2 ** 31", "2 ** 53", "Infinity", "0.5", "1n", "'7'",
];

const KEYS: [&str; 28] = [
    "then",
    "toJSON",
    "constructor",
    "__proto__",
    "message",
    "name",
    "stack",
    "type",
    "length",
    "get",
    "call",
    "apply",
    "bind",
    "toString",
    "valueOf",
    "next",
    "return",
    "push",
    "join",
    "has",
    "parse",
    "stringify",
    "cause",
    "errors",
    "retryAfter",
    "onTrack",
    "prepareStackTrace",
    "value",
];

const PROTOTYPES: [&str; 22] = [
    "Object.prototype",
    "Function.prototype",
    "Array.prototype",
    "Promise.prototype",
    "Error.prototype",
    "String.prototype",
    "RegExp.prototype",
    "Map.prototype",
    "Symbol.prototype",
    "DropEvent.prototype",
    "RetryError.prototype",
    "globalThis",
    "JSON",
    "Reflect",
    "Object",
    "Array",
    "Error",
    "Promise",
    "console",
    "(async () => {}).constructor.prototype",
    "[][Symbol.iterator]().__proto__",
    "setTimeout(() => {}).__proto__",
];

const HANDLERS: [&str; 20] = [
    "function onTrack(event, settings) { @S @S @S return @E }",
    "function onTrack(event, settings) { @S @S return event }",
    "function onTrack(event) { event.@K = @E; event.properties = @E; return event }",
    "async function onTrack(event, settings) { @S await @E; @S return @E }",
    "async function onTrack(event) { await new Promise((done) => setTimeout(done, @N)); @S return event }",
    "function* onTrack(event) { @S yield @E; return event }",
    "const onTrack = new Proxy(function (event) { @S return event }, { apply(target, self, all) { @S return @E } });",
    "class onTrack { constructor() { @S } }",
    "Object.defineProperty(globalThis, 'onTrack', { get() { @S return (event) => { @S return @E } } });",
    "let onTrack = (event = @E, { @K: taken } = @E) => { @S return { event, taken } };",
    "var onTrack = @E, onPage = @E, onIdentify = (event) => { @S return event };",
    "function onTrack(event) { function inner(depth) { @S return depth > 0 ? inner(depth - 1) : @E } return inner(@N) }",
    "export function onTrack(event, settings) { @S @S return @E }",
    "export default { onTrack(event) { @S return this }, get onPage() { @S return @E } };",
    "export default new Proxy({}, { get(target, key) { @S return @E } });",
    "await @E; export async function onTrack(event) { @S return @E }",
    "export { onTrack as default }; const onTrack = @E;",
    "import value from '@K'; export const onTrack = () => value;",
    "export const onTrack = (event) => import(@E).then(() => { @S return event });",
    "function onBatch(events) { @S return events } function onTrack() { return import.meta ?? @E }",
];

/// The first of them are ordinary, but for what they do.
const PLAIN_HANDLERS: usize = 5;

/// What a parser does not expect where it stands.
const BREAKAGE: [&str; 14] = [
    "}", "{", ")", "`", "'", "/*", "\\", "\u{0}", "\u{2028}", "await", "yield", "export",
    "#private", "<!--",
];

/// Beyond it only leaves grow.
const LONGEST_PIECE: usize = 3_000;

const DEEPEST: usize = 5;

/// A source in parts that can be left out: the event, what the top level does, the handler.
pub fn pieces(random: &mut Random) -> Vec<String> {
    let events = if random.one_in(4) {
        &EVENTS[TRACK_EVENTS..]
    } else {
        &EVENTS[..TRACK_EVENTS]
    };
    let mut pieces = vec![random.pick(events).to_owned(), SHARED.to_owned()];
    for _ in 0..random.below(5) {
        let statement = grown("@S", random);
        pieces.push(match random.one_in(4) {
            true => statement,
            false => format!("try {{ {statement} }} catch {{}}"),
        });
    }
    let handlers = if random.one_in(2) {
        &HANDLERS[..PLAIN_HANDLERS]
    } else {
        &HANDLERS
    };
    pieces.push(grown(random.pick(handlers), random));
    if random.one_in(12) {
        damage(&mut pieces, random);
    }
    pieces
}

fn damage(pieces: &mut [String], random: &mut Random) {
    let last = pieces.len() - 1;
    let piece = &mut pieces[1 + random.below(last)];
    let place = piece.floor_char_boundary(random.below(piece.len() + 1));
    if random.one_in(3) {
        piece.truncate(place);
    } else {
        piece.insert_str(place, random.pick(&BREAKAGE));
    }
}

fn grown(template: &str, random: &mut Random) -> String {
    let mut text = String::new();
    grow(template, 0, random, &mut text);
    text
}

fn grow(template: &str, depth: usize, random: &mut Random, text: &mut String) {
    let mut rest = template;
    while let Some(place) = rest.find('@') {
        text.push_str(&rest[..place]);
        let (hole, later) = rest[place + 1..].split_at(1);
        let chosen = choose(hole, depth, random, text.len());
        grow(chosen, depth + 1, random, text);
        rest = later;
    }
    text.push_str(rest);
}

fn choose(hole: &str, depth: usize, random: &mut Random, length: usize) -> &'static str {
    let is_spent = depth >= DEEPEST || length > LONGEST_PIECE;
    match hole {
        "S" if is_spent => ";",
        "S" => random.pick(&STATEMENTS),
        "N" => random.pick(&NUMBERS),
        "K" => random.pick(&KEYS),
        "P" => random.pick(&PROTOTYPES),
        _ if is_spent || random.one_in(2) => random.pick(&LEAVES),
        _ => random.pick(&EXPRESSIONS),
    }
}
