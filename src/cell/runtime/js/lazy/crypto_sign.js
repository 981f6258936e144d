// Signatures: Sign, Verify, and sign and verify in one call.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate, bytesOf } = host.use('encoding');
  const { copyOf } = host.use('byte_parts');
  const { anyBytesOf, dataOf, later, opensslError, result } = host.use('crypto_bytes');
  const { faultOf, output, written } = host.use('crypto_faults');
  const { absorb, digestOf, findHash, hashOf } = host.use('crypto_hash');
  const { optionsIn, privateKeyOf, publicKeyOf } = host.use('crypto_key_input');
  const { kindOf, publicBytesOf } = host.use('crypto_keys');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateFunction, validateString } = host.use('validators');
  const { showMember } = host.use('web_interface');

  const SIGNATURE = 'an instance of Buffer, TypedArray, or DataView';
  const PKCS1_PADDING = 1;
  const NO_PADDING = 3;
  const PSS_PADDING = 6;
  const SALT_AS_DIGEST = -1;
  // Ed25519 reads a message whole, twice, in one go.
  const MOST_PURE = 1 << 23;

  function integerOption(options, name) {
    const value = options[name];
    if (value === undefined || value === value >> 0) return value;
    throw errors.invalidArgValue('options.' + name, value);
  }

  function schemeOptions(value) {
    const options = optionsIn(value);
    const padding = integerOption(options, 'padding');
    const saltLength = integerOption(options, 'saltLength');
    const { dsaEncoding = 'der' } = options;
    if (dsaEncoding !== 'der' && dsaEncoding !== 'ieee-p1363') throw errors.invalidArgValue('options.dsaEncoding', dsaEncoding);
    return { __proto__: null, padding, saltLength, dsaEncoding };
  }

  // How a key of that kind signs a digest, as the ops call it, and the length of the salt; below 0 it is the ops' choice.
  function schemeOf(kind, options, hash) {
    if (kind.type === 'ec') return { __proto__: null, name: options.dsaEncoding, saltLength: -1 };
    if (kind.type === 'x25519') throw faultOf('wrongKind');
    const { padding = PKCS1_PADDING, saltLength } = options;
    if (padding === PKCS1_PADDING) return { __proto__: null, name: 'pkcs1', saltLength: -1 };
    if (padding === NO_PADDING) throw opensslError('1C8000A8', 'Provider routines', 'invalid padding mode');
    if (padding !== PSS_PADDING) throw opensslError('1C8000A5', 'Provider routines', 'illegal or unsupported padding mode');
    return { __proto__: null, name: 'pss', saltLength: saltLength === SALT_AS_DIGEST ? hash.length : saltLength ?? -1 };
  }

  function signDigest(inner, options, hash, digest) {
    const scheme = schemeOf(kindOf(inner), options, hash);
    return written(ops.keySign(inner.bytes, scheme.name, scheme.saltLength, hash.number, digest, output));
  }

  function verifyDigest(inner, options, hash, digest, signature) {
    const scheme = schemeOf(kindOf(inner), options, hash);
    const verified = ops.keyVerify(publicBytesOf(inner), scheme.name, scheme.saltLength, hash.number, digest, signature);
    if (typeof verified === 'string') throw faultOf(verified);
    return verified;
  }

  function requirePrehashed(kind) {
    if (kind.type === 'ed25519') throw errors.withCode('ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported crypto operation');
  }

  function start(algorithm) {
    validateString(algorithm, 'algorithm');
    const hash = findHash(algorithm);
    if (hash === undefined) throw errors.typeError('ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest');
    const state = allocate(hash.stateLength);
    ops.hashStart(hash.number, state);
    return { __proto__: null, hash, state, isFinished: false };
  }

  function requireOpen(message) {
    if (message.isFinished) throw errors.withCode('ERR_CRYPTO_INVALID_STATE', 'Not initialised');
  }

  function update(message, data, encoding) {
    const bytes = dataOf(data, encoding, 'data');
    requireOpen(message);
    absorb(message.hash, message.state, bytes);
  }

  function finish(message) {
    requireOpen(message);
    message.isFinished = true;
    const digest = allocate(message.hash.length);
    ops.hashFinish(message.hash.number, message.state, digest);
    return digest;
  }

  class Sign {
    #message;

    constructor(algorithm) {
      this.#message = start(algorithm);
    }

    update(data, encoding) {
      update(this.#message, data, encoding);
      return this;
    }

    sign(options, encoding) {
      if (!options) throw errors.withCode('ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
      const inner = privateKeyOf(options);
      const scheme = schemeOptions(options);
      const digest = finish(this.#message);
      requirePrehashed(kindOf(inner));
      const signature = signDigest(inner, scheme, this.#message.hash, digest);
      const isText = encoding && encoding !== 'buffer';
      return result(signature, isText ? encodings.encodingOf(encoding) : undefined);
    }
  }

  class Verify {
    #message;

    constructor(algorithm) {
      this.#message = start(algorithm);
    }

    update(data, encoding) {
      update(this.#message, data, encoding);
      return this;
    }

    verify(options, signature, encoding) {
      const inner = publicKeyOf(options);
      const scheme = schemeOptions(options);
      const bytes = anyBytesOf(signature, 'signature', encoding ?? 'utf8');
      const digest = finish(this.#message);
      requirePrehashed(kindOf(inner));
      return verifyDigest(inner, scheme, this.#message.hash, digest, bytes);
    }
  }

  showMember(Sign.prototype, 'update', Sign.prototype.update);
  showMember(Sign.prototype, 'sign', Sign.prototype.sign);
  showMember(Verify.prototype, 'update', Verify.prototype.update);
  showMember(Verify.prototype, 'verify', Verify.prototype.verify);

  function checkPure(algorithm, data) {
    if (algorithm !== null && algorithm !== undefined) throw opensslError('1C80007A', 'Provider routines', 'invalid digest');
    const length = TypedArrayPrototypeGetByteLength(data);
    if (length > MOST_PURE) throw errors.outOfRange('data', '<= ' + MOST_PURE + ' bytes with Ed25519', length);
  }

  // The number of any hash: with Ed25519 the ops have no use for one.
  function hashFor(algorithm) {
    return hashOf(algorithm ?? 'sha256');
  }

  function signWhole(algorithm, data, inner, options) {
    if (kindOf(inner).type !== 'ed25519') {
      const hash = hashFor(algorithm);
      return signDigest(inner, options, hash, digestOf(hash, data));
    }
    checkPure(algorithm, data);
    return written(ops.keySign(inner.bytes, 'pure', -1, hashFor(undefined).number, data, output));
  }

  function verifyWhole(algorithm, data, inner, options, signature) {
    if (kindOf(inner).type !== 'ed25519') {
      const hash = hashFor(algorithm);
      return verifyDigest(inner, options, hash, digestOf(hash, data), signature);
    }
    checkPure(algorithm, data);
    return ops.keyVerify(publicBytesOf(inner), 'pure', -1, hashFor(undefined).number, data, signature);
  }

  function checkCall(algorithm, callback) {
    if (algorithm !== undefined && algorithm !== null) validateString(algorithm, 'algorithm');
    if (callback !== undefined) validateFunction(callback, 'callback');
  }

  // Now, or with a callback later.
  function soonOrLater(work, callback) {
    if (callback === undefined) return work();
    later(work, callback);
    return undefined;
  }

  function sign(algorithm, data, key, callback) {
    checkCall(algorithm, callback);
    const bytes = anyBytesOf(data, 'data');
    if (!key) throw errors.withCode('ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
    const options = schemeOptions(key);
    const inner = privateKeyOf(key);
    if (algorithm) hashOf(algorithm);
    const message = callback === undefined ? bytes : copyOf(bytes);
    return soonOrLater(() => result(signWhole(algorithm, message, inner, options)), callback);
  }

  function verify(algorithm, data, key, signature, callback) {
    checkCall(algorithm, callback);
    const bytes = anyBytesOf(data, 'data');
    const options = schemeOptions(key);
    const signed = typeof signature === 'object' && signature !== null ? bytesOf(signature) : undefined;
    if (signed === undefined) throw errors.invalidArgType('signature', SIGNATURE, signature);
    const inner = publicKeyOf(key);
    if (algorithm) hashOf(algorithm);
    const isNow = callback === undefined;
    const message = isNow ? bytes : copyOf(bytes);
    const kept = isNow ? signed : copyOf(signed);
    return soonOrLater(() => verifyWhole(algorithm, message, inner, options, kept), callback);
  }

  exports.Sign = Sign;
  exports.Verify = Verify;
  exports.createSign = function createSign(algorithm, options) {
    return new Sign(algorithm, options);
  };
  exports.createVerify = function createVerify(algorithm, options) {
    return new Verify(algorithm, options);
  };
  exports.sign = sign;
  exports.verify = verify;
  exports.soonOrLater = soonOrLater;
  exports.integerOption = integerOption;
})
