// What keys of the web's crypto are for: encryption, signatures, derivation.
(function (primordials, host, exports) {
  'use strict';

  const { MathCeil, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { copyOf, partOf } = host.use('byte_parts');
  const { output, written } = host.use('crypto_faults');
  const { digestOf, hashOf, macOf } = host.use('crypto_hash');
  const { hkdfBytes, pbkdf2Bytes } = host.use('crypto_kdf');
  const { contentsOf } = host.use('crypto_key');
  const { publicBytesOf } = host.use('crypto_keys');
  const { bytesIn, failed, failure, hashIn, required } = host.use('subtle_algorithms');
  const { cipher } = host.use('subtle_aes');
  const errors = host.use('node_errors');

  const MOST_PURE = 1 << 23;
  const MOST_LABEL = 1 << 20;
  const MOST_DERIVED = 1 << 27;
  const MOST_INT32 = 2147483647;

  // What an op wrote; its faults are not told.
  function attempted(length) {
    if (typeof length === 'string') throw failed();
    return written(length);
  }

  function oaep(normalized, key, data, decrypts) {
    if (key.inner.type !== (decrypts ? 'private' : 'public')) {
      throw failure('The requested operation is not valid for the provided key', 'InvalidAccessError');
    }
    const { label } = normalized.options;
    const bytes = label === undefined ? allocate(0) : bytesIn(label, 'algorithm.label');
    if (TypedArrayPrototypeGetByteLength(bytes) > MOST_LABEL) throw failure('algorithm.label has at most ' + MOST_LABEL + ' bytes');
    const op = decrypts ? ops.rsaDecrypt : ops.rsaEncrypt;
    return attempted(op(key.inner.bytes, 'oaep', key.hash.number, bytes, data, output));
  }

  exports.crypt = function crypt(normalized, key, data, decrypts) {
    if (normalized.name === 'RSA-OAEP') return oaep(normalized, key, data, decrypts);
    return cipher(normalized.name, key.inner.bytes, normalized.options, data, decrypts);
  };

  // How the ops sign with a key: the scheme, the length of the salt, the hash, and what is signed.
  function signed(normalized, key, data) {
    const { name, options } = normalized;
    if (name === 'Ed25519') {
      if (TypedArrayPrototypeGetByteLength(data) > MOST_PURE) throw failure('Ed25519 signs at most ' + MOST_PURE + ' bytes');
      return { __proto__: null, scheme: 'pure', saltLength: -1, hash: hashOf('sha256'), bytes: data };
    }
    if (name === 'ECDSA') {
      const { hash } = hashIn(options, 'EcdsaParams');
      return { __proto__: null, scheme: 'ieee-p1363', saltLength: -1, hash, bytes: digestOf(hash, data) };
    }
    const isPss = name === 'RSA-PSS';
    const saltLength = isPss ? required(options, 'saltLength', 'RsaPssParams') : -1;
    if (isPss && !(saltLength >= 0 && saltLength <= MOST_INT32)) throw failed();
    return { __proto__: null, scheme: isPss ? 'pss' : 'pkcs1', saltLength, hash: key.hash, bytes: digestOf(key.hash, data) };
  }

  exports.sign = function sign(normalized, key, data) {
    if (normalized.name === 'HMAC') return macOf(key.hash, key.inner.bytes, data);
    const { scheme, saltLength, hash, bytes } = signed(normalized, key, data);
    return attempted(ops.keySign(key.inner.bytes, scheme, saltLength, hash.number, bytes, output));
  };

  exports.verify = function verify(normalized, key, signature, data) {
    if (normalized.name === 'HMAC') {
      const mac = macOf(key.hash, key.inner.bytes, data);
      const isAsLong = TypedArrayPrototypeGetByteLength(mac) === TypedArrayPrototypeGetByteLength(signature);
      return isAsLong && ops.timingSafeEqual(mac, signature);
    }
    const { scheme, saltLength, hash, bytes } = signed(normalized, key, data);
    return ops.keyVerify(key.inner.bytes, scheme, saltLength, hash.number, bytes, signature) === true;
  };

  function checkLength(length) {
    if (length === null || length === undefined) throw failure('length cannot be null');
    if (!(length >= 0) || length % 8 !== 0) throw failure('length must be a multiple of 8');
    if (length > MOST_DERIVED) throw failure('length is at most ' + MOST_DERIVED);
    return length / 8;
  }

  function ofPassword({ options }, key, length) {
    const iterations = required(options, 'iterations', 'Pbkdf2Params');
    const salt = bytesIn(required(options, 'salt', 'Pbkdf2Params'), 'algorithm.salt');
    const { hash } = hashIn(options, 'Pbkdf2Params');
    if (iterations === 0) throw failure('iterations cannot be zero');
    if (!(iterations > 0 && iterations <= MOST_INT32)) throw failed();
    return pbkdf2Bytes(hash, key.inner.bytes, salt, iterations, checkLength(length));
  }

  function ofSecret({ options }, key, length) {
    const salt = bytesIn(required(options, 'salt', 'HkdfParams'), 'algorithm.salt');
    const info = bytesIn(required(options, 'info', 'HkdfParams'), 'algorithm.info');
    const { hash } = hashIn(options, 'HkdfParams');
    const bytes = checkLength(length);
    if (bytes > 255 * hash.length) throw failed();
    return hkdfBytes(hash, key.inner.bytes, salt, info, bytes);
  }

  function ofPair({ name, options }, key, length) {
    const other = contentsOf(required(options, 'public', 'EcdhKeyDeriveParams'));
    if (other === undefined) {
      const message = "Failed to normalize algorithm: 'public' of 'EcdhKeyDeriveParams' (passed algorithm) is not of type CryptoKey.";
      throw errors.typeError('ERR_INVALID_ARG_TYPE', message);
    }
    if (other.inner.type !== 'public') throw failure('algorithm.public must be a public key', 'InvalidAccessError');
    if (other.name !== name) throw failure('algorithm.public must be an ' + name + ' key', 'InvalidAccessError');
    if (other.curve !== key.curve) throw failure('Named curve mismatch', 'InvalidAccessError');
    const secret = attempted(ops.keyAgree(key.inner.bytes, publicBytesOf(other.inner), output));
    if (length === null || length === undefined) return secret;
    const count = MathCeil(length / 8);
    if (!(length >= 0) || count > TypedArrayPrototypeGetByteLength(secret)) throw failure('derived bit length is too small');
    const bytes = copyOf(partOf(secret, 0, count));
    if (length % 8 !== 0) bytes[count - 1] &= 0xff << (8 - (length % 8));
    return bytes;
  }

  exports.deriveBits = function deriveBits(normalized, key, length) {
    if (normalized.name === 'PBKDF2') return ofPassword(normalized, key, length);
    return normalized.name === 'HKDF' ? ofSecret(normalized, key, length) : ofPair(normalized, key, length);
  };
})
