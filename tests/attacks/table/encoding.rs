//! Attacks on the way out: what is returned runs code, never ends, or is far too much.

use crate::attack::{
    self, After, Attack, DELIVERED, End, INVALID_RESULT, MEMORY_OR_TIME, THROWN_OR_TIME, TIME,
};
use crate::support::check::Code;

const fn returns(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::sync(name, body, ends))
}

const fn returns_later(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::awaited(name, body, ends))
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "encoding";
    attack
}

const TOO_LARGE: &[End] = &[End::Failed(Code::ResultTooLarge)];
const TOO_LARGE_OR_LIMIT: &[End] = &[
    End::Failed(Code::ResultTooLarge),
    End::Failed(Code::InvalidResult),
    End::Failed(Code::MemoryLimitExceeded),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
const INVALID_OR_THROWN: &[End] = &[
    End::Failed(Code::InvalidResult),
    End::Failed(Code::BadRequest),
];
const INVALID_OR_TIME: &[End] = &[
    End::Failed(Code::InvalidResult),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];

pub const ATTACKS: &[Attack] = &[
    returns("spinning getter", "return { get a() { for (;;); } }", TIME),
    returns(
        "spinning getter of an awaited result",
        "return Promise.resolve({ get a() { for (;;); } })",
        TIME,
    ),
    returns(
        "throwing getter",
        "return { get a() { throw new Error('no') } }",
        INVALID_RESULT,
    ),
    returns(
        "getter that throws itself",
        "const one = { get a() { throw one } }; return one",
        INVALID_RESULT,
    ),
    returns(
        "getter that throws, then spins",
        "let times = 0; return { get a() { if (times++) for (;;); throw 1 } }",
        INVALID_OR_TIME,
    ),
    returns(
        "getter that throws a spinning error",
        "return { get a() { throw { get message() { for (;;); }, get stack() { for (;;); } } } }",
        INVALID_OR_TIME,
    ),
    returns(
        "getter that allocates",
        "return { get a() { const all = []; for (;;) all.push([1]) } }",
        MEMORY_OR_TIME,
    )
    .limits(3_000, 1_900),
    returns(
        "getter that recurses",
        "return { get a() { return this.a } }",
        INVALID_RESULT,
    ),
    returns("spinning toJSON", "return { toJSON() { for (;;); } }", TIME),
    returns(
        "toJSON without end",
        "const deep = { toJSON() { return { deep: { toJSON: this.toJSON } } } }; return deep",
        INVALID_OR_TIME,
    ),
    returns(
        "toJSON that returns nothing",
        "return { toJSON() {} }",
        INVALID_RESULT,
    ),
    returns(
        "toJSON that returns text",
        "return { toJSON() { return 'no object' } }",
        INVALID_RESULT,
    ),
    returns(
        "toJSON of BigInts",
        "BigInt.prototype.toJSON = () => { for (;;); }; return { big: 1n }",
        TIME,
    )
    .after(After::Ends),
    returns(
        "toJSON of every object",
        "Object.prototype.toJSON = () => { for (;;); }; return event",
        TIME,
    )
    .after(After::Ends),
    returns(
        "spinning Proxy",
        "return new Proxy({}, { get() { for (;;); } })",
        TIME,
    ),
    returns(
        "Proxy with spinning keys",
        "return new Proxy({}, { ownKeys() { for (;;); } })",
        TIME,
    ),
    returns(
        "Proxy with many keys",
        "return new Proxy({}, { ownKeys: () => Array.from({ length: 3e5 }, (_, i) => 'key' + i),
         getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
         get: (_, key) => key === 'then' || key === 'toJSON' ? undefined : 1 })",
        TOO_LARGE_OR_LIMIT,
    ),
    returns(
        "Proxy of itself in itself",
        "const one = new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({
         enumerable: true, configurable: true, value: 1 }),
         get: (_, key) => key === 'a' ? new Proxy(one, {}) : undefined }); return one",
        INVALID_OR_TIME,
    ),
    returns(
        "Proxy that throws",
        "return new Proxy({}, { get() { throw new Error('no') } })",
        INVALID_OR_THROWN,
    ),
    returns(
        "Proxy of an array without end",
        "return { all: new Proxy([], {
         get: (_, key) => key === 'length' ? 2 ** 32 - 1 : key === 'toJSON' ? undefined : 1 }) }",
        TOO_LARGE_OR_LIMIT,
    ),
    returns(
        "revoked Proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy",
        INVALID_OR_THROWN,
    ),
    returns(
        "revoked Proxy within",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { proxy }",
        INVALID_OR_THROWN,
    ),
    returns(
        "Proxy revoked while encoded",
        "const { proxy, revoke } = Proxy.revocable({ a: 1 }, {}); return { get a() { revoke();
         return proxy } }",
        INVALID_RESULT,
    ),
    returns(
        "spinning number",
        "return { number: Object.assign(new Number(1), { valueOf() { for (;;); } }) }",
        TIME,
    ),
    returns(
        "spinning text",
        "return { text: Object.assign(new String('x'), { toString() { for (;;); } }) }",
        TIME,
    ),
    returns(
        "spinning Symbol.toPrimitive",
        "return { number: Object.assign(new Number(1), { [Symbol.toPrimitive]() { for (;;);
         } }) }",
        TIME,
    ),
    returns(
        "invalid date",
        "return { at: new Date(NaN), then: undefined }",
        DELIVERED,
    ),
    returns("spinning then", "return { get then() { for (;;); } }", TIME),
    returns(
        "then of every object",
        "Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { for (;;);
         } }); return event",
        TIME,
    )
    .after(After::Ends),
    returns(
        "then that never settles",
        "return { then() {} }",
        &[End::Failed(Code::Timeout)],
    )
    .limits(300, 300),
    returns(
        "then that settles twice",
        "return { then(resolve, reject) { resolve({ first: true }); resolve({ second: true });
         reject(new Error('third')); throw new Error('fourth') } }",
        &[End::DeliveredAs(r#"{"first":true}"#)],
    ),
    returns(
        "promise of itself",
        "const one = new Promise(resolve => setTimeout(() => resolve(one), 1)); return one",
        &[End::Failed(Code::BadRequest)],
    ),
    returns_later(
        "thenable of itself",
        "return { then(resolve) { resolve(this) } }",
        THROWN_OR_TIME,
    ),
    returns(
        "huge sparse array",
        "const all = []; all[2 ** 32 - 2] = 1; return { all }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "array with a length alone",
        "return { all: new Array(2 ** 32 - 1) }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "length that grows while encoded",
        "const all = [{ toJSON() { for (let i = 0; i < 1e6; i++) all.push(1); return 1 } }];
         return { all }",
        &[End::Delivered, End::Failed(Code::ResultTooLarge)],
    ),
    returns(
        "one text very often",
        "const text = JSON.parse('\"' + 'x'.repeat(1 << 20) + '\"');
         return { all: new Array(2e4).fill(text) }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "one array very often",
        "let all = [JSON.parse('\"' + 'x'.repeat(1 << 16) + '\"')];
         for (let i = 0; i < 40; i++) all = [all, all]; return { all }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "long text in a cycle",
        "const one = JSON.parse('{\"text\":\"' + 'x'.repeat(1 << 20) + '\"}'); one.self = one;
         return one",
        INVALID_RESULT,
    ),
    returns(
        "long text in a cycle of arrays",
        "const one = JSON.parse('[\"' + 'x'.repeat(1 << 20) + '\"]'); one.push([one]);
         return { one }",
        INVALID_RESULT,
    ),
    returns(
        "cycle of what was deleted from",
        "const one = JSON.parse('{\"drop\":1,\"text\":\"' + 'x'.repeat(1 << 20) + '\"}');
         delete one.drop; one.self = one; return { one }",
        INVALID_RESULT,
    ),
    returns("long text", "return { text: 'x'.repeat(2e6) }", TOO_LARGE),
    returns(
        "text one byte too long",
        "return { text: 'x'.repeat((1 << 20) - 10) }",
        TOO_LARGE,
    ),
    returns(
        "text that grows in UTF-8",
        "return { text: '\\u20ac'.repeat(4e5) }",
        TOO_LARGE,
    ),
    returns(
        "text that grows in JSON",
        "return { text: '\\u0001'.repeat(2e5) }",
        TOO_LARGE,
    ),
    returns(
        "lone surrogates",
        "return { text: '\\ud800', '\\udfff': 'x\\udc00y' }",
        DELIVERED,
    ),
    returns(
        "very long text",
        "return { text: 'x'.repeat(1e8) }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "longest text",
        "return { text: 'x'.repeat(2 ** 29 - 24) }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "many keys",
        "const all = {}; for (let i = 0; i < 3e5; i++) all['key' + i] = i; return all",
        TOO_LARGE_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    returns(
        "few objects, many times",
        "let all = ['laughter']; for (let i = 0; i < 12; i++) all = new Array(10).fill(all);
         return { all }",
        TOO_LARGE_OR_LIMIT,
    )
    .costs_a_cell(),
    returns(
        "typed array",
        "return { all: new Uint8Array(1e6) }",
        TOO_LARGE_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    returns(
        "deep",
        "let deep = {}; for (let i = 0; i < 1e5; i++) deep = { deep }; return deep",
        &[End::Failed(Code::InvalidResult), End::Delivered],
    ),
    returns(
        "deep arrays",
        "let deep = []; for (let i = 0; i < 4e5; i++) deep = [deep]; return { deep }",
        &[End::Failed(Code::InvalidResult), End::Delivered],
    ),
    returns(
        "deep, with a fault at the bottom",
        "let deep = { fault: 1n }; for (let i = 0; i < 1e5; i++) deep = { deep }; return deep",
        INVALID_RESULT,
    ),
    returns(
        "a fault among very many",
        "const all = new Array(1e6).fill(0).map(() => ({})); all.push(1n); return { all }",
        TOO_LARGE_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    returns(
        "a fault under a very long key",
        "return { ['x'.repeat(5e6)]: 1n }",
        INVALID_RESULT,
    ),
    returns(
        "cycle",
        "const one = { list: [] }; one.list.push({ one }); return one",
        INVALID_RESULT,
    ),
    returns(
        "cycle of Proxies",
        "const one = new Proxy({}, {}); one.one = one; return one",
        INVALID_RESULT,
    ),
    returns(
        "result that changes what encodes it",
        "JSON.stringify = () => '{}'; String.prototype[0] = 'x'; Array.prototype.toJSON = () => {
         for (;;); }; return event",
        DELIVERED,
    )
    .after(After::Ends),
    returns("function", "return () => {}", INVALID_RESULT),
    returns(
        "Proxy of a function",
        "return new Proxy(() => {}, { get() { for (;;); } })",
        INVALID_OR_TIME,
    ),
    returns("array", "return [event]", INVALID_RESULT),
    returns(
        "generator",
        "return (function* () { for (;;) yield 1 })()",
        &[End::DeliveredAs("{}")],
    ),
    returns(
        "global object",
        "return globalThis",
        &[
            End::Delivered,
            End::Failed(Code::InvalidResult),
            End::Failed(Code::ResultTooLarge),
            End::Failed(Code::MemoryLimitExceeded),
            End::Failed(Code::BadRequest),
            End::Failed(Code::CpuLimitExceeded),
            End::Failed(Code::Timeout),
        ],
    )
    .limits(3_000, 1_900),
];
