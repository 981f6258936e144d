// KeyObject, and what keys functions hand over come to as bytes.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { copyOf } = host.use('byte_parts');
  const { anyBytesOf, result } = host.use('crypto_bytes');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateObject } = host.use('validators');

  const KEY = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey';
  const BYTES = 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView';
  const TOKEN = { __proto__: null };

  class KeyObject {
    #bytes;

    constructor(token, bytes) {
      if (token !== TOKEN) throw errors.invalidArgValue('type', token);
      this.#bytes = bytes;
    }

    get type() {
      return 'secret';
    }

    get symmetricKeySize() {
      return TypedArrayPrototypeGetByteLength(this.#bytes);
    }

    export(options) {
      if (options !== undefined) {
        validateObject(options, 'options');
        if (options.format === 'jwk') {
          return { kty: 'oct', k: encodings.decode(this.#bytes, encodings.encodingOf('base64url'), 0, this.symmetricKeySize) };
        }
        if (options.format !== undefined && options.format !== 'buffer') {
          throw errors.invalidArgValue('options.format', options.format, "must be one of: undefined, 'buffer', 'jwk'");
        }
      }
      return result(copyOf(this.#bytes));
    }

    equals(other) {
      if (!isKeyObject(other)) throw errors.invalidArgType('otherKeyObject', 'an instance of KeyObject', other);
      const bytes = other.#bytes;
      return TypedArrayPrototypeGetByteLength(bytes) === this.symmetricKeySize && ops.timingSafeEqual(bytes, this.#bytes);
    }

    static bytesIn(value) {
      return typeof value === 'object' && value !== null && #bytes in value ? value.#bytes : undefined;
    }
  }
  const bytesIn = KeyObject.bytesIn;
  delete KeyObject.bytesIn;

  function isKeyObject(value) {
    return bytesIn(value) !== undefined;
  }

  // The bytes of a secret key, however it is given; for use at once, as they may be the function's own.
  exports.keyBytesOf = function keyBytesOf(value, name, encoding, expected = KEY) {
    return bytesIn(value) ?? anyBytesOf(value, name, encoding ?? 'utf8', expected);
  };

  exports.createSecretKey = function createSecretKey(key, encoding) {
    return new KeyObject(TOKEN, copyOf(anyBytesOf(key, 'key', encoding ?? 'utf8', BYTES)));
  };

  exports.isKeyObject = isKeyObject;
  exports.KeyObject = KeyObject;
})
