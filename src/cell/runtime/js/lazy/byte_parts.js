// Bytes put together of parts, and handed to functions as Buffers.
(function (primordials, host, exports) {
  'use strict';

  const {
    TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeSet, Uint8Array,
  } = primordials;
  const { allocate } = host.use('encoding');

  exports.lengthOf = TypedArrayPrototypeGetByteLength;

  // The same memory.
  exports.partOf = function partOf(bytes, start, end) {
    const offset = TypedArrayPrototypeGetByteOffset(bytes) + start;
    return new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), offset, end - start);
  };

  exports.copyOf = function copyOf(bytes) {
    const copy = allocate(TypedArrayPrototypeGetByteLength(bytes));
    TypedArrayPrototypeSet(copy, bytes);
    return copy;
  };

  // A list of Uint8Arrays in one.
  exports.concatenate = function concatenate(parts) {
    let length = 0;
    for (let index = 0; index < parts.length; index++) length += TypedArrayPrototypeGetByteLength(parts[index]);
    const whole = allocate(length);
    let offset = 0;
    for (let index = 0; index < parts.length; index++) {
      TypedArrayPrototypeSet(whole, parts[index], offset);
      offset += TypedArrayPrototypeGetByteLength(parts[index]);
    }
    return whole;
  };

  // The same memory as a Buffer.
  exports.bufferOf = (bytes) => host.use('buffer').bufferOver(bytes);
})
