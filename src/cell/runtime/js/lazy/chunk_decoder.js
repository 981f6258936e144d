// Bytes that come in parts as text: what setEncoding asks of a stream.
(function (primordials, host, exports) {
  'use strict';

  const { FunctionPrototypeCall, StringPrototypeToLowerCase } = primordials;
  const { createList, append } = host.inspection;
  const { bufferOf, concatenate, lengthOf, partOf } = host.use('byte_parts');
  const { ops } = host;

  // `needsAll` where the bytes must come in one part.
  exports.createChunkDecoder = function createChunkDecoder(encoding) {
    const name = StringPrototypeToLowerCase(`${encoding ?? 'utf8'}`);
    if (name === 'utf8' || name === 'utf-8') return createUtf8Decoder();
    const { toString } = host.use('buffer').Buffer.prototype;
    const decode = (bytes) => FunctionPrototypeCall(toString, bufferOf(bytes), name);
    // So that an unknown encoding is told of now.
    decode(host.use('encoding').encodeUtf8(''));
    return { __proto__: null, needsAll: true, decode };
  };

  function createUtf8Decoder() {
    let pending;
    function decode(bytes, isLast) {
      let all = bytes;
      if (pending !== undefined) {
        const parts = createList();
        append(parts, pending);
        append(parts, bytes);
        all = concatenate(parts);
      }
      const length = lengthOf(all);
      const whole = isLast ? length : length - ops.utf8Incomplete(all);
      pending = whole === length ? undefined : partOf(all, whole, length);
      return ops.utf8Decode(whole === length ? all : partOf(all, 0, whole), false, true);
    }
    return { __proto__: null, needsAll: false, decode };
  }
})
