// crypto.subtle of the web: its methods, each a promise that is rejected for whatever is wrong.
(function (primordials, host, exports) {
  'use strict';

  const { JSONParse, JSONStringify, PromiseReject, PromiseResolve, TypedArrayPrototypeGetBuffer, Uint8Array } = primordials;
  const { TypedArrayPrototypeGetByteLength } = primordials;
  const { anyBytesOf } = host.use('crypto_bytes');
  const { digestOf } = host.use('crypto_hash');
  const { contentsOf } = host.use('crypto_key');
  const { bytesIn, failure, hashIn, hashNamed, isObject, normalize, required } = host.use('subtle_algorithms');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { append, createList } = host.basics;
  const { defineInterface } = host.use('web_interface');

  const TOKEN = { __proto__: null };
  const ORDINALS = ['1st', '2nd', '3rd', '4th', '5th', '6th', '7th'];
  const FORMATS = { __proto__: null, raw: true, pkcs8: true, spki: true, jwk: true };
  const USAGES = {
    __proto__: null, encrypt: true, decrypt: true, sign: true, verify: true, deriveKey: true, deriveBits: true, wrapKey: true,
    unwrapKey: true,
  };
  const INVALID = 'The requested operation is not valid for the provided key';

  function execution(method, what) {
    return "Failed to execute '" + method + "' on 'SubtleCrypto': " + what;
  }

  function argument(method, index) {
    return execution(method, ORDINALS[index] + ' argument');
  }

  function keyAt(method, index, value) {
    const contents = contentsOf(value);
    if (contents !== undefined) return contents;
    throw errors.typeError('ERR_INVALID_ARG_TYPE', argument(method, index) + ' is not of type CryptoKey.');
  }

  function formatAt(method, index, value) {
    const format = `${value}`;
    if (FORMATS[format] === true) return format;
    const message = argument(method, index) + " value '" + format + "' is not a valid enum value of type KeyFormat.";
    throw errors.typeError('ERR_INVALID_ARG_VALUE', message);
  }

  // A list of ours of the usages, each once.
  function usagesAt(method, index, values) {
    if (!isObject(values)) throw errors.typeError('ERR_INVALID_ARG_TYPE', argument(method, index) + ' can not be converted to sequence.');
    const usages = createList();
    const seen = { __proto__: null };
    const { length } = values;
    for (let at = 0; at < length; at++) {
      const usage = `${values[at]}`;
      if (USAGES[usage] !== true) {
        const what = ", index " + at + " value '" + usage + "' is not a valid enum value of type KeyUsage.";
        throw errors.typeError('ERR_INVALID_ARG_VALUE', argument(method, index) + what);
      }
      if (seen[usage] !== true) append(usages, usage);
      seen[usage] = true;
    }
    return usages;
  }

  function hasUsage(key, usage) {
    return host.use('subtle_keys').includes(key.allowed, usage);
  }

  function buffer(bytes) {
    return TypedArrayPrototypeGetBuffer(bytes);
  }

  function crypt(method, { 0: algorithm, 1: value, 2: data }, decrypts) {
    const normalized = normalize(algorithm);
    const key = keyAt(method, 1, value);
    const bytes = bytesIn(data, argument(method, 2));
    if (normalized.name !== key.name || !hasUsage(key, method)) throw failure(INVALID, 'InvalidAccessError');
    return buffer(host.use('subtle_uses').crypt(normalized, key, bytes, decrypts));
  }

  function requireUse(normalized, key, usage) {
    if (normalized.name === key.name && hasUsage(key, usage)) return;
    throw failure('Unable to use this key to ' + usage, 'InvalidAccessError');
  }

  function derive(method, algorithm, value, length) {
    const normalized = normalize(algorithm);
    const key = keyAt(method, 1, value);
    if (normalized.name !== key.name) throw failure('Key algorithm mismatch', 'InvalidAccessError');
    if (!hasUsage(key, method)) throw failure('baseKey does not have ' + method + ' usage', 'InvalidAccessError');
    return host.use('subtle_uses').deriveBits(normalized, key, length);
  }

  // Bits of a key that is to be derived; null for as many as there are.
  function lengthOf({ kind, options }) {
    if (kind.family === 'kdf') return null;
    if (kind.family === 'aes') return required(options, 'length', 'AesDerivedKeyParams');
    if (kind.family !== 'hmac') throw failure('Unrecognized algorithm name', 'NotSupportedError');
    return options.length ?? host.use('subtle_keys').blockBitsOf(hashIn(options, 'HmacImportParams'));
  }

  function exportAs(format, key) {
    if (!key.extractable) throw failure('key is not extractable', 'InvalidAccessException');
    return format === 'jwk' ? host.use('subtle_jwk').exportJwk(key) : host.use('subtle_keys').exportKey(format, key);
  }

  const wrapping = {
    __proto__: null,

    wrap(normalized, key, bytes) {
      if (normalized.name === 'AES-KW') return host.use('subtle_aes').wrapBytes(key.inner.bytes, bytes);
      return host.use('subtle_uses').crypt(normalized, key, bytes, false);
    },

    unwrap(normalized, key, bytes) {
      if (normalized.name === 'AES-KW') return host.use('subtle_aes').unwrapBytes(key.inner.bytes, bytes);
      return host.use('subtle_uses').crypt(normalized, key, bytes, true);
    },
  };

  function jwkIn(bytes) {
    try {
      return JSONParse(encodings.decode(bytes, encodings.UTF8, 0, TypedArrayPrototypeGetByteLength(bytes)));
    } catch {
      throw failure('Invalid wrapped JWK key', 'DataError');
    }
  }

  // What the methods do, given their arguments; read by index, as iterators may be the function's own.
  const methods = {
    __proto__: null,

    digest({ 0: algorithm, 1: data }) {
      return buffer(digestOf(hashNamed(algorithm).hash, bytesIn(data, argument('digest', 1))));
    },

    encrypt(given) {
      return crypt('encrypt', given, false);
    },

    decrypt(given) {
      return crypt('decrypt', given, true);
    },

    sign({ 0: algorithm, 1: value, 2: data }) {
      const normalized = normalize(algorithm);
      const key = keyAt('sign', 1, value);
      const bytes = bytesIn(data, argument('sign', 2));
      requireUse(normalized, key, 'sign');
      return buffer(host.use('subtle_uses').sign(normalized, key, bytes));
    },

    verify({ 0: algorithm, 1: value, 2: signature, 3: data }) {
      const normalized = normalize(algorithm);
      const key = keyAt('verify', 1, value);
      const signed = bytesIn(signature, argument('verify', 2));
      const bytes = bytesIn(data, argument('verify', 3));
      requireUse(normalized, key, 'verify');
      return host.use('subtle_uses').verify(normalized, key, signed, bytes);
    },

    deriveBits({ 0: algorithm, 1: value, 2: length }) {
      return buffer(derive('deriveBits', algorithm, value, length));
    },

    deriveKey({ 0: algorithm, 1: value, 2: derived, 3: extractable, 4: usages }) {
      const wanted = normalize(derived);
      const list = usagesAt('deriveKey', 4, usages);
      const bytes = derive('deriveKey', algorithm, value, lengthOf(wanted));
      return host.use('subtle_keys').importKey('raw', bytes, wanted, !!extractable, list);
    },

    generateKey({ 0: algorithm, 1: extractable, 2: usages }) {
      const normalized = normalize(algorithm);
      return host.use('subtle_keys').generateKey(normalized, !!extractable, usagesAt('generateKey', 2, usages));
    },

    importKey({ 0: format, 1: data, 2: algorithm, 3: extractable, 4: usages }) {
      const form = formatAt('importKey', 0, format);
      const normalized = normalize(algorithm);
      const list = usagesAt('importKey', 4, usages);
      return host.use('subtle_keys').importKey(form, data, normalized, !!extractable, list);
    },

    exportKey({ 0: format, 1: value }) {
      return exportAs(formatAt('exportKey', 0, format), keyAt('exportKey', 1, value));
    },

    wrapKey({ 0: format, 1: value, 2: wrappingValue, 3: algorithm }) {
      const form = formatAt('wrapKey', 0, format);
      const key = keyAt('wrapKey', 1, value);
      const wrapper = keyAt('wrapKey', 2, wrappingValue);
      const normalized = normalize(algorithm);
      requireUse(normalized, wrapper, 'wrapKey');
      const exported = exportAs(form, key);
      const bytes = form === 'jwk' ? anyBytesOf(JSONStringify(exported), 'jwk') : new Uint8Array(exported);
      return buffer(wrapping.wrap(normalized, wrapper, bytes));
    },

    unwrapKey({ 0: format, 1: data, 2: wrappingValue, 3: algorithm, 4: wrapped, 5: extractable, 6: usages }) {
      const form = formatAt('unwrapKey', 0, format);
      const bytes = bytesIn(data, argument('unwrapKey', 1));
      const wrapper = keyAt('unwrapKey', 2, wrappingValue);
      const normalized = normalize(algorithm);
      const wanted = normalize(wrapped);
      const list = usagesAt('unwrapKey', 6, usages);
      requireUse(normalized, wrapper, 'unwrapKey');
      const opened = wrapping.unwrap(normalized, wrapper, bytes);
      return host.use('subtle_keys').importKey(form, form === 'jwk' ? jwkIn(opened) : opened, wanted, !!extractable, list);
    },
  };

  class SubtleCrypto {
    #isSubtle = true;

    constructor(token) {
      if (token !== TOKEN) throw errors.typeError('ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    }

    static #run(subtle, method, least, given) {
      try {
        if (typeof subtle !== 'object' || subtle === null || !(#isSubtle in subtle)) throw errors.invalidThis('SubtleCrypto');
        if (given.length < least) {
          const what = least + ' arguments required, but only ' + given.length + ' present.';
          throw errors.typeError('ERR_MISSING_ARGS', execution(method, what));
        }
        return PromiseResolve(methods[method](given));
      } catch (error) {
        return PromiseReject(error);
      }
    }

    digest(algorithm, data) {
      return SubtleCrypto.#run(this, 'digest', 2, arguments);
    }

    encrypt(algorithm, key, data) {
      return SubtleCrypto.#run(this, 'encrypt', 3, arguments);
    }

    decrypt(algorithm, key, data) {
      return SubtleCrypto.#run(this, 'decrypt', 3, arguments);
    }

    sign(algorithm, key, data) {
      return SubtleCrypto.#run(this, 'sign', 3, arguments);
    }

    verify(algorithm, key, signature, data) {
      return SubtleCrypto.#run(this, 'verify', 4, arguments);
    }

    deriveBits(algorithm, baseKey, length) {
      return SubtleCrypto.#run(this, 'deriveBits', 3, arguments);
    }

    deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
      return SubtleCrypto.#run(this, 'deriveKey', 5, arguments);
    }

    generateKey(algorithm, extractable, keyUsages) {
      return SubtleCrypto.#run(this, 'generateKey', 3, arguments);
    }

    importKey(format, keyData, algorithm, extractable, keyUsages) {
      return SubtleCrypto.#run(this, 'importKey', 5, arguments);
    }

    exportKey(format, key) {
      return SubtleCrypto.#run(this, 'exportKey', 2, arguments);
    }

    wrapKey(format, key, wrappingKey, algorithm) {
      return SubtleCrypto.#run(this, 'wrapKey', 4, arguments);
    }

    unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgo, unwrappedKeyAlgo, extractable, keyUsages) {
      return SubtleCrypto.#run(this, 'unwrapKey', 7, arguments);
    }
  }
  const subtle = new SubtleCrypto(TOKEN);
  defineInterface(SubtleCrypto, 'SubtleCrypto');

  exports.SubtleCrypto = SubtleCrypto;
  exports.subtle = subtle;
})
