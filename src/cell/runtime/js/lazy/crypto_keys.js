// KeyObject, and what keys functions hand over come to as bytes.
(function (primordials, host, exports) {
  'use strict';

  const { BigInt, ObjectDefineProperty, SymbolToStringTag, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { copyOf } = host.use('byte_parts');
  const { anyBytesOf, result } = host.use('crypto_bytes');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateObject } = host.use('validators');
  const { showMember } = host.use('web_interface');

  const KEY = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey';
  const BYTES = 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView';
  const TOKEN = { __proto__: null };

  // What is in a key: `type` is secret, private or public; `bytes` the key itself, or its PKCS #8, or its SPKI.
  let innerOf;

  // What is in a CryptoKey: there is none before the script that makes them has run.
  let innerOfCryptoKey = () => undefined;

  class KeyObject {
    #inner;

    constructor(token, inner) {
      if (token !== TOKEN) {
        if (token !== 'secret' && token !== 'public' && token !== 'private') throw errors.invalidArgValue('type', token);
        throw errors.invalidArgType('handle', 'of type object', inner);
      }
      this.#inner = inner;
    }

    get type() {
      return this.#inner.type;
    }

    static from(key) {
      const inner = innerOfCryptoKey(key);
      if (inner === undefined) throw errors.invalidArgType('key', 'an instance of CryptoKey', key);
      return keyObjectOf(inner);
    }

    equals(other) {
      const inner = innerOf(other);
      if (inner === undefined) throw errors.invalidArgType('otherKeyObject', 'an instance of KeyObject', other);
      const { bytes } = inner;
      const isAsLong = TypedArrayPrototypeGetByteLength(bytes) === TypedArrayPrototypeGetByteLength(this.#inner.bytes);
      return inner.type === this.#inner.type && isAsLong && ops.timingSafeEqual(bytes, this.#inner.bytes);
    }

    static innerOf(value) {
      return typeof value === 'object' && value !== null && #inner in value ? value.#inner : undefined;
    }
  }
  innerOf = KeyObject.innerOf;
  delete KeyObject.innerOf;

  class SecretKeyObject extends KeyObject {
    get symmetricKeySize() {
      return TypedArrayPrototypeGetByteLength(innerOf(this).bytes);
    }

    export(options) {
      const { bytes } = innerOf(this);
      if (options !== undefined) {
        validateObject(options, 'options');
        if (options.format === 'jwk') {
          const length = TypedArrayPrototypeGetByteLength(bytes);
          return { kty: 'oct', k: encodings.decode(bytes, encodings.encodingOf('base64url'), 0, length) };
        }
        if (options.format !== undefined && options.format !== 'buffer') {
          throw errors.invalidArgValue('options.format', options.format, "must be one of: undefined, 'buffer', 'jwk'");
        }
      }
      return result(copyOf(bytes));
    }
  }

  // The public key of a key, as SPKI; kept, as it takes its time.
  function publicBytesOf(inner) {
    if (inner.type === 'public') return inner.bytes;
    const { output, written } = host.use('crypto_faults');
    inner.publicBytes ??= written(ops.keyPublicOf(inner.bytes, output));
    return inner.publicBytes;
  }

  // What kind a key is: `name` is the ops', `type` Node's; kept as well.
  function kindOf(inner) {
    if (inner.kind !== undefined) return inner.kind;
    const described = ops.keyDescribe(publicBytesOf(inner));
    if (typeof described === 'string') throw host.use('crypto_faults').faultOf(described);
    const name = described[0];
    const isPlain = name === 'rsa' || name === 'ed25519' || name === 'x25519';
    inner.kind = { __proto__: null, name, type: isPlain ? name : 'ec', bits: described[1], exponent: described[2] };
    return inner.kind;
  }

  class AsymmetricKeyObject extends KeyObject {
    get asymmetricKeyType() {
      return kindOf(innerOf(this)).type;
    }

    get asymmetricKeyDetails() {
      const kind = kindOf(innerOf(this));
      if (kind.type === 'rsa') return { modulusLength: kind.bits, publicExponent: BigInt(kind.exponent) };
      return kind.type === 'ec' ? { namedCurve: kind.name } : {};
    }
  }

  class PublicKeyObject extends AsymmetricKeyObject {
    export(options) {
      return host.use('crypto_key_output').exportKey(innerOf(this), options);
    }
  }

  class PrivateKeyObject extends AsymmetricKeyObject {
    export(options) {
      return host.use('crypto_key_output').exportKey(innerOf(this), options);
    }
  }

  ObjectDefineProperty(KeyObject.prototype, SymbolToStringTag, {
    __proto__: null, value: 'KeyObject', configurable: true, enumerable: false, writable: false,
  });

  function keyObjectOf(inner) {
    if (inner.type === 'secret') return new SecretKeyObject(TOKEN, inner);
    return inner.type === 'public' ? new PublicKeyObject(TOKEN, inner) : new PrivateKeyObject(TOKEN, inner);
  }

  function keyInner(type, bytes) {
    return { __proto__: null, type, bytes, publicBytes: undefined, kind: undefined };
  }

  // What is in a key of Node's or of the web's; undefined for what is none.
  function innerOfKey(value) {
    return innerOf(value) ?? innerOfCryptoKey(value);
  }

  function wrongType(type, expected) {
    const message = 'Invalid key object type ' + type + ', expected ' + expected + '.';
    return errors.typeError('ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', message);
  }

  // The bytes of a secret key, however it is given; for use at once, as they may be the function's own.
  exports.keyBytesOf = function keyBytesOf(value, name, encoding, expected = KEY) {
    const inner = innerOfKey(value);
    if (inner === undefined) return anyBytesOf(value, name, encoding ?? 'utf8', expected);
    if (inner.type !== 'secret') throw wrongType(inner.type, 'secret');
    return inner.bytes;
  };

  exports.createSecretKey = function createSecretKey(key, encoding) {
    return keyObjectOf(keyInner('secret', copyOf(anyBytesOf(key, 'key', encoding ?? 'utf8', BYTES))));
  };

  exports.recognizeCryptoKeys = function recognizeCryptoKeys(innerOfOne) {
    innerOfCryptoKey = innerOfOne;
  };

  exports.isKeyObject = (value) => innerOf(value) !== undefined;
  exports.KEY = KEY;
  exports.innerOf = innerOf;
  exports.innerOfKey = innerOfKey;
  exports.keyInner = keyInner;
  exports.keyObjectOf = keyObjectOf;
  exports.kindOf = kindOf;
  exports.publicBytesOf = publicBytesOf;
  exports.wrongType = wrongType;
  exports.KeyObject = KeyObject;
  showMember(KeyObject.prototype, 'equals', KeyObject.prototype.equals);
})
