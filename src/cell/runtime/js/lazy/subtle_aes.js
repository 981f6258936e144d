// AES of the web's crypto, over whole messages.
(function (primordials, host, exports) {
  'use strict';

  const { BigInt, MathCeil, Number, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { inSlices } = host.use('crypto_bytes');
  const { decryptCbc, encryptCbc } = host.use('crypto_cbc');
  const { addExtra, finishTag, startGcm, transform } = host.use('crypto_gcm');
  const { bytesIn, failed, failure, required } = host.use('subtle_algorithms');
  const encodings = host.use('buffer_encodings');

  const BLOCK = 16;
  const lengthOf = TypedArrayPrototypeGetByteLength;

  function cbc(key, options, data, decrypts) {
    const iv = bytesIn(required(options, 'iv', 'AesCbcParams'), 'algorithm.iv');
    if (lengthOf(iv) !== BLOCK) throw failure('algorithm.iv must contain exactly 16 bytes');
    if (!decrypts) return encryptCbc(key, iv, data);
    const bytes = decryptCbc(key, iv, data);
    if (bytes === undefined) throw failed();
    return bytes;
  }

  // Blocks until the last `bits` bits of the counter are all zero again.
  function blocksLeft(counter, bits) {
    const value = BigInt('0x' + encodings.decode(counter, encodings.encodingOf('hex'), 0, BLOCK));
    const size = 1n << BigInt(bits);
    return size - (value & (size - 1n));
  }

  function wrapped(counter, bits) {
    const next = copyOf(counter);
    for (let bit = 0; bit < bits; bit++) next[BLOCK - 1 - (bit >>> 3)] &= ~(1 << (bit & 7));
    return next;
  }

  function keyStream(key, counter, data) {
    inSlices(data, (slice, start) => ops.aesCtr(key, counter, start, slice, false));
  }

  function ctr(key, options, data) {
    const counter = bytesIn(required(options, 'counter', 'AesCtrParams'), 'algorithm.counter');
    const bits = required(options, 'length', 'AesCtrParams');
    if (lengthOf(counter) !== BLOCK) throw failure('algorithm.counter must contain exactly 16 bytes');
    if (!(bits >= 1 && bits <= 128)) throw failure('AES-CTR algorithm.length must be between 1 and 128');
    const length = lengthOf(data);
    const blocks = BigInt(MathCeil(length / BLOCK));
    if (blocks > 1n << BigInt(bits)) throw failed();
    const left = blocksLeft(counter, bits);
    if (blocks <= left) {
      keyStream(key, counter, data);
    } else {
      const middle = Number(left) * BLOCK;
      keyStream(key, counter, partOf(data, 0, middle));
      keyStream(key, wrapped(counter, bits), partOf(data, middle, length));
    }
    return data;
  }

  function gcm(key, options, data, decrypts) {
    const iv = bytesIn(required(options, 'iv', 'AesGcmParams'), 'algorithm.iv');
    const { additionalData, tagLength = 128 } = options;
    const isKnown = tagLength === 32 || tagLength === 64 || (tagLength >= 96 && tagLength <= 128 && tagLength % 8 === 0);
    if (!isKnown) throw failure(tagLength + ' is not a valid AES-GCM tag length');
    if (lengthOf(iv) === 0) throw failed();
    const size = tagLength / 8;
    const message = startGcm(key, iv);
    if (additionalData !== undefined) addExtra(message, bytesIn(additionalData, 'algorithm.additionalData'));
    if (!decrypts) {
      const sealed = transform(message, data, false);
      return concatenate([sealed, partOf(finishTag(message), 0, size)]);
    }
    const end = lengthOf(data) - size;
    if (end < 0) throw failure('The provided data is too small.');
    const opened = transform(message, partOf(data, 0, end), true);
    const tag = copyOf(partOf(finishTag(message), 0, size));
    if (!ops.timingSafeEqual(tag, partOf(data, end, end + size))) throw failed();
    return opened;
  }

  // data are a copy, which may be changed.
  exports.cipher = function cipher(name, key, options, data, decrypts) {
    if (name === 'AES-CBC') return cbc(key, options, data, decrypts);
    return name === 'AES-CTR' ? ctr(key, options, data) : gcm(key, options, data, decrypts);
  };

  const CHECK = 0xa6;
  const HALF = 8;
  const ROUNDS = 6;
  const MOST_WRAPPED = 1 << 16;

  function addCount(block, count) {
    for (let index = HALF - 1, rest = count; rest > 0; index--, rest = (rest - (rest % 256)) / 256) block[index] ^= rest % 256;
  }

  // RFC 3394, 2.2.1.
  exports.wrapBytes = function wrapBytes(key, bytes) {
    const length = lengthOf(bytes);
    if (length % HALF !== 0 || length < 2 * HALF || length > MOST_WRAPPED) throw failed();
    const all = allocate(length + HALF);
    TypedArrayPrototypeSet(all, bytes, HALF);
    const block = allocate(BLOCK);
    for (let index = 0; index < HALF; index++) block[index] = CHECK;
    for (let round = 0, count = 1; round < ROUNDS; round++) {
      for (let start = HALF; start <= length; start += HALF, count++) {
        TypedArrayPrototypeSet(block, partOf(all, start, start + HALF), HALF);
        ops.aesEcb(key, block, false);
        addCount(block, count);
        TypedArrayPrototypeSet(all, partOf(block, HALF, BLOCK), start);
      }
    }
    TypedArrayPrototypeSet(all, partOf(block, 0, HALF));
    return all;
  };

  // RFC 3394, 2.2.2.
  exports.unwrapBytes = function unwrapBytes(key, bytes) {
    const length = lengthOf(bytes) - HALF;
    if (length % HALF !== 0 || length < 2 * HALF || length > MOST_WRAPPED) throw failed();
    const all = copyOf(bytes);
    const block = allocate(BLOCK);
    TypedArrayPrototypeSet(block, partOf(all, 0, HALF));
    for (let round = 0, count = (ROUNDS * length) / HALF; round < ROUNDS; round++) {
      for (let start = length; start >= HALF; start -= HALF, count--) {
        addCount(block, count);
        TypedArrayPrototypeSet(block, partOf(all, start, start + HALF), HALF);
        ops.aesEcb(key, block, true);
        TypedArrayPrototypeSet(all, partOf(block, HALF, BLOCK), start);
      }
    }
    for (let index = 0; index < HALF; index++) {
      if (block[index] !== CHECK) throw failed();
    }
    return copyOf(partOf(all, HALF, length + HALF));
  };
})
