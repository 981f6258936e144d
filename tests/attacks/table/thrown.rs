//! Attacks with what is thrown: values that are no errors, errors that run code when they are looked at.

use crate::attack::{
    self, ANYTHING, After, Attack, DELIVERED, End, INVALID_FUNCTION, THROWN, THROWN_OR_LIMIT,
    THROWN_OR_TIME, TIME,
};
use crate::support::check::Code;

const fn throws(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::sync(name, body, ends))
}

const fn rejects(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::awaited(name, body, ends))
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "thrown";
    attack
}

const RETRY: &[End] = &[End::Failed(Code::Retry)];
const RETRY_OR_TIME: &[End] = &[
    End::Failed(Code::Retry),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];

pub const ATTACKS: &[Attack] = &[
    throws("null", "throw null", THROWN),
    throws("undefined", "throw undefined", THROWN),
    throws("number", "throw -0", THROWN),
    throws("symbol", "throw Symbol('thrown')", THROWN),
    throws("BigInt", "throw 10n ** 1000n", THROWN),
    throws("function", "throw function thrown() { for (;;); }", THROWN),
    throws(
        "empty object without prototype",
        "throw Object.create(null)",
        THROWN,
    ),
    throws("global object", "throw globalThis", THROWN_OR_LIMIT).limits(3_000, 1_900),
    throws("Proxy", "throw new Proxy(new Error('inner'), {})", THROWN),
    throws(
        "spinning Proxy",
        "const spin = () => { for (;;); }; throw new Proxy({}, {
         get: spin, has: spin, getPrototypeOf: spin, ownKeys: spin, getOwnPropertyDescriptor: spin })",
        THROWN_OR_TIME,
    ),
    throws(
        "throwing Proxy",
        "const no = () => { throw one }; const one = new Proxy({}, {
         get: no, has: no, getPrototypeOf: no, ownKeys: no, getOwnPropertyDescriptor: no });
         throw one",
        THROWN,
    ),
    throws(
        "revoked Proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy",
        THROWN,
    ),
    throws(
        "Proxy with a prototype without end",
        "throw new Proxy({}, { getPrototypeOf() { return new Proxy({}, this) } })",
        THROWN_OR_TIME,
    ),
    throws(
        "spinning message",
        "throw { get message() { for (;;); } }",
        TIME,
    ),
    throws(
        "spinning message of an error",
        "throw Object.defineProperty(new Error('x'), 'message', { get() { for (;;); } })",
        TIME,
    ),
    throws(
        "spinning name",
        "throw Object.defineProperty(new Error('x'), 'name', { get() { for (;;); } })",
        TIME,
    ),
    throws(
        "spinning stack",
        "throw Object.defineProperty(new Error('x'), 'stack', { get() { for (;;); } })",
        TIME,
    ),
    throws(
        "spinning constructor",
        "throw Object.defineProperty(new Error('x'), 'constructor', { get() { for (;;); } })",
        THROWN_OR_TIME,
    ),
    throws(
        "throwing message",
        "throw Object.defineProperty(new Error('x'), 'message', { get() { throw this } })",
        THROWN,
    ),
    throws(
        "message that recurses",
        "throw Object.defineProperty(new Error('x'), 'message', { get() {
         return this.message } })",
        THROWN,
    ),
    throws(
        "message that is no text",
        "throw Object.assign(new Error('x'), { message: { toString() { for (;;); } },
         name: [], stack: new Proxy({}, {}) })",
        THROWN,
    ),
    throws(
        "spinning inspection",
        "throw { [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } }",
        THROWN_OR_TIME,
    ),
    throws(
        "spinning toString",
        "throw { toString() { for (;;); }, valueOf() { for (;;); }, [Symbol.toPrimitive]() {
         for (;;); } }",
        THROWN_OR_TIME,
    ),
    throws(
        "spinning tag",
        "throw { get [Symbol.toStringTag]() { for (;;); } }",
        THROWN_OR_TIME,
    ),
    throws(
        "spinning prepareStackTrace",
        "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x')",
        THROWN_OR_TIME,
    )
    .after(After::Works),
    throws(
        "throwing prepareStackTrace",
        "Error.prepareStackTrace = () => { throw new Error('again') }; throw new Error('x')",
        THROWN,
    ),
    throws(
        "recursing prepareStackTrace",
        "Error.prepareStackTrace = error => new Error(error.stack).stack; throw new Error('x')",
        THROWN_OR_TIME,
    ),
    throws(
        "prepareStackTrace that returns frames",
        "Error.prepareStackTrace = (error, frames) => frames; throw new Error('x')",
        THROWN,
    ),
    throws(
        "prepareStackTrace that returns much",
        "Error.prepareStackTrace = () => 'x'.repeat(1e8); throw new Error('x')",
        THROWN_OR_LIMIT,
    ),
    throws(
        "stack of lies",
        "throw Object.assign(new Error('x'), {
         stack: 'Error: x\\n    at onTrack (index.js:99999999999999999999:1)\\n    at f (index.js:0:0)\\n    at (index.js:-1:)\\n    at penstock:invoke.js:1:1'.repeat(3) })",
        THROWN,
    ),
    throws(
        "stack of many lines",
        "throw Object.assign(new Error('x'), { stack: '    at f (index.js:1:1)\\n'.repeat(1e6) })",
        THROWN_OR_LIMIT,
    ),
    throws(
        "long message",
        "throw new Error('x'.repeat(1e7))",
        THROWN_OR_LIMIT,
    ),
    throws(
        "longest message",
        "throw new Error('x'.repeat(2 ** 29 - 24))",
        THROWN_OR_LIMIT,
    )
    .costs_a_cell(),
    throws(
        "message of half characters",
        "throw new Error('\\ud800'.repeat(1e5))",
        THROWN,
    ),
    throws(
        "long name",
        "throw Object.assign(new Error('x'), { name: 'n'.repeat(1e7) })",
        THROWN_OR_LIMIT,
    ),
    throws(
        "class with a long name",
        "throw new ({
         ['C' + 'x'.repeat(1e6)]: class extends Error {} }['C' + 'x'.repeat(1e6)])('x')",
        THROWN,
    ),
    throws(
        "long array",
        "throw new Array(1e6).fill({ a: [1, 2, 3] })",
        THROWN_OR_LIMIT,
    ),
    throws(
        "deep object",
        "let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep }; throw deep",
        THROWN,
    ),
    throws(
        "cause of itself",
        "const error = new Error('x'); error.cause = error; error.errors = [error]; throw error",
        THROWN,
    ),
    throws(
        "error of very many",
        "throw new AggregateError(Array.from({ length: 1e5 }, () => new Error('x')), 'many')",
        THROWN_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    throws(
        "in finally",
        "try { throw new Error('first') } finally { throw new Error('second') }",
        THROWN,
    ),
    throws(
        "in finally, after the time",
        "try { for (;;); } finally { throw new Error('too late') }",
        TIME,
    ),
    throws(
        "returned in finally, after the time",
        "try { for (;;); } finally { return event }",
        TIME,
    ),
    throws(
        "dropped in finally, after the time",
        "try { for (;;); } catch { throw new DropEvent('never') } finally {
         throw new DropEvent('never') }",
        TIME,
    ),
    throws(
        "DropEvent with a spinning message",
        "throw Object.defineProperty(new DropEvent('x'), 'message', { get() { for (;;); } })",
        TIME,
    ),
    throws(
        "DropEvent with a long message",
        "throw new DropEvent('x'.repeat(1e7))",
        &[End::Filtered],
    ),
    throws(
        "delay without end",
        "throw new RetryError('x', { retryAfter: Infinity })",
        RETRY,
    ),
    throws(
        "delay beyond any clock",
        "throw new RetryError('x', { retryAfter: 1e308 })",
        RETRY,
    ),
    throws(
        "delay below the least",
        "throw new RetryError('x', { retryAfter: 5e-324 })",
        RETRY,
    ),
    throws(
        "spinning delay",
        "throw new RetryError('x', { get retryAfter() { for (;;); } })",
        TIME,
    ),
    throws(
        "spinning delay of a foreign error",
        "throw { name: 'RetryError', get retryAfter() { for (;;); } }",
        RETRY_OR_TIME,
    ),
    throws(
        "delay that is an object",
        "throw new RetryError('x', { retryAfter: { valueOf() { for (;;); } } })",
        RETRY_OR_TIME,
    ),
    rejects("rejection with nothing", "await Promise.reject()", THROWN),
    rejects(
        "rejection with a promise",
        "await Promise.reject(Promise.reject(new Error('inner')))",
        THROWN,
    ),
    rejects(
        "rejection with a spinning thenable",
        "await Promise.reject({ get then() { for (;;); } })",
        THROWN_OR_TIME,
    ),
    rejects(
        "rejection after a timer",
        "await new Promise((_, reject) => setTimeout(reject, 5, new Error('late')))",
        THROWN,
    ),
    rejects(
        "throw in a timer",
        "setTimeout(() => { throw new Error('thrown') }, 1); await new Promise(() => {})",
        THROWN,
    ),
    rejects(
        "throw of a spinning thing in a timer",
        "setTimeout(() => { throw { get message() { for (;;); } } }, 1);
         await new Promise(() => {})",
        THROWN_OR_TIME,
    ),
    rejects(
        "throw in a microtask",
        "queueMicrotask(() => { throw null }); await new Promise(() => {})",
        THROWN,
    ),
    rejects(
        "unhandled rejection of a spinning thing",
        "Promise.reject({ get message() { for (;;); },
         [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } }); return event",
        ANYTHING,
    ),
    rejects(
        "unhandled rejection of a revoked Proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); Promise.reject(proxy);
         return event",
        DELIVERED,
    ),
    of_family(attack::whole(
        "at top level: null",
        "throw null",
        INVALID_FUNCTION,
    ))
    .after(After::Same),
    of_family(attack::whole(
        "at top level: revoked Proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy",
        INVALID_FUNCTION,
    ))
    .after(After::Same),
    of_family(attack::whole(
        "at top level: spinning message",
        "throw { get message() { for (;;); } }",
        &[End::TopLevelTime, End::Failed(Code::InvalidFunction)],
    ))
    .after(After::Same)
    .limits(4_000, 1_900),
];
