// Hashes and HMAC of the module crypto.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayBufferIsView, Error, StringPrototypeToLowerCase, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { copyOf, partOf } = host.use('byte_parts');
  const { dataOf, inSlices, opensslError, outputEncoding, result } = host.use('crypto_bytes');
  const { keyBytesOf } = host.use('crypto_keys');
  const errors = host.use('node_errors');
  const { validateInteger, validateString } = host.use('validators');
  const { showMember } = host.use('web_interface');

  // As Node lists them.
  const names = [
    'RSA-MD5', 'RSA-RIPEMD160', 'RSA-SHA1', 'RSA-SHA1-2', 'RSA-SHA224', 'RSA-SHA256', 'RSA-SHA3-224', 'RSA-SHA3-256',
    'RSA-SHA3-384', 'RSA-SHA3-512', 'RSA-SHA384', 'RSA-SHA512', 'RSA-SHA512/224', 'RSA-SHA512/256',
    'id-rsassa-pkcs1-v1_5-with-sha3-224', 'id-rsassa-pkcs1-v1_5-with-sha3-256', 'id-rsassa-pkcs1-v1_5-with-sha3-384',
    'id-rsassa-pkcs1-v1_5-with-sha3-512', 'md5', 'md5WithRSAEncryption', 'ripemd', 'ripemd160', 'ripemd160WithRSA',
    'rmd160', 'sha1', 'sha1WithRSAEncryption', 'sha224', 'sha224WithRSAEncryption', 'sha256', 'sha256WithRSAEncryption',
    'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512', 'sha384', 'sha384WithRSAEncryption', 'sha512', 'sha512-224',
    'sha512-224WithRSAEncryption', 'sha512-256', 'sha512-256WithRSAEncryption', 'sha512WithRSAEncryption', 'ssl3-md5',
    'ssl3-sha1',
  ];

  // By their names in small letters, what the ops call those that have others.
  const aliases = {
    __proto__: null,
    'rsa-md5': 'md5', 'ssl3-md5': 'md5', md5withrsaencryption: 'md5',
    'rsa-ripemd160': 'ripemd160', ripemd: 'ripemd160', 'ripemd-160': 'ripemd160', ripemd160withrsa: 'ripemd160', rmd160: 'ripemd160',
    'rsa-sha1': 'sha1', 'rsa-sha1-2': 'sha1', 'sha-1': 'sha1', 'ssl3-sha1': 'sha1', sha1withrsaencryption: 'sha1',
    'rsa-sha512/224': 'sha512-224', 'sha-512/224': 'sha512-224', 'sha512-224withrsaencryption': 'sha512-224',
    'rsa-sha512/256': 'sha512-256', 'sha-512/256': 'sha512-256', 'sha512-256withrsaencryption': 'sha512-256',
  };
  const sizes = ['224', '256', '384', '512'];
  for (let index = 0; index < sizes.length; index++) {
    const size = sizes[index];
    aliases['rsa-sha' + size] = 'sha' + size;
    aliases['sha-' + size] = 'sha' + size;
    aliases['sha2-' + size] = 'sha' + size;
    aliases['sha' + size + 'withrsaencryption'] = 'sha' + size;
    aliases['rsa-sha3-' + size] = 'sha3-' + size;
    aliases['id-rsassa-pkcs1-v1_5-with-sha3-' + size] = 'sha3-' + size;
  }

  // What a name stands for, or undefined: the ops' number, and how many bytes a digest and a state have.
  function findHash(name) {
    const lower = StringPrototypeToLowerCase(name);
    const found = ops.hashFind(aliases[lower] ?? lower);
    return found === undefined
      ? undefined
      : { __proto__: null, number: found[0], length: found[1], stateLength: found[2] };
  }

  function absorb(hash, state, bytes) {
    inSlices(bytes, (slice) => ops.hashUpdate(hash.number, state, slice));
  }

  function digestOf(hash, bytes) {
    const state = allocate(hash.stateLength);
    ops.hashStart(hash.number, state);
    absorb(hash, state, bytes);
    const digest = allocate(hash.length);
    ops.hashFinish(hash.number, state, digest);
    return digest;
  }

  // The states of an HMAC with that key.
  function startMac(hash, key) {
    const states = allocate(hash.stateLength * 2);
    // A long key is hashed first: in slices, as it may be very long.
    ops.macStart(hash.number, TypedArrayPrototypeGetByteLength(key) > 256 ? digestOf(hash, key) : key, states);
    return states;
  }

  function absorbIntoMac(hash, states, bytes) {
    absorb(hash, partOf(states, 0, hash.stateLength), bytes);
  }

  function finishMac(hash, states) {
    const digest = allocate(hash.length);
    ops.macFinish(hash.number, states, digest);
    return digest;
  }

  function macOf(hash, key, bytes) {
    const states = startMac(hash, key);
    absorbIntoMac(hash, states, bytes);
    return finishMac(hash, states);
  }

  function requireOpen(isFinished) {
    if (isFinished) throw errors.withCode('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
  }

  class Hash {
    #name;
    #hash;
    #state;
    #isFinished = false;

    constructor(algorithm, options) {
      validateString(algorithm, 'algorithm');
      const length = typeof options === 'object' && options !== null ? options.outputLength : undefined;
      if (length !== undefined) validateInteger(length, 'options.outputLength', 0, 4294967295);
      const hash = findHash(algorithm);
      if (hash === undefined) throw new Error('Digest method not supported');
      if (length !== undefined && length !== hash.length) {
        throw opensslError('030000B2', 'digital envelope routines', 'not XOF or invalid length');
      }
      this.#name = algorithm;
      this.#hash = hash;
      this.#state = allocate(hash.stateLength);
      ops.hashStart(hash.number, this.#state);
    }

    copy(options) {
      requireOpen(this.#isFinished);
      const copy = new Hash(this.#name, options);
      copy.#state = copyOf(this.#state);
      return copy;
    }

    update(data, encoding) {
      requireOpen(this.#isFinished);
      absorb(this.#hash, this.#state, dataOf(data, encoding, 'data'));
      return this;
    }

    digest(encoding) {
      requireOpen(this.#isFinished);
      const output = outputEncoding(encoding);
      const digest = allocate(this.#hash.length);
      ops.hashFinish(this.#hash.number, this.#state, digest);
      this.#isFinished = true;
      return result(digest, output);
    }
  }

  function invalidDigest(name) {
    return errors.typeError('ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest: ' + name);
  }

  // As findHash, for those that throw when there is none.
  function hashOf(name) {
    const hash = findHash(name);
    if (hash === undefined) throw invalidDigest(name);
    return hash;
  }

  class Hmac {
    #hash;
    #states;
    #isFinished = false;

    constructor(algorithm, key, options) {
      validateString(algorithm, 'hmac');
      const encoding = typeof options === 'object' && options !== null ? options.encoding : undefined;
      const bytes = keyBytesOf(key, 'key', encoding);
      this.#hash = hashOf(algorithm);
      this.#states = startMac(this.#hash, bytes);
    }

    update(data, encoding) {
      requireOpen(this.#isFinished);
      absorbIntoMac(this.#hash, this.#states, dataOf(data, encoding, 'data'));
      return this;
    }

    digest(encoding) {
      const output = outputEncoding(encoding);
      if (this.#isFinished) return result(allocate(0), output);
      this.#isFinished = true;
      return result(finishMac(this.#hash, this.#states), output);
    }
  }

  showMember(Hash.prototype, 'copy', Hash.prototype.copy);
  showMember(Hash.prototype, 'update', Hash.prototype.update);
  showMember(Hash.prototype, 'digest', Hash.prototype.digest);
  showMember(Hmac.prototype, 'update', Hmac.prototype.update);
  showMember(Hmac.prototype, 'digest', Hmac.prototype.digest);

  function hash(algorithm, input, outputName = 'hex') {
    validateString(algorithm, 'algorithm');
    if (typeof input !== 'string' && !ArrayBufferIsView(input)) {
      throw errors.invalidArgType('input', 'of type string or an instance of Buffer, TypedArray, or DataView', input);
    }
    validateString(outputName, 'outputEncoding');
    const isBuffer = outputName === 'buffer';
    const output = outputEncoding(outputName);
    if (output === undefined && !isBuffer) throw errors.invalidArgValue('outputEncoding', outputName);
    const found = findHash(algorithm);
    if (found === undefined) throw new Error('Digest method ' + algorithm + ' is not supported');
    return result(digestOf(found, dataOf(input, 'utf8', 'input')), output);
  }

  function getHashes() {
    const list = [];
    for (let index = 0; index < names.length; index++) showMember(list, index, names[index]);
    return list;
  }

  exports.Hash = Hash;
  exports.Hmac = Hmac;
  exports.createHash = function createHash(algorithm, options) {
    return new Hash(algorithm, options);
  };
  exports.createHmac = function createHmac(hmac, key, options) {
    return new Hmac(hmac, key, options);
  };
  exports.hash = hash;
  exports.getHashes = getHashes;
  exports.absorb = absorb;
  exports.findHash = findHash;
  exports.hashOf = hashOf;
  exports.digestOf = digestOf;
  exports.startMac = startMac;
  exports.absorbIntoMac = absorbIntoMac;
  exports.finishMac = finishMac;
  exports.macOf = macOf;
})
