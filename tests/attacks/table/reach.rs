//! Attacks on what lies beyond a function: the host, its JavaScript, other processes, other functions.

use crate::attack::{
    self, After, Attack, DELIVERED, DELIVERED_OR_TIME, End, INVALID_FUNCTION, THROWN,
    THROWN_OR_TIME, UNCHANGED,
};
use crate::support::check::Code;

const fn reaches(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::sync(name, body, ends))
}

const fn reaches_later(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::awaited(name, body, ends))
}

/// A source that cannot be loaded, now or later.
const fn unloadable(name: &'static str, source: &'static str) -> Attack {
    of_family(attack::whole(name, source, INVALID_FUNCTION)).after(After::Same)
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "reach";
    attack
}

const NOTHING_FOUND: &[End] = &[End::DeliveredAs(r#"{"found":[]}"#)];
const UNSUPPORTED: &[End] = &[
    End::Failed(Code::UnsupportedEventType),
    End::Failed(Code::CpuLimitExceeded),
    End::Failed(Code::Timeout),
];

pub const ATTACKS: &[Attack] = &[
    reaches(
        "constructor of constructors",
        "const everything = event.constructor.constructor('return this')();
         const names = ['Deno', 'Bun', 'penstock', 'gc', 'quit', 'load', 'read', 'd8',
           'WebAssembly', 'Worker', 'ShadowRealm', 'module', 'XMLHttpRequest'];
         return { found: names.filter(name => typeof everything[name] !== 'undefined') }",
        NOTHING_FOUND,
    ),
    reaches(
        "constructors of other kinds",
        "const kinds = [async () => {}, function* () {}, async function* () {}];
         return { found: kinds.map(kind => { try {
           return kind.constructor('return typeof WebAssembly')() } catch {
           return 'undefined' } })
          .filter(found => typeof found === 'string' && found !== 'undefined') }",
        NOTHING_FOUND,
    ),
    reaches(
        "doors of process",
        "const names = ['binding', '_linkedBinding', 'dlopen', 'mainModule',
         'reallyExit', 'stdin', 'getBuiltinModule', 'setuid'];
         return { found: names.filter(name => typeof globalThis.process?.[name] !== 'undefined') }",
        NOTHING_FOUND,
    ),
    reaches("process.exit", "process.exit(1)", THROWN),
    reaches("process.abort", "process.abort()", THROWN),
    reaches("process.kill", "process.kill(process.ppid ?? 1, 'SIGKILL')", THROWN),
    reaches(
        "environment",
        "return { found: Object.keys(globalThis.process?.env ?? {}) }",
        NOTHING_FOUND,
    ),
    reaches(
        "require of the host",
        "const names = ['fs', 'node:fs', 'child_process', 'worker_threads', 'vm', 'v8', 'net',
         'dgram', 'cluster', 'module', 'inspector', '/etc/passwd', './index.js',
         '../index.js', '__proto__', 'constructor'];
         return { found: names.filter(name => { try { return require(name) !== undefined }
           catch { return false } }) }",
        NOTHING_FOUND,
    ),
    reaches_later(
        "import of the host",
        "const found = [];
         for (const name of ['fs', 'node:fs', 'child_process', '/etc/passwd',
           'file:///etc/passwd', 'data:text/javascript,export default 1', 'http://127.0.0.1/',
           './index.js', 'index.js', 'penstock:invoke.js', '', { toString: () => 'fs' }])
          await import(name).then(() => found.push(String(name)), () => {});
         return { found }",
        NOTHING_FOUND,
    ),
    reaches_later(
        "import with a spinning name",
        "await import({ toString() { for (;;); } })",
        THROWN_OR_TIME,
    ),
    reaches_later(
        "import in made code",
        "return { found: await Function('return import(\"fs\")')().then(() => ['fs'], () => []) }",
        NOTHING_FOUND,
    ),
    unloadable(
        "import of the host, static",
        "import fs from 'node:fs';\nexport function onTrack(event) { return event }",
    ),
    unloadable(
        "import of a file",
        "import one from '/etc/passwd';\nexport function onTrack(event) { return event }",
    ),
    unloadable(
        "import of itself",
        "import * as self from './index.js';\nexport function onTrack(event) { return event }",
    ),
    unloadable("natives", "function onTrack(event) { return %DebugPrint(event) }"),
    reaches(
        "natives in made code",
        "try { return { found: [Function('return %GetOptimizationStatus(() => {})')()] } }
         catch { return { found: [] } }",
        NOTHING_FOUND,
    ),
    reaches("WebAssembly", "new WebAssembly.Memory({ initial: 10000 })", THROWN),
    reaches_later(
        "WebAssembly, compiled",
        "await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))",
        THROWN,
    ),
    reaches("Atomics.wait", "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)", THROWN),
    reaches(
        "Atomics.wait on what is not shared",
        "Atomics.wait(new Int32Array(8), 0, 0, 5000)",
        THROWN,
    ),
    reaches_later(
        "Atomics.waitAsync",
        "await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(8)), 0, 0).value",
        THROWN_OR_TIME,
    )
        .limits(400, 300),
    reaches(
        "SharedArrayBuffer as a clock",
        "const shared = new Int32Array(new SharedArrayBuffer(8)); for (let i = 0; i < 1e6;
         i++) Atomics.add(shared, 0, 1); return { count: shared[0] }",
        &[
        End::Delivered,
        End::Failed(Code::BadRequest),
    ],
    ),
    reaches(
        "frames of the host",
        "Error.prepareStackTrace = (error, frames) => frames;
         const frames = new Error('x').stack;
         const isOurs = value => value === undefined || value === null || value === onTrack || value === globalThis;
         return { found: frames.filter(frame => !isOurs(frame.getFunction()) || !isOurs(frame.getThis())).map(String) }",
        NOTHING_FOUND,
    ),
    reaches(
        "caller",
        "const caller = arguments.callee.caller; return {
         found: caller === null ? [] : [typeof caller] }",
        NOTHING_FOUND,
    ),
    reaches(
        "arguments of the caller",
        "try { return { found: onTrack.caller ? [String(onTrack.caller)] : [] } } catch {
         return { found: [] } }",
        NOTHING_FOUND,
    ),
    reaches(
        "host functions seen by the function",
        "const found = [];
         const before = Function.prototype.call;
         Function.prototype.call = function (...all) { found.push('call');
           return before.apply(this, all) };
         Function.prototype.apply = function () { found.push('apply') };
         Array.prototype.push = function () { found[found.length] = 'push' };
         console.log('a', [1], { b: 2 });
         return { found }",
        NOTHING_FOUND,
    ),
    reaches(
        "accessors on every object",
        "const spin = () => { for (;;); };
         for (const key of ['get', 'set', 'value', 'writable', 'enumerable', 'configurable',
           'message', 'stack', 'code', 'name', 'path', 'index', 'depth', '0', '1'])
          Object.defineProperty(Object.prototype, key, {
            __proto__: null, get: spin, set: spin, configurable: true });
         return event",
        UNCHANGED,
    ),
    reaches(
        "accessors on every array",
        "const spin = () => { for (;;); };
         for (const key of ['0', '1', '2', '7']) Object.defineProperty(Array.prototype, key, {
           __proto__: null, get: spin, set: spin, configurable: true });
         return event",
        UNCHANGED,
    ),
    reaches(
        "methods of every array",
        "const spin = () => { for (;;); };
         for (const key of Object.getOwnPropertyNames(Array.prototype))
           if (key !== 'length') Array.prototype[key] = spin;
         Array.prototype[Symbol.iterator] = spin;
         return event",
        UNCHANGED,
    ),
    reaches(
        "methods of every text and function",
        "const spin = () => { for (;;); };
         const names = [[String.prototype, Object.getOwnPropertyNames(String.prototype)],
           [Function.prototype, ['call', 'apply', 'bind', 'toString']],
           [RegExp.prototype, ['exec', 'test']], [Map.prototype, ['get', 'set', 'has', 'delete',
           'clear']], [Set.prototype, ['add', 'has', 'delete']]];
         for (const [prototype, keys] of names) for (const key of keys)
           if (key !== 'length') Object.defineProperty(prototype, key, {
           __proto__: null, value: spin, configurable: true, writable: true });
         return event",
        UNCHANGED,
    ),
    reaches_later(
        "then of every promise",
        "Promise.prototype.then = () => { for (;;); }; return event",
        UNCHANGED,
    ),
    reaches_later(
        "constructor of every promise",
        "Object.defineProperty(Promise.prototype, 'constructor', { get() { for (;;); } });
         return event",
        DELIVERED_OR_TIME,
    )
        .after(After::Ends),
    reaches_later(
        "Promise itself",
        "Promise = null; Promise_ = undefined;
         globalThis.setTimeout = globalThis.queueMicrotask = null; return event",
        UNCHANGED,
    ),
    reaches(
        "JSON",
        "JSON.parse = JSON.stringify = () => { for (;;); }; globalThis.JSON = null; return event",
        UNCHANGED,
    ),
    reaches(
        "species of everything",
        "for (const one of [Array, Map, Set, Promise,
         RegExp]) Object.defineProperty(one, Symbol.species, { get() { for (;;); },
         configurable: true });
         return event",
        UNCHANGED,
    ),
    reaches(
        "console",
        "console.log = null; console._stdout = 1; delete console.error;
         Object.setPrototypeOf(console, null); globalThis.console = new Proxy({}, { get() {
         for (;;); } }); return event",
        UNCHANGED,
    ),
    reaches("console, deleted", "delete globalThis.console; return event", UNCHANGED),
    reaches(
        "console with a spinning Proxy",
        "console.log(new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); },
         getPrototypeOf() { for (;;); } })); return event",
        DELIVERED_OR_TIME,
    ),
    reaches(
        "error classes, replaced",
        "const Original = RetryError;
         globalThis.RetryError = globalThis.DropEvent = globalThis.Error = null;
         throw new Original('still')",
        &[End::Failed(Code::Retry)],
    ),
    reaches(
        "error classes, without parents",
        "Object.setPrototypeOf(RetryError.prototype, null); throw new RetryError('still')",
        &[End::Failed(Code::Retry)],
    ),
    reaches(
        "error classes that spin when asked",
        "for (const one of [Error, DropEvent, RetryError, EventNotSupported, ValidationError,
         InvalidEventPayload]) Object.defineProperty(one, Symbol.hasInstance, { value() {
         for (;;); } });
         throw new RetryError('still')",
        &[End::Failed(Code::Retry)],
    ),
    reaches(
        "error class on every object",
        "Object.defineProperty(Object.prototype, 'name', { get() { for (;;); },
         configurable: true }); throw { plain: true }",
        THROWN_OR_TIME,
    ),
    reaches(
        "every global deleted",
        "const all = globalThis; for (const name of Object.getOwnPropertyNames(all)) delete all[name];
         return event",
        UNCHANGED,
    ),
    reaches(
        "every intrinsic frozen",
        "for (const one of [Object, Array, Function, Promise, Map, Set, JSON, Reflect, Error,
         String, Number, RegExp, Symbol, console]) { Object.freeze(one.prototype ?? one);
         Object.freeze(one) }
         return event",
        UNCHANGED,
    ),
    reaches(
        "global object that cannot grow",
        "Object.preventExtensions(globalThis); return event",
        UNCHANGED,
    ),
    reaches(
        "global object with another prototype",
        "try { Object.setPrototypeOf(globalThis, new Proxy({}, { get() { for (;;); }, has() {
         for (;;); } })) } catch {} return event",
        DELIVERED_OR_TIME,
    )
        .after(After::Ends),
    reaches(
        "event with a prototype",
        "return { polluted: {}.polluted === 1, event }",
        &[End::DeliveredAs(
        r#"{"polluted":false,"event":{"type":"track","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}"#,
    )],
    )
    .event(r#"{"type":"track","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}"#),
    of_family(attack::whole(
        "arrays that spin, when the type is unknown",
        "Object.defineProperty(Array.prototype, '0', { __proto__: null, configurable: true, get() { for (;;); }, set() { for (;;); } })
         function onTrack(event) { return event }",
        UNSUPPORTED,
    ))
    .event(r#"{"type":"page"}"#),
    of_family(attack::whole(
        "globals taken at top level",
        "JSON = Promise = Object = Array = Map = Symbol = String = null; undefined_ = 1
         function onTrack(event) { return event }",
        UNCHANGED,
    )),
    of_family(attack::whole(
        "globals of others",
        "globalThis.seen ??= []
         function onTrack(event) {
           if (event.harmless) return event;
           const own = ['seen', 'onTrack'];
           const found = Object.keys(globalThis).filter(name => !own.includes(name));
           return { found }
         }",
        NOTHING_FOUND,
    )),
    reaches(
        "handler replaced at run time",
        "globalThis.onTrack = () => { for (;;); }; return event",
        UNCHANGED,
    ),
    reaches(
        "symbols shared by all",
        "Symbol.for('nodejs.util.inspect.custom').description;
         Object.prototype[Symbol.for('nodejs.util.inspect.custom')] = () => { for (;;); };
         console.log({}); return event",
        DELIVERED_OR_TIME,
    ),
    reaches(
        "a clock too fine",
        "const seen = new Set(); for (let i = 0; i < 1e5;
         i++) seen.add(globalThis.performance?.now() % 1); return {
         fine: [...seen].some(part => part > 0) }",
        DELIVERED,
    ),
];
