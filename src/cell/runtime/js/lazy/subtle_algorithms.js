// The algorithms of the web's crypto: their names, what they are for, and parameters as functions write them.
(function (primordials, host, exports) {
  'use strict';

  const { StringPrototypeToUpperCase, TypedArrayPrototypeGetByteLength } = primordials;
  const { bytesOf } = host.use('encoding');
  const { copyOf } = host.use('byte_parts');
  const { hashOf } = host.use('crypto_hash');
  const { DOMException } = host.use('dom_exception');
  const errors = host.use('node_errors');

  const AES = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
  const DERIVING = ['deriveKey', 'deriveBits'];
  const NONE = [];

  function secret(family, noun, usages) {
    return { __proto__: null, family, noun, secret: usages, public: NONE, private: NONE };
  }

  function pair(family, noun, publicUsages, privateUsages) {
    return { __proto__: null, family, noun, secret: NONE, public: publicUsages, private: privateUsages };
  }

  // By their names: what family they are of, how errors call their keys, and usages by the type of key.
  const ALGORITHMS = {
    __proto__: null,
    'AES-CBC': secret('aes', 'an AES', AES),
    'AES-CTR': secret('aes', 'an AES', AES),
    'AES-GCM': secret('aes', 'an AES', AES),
    'AES-KW': secret('aes', 'an AES', ['wrapKey', 'unwrapKey']),
    HMAC: secret('hmac', 'an HMAC', ['sign', 'verify']),
    'RSASSA-PKCS1-v1_5': pair('rsa', 'a RSA', ['verify'], ['sign']),
    'RSA-PSS': pair('rsa', 'a RSA', ['verify'], ['sign']),
    'RSA-OAEP': pair('rsa', 'a RSA', ['encrypt', 'wrapKey'], ['decrypt', 'unwrapKey']),
    ECDSA: pair('ec', 'a ECDSA', ['verify'], ['sign']),
    ECDH: pair('ec', 'a ECDH', NONE, DERIVING),
    Ed25519: pair('okp', 'a Ed25519', ['verify'], ['sign']),
    X25519: pair('okp', 'a X25519', NONE, DERIVING),
    PBKDF2: secret('kdf', 'a PBKDF2', DERIVING),
    HKDF: secret('kdf', 'a HKDF', DERIVING),
  };
  const NAMES = { __proto__: null };
  for (const name in ALGORITHMS) NAMES[StringPrototypeToUpperCase(name)] = name;

  const HASHES = { __proto__: null, 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
  const CURVES = { __proto__: null, 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };

  function failure(message, name = 'OperationError') {
    return new DOMException(message, name);
  }

  function isObject(value) {
    return typeof value === 'object' && value !== null;
  }

  // The name, and what else is said.
  function normalize(algorithm) {
    const options = isObject(algorithm) ? algorithm : { __proto__: null, name: algorithm };
    const name = NAMES[StringPrototypeToUpperCase(`${options.name}`)];
    if (name === undefined) throw failure('Unrecognized algorithm name', 'NotSupportedError');
    return { __proto__: null, name, options, kind: ALGORITHMS[name] };
  }

  function required(options, member, dictionary) {
    const value = options[member];
    if (value !== undefined) return value;
    const message = "Failed to normalize algorithm: passed algorithm can not be converted to '" + dictionary + "' because '"
      + member + "' is required in '" + dictionary + "'.";
    throw errors.typeError('ERR_MISSING_OPTION', message);
  }

  // A hash by the web's name: that, and what the ops know of it.
  function hashNamed(algorithm) {
    const name = StringPrototypeToUpperCase(`${isObject(algorithm) ? algorithm.name : algorithm}`);
    const known = HASHES[name];
    if (known === undefined) throw failure('Unrecognized algorithm name', 'NotSupportedError');
    return { __proto__: null, name, hash: hashOf(known) };
  }

  exports.hashIn = (options, dictionary) => hashNamed(required(options, 'hash', dictionary));

  exports.curveIn = function curveIn(options, dictionary) {
    const name = `${required(options, 'namedCurve', dictionary)}`;
    const curve = CURVES[name];
    if (curve === undefined) throw failure('Unrecognized namedCurve', 'NotSupportedError');
    return { __proto__: null, name, curve };
  };

  // Bytes that a call or its parameters need; a copy.
  exports.bytesIn = function bytesIn(value, what) {
    const bytes = isObject(value) ? bytesOf(value) : undefined;
    if (bytes !== undefined) return copyOf(bytes);
    throw errors.typeError('ERR_INVALID_ARG_TYPE', what + ' is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.');
  };

  // A big-endian number, as exponents are given; NaN for what is too large.
  exports.numberOf = function numberOf(bytes) {
    let number = 0;
    for (let index = 0; index < TypedArrayPrototypeGetByteLength(bytes); index++) number = number * 256 + bytes[index];
    return number <= 4294967295 ? number : NaN;
  };

  exports.failed = () => failure('The operation failed for an operation-specific reason');
  exports.failure = failure;
  exports.hashNamed = hashNamed;
  exports.isObject = isObject;
  exports.normalize = normalize;
  exports.required = required;
})
