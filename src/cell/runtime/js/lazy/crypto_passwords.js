// Private keys under a password: PKCS #8 with PBES2 (RFC 8018), and PEM with a header DEK-Info as OpenSSL has it.
(function (primordials, host, exports) {
  'use strict';

  const { StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeToLowerCase, StringPrototypeToUpperCase, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { anyBytesOf, opensslError } = host.use('crypto_bytes');
  const { decryptCbc, encryptCbc } = host.use('crypto_cbc');
  const { faultOf, output, written } = host.use('crypto_faults');
  const { digestOf, hashOf } = host.use('crypto_hash');
  const { pbkdf2Bytes } = host.use('crypto_kdf');
  const { fill } = host.use('crypto_random');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');

  const IV = 16;
  // As OpenSSL does it.
  const ITERATIONS = 2048;
  const SALT = 8;

  const KEY_LENGTHS = {
    __proto__: null,
    'aes-128-cbc': 16, aes128: 16, 'aes-192-cbc': 24, aes192: 24, 'aes-256-cbc': 32, aes256: 32,
  };

  function decrypted(key, iv, data) {
    const bytes = decryptCbc(key, iv, data);
    if (bytes === undefined) throw opensslError('1C800064', 'Provider routines', 'bad decrypt');
    return bytes;
  }

  function keyLengthOf(cipher) {
    const length = KEY_LENGTHS[StringPrototypeToLowerCase(cipher)];
    if (length === undefined) throw errors.withCode('ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    return length;
  }

  function readProtection(bytes) {
    const room = allocate(TypedArrayPrototypeGetByteLength(bytes));
    const found = ops.passwordRead(bytes, room);
    return typeof found === 'string' ? found : { __proto__: null, found, room };
  }

  exports.isProtected = (bytes) => readProtection(bytes) !== 'malformed';

  exports.openPkcs8 = function openPkcs8(bytes, passphrase) {
    const protection = readProtection(bytes);
    if (typeof protection === 'string') throw faultOf(protection);
    const { found, room } = protection;
    const end = found[3] + IV;
    const salt = partOf(room, 0, found[3]);
    const key = pbkdf2Bytes(hashOf(found[0]), passphrase, salt, found[1], found[2]);
    return decrypted(key, partOf(room, found[3], end), partOf(room, end, found[4]));
  };

  exports.sealPkcs8 = function sealPkcs8(bytes, cipher, passphrase) {
    const length = keyLengthOf(cipher);
    const salt = fill(allocate(SALT));
    const iv = fill(allocate(IV));
    const key = pbkdf2Bytes(hashOf('sha256'), passphrase, salt, ITERATIONS, length);
    return written(ops.passwordWrite(salt, ITERATIONS, length, iv, encryptCbc(key, iv, bytes), output));
  };

  // EVP_BytesToKey with MD5 and one iteration.
  function legacyKey(passphrase, salt, length) {
    const md5 = hashOf('md5');
    let last = allocate(0);
    let key = allocate(0);
    while (TypedArrayPrototypeGetByteLength(key) < length) {
      last = digestOf(md5, concatenate([last, passphrase, salt]));
      key = concatenate([key, last]);
    }
    return copyOf(partOf(key, 0, length));
  }

  // encryption is what stands in the header: a cipher, a comma, its initialization vector.
  exports.openPem = function openPem(bytes, encryption, passphrase) {
    const comma = StringPrototypeIndexOf(encryption, ',');
    const length = keyLengthOf(StringPrototypeSlice(encryption, 0, comma === -1 ? undefined : comma));
    const iv = anyBytesOf(StringPrototypeSlice(encryption, comma + 1), 'iv', 'hex');
    if (TypedArrayPrototypeGetByteLength(iv) !== IV) throw faultOf('malformed');
    return decrypted(legacyKey(passphrase, partOf(iv, 0, SALT), length), iv, bytes);
  };

  // The bytes encrypted, and the lines of the header.
  exports.sealPem = function sealPem(bytes, cipher, passphrase) {
    const length = keyLengthOf(cipher);
    const iv = fill(allocate(IV));
    const data = encryptCbc(legacyKey(passphrase, partOf(iv, 0, SALT), length), iv, bytes);
    const hex = StringPrototypeToUpperCase(encodings.decode(iv, encodings.encodingOf('hex'), 0, IV));
    return { __proto__: null, data, header: 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-' + length * 8 + '-CBC,' + hex + '\n\n' };
  };
})
