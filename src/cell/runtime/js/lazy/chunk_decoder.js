// Bytes that come in parts as text: what setEncoding asks of a stream.
(function (primordials, host, exports) {
  'use strict';

  const { append, createList } = host.basics;
  const { decode, encodingOf, UTF8 } = host.use('buffer_encodings');
  const { concatenate, lengthOf, partOf } = host.use('byte_parts');
  const { ops } = host;

  // Throws for an encoding that is unknown. `needsAll` where the bytes must come in one part.
  exports.createChunkDecoder = function createChunkDecoder(name) {
    const encoding = encodingOf(name ?? undefined);
    if (encoding === UTF8) return createUtf8Decoder();
    return { __proto__: null, needsAll: true, decode: (bytes) => decode(bytes, encoding, 0, lengthOf(bytes)) };
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
