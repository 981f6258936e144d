//! Attacks on time with V8's own code, some of which never looks whether it should end.

use crate::attack::{
    self, ANYTHING, Attack, DELIVERED_OR_LIMIT, DELIVERED_OR_TIME, End, MEMORY_OR_TIME,
    THROWN_OR_LIMIT, TIME,
};

const fn spins(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    let mut attack = attack::sync(name, body, ends);
    attack.family = "unkillable";
    attack.limits(600, 200)
}

/// What is known to ignore termination, for a while or for good.
const fn deaf(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    spins(name, body, ends).costs_a_cell()
}

pub const ATTACKS: &[Attack] = &[
    deaf(
        "indexOf over 2**53-1",
        "return { at: [].indexOf.call({ length: 2 ** 53 - 1 }, 1) }",
        TIME,
    ),
    deaf(
        "indexOf over 2**53-1, from four callers",
        "return { at: [].indexOf.call({ length: 2 ** 53 - 1 }, 1) }",
        TIME,
    )
    .callers(4),
    deaf(
        "includes over 2**53-1",
        "return { has: [].includes.call({ length: 2 ** 53 - 1 }, 1) }",
        TIME,
    ),
    deaf(
        "lastIndexOf over 2**53-1",
        "return { at: [].lastIndexOf.call({ length: 2 ** 53 - 1 }, 1) }",
        TIME,
    ),
    deaf(
        "forEach over 2**53-1",
        "[].forEach.call({ length: 2 ** 53 - 1 }, () => {})",
        TIME,
    ),
    deaf(
        "reverse of 2**53-1",
        "[].reverse.call({ length: 2 ** 53 - 1 })",
        MEMORY_OR_TIME,
    ),
    deaf(
        "copyWithin of 2**53-1",
        "[].copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "unshift of 2**53-2",
        "[].unshift.call({ length: 2 ** 53 - 2 }, 1)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "reduce over a Proxy of 2**53-1",
        "[].reduce.call(new Proxy({ length: 2 ** 53 - 1 }, {}), () => 0, 0)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "concat of a sparse 2**32-2",
        "return { length: [].concat({ length: 2 ** 32 - 2, [Symbol.isConcatSpreadable]: true },
         1).length }",
        ANYTHING,
    ),
    deaf(
        "indexOf in a sparse array",
        "const sparse = []; sparse[2 ** 32 - 2] = 1; for (;;) sparse.indexOf(2)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "normalize in a loop",
        "const text = '\\u0344'.repeat(2e6); for (;;) text.normalize('NFKD')",
        MEMORY_OR_TIME,
    ),
    deaf(
        "sort of a typed array",
        "const all = new Uint32Array(2.4e7); let n = 1; for (let i = 0; i < all.length;
         i++) all[i] = n = Math.imul(n, 1103515245) + 12345; all.sort();
         for (;;) all.reverse().sort()",
        MEMORY_OR_TIME,
    ),
    deaf(
        "search of a long text",
        "const part = 'a'.repeat(4e6); for (;;) (part + part).indexOf(part + 'b')",
        MEMORY_OR_TIME,
    ),
    deaf(
        "comparison of long texts",
        "const text = 'ä'.repeat(5e6); for (;;) (text + 'a').localeCompare(text + 'b', 'sv', {
         sensitivity: 'variant' })",
        MEMORY_OR_TIME,
    ),
    deaf(
        "String.raw of 2**53-1",
        "return { length: String.raw({ raw: { length: 2 ** 53 - 1 } }).length }",
        THROWN_OR_LIMIT,
    ),
    deaf(
        "encodeURIComponent of much",
        "const text = 'ä'.repeat(2e7); for (;;) encodeURIComponent(text)",
        THROWN_OR_LIMIT,
    ),
    deaf(
        "JSON.parse of much",
        "const text = '[' + '1,'.repeat(5e6) + '1]'; for (;;) JSON.parse(text)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "JSON.parse of one long string",
        "const text = '\"' + '\\\\u00e4'.repeat(5e6) + '\"'; for (;;) JSON.parse(text)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "JSON.stringify of much",
        "const all = new Array(1e6).fill(0.1); for (;;) JSON.stringify(all)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "power of BigInts",
        "for (;;) 7n ** 20000000n",
        THROWN_OR_LIMIT,
    ),
    deaf(
        "product of BigInts",
        "const big = 1n << 20000000n; for (;;) (big + 1n) * (big - 1n)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "quotient of BigInts",
        "const big = 3n ** 3000000n; for (;;) big / (big >> 2000000n)",
        MEMORY_OR_TIME,
    ),
    deaf(
        "BigInt from text",
        "const text = '9'.repeat(3e6); for (;;) BigInt(text)",
        THROWN_OR_LIMIT,
    ),
    deaf(
        "BigInt to text",
        "const big = (1n << 20000000n) - 1n; for (;;) big.toString()",
        THROWN_OR_LIMIT,
    ),
    spins(
        "sort with a comparer",
        "const all = Array.from({ length: 1e5 }, (_, i) => i);
         for (;;) all.sort(() => Math.random() - 0.5)",
        TIME,
    ),
    spins(
        "sort without a comparer",
        "const all = Array.from({ length: 3e5 }, (_, i) => i * 7919 % 300007);
         for (;;) all.slice().sort()",
        MEMORY_OR_TIME,
    ),
    spins(
        "backtracking",
        "return { found: /^(a+)+$/.test('a'.repeat(50) + 'b') }",
        TIME,
    ),
    spins(
        "backtracking in words",
        "return { found: /^(\\w+\\s?)*$/.test('word '.repeat(30) + '!') }",
        TIME,
    ),
    spins(
        "backtracking over a reference",
        "return { found: /^(a+)+\\1$/.test('a'.repeat(60) + 'b') }",
        TIME,
    ),
    spins(
        "backtracking behind",
        "return { found: /(?<=^(a|aa)+)b$/.test('a'.repeat(80) + 'c' + 'b') }",
        DELIVERED_OR_TIME,
    ),
    spins(
        "backtracking in Unicode",
        "return { found: /^(\\p{L}+)+$/iu.test('ä'.repeat(60) + '1') }",
        TIME,
    ),
    spins(
        "backtracking with a lookahead",
        "return { found: /^(?=(a+)+$)a/.test('a'.repeat(60) + 'b') }",
        TIME,
    ),
    spins(
        "replace with a function",
        "const text = 'x'.repeat(1e5); for (;;) text.replace(/x/g, () => 'y')",
        MEMORY_OR_TIME,
    ),
    spins(
        "number formats",
        "const format = new Intl.NumberFormat('ar-EG'); const big = 10n ** 100000n;
         for (;;) format.format(big)",
        MEMORY_OR_TIME,
    )
    .costs_a_cell(),
    spins(
        "date formats",
        "for (;;) new Date(1e12).toLocaleString('zh-u-ca-chinese', {
         dateStyle: 'full', timeStyle: 'full' })",
        MEMORY_OR_TIME,
    ),
    spins(
        "list formats",
        "const list = new Array(2e5).fill('x'); for (;;) new Intl.ListFormat('en').format(list)",
        MEMORY_OR_TIME,
    )
    .costs_a_cell(),
    spins(
        "dates in words",
        "for (;;) Date.parse('x'.repeat(1e6) + ' 2020')",
        TIME,
    ),
    spins(
        "typed array from what only has a length",
        "return { length: new Uint8Array({ length: 1e8 }).length }",
        DELIVERED_OR_LIMIT,
    )
    .costs_a_cell(),
    spins(
        "grouping without end",
        "Object.groupBy((function* () { for (;;) yield 1 })(), () => 'one')",
        MEMORY_OR_TIME,
    ),
    spins(
        "collection over and over",
        "const all = []; for (let i = 0; i < 3e5; i++) all.push({ i });
         for (;;) all[Math.random() * 3e5 | 0] = { all: [1, 2, 3] }",
        TIME,
    ),
    spins(
        "a key derived by pbkdf2 in years",
        "require('crypto').pbkdf2Sync('p', 's', 2 ** 31 - 1, 64, 'sha512')",
        TIME,
    ),
    spins(
        "a key derived by scrypt in hours",
        "require('crypto').scryptSync('p', 's', 64, { N: 2 ** 14, r: 8, p: 1e5, maxmem: 2 ** 40 })",
        MEMORY_OR_TIME,
    ),
    spins(
        "pairs: keys of 4096 bits",
        "for (;;) require('crypto').generateKeyPairSync('rsa', { modulusLength: 4096 })",
        TIME,
    ),
    spins(
        "pairs: keys without number",
        "const all = []; for (;;) all.push(require('crypto').generateKeyPairSync('ed25519'))",
        MEMORY_OR_TIME,
    ),
    spins(
        "pairs: the largest modulus and exponent",
        "const key = { kty: 'RSA', n: '_'.repeat(2730) + '8', e: 'Af____8' };
         const options = { key, format: 'jwk' };
         for (;;) require('crypto').verify('sha256', 'x', options, Buffer.alloc(2048, 1))",
        TIME,
    ),
    spins(
        "pairs: a message to sign that is signed whole",
        "const { privateKey } = require('crypto').generateKeyPairSync('ed25519');
         const data = Buffer.alloc(2 ** 23); for (;;) require('crypto').sign(null, data, privateKey)",
        TIME,
    ),
    spins(
        "hashes of much",
        "const data = Buffer.alloc(1e7); for (;;) require('crypto').createHash('sha3-512').update(data)",
        TIME,
    ),
    spins(
        "zlib: gzip of much",
        "const data = Buffer.alloc(3e7, 'ab'); for (;;) zlib.gzipSync(data, { level: 9 })",
        TIME,
    ),
    spins(
        "zlib: brotli of much",
        "const data = Buffer.from(Array.from({ length: 3e5 }, (_, i) => i * i % 251));
         for (;;) zlib.brotliCompressSync(data)",
        TIME,
    ),
    spins(
        "zlib: a bomb of gzip",
        "const bomb = zlib.gzipSync(Buffer.alloc(3e7));
         zlib.gunzipSync(Buffer.concat(Array(99).fill(bomb)))",
        MEMORY_OR_TIME,
    ),
    spins(
        "zlib: a bomb of brotli",
        "const bomb = zlib.brotliCompressSync(Buffer.alloc(3e7), { params: { 1: 1 } });
         const all = []; for (;;) all.push(zlib.brotliDecompressSync(bomb))",
        MEMORY_OR_TIME,
    ),
    spins(
        "zlib: a bomb in a stream",
        "const bomb = zlib.gzipSync(Buffer.alloc(3e7)), gunzip = zlib.createGunzip();
         gunzip.resume(); for (;;) gunzip.write(bomb)",
        MEMORY_OR_TIME,
    ),
    spins(
        "zlib: streams without number",
        "const all = []; for (;;) all.push(zlib.createGzip())",
        MEMORY_OR_TIME,
    ),
    spins(
        "zlib: large streams, forgotten",
        "for (;;) { const one = zlib.createBrotliCompress({ params: { 2: 24 } }); one.write('x') }",
        MEMORY_OR_TIME,
    ),
];
