// Keys derived from passwords and secrets: pbkdf2, scrypt, hkdf.
(function (primordials, host, exports) {
  'use strict';

  const { MathMin, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { anyBytesOf, later, pause, result } = host.use('crypto_bytes');
  const { hashOf, startMac, absorbIntoMac, finishMac, macOf } = host.use('crypto_hash');
  const { keyBytesOf } = host.use('crypto_keys');
  const errors = host.use('node_errors');
  const { validateFunction, validateInteger, validateString } = host.use('validators');

  const MOST_INT32 = 2147483647;
  const MOST_UINT32 = 4294967295;

  // RFC 8018, 5.2. The ops do some rounds at a time.
  function pbkdf2Bytes(hash, password, salt, iterations, length) {
    const key = allocate(length);
    const states = startMac(hash, password);
    const counter = allocate(4);
    const last = allocate(hash.length * 2);
    for (let start = 0, block = 1; start < length; start += hash.length, block++) {
      counter[0] = block >>> 24;
      counter[1] = block >>> 16;
      counter[2] = block >>> 8;
      counter[3] = block;
      const own = copyOf(states);
      absorbIntoMac(hash, own, salt);
      absorbIntoMac(hash, own, counter);
      const first = finishMac(hash, own);
      TypedArrayPrototypeSet(last, first);
      TypedArrayPrototypeSet(last, first, hash.length);
      for (let left = iterations - 1; left > 0; pause()) left -= ops.macIterate(hash.number, states, left, last);
      const count = MathMin(hash.length, length - start);
      TypedArrayPrototypeSet(key, partOf(last, hash.length, hash.length + count), start);
    }
    return key;
  }

  exports.pbkdf2Bytes = pbkdf2Bytes;

  function preparePbkdf2(password, salt, iterations, keylen, digest) {
    validateString(digest, 'digest');
    const secret = copyOf(anyBytesOf(password, 'password'));
    const salted = copyOf(anyBytesOf(salt, 'salt'));
    validateInteger(iterations, 'iterations', 1, MOST_INT32);
    validateInteger(keylen, 'keylen', 0, MOST_INT32);
    const hash = hashOf(digest);
    return () => result(pbkdf2Bytes(hash, secret, salted, iterations, keylen));
  }

  exports.pbkdf2 = function pbkdf2(password, salt, iterations, keylen, digest, callback) {
    const isDigestLeftOut = typeof digest === 'function';
    const work = preparePbkdf2(password, salt, iterations, keylen, isDigestLeftOut ? undefined : digest);
    validateFunction(callback, 'callback');
    later(work, callback);
  };

  exports.pbkdf2Sync = function pbkdf2Sync(password, salt, iterations, keylen, digest) {
    return preparePbkdf2(password, salt, iterations, keylen, digest)();
  };

  function invalidScrypt(reason = '') {
    return errors.rangeError('ERR_CRYPTO_INVALID_SCRYPT_PARAMS', 'Invalid scrypt params' + reason);
  }

  // A parameter by either of its names; 0 and nothing stand for the default.
  function parameter(options, name, longName, usual) {
    let value = options[name];
    if (value !== undefined) validateInteger(value, name, 0, MOST_UINT32);
    const other = options[longName];
    if (other !== undefined) {
      if (value !== undefined) throw errors.withCode('ERR_CRYPTO_SCRYPT_INVALID_PARAMETER', 'Invalid scrypt parameter');
      validateInteger(other, longName, 0, MOST_UINT32);
      value = other;
    }
    return value === undefined || value === 0 ? usual : value;
  }

  // Beyond this one step of mixing would take longer than a termination may wait. Sound uses have 8, some 32.
  const MOST_BLOCK_SIZE = 4096;

  function scryptParameters(options) {
    const given = typeof options === 'object' && options !== null ? options : { __proto__: null };
    const cost = parameter(given, 'N', 'cost', 16384);
    const blockSize = parameter(given, 'r', 'blockSize', 8);
    const parallelization = parameter(given, 'p', 'parallelization', 1);
    let most = given.maxmem;
    if (most !== undefined) validateInteger(most, 'maxmem', 0);
    if (most === undefined || most === 0) most = 32 * 1024 * 1024;
    // 2, 4, 8 ..., which one bit has.
    let isPower = cost >= 2;
    for (let left = cost; left > 1; left /= 2) isPower &&= left % 2 === 0;
    if (!isPower) throw invalidScrypt();
    const needed = 128 * blockSize * (parallelization + cost + 2);
    const isTooMuch = needed > most || blockSize > MOST_BLOCK_SIZE || parallelization > 1073741823 / blockSize
      || (blockSize < 4 && cost >= 2 ** (16 * blockSize));
    if (isTooMuch) throw invalidScrypt(': error:030000AC:digital envelope routines::memory limit exceeded');
    return { __proto__: null, cost, blockSize, parallelization };
  }

  // RFC 7914, 6.
  function scryptBytes(password, salt, length, { cost, blockSize, parallelization }) {
    const hash = hashOf('sha256');
    const size = 128 * blockSize;
    const blocks = pbkdf2Bytes(hash, password, salt, 1, size * parallelization);
    const memory = allocate(size * cost);
    const scratch = allocate(size);
    for (let index = 0; index < parallelization; index++) {
      const block = partOf(blocks, index * size, (index + 1) * size);
      for (let step = 0; step < cost * 2; pause()) step = ops.scryptMix(block, memory, scratch, step);
    }
    return pbkdf2Bytes(hash, password, blocks, 1, length);
  }

  function prepareScrypt(password, salt, keylen, options) {
    const secret = copyOf(anyBytesOf(password, 'password'));
    const salted = copyOf(anyBytesOf(salt, 'salt'));
    validateInteger(keylen, 'keylen', 0, MOST_INT32);
    const parameters = scryptParameters(options);
    return () => result(keylen === 0 ? allocate(0) : scryptBytes(secret, salted, keylen, parameters));
  }

  exports.scrypt = function scrypt(password, salt, keylen, options, callback) {
    const done = callback === undefined ? options : callback;
    const work = prepareScrypt(password, salt, keylen, callback === undefined ? undefined : options);
    validateFunction(done, 'callback');
    later(work, done);
  };

  exports.scryptSync = function scryptSync(password, salt, keylen, options) {
    return prepareScrypt(password, salt, keylen, options)();
  };

  const SOME_BYTES = 'of type string or an instance of ArrayBuffer, TypedArray, DataView, or Buffer';
  const KEY_BYTES = 'of type string or an instance of SecretKeyObject, ArrayBuffer, TypedArray, DataView, or Buffer';

  // RFC 5869.
  function hkdfBytes(hash, secret, salt, info, length) {
    const key = macOf(hash, salt, secret);
    const derived = allocate(length);
    let block = allocate(0);
    for (let start = 0, number = 1; start < length; start += hash.length, number++) {
      const counter = allocate(1);
      counter[0] = number;
      block = macOf(hash, key, concatenate([block, info, counter]));
      TypedArrayPrototypeSet(derived, partOf(block, 0, MathMin(hash.length, length - start)), start);
    }
    return derived;
  }

  exports.hkdfBytes = hkdfBytes;

  function prepareHkdf(digest, secret, salt, info, length) {
    validateString(digest, 'digest');
    const key = copyOf(keyBytesOf(secret, 'ikm', undefined, KEY_BYTES));
    const salted = copyOf(anyBytesOf(salt, 'salt', 'utf8', SOME_BYTES));
    const context = copyOf(anyBytesOf(info, 'info', 'utf8', SOME_BYTES));
    validateInteger(length, 'length', 0, 4294967296);
    const contextLength = TypedArrayPrototypeGetByteLength(context);
    if (contextLength > 1024) throw errors.outOfRange('info', 'must not contain more than 1024 bytes', contextLength);
    const hash = hashOf(digest);
    if (length > 255 * hash.length) throw errors.rangeError('ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    return () => TypedArrayPrototypeGetBuffer(hkdfBytes(hash, key, salted, context, length));
  }

  exports.hkdf = function hkdf(digest, secret, salt, info, length, callback) {
    const work = prepareHkdf(digest, secret, salt, info, length);
    validateFunction(callback, 'callback');
    later(work, callback);
  };

  exports.hkdfSync = function hkdfSync(digest, secret, salt, info, length) {
    return prepareHkdf(digest, secret, salt, info, length)();
  };
})
