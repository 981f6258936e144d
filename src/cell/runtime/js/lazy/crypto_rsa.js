// Encryption with RSA keys: publicEncrypt and the three others.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { anyBytesOf, opensslError, result } = host.use('crypto_bytes');
  const { output, written } = host.use('crypto_faults');
  const { findHash, hashOf } = host.use('crypto_hash');
  const { optionsIn, privateKeyOf, publicKeyOf } = host.use('crypto_key_input');
  const { kindOf, publicBytesOf } = host.use('crypto_keys');
  const errors = host.use('node_errors');
  const { validateString } = host.use('validators');

  const PKCS1_PADDING = 1;
  const NO_PADDING = 3;
  const OAEP_PADDING = 4;
  // What is hashed of a label in one go.
  const MOST_LABEL = 1 << 20;
  const BYTES = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView';

  function oaepOf(options) {
    const { oaepHash, oaepLabel } = options;
    if (oaepHash !== undefined) validateString(oaepHash, 'key.oaepHash');
    let label = allocate(0);
    if (oaepLabel !== undefined) label = anyBytesOf(oaepLabel, 'key.oaepLabel', options.encoding ?? 'utf8', BYTES);
    const length = TypedArrayPrototypeGetByteLength(label);
    if (length > MOST_LABEL) throw errors.outOfRange('key.oaepLabel', '<= ' + MOST_LABEL + ' bytes', length);
    return { __proto__: null, name: oaepHash ?? 'sha1', label };
  }

  function hashOfOaep(name) {
    const hash = findHash(name);
    if (hash !== undefined) return hash;
    throw errors.withCode('ERR_OSSL_EVP_INVALID_DIGEST', 'Invalid digest used');
  }

  // The ops' name of a padding, where it may be used.
  function paddingOf(number, takesOaep) {
    if (number === PKCS1_PADDING) return 'pkcs1';
    if (number === NO_PADDING) return 'none';
    if (number === OAEP_PADDING && takesOaep) return 'oaep';
    if (number === OAEP_PADDING) throw opensslError('1C8000A5', 'Provider routines', 'illegal or unsupported padding mode');
    throw opensslError('02000076', 'rsa routines', 'unknown padding type');
  }

  function requireRsa(inner) {
    if (kindOf(inner).type !== 'rsa') {
      throw opensslError('03000096', 'digital envelope routines', 'operation not supported for this keytype');
    }
  }

  // Calls an op with what all four of them take.
  function run(op, key, value, buffer, usual, takesOaep) {
    const options = optionsIn(value);
    const { name, label } = oaepOf(options);
    const data = anyBytesOf(buffer, 'buffer', options.encoding ?? 'utf8');
    const padding = paddingOf(options.padding ?? usual, takesOaep);
    const hash = padding === 'oaep' ? hashOfOaep(name) : hashOf('sha1');
    return result(written(op(key, padding, hash.number, label, data, output)));
  }

  exports.publicEncrypt = function publicEncrypt(key, buffer) {
    const inner = publicKeyOf(key);
    requireRsa(inner);
    return run(ops.rsaEncrypt, publicBytesOf(inner), key, buffer, OAEP_PADDING, true);
  };

  exports.privateDecrypt = function privateDecrypt(key, buffer) {
    const inner = privateKeyOf(key);
    requireRsa(inner);
    if (optionsIn(key).padding === PKCS1_PADDING) {
      const message = 'RSA_PKCS1_PADDING is no longer supported for private decryption';
      throw errors.typeError('ERR_INVALID_ARG_VALUE', message);
    }
    return run(ops.rsaDecrypt, inner.bytes, key, buffer, OAEP_PADDING, true);
  };

  exports.privateEncrypt = function privateEncrypt(key, buffer) {
    const inner = privateKeyOf(key);
    requireRsa(inner);
    return run(ops.rsaSignData, inner.bytes, key, buffer, PKCS1_PADDING, false);
  };

  exports.publicDecrypt = function publicDecrypt(key, buffer) {
    const inner = publicKeyOf(key);
    requireRsa(inner);
    return run(ops.rsaRecover, publicBytesOf(inner), key, buffer, PKCS1_PADDING, false);
  };
})
