const DEFAULT_FIELDS = [
  'userId',
  'previousId',
  'traits.email',
  'properties.email',
  'context.traits.email',
];
const MIN_SECRET_LENGTH = 32;

// SHA-256's constants are by definition the first 32 bits of the fractions of prime roots.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every(p => n % p)) primes.push(n);
const fraction = x => ((x % 1) * 2 ** 32) | 0;
const INITIAL = primes.slice(0, 8).map(p => fraction(Math.sqrt(p)));
const ROUND = primes.map(p => fraction(Math.cbrt(p)));

const rotr = (x, n) => (x >>> n) | (x << (32 - n));

function sha256(bytes) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);

  const hash = Int32Array.from(INITIAL);
  const w = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
      const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [a, b, c, d, e, f, g, h] = [(t1 + t2) | 0, a, b, c, (d + t1) | 0, e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { hash[i] += word; });
  }

  const out = new DataView(new ArrayBuffer(32));
  hash.forEach((word, i) => out.setInt32(i * 4, word));
  return new Uint8Array(out.buffer);
}

function utf8(text) {
  const binary = unescape(encodeURIComponent(text.toWellFormed()));
  return Uint8Array.from(binary, char => char.charCodeAt(0));
}

function concat(head, tail) {
  const out = new Uint8Array(head.length + tail.length);
  out.set(head);
  out.set(tail, head.length);
  return out;
}

function hmacSha256(key, message) {
  const block = new Uint8Array(64);
  const keyBytes = utf8(key);
  block.set(keyBytes.length > 64 ? sha256(keyBytes) : keyBytes);
  const inner = sha256(concat(block.map(b => b ^ 0x36), utf8(message)));
  return sha256(concat(block.map(b => b ^ 0x5c), inner));
}

function tokenOf(value, secret) {
  // One person, one token: addresses are compared without regard to case. The field's name is
  // left out of the hash, so an address used as userId still joins with traits.email.
  const text = String(value).trim();
  const mac = hmacSha256(secret, text.includes('@') ? text.toLowerCase() : text);
  const hex = Array.from(mac.subarray(0, 16), byte => byte.toString(16).padStart(2, '0')).join('');
  return `tok_${hex}`;
}

function checked(/** @type {Settings} */ { secret, fields = DEFAULT_FIELDS } = {}) {
  if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH) {
    throw new ValidationError(`Setting "secret" must be a string of at least ${MIN_SECRET_LENGTH} characters`);
  }
  if (!Array.isArray(fields) || !fields.every(field => typeof field === 'string' && field)) {
    throw new ValidationError('Setting "fields" must be a list of paths such as "traits.email"');
  }
  return { secret, fields };
}

function tokenise(event, settings) {
  const { secret, fields } = checked(settings);
  for (const field of fields) {
    const path = field.split('.');
    const name = path.pop();
    const parent = path.reduce((object, key) => object?.[key], event);
    const value = parent?.[name] ?? '';
    if (value === '') continue;
    // Letting it through as it is would let the identifier through.
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new InvalidEventPayload(`${field} must be a string or a number`);
    }
    parent[name] = tokenOf(value, secret);
  }
  return event;
}

function onIdentify(event, settings) { return tokenise(event, settings); }
function onTrack(event, settings) { return tokenise(event, settings); }
function onPage(event, settings) { return tokenise(event, settings); }
function onScreen(event, settings) { return tokenise(event, settings); }
function onGroup(event, settings) { return tokenise(event, settings); }
function onAlias(event, settings) { return tokenise(event, settings); }
function onDelete(event, settings) { return tokenise(event, settings); }
