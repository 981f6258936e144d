//! Attacks with outgoing requests and with the cache. No address is allowed here, so every request is refused.

use crate::attack::{
    self, Attack, DELIVERED, DELIVERED_OR_LIMIT, End, MEMORY_OR_TIME, THROWN, THROWN_OR_LIMIT,
    UNCHANGED,
};
use crate::support::check::Code;

const fn asks(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    of_family(attack::awaited(name, body, ends))
}

const fn of_family(mut attack: Attack) -> Attack {
    attack.family = "requests";
    attack
}

const NOTHING_FOUND: &[End] = &[End::DeliveredAs(r#"{"found":[]}"#)];
const TIME_ONLY: &[End] = &[End::Failed(Code::Timeout)];

pub const ATTACKS: &[Attack] = &[
    asks(
        "fetch in a loop, not awaited",
        "for (let i = 0; i < 1e5; i++) fetch('http://127.0.0.1:18080/' + i).catch(() => {}); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    asks(
        "fetch without end, not awaited, from four callers",
        "for (;;) fetch('http://127.0.0.1:18080/')",
        MEMORY_OR_TIME,
    )
    .callers(4),
    asks(
        "fetch without end, awaited",
        "for (;;) await fetch('http://127.0.0.1:18080/').catch(() => {})",
        MEMORY_OR_TIME,
    ),
    asks(
        "addresses of the host and of its cloud",
        "const hosts = ['127.0.0.1', 'localhost', '0', '0.0.0.0', '127.1', '2130706433', '0x7f000001', '0177.0.0.1',
           '127.0.0.1.', 'LOCALHOST.', 'foo.localhost', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]',
           '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]', '①②⑦.⓪.⓪.①', '127。0。0。1', '%31%32%37.0.0.1',
           '169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '[fd00:ec2::254]', '[::ffff:169.254.169.254]',
           '100.100.100.200', '168.63.129.16', '192.0.0.192', '10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '[fe80::1]',
           '224.0.0.1', '255.255.255.255', 'us:er@127.0.0.1', '8.8.8.8@127.0.0.1'];
         const found = [];
         for (const host of hosts) await fetch(`http://${host}:50051/latest/meta-data/`, { timeout: 500 }).then(
           () => found.push(host), error => { if (/refused|reset|listen/i.test(error.message)) found.push(`${host}: ${error.message}`) });
         return { found }",
        NOTHING_FOUND,
    )
    .limits(8_000, 1_900),
    asks(
        "names of metadata services",
        "const names = ['metadata.google.internal', 'metadata', 'instance-data', 'metadata.azure.internal', 'kubernetes.default.svc', 'host.docker.internal'];
         const found = [];
         await Promise.all(names.map(name => fetch(`http://${name}/`, { timeout: 400, headers: { 'Metadata-Flavor': 'Google' } }).then(() => found.push(name), () => {})));
         return { found }",
        NOTHING_FOUND,
    )
    .limits(4_000, 1_900),
    asks(
        "schemes of other things",
        "const found = [];
         for (const url of ['file:///etc/passwd', 'data:text/plain,x', 'blob:x', 'ftp://127.0.0.1/', 'gopher://127.0.0.1:18080/', 'unix:/run/docker.sock', 'javascript:1', '//127.0.0.1/', ''])
           await fetch(url).then(() => found.push(url), () => {});
         return { found }",
        NOTHING_FOUND,
    ),
    asks(
        "requests within requests",
        "const found = [], send = init => fetch('http://127.0.0.1:18080/', init).then(() => found.push(init), () => {});
         await send({ headers: { 'X': 'a\\r\\nHost: b' } }); await send({ headers: { 'X\\r\\nY': 'a' } });
         await send({ method: 'GET / HTTP/1.1\\r\\nX:' }); await send({ headers: { Host: 'other' } });
         await send({ method: 'POST', body: 'x', headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': '0' } });
         await fetch('http://127.0.0.1:18080/ HTTP/1.1\\r\\nX: y').then(() => found.push('url'), () => {});
         return { found }",
        NOTHING_FOUND,
    ),
    asks(
        "URL of 100 MB",
        "await fetch('http://127.0.0.1:18080/' + 'x'.repeat(1e8))",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "URL of 30 MB",
        "await fetch('http://127.0.0.1:18080/' + 'x'.repeat(3e7))",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "header of 70 MB",
        "await fetch('http://127.0.0.1:18080/', { headers: { x: 'x'.repeat(7e7) } })",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "one long text in many headers",
        "const long = 'x'.repeat(1e7), headers = [];
         for (let i = 0; i < 4000; i++) headers.push(['x' + i, long]);
         await fetch('http://127.0.0.1:18080/', { headers })",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "many headers",
        "const headers = new Headers(); for (let i = 0; i < 2e4; i++) headers.append('x' + i, 'y');
         await fetch('http://127.0.0.1:18080/', { headers })",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "method of 70 MB",
        "await fetch('http://127.0.0.1:18080/', { method: 'x'.repeat(7e7) })",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "body of 100 MB",
        "await fetch('http://127.0.0.1:18080/', { method: 'POST', body: Buffer.alloc(1e8) })",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "bodies of 16 MiB, fifty at once, from four callers",
        "const body = Buffer.alloc(2 ** 24);
         await Promise.all(Array.from({ length: 50 }, () => fetch('http://127.0.0.1:18080/', { method: 'POST', body })))",
        THROWN_OR_LIMIT,
    )
    .limits(4_000, 1_900)
    .callers(4),
    asks(
        "body of a stream without end",
        "await fetch('http://127.0.0.1:18080/', { method: 'POST', body: (async function* () { for (;;) yield Buffer.alloc(1e6) })() })",
        MEMORY_OR_TIME,
    )
    .limits(2_000, 1_000),
    asks(
        "chains of requests that call themselves",
        "const again = () => fetch('http://127.0.0.1:18080/').then(again, again); again(); again(); await new Promise(() => {})",
        MEMORY_OR_TIME,
    ),
    asks(
        "chains that grow",
        "const again = () => { for (let i = 0; i < 2; i++) fetch('http://127.0.0.1:18080/').catch(again) }; again(); await new Promise(() => {})",
        MEMORY_OR_TIME,
    ),
    asks(
        "requests aborted as they start",
        "for (let i = 0; i < 3000; i++) { const controller = new AbortController();
           fetch('http://127.0.0.1:18080/', { signal: controller.signal }).catch(() => {}); controller.abort() }
         return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    asks(
        "one signal for many requests",
        "const controller = new AbortController();
         const all = Array.from({ length: 5000 }, () => fetch('http://127.0.0.1:18080/', { signal: controller.signal }).catch(() => {}));
         controller.abort(); await Promise.all(all); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    asks(
        "listener of an abort that spins",
        "const signal = { aborted: false, addEventListener() { for (;;); }, removeEventListener() {} };
         Object.setPrototypeOf(signal, AbortSignal.prototype); await fetch('http://127.0.0.1:18080/', { signal })",
        THROWN_OR_LIMIT,
    ),
    asks(
        "requests after the result",
        "(async () => { for (;;) await fetch('http://127.0.0.1:18080/').catch(() => {}) })(); return event",
        DELIVERED_OR_LIMIT,
    ),
    asks(
        "options that spin when read",
        "await fetch('http://127.0.0.1:18080/', new Proxy({}, { get() { for (;;); } }))",
        THROWN_OR_LIMIT,
    ),
    asks(
        "prototypes that fetch and the cache might use",
        "const spin = () => { for (;;); };
         for (const one of [Headers, Request, Response, AbortController, AbortSignal, URL, URLSearchParams, Map, Array, Promise])
           for (const key of Object.getOwnPropertyNames(one.prototype))
             if (key !== 'constructor' && key !== 'length') try { Object.defineProperty(one.prototype, key, { value: spin, configurable: true }) } catch {}
         fetch('http://127.0.0.1:18080/'); cache.load('k', -1, () => ({ a: [1] }));
         return event",
        DELIVERED_OR_LIMIT,
    )
    .after(attack::After::Works),
    asks(
        "distinct keys in the cache",
        "for (let i = 0; i < 2e4; i++) await cache.load('key' + i, -1, () => i); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    asks(
        "large values in the cache",
        "for (let i = 0; i < 200; i++) await cache.load('key' + i, -1, () => Buffer.alloc(2 ** 20)); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(3_000, 1_900)
    .callers(4),
    asks(
        "a key of 100 MB",
        "await cache.load('k'.repeat(1e8), -1, () => 1); return event",
        THROWN_OR_LIMIT,
    )
    .limits(3_000, 1_900),
    asks(
        "long keys of loads that never settle",
        "const long = 'x'.repeat(1e7); for (let i = 0; i < 1000; i++) cache.load(i + long, -1, () => new Promise(() => {})); return event",
        DELIVERED_OR_LIMIT,
    )
    .limits(4_000, 1_900),
    asks(
        "a load that never settles",
        "await cache.load('key', -1, () => new Promise(() => {}))",
        TIME_ONLY,
    ),
    asks(
        "loads that never settle, without end",
        "for (let i = 0; ; i++) cache.load('key'.repeat(300) + i, -1, () => new Promise(() => {}))",
        MEMORY_OR_TIME,
    )
    .limits(3_000, 1_900)
    .callers(4),
    asks(
        "a load that waits for itself",
        "await cache.load('key', -1, () => cache.load('key', -1, () => 1))",
        TIME_ONLY,
    ),
    asks(
        "loads within loads",
        "const load = n => cache.load('key' + n, -1, () => load(n + 1)); await load(0)",
        THROWN_OR_LIMIT,
    )
    .limits(2_000, 1_000),
    asks(
        "prototypes in a value of the cache",
        "const value = JSON.parse('{\"__proto__\":{\"polluted\":1},\"constructor\":{\"prototype\":{\"polluted\":1}}}');
         await cache.load('key', -1, () => value); const read = await cache.load('key', -1, () => 0);
         const found = []; if ({}.polluted) found.push('polluted'); if (Object.getPrototypeOf(read) !== Object.prototype) found.push('prototype');
         return { found }",
        NOTHING_FOUND,
    ),
    asks(
        "values of the cache that spin when copied",
        "await cache.load('key', -1, () => ({ get a() { for (;;); } })); return event",
        DELIVERED_OR_LIMIT,
    ),
    asks(
        "a thenable for a value",
        "await cache.load('key', -1, () => ({ then() { for (;;); } }))",
        THROWN_OR_LIMIT,
    ),
    asks(
        "errors of loaders, huge and odd",
        "for (const thrown of [null, undefined, Symbol('x'), () => {}, new Proxy({}, { get() { throw 1 } }), Object.assign(new Error('x'.repeat(1e6)), { big: 'y'.repeat(1e6) })])
           await cache.load('key', -1, () => { throw thrown }).catch(() => {});
         return event",
        UNCHANGED,
    ),
    asks(
        "a server of the old kind",
        "return new Promise(resolve => { const request = require('http').request('http://127.0.0.1:18080/', { method: 'POST' });
           request.on('error', () => resolve(event)); const chunk = Buffer.alloc(1e6); for (let i = 0; i < 400; i++) request.write(chunk); request.end() })",
        ANY_END,
    )
    .limits(3_000, 1_900),
    asks("refusals tell nothing", "const tell = url => fetch(url).catch(error => error.message.replace(url, 'URL'));
         const first = await tell('http://127.0.0.1:18080/'), second = await tell('http://10.1.2.3/');
         return { found: first === second ? [] : [first, second] }", NOTHING_FOUND),
    asks("a refusal, not caught", "await fetch('http://127.0.0.1:18080/')", THROWN),
    asks("a refusal as a promise left alone", "fetch('http://127.0.0.1:18080/'); await new Promise(resolve => setTimeout(resolve, 50)); return event", DELIVERED),
];

const ANY_END: &[End] = &[
    End::Delivered,
    End::Failed(Code::BadRequest),
    End::Failed(Code::MemoryLimitExceeded),
    End::Failed(Code::CpuLimitExceeded),
    End::Failed(Code::Timeout),
];
