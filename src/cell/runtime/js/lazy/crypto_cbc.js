// AES-CBC over whole messages, with the padding of PKCS #7.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { copyOf, partOf } = host.use('byte_parts');
  const { inSlices } = host.use('crypto_bytes');

  const BLOCK = 16;

  function run(key, iv, data, decrypts) {
    const chain = copyOf(iv);
    inSlices(data, (slice) => ops.aesCbc(key, chain, slice, decrypts));
    return data;
  }

  exports.encryptCbc = function encryptCbc(key, iv, bytes) {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    const count = BLOCK - (length % BLOCK);
    const data = allocate(length + count);
    TypedArrayPrototypeSet(data, bytes);
    for (let index = length; index < length + count; index++) data[index] = count;
    return run(key, iv, data, false);
  };

  // undefined when the padding is wrong.
  exports.decryptCbc = function decryptCbc(key, iv, bytes) {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    if (length === 0 || length % BLOCK !== 0) return undefined;
    const data = run(key, iv, copyOf(bytes), true);
    const count = data[length - 1];
    if (count === 0 || count > BLOCK) return undefined;
    for (let index = length - count; index < length; index++) {
      if (data[index] !== count) return undefined;
    }
    return copyOf(partOf(data, 0, length - count));
  };
})
