// The counting and authenticating part of AES-GCM: NIST SP 800-38D.
(function (primordials, host, exports) {
  'use strict';

  const { MathFloor, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { inSlices } = host.use('crypto_bytes');

  function createHasher(key) {
    return { __proto__: null, key, hash: allocate(16), pending: allocate(0) };
  }

  function absorb(hasher, bytes) {
    const all = concatenate([hasher.pending, bytes]);
    const length = TypedArrayPrototypeGetByteLength(all);
    const whole = length - (length % 16);
    inSlices(partOf(all, 0, whole), (slice) => ops.gcmHash(hasher.key, hasher.hash, slice));
    hasher.pending = copyOf(partOf(all, whole, length));
  }

  // Fills the last block up with zeros.
  function pad(hasher) {
    ops.gcmHash(hasher.key, hasher.hash, hasher.pending);
    hasher.pending = allocate(0);
  }

  function writeBits(bytes, offset, count) {
    let bits = count * 8;
    for (let index = offset + 7; index >= offset; index--) {
      bytes[index] = bits % 256;
      bits = MathFloor(bits / 256);
    }
  }

  // The counter that everything else is counted from.
  function firstCounter(key, iv) {
    const length = TypedArrayPrototypeGetByteLength(iv);
    if (length === 12) {
      const counter = allocate(16);
      TypedArrayPrototypeSet(counter, iv);
      counter[15] = 1;
      return counter;
    }
    const hasher = createHasher(key);
    absorb(hasher, iv);
    pad(hasher);
    const lengths = allocate(16);
    writeBits(lengths, 8, length);
    absorb(hasher, lengths);
    return hasher.hash;
  }

  // One message under a key and an initialization vector.
  exports.startGcm = function startGcm(key, iv) {
    return {
      __proto__: null, key, counter: firstCounter(key, iv), hasher: createHasher(key), extraLength: 0, length: 0, hasData: false,
    };
  };

  exports.addExtra = function addExtra(message, bytes) {
    absorb(message.hasher, bytes);
    message.extraLength += TypedArrayPrototypeGetByteLength(bytes);
  };

  function endExtra(message) {
    if (!message.hasData) pad(message.hasher);
    message.hasData = true;
  }

  // The other side of the data, which comes in parts of any length.
  exports.transform = function transform(message, bytes, decrypts) {
    endExtra(message);
    const data = copyOf(bytes);
    if (decrypts) absorb(message.hasher, bytes);
    // The first block of the key stream is the tag's.
    inSlices(data, (slice, start) => ops.aesCtr(message.key, message.counter, 16 + message.length + start, slice, true));
    if (!decrypts) absorb(message.hasher, data);
    message.length += TypedArrayPrototypeGetByteLength(data);
    return data;
  };

  exports.finishTag = function finishTag(message) {
    endExtra(message);
    pad(message.hasher);
    const lengths = allocate(16);
    writeBits(lengths, 0, message.extraLength);
    writeBits(lengths, 8, message.length);
    absorb(message.hasher, lengths);
    const tag = copyOf(message.hasher.hash);
    ops.aesCtr(message.key, message.counter, 0, tag, true);
    return tag;
  };
})
