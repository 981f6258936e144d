// crypto.subtle of the web: its hashes.
(function (primordials, host, exports) {
  'use strict';

  const { PromiseReject, PromiseResolve, StringPrototypeToUpperCase, TypedArrayPrototypeGetBuffer } = primordials;
  const { bytesOf } = host.use('encoding');
  const { copyOf } = host.use('byte_parts');
  const { digestOf, hashOf } = host.use('crypto_hash');
  const { DOMException } = host.use('dom_exception');
  const errors = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');

  const TOKEN = { __proto__: null };
  const hashes = { __proto__: null, 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };

  function hashNamed(algorithm) {
    const isObject = typeof algorithm === 'object' && algorithm !== null;
    const name = `${isObject ? algorithm.name : algorithm}`;
    const hash = hashes[StringPrototypeToUpperCase(name)];
    if (hash === undefined) throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
    return hashOf(hash);
  }

  function digest(algorithm, data) {
    const hash = hashNamed(algorithm);
    const bytes = typeof data === 'object' && data !== null ? bytesOf(data) : undefined;
    if (bytes === undefined) {
      const message = "Failed to execute 'digest' on 'SubtleCrypto': 2nd argument is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.";
      throw errors.typeError('ERR_INVALID_ARG_TYPE', message);
    }
    return TypedArrayPrototypeGetBuffer(digestOf(hash, copyOf(bytes)));
  }

  class SubtleCrypto {
    #isSubtle = true;

    constructor(token) {
      if (token !== TOKEN) throw errors.typeError('ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    }

    // A promise that is rejected for whatever is wrong, as every method of the web's that gives one.
    digest(algorithm, data) {
      try {
        if (typeof this !== 'object' || this === null || !(#isSubtle in this)) throw errors.invalidThis('SubtleCrypto');
        if (arguments.length < 2) {
          const message = "Failed to execute 'digest' on 'SubtleCrypto': 2 arguments required, but only " + arguments.length + ' present.';
          throw errors.typeError('ERR_MISSING_ARGS', message);
        }
        return PromiseResolve(digest(algorithm, data));
      } catch (error) {
        return PromiseReject(error);
      }
    }
  }
  const subtle = new SubtleCrypto(TOKEN);
  defineInterface(SubtleCrypto, 'SubtleCrypto');

  exports.subtle = subtle;
})
