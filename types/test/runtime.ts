// What a function finds of Node and the web, right and wrong.

// fetch
const response = await fetch('https://api.example.com/v1', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Accept: undefined },
  body: JSON.stringify({}),
  signal: AbortSignal.timeout(1000),
  timeout: 2000,
  size: 1 << 20,
});
response.headers.get('retry-after') satisfies string | null;
response.headers.raw() satisfies Record<string, string[]>;
(await response.buffer()).toString('base64') satisfies string;
(await response.json()).anything;
for await (const chunk of response.body!) chunk;
const form = new FormData();
form.append('file', Buffer.from('text'), { filename: 'a.txt', contentType: 'text/plain' });
await fetch(new URL('https://api.example.com'), { method: 'PUT', body: form, headers: form.getHeaders() });
await fetch('https://api.example.com', { body: new URLSearchParams({ a: '1' }) });
try {
  await fetch('https://api.example.com');
} catch (error) {
  if (error instanceof fetch.FetchError) error.code satisfies string | undefined;
}
// @ts-expect-error: no such option
await fetch('https://api.example.com', { headres: {} });
// @ts-expect-error: an object is no body
await fetch('https://api.example.com', { body: { a: 1 } });
// @ts-expect-error: textConverted is not there
response.textConverted();

// Timers
const timer = setTimeout((name: string) => name, 10, 'Ada');
timer.unref().hasRef() satisfies boolean;
timer.refresh();
clearTimeout(timer);
setImmediate(() => {});
queueMicrotask(() => {});
performance.now() satisfies number;
// @ts-expect-error: there are no marks
performance.mark('a');

// console and process
console.log('%s of %d', 'a', 1);
console.table([{ a: 1 }], ['a']);
console.dir({}, { depth: 0 });
process.env.HOME satisfies string | undefined;
process.nextTick((count: number) => count, 1);
process.hrtime.bigint() satisfies bigint;
process.stdout.write('a line');
// @ts-expect-error: there is no standard input
process.stdin;
// @ts-expect-error: there is nothing to be told of
process.memoryUsage.rss();

// Buffers and text
Buffer.from('a', 'utf8').toString('hex') satisfies string;
Buffer.from([1, 2]).readUInt16BE(0) satisfies number;
Buffer.concat([Buffer.alloc(1), new Uint8Array(1)]).subarray(1).equals(Buffer.of(0)) satisfies boolean;
new TextDecoder().decode(new TextEncoder().encode('a')) satisfies string;
atob(btoa('a')) satisfies string;
structuredClone(new Map([[1, 'a']])).get(1) satisfies string | undefined;
// @ts-expect-error: no such encoding
Buffer.from('a', 'utf9');

// crypto, as a global and by require
crypto.createHmac('sha256', 'key').update('text').digest('hex') satisfies string;
crypto.createHash('md5').update('text', 'utf8').digest() satisfies Buffer;
crypto.randomUUID() satisfies string;
crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(1)) satisfies boolean;
const { createCipheriv } = require('node:crypto');
createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12)).getAuthTag() satisfies Buffer;
const read = (name: string, done: (error: Error | null, text: string) => void) => done(null, name);
(await require('util').promisify(read)('a')) satisfies string;
// @ts-expect-error: Node's deprecated one is not there
crypto.createCipher;

// Modules
require('zlib').gunzipSync(zlib.gzipSync('text')).toString() satisfies string;
zlib.gzip('text', { level: 9 }, (error, bytes) => { if (error === null) bytes satisfies Buffer; });
zlib = zlib.zlib;
require('url').parse('http://a?b=c', true).query.b satisfies string | string[] | undefined;
require('querystring').stringify({ a: [1, 2] }) satisfies string;
require('path').basename('a/b') satisfies string;
require('util').inspect({}, { depth: null }) satisfies string;
require('util').types.isDate(5) satisfies boolean;
require('timers').setTimeout(() => {}, 1).unref();
(await require('timers/promises').setTimeout(1, 'a')) satisfies string;
require('os').EOL satisfies string;
require('punycode').toASCII('mañana.com') satisfies string;
new (require('string_decoder').StringDecoder)('utf8').write(Buffer.of(1)) satisfies string;
const EventEmitter = require('events');
new EventEmitter().on('a', (value: number) => value).emit('a', 1) satisfies boolean;
await EventEmitter.once(new EventEmitter(), 'a');
const assert: typeof import('assert') = require('assert');
assert.deepStrictEqual({ a: 1 }, { a: 1 });
const { Readable, Transform, pipeline } = require('stream');
Readable.from(['a']).pipe(new Transform({ transform(chunk, _encoding, done) { done(null, chunk); } }));
pipeline(Readable.from(['a']), zlib.createGzip(), error => { error satisfies Error | null | undefined; });
async function* pass(chunks: AsyncIterable<string>) { yield* chunks; }
await require('stream/promises').pipeline(Readable.from(['a']), pass);
const request = https.request('https://api.example.com', { method: 'POST' }, answer => {
  answer.statusCode satisfies number;
  answer.setEncoding('utf8');
  answer.on('data', chunk => chunk).on('end', () => {});
});
request.on('error', error => error.message);
request.end('body');
// @ts-expect-error: there are no files
require('fs');
// @ts-expect-error: nor sockets
require('net');
// @ts-expect-error: Readables have none of the iterators' helpers
Readable.from([1]).map(x => x);

// The web
const controller = new AbortController();
controller.signal.addEventListener('abort', () => controller.signal.reason, { once: true });
AbortSignal.any([controller.signal]).throwIfAborted();
new File(['a'], 'a.txt').name satisfies string;
new URL('/b', 'http://a').searchParams.get('q') satisfies string | null;
new DOMException('a', 'AbortError').code satisfies number;
// @ts-expect-error: there is no window
window;
// @ts-expect-error: nor a document
document;
// @ts-expect-error: nor storage
localStorage;
// @ts-expect-error: nor the web's streams
ReadableStream;
// @ts-expect-error: nor sockets
WebSocket;
// @ts-expect-error: nor modules' own names
__dirname;
export {};
