// Keys made: pairs of every kind, and secret ones.
(function (primordials, host, exports) {
  'use strict';

  const { Error, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { pause } = host.use('crypto_bytes');
  const { output, written } = host.use('crypto_faults');
  const { keyInner, keyObjectOf, publicBytesOf } = host.use('crypto_keys');
  const { parseEncoding, writeKey } = host.use('crypto_key_output');
  const { fill } = host.use('crypto_random');
  const { curveOf } = host.use('crypto_curves');
  const errors = host.use('node_errors');
  const { validateFunction, validateInteger, validateObject, validateString } = host.use('validators');

  const MOST_UINT32 = 4294967295;
  const MOST_INT32 = 2147483647;
  const FEWEST_BITS = 512;
  const MOST_BITS = 4096;
  const F4 = 65537;

  // A prime of so many bits: each candidate is a call of its own, as there are hundreds.
  function findPrime(bits, exponent) {
    for (;; pause()) {
      const prime = written(ops.rsaPrime(bits, exponent, output));
      if (TypedArrayPrototypeGetByteLength(prime) > 0) return prime;
    }
  }

  function generateRsa(bits, exponent) {
    for (;;) {
      const first = findPrime((bits + 1) >>> 1, exponent);
      const second = findPrime(bits >>> 1, exponent);
      const length = ops.rsaOfPrimes(first, second, exponent, output);
      // As good as never: the same prime twice.
      if (length !== 'malformed') return written(length);
    }
  }

  function prepareRsa(options) {
    validateObject(options, 'options');
    const { modulusLength, publicExponent = F4 } = options;
    validateInteger(modulusLength, 'options.modulusLength', 0, MOST_UINT32);
    validateInteger(publicExponent, 'options.publicExponent', 0, MOST_UINT32);
    return () => {
      if (modulusLength < FEWEST_BITS) throw new Error('error:1C8000AB:Provider routines::key size too small');
      if (publicExponent < 3 || publicExponent % 2 === 0) throw new Error('error:020000B2:rsa routines::pub exponent out of range');
      if (modulusLength > MOST_BITS) throw errors.outOfRange('options.modulusLength', '<= ' + MOST_BITS, modulusLength);
      return generateRsa(modulusLength, publicExponent);
    };
  }

  function prepareCurve(options) {
    validateObject(options, 'options');
    validateString(options.namedCurve, 'options.namedCurve');
    const { paramEncoding } = options;
    if (paramEncoding !== undefined && paramEncoding !== null && paramEncoding !== 'named') {
      throw errors.invalidArgValue('options.paramEncoding', paramEncoding);
    }
    const curve = curveOf(options.namedCurve);
    return () => written(ops.keyGenerate(curve, output));
  }

  function encodingOf(options, name, keyType, isPublic) {
    const encoding = options?.[name];
    if (encoding === undefined || encoding === null) return undefined;
    if (typeof encoding !== 'object') throw errors.invalidArgValue('options.' + name, encoding);
    return parseEncoding(encoding, keyType, isPublic, 'options.' + name);
  }

  function prepareOf(type, options) {
    if (type === 'rsa') return prepareRsa(options);
    if (type === 'ec') return prepareCurve(options);
    if (type === 'ed25519' || type === 'x25519') return () => written(ops.keyGenerate(type, output));
    throw errors.invalidArgValue('type', type, 'must be a supported key type');
  }

  function preparePair(type, options) {
    validateString(type, 'type');
    if (options !== undefined) validateObject(options, 'options');
    const publicEncoding = encodingOf(options, 'publicKeyEncoding', type, true);
    const privateEncoding = encodingOf(options, 'privateKeyEncoding', type, false);
    const generate = prepareOf(type, options);
    return () => {
      const inner = keyInner('private', generate());
      const publicInner = keyInner('public', publicBytesOf(inner));
      return {
        publicKey: publicEncoding === undefined ? keyObjectOf(publicInner) : writeKey(publicInner, publicEncoding),
        privateKey: privateEncoding === undefined ? keyObjectOf(inner) : writeKey(inner, privateEncoding),
      };
    };
  }

  exports.generateKeyPairSync = function generateKeyPairSync(type, options) {
    return preparePair(type, options)();
  };

  exports.generateKeyPair = function generateKeyPair(type, options, callback) {
    const isOptionsLeftOut = typeof options === 'function';
    const done = isOptionsLeftOut ? options : callback;
    validateFunction(done, 'callback');
    const work = preparePair(type, isOptionsLeftOut ? undefined : options);
    host.timers.setImmediate(() => {
      let pair;
      try {
        pair = work();
      } catch (error) {
        done(error);
        return;
      }
      done(null, pair.publicKey, pair.privateKey);
    });
  };

  function prepareSecret(type, options) {
    validateString(type, 'type');
    validateObject(options, 'options');
    const { length } = options;
    if (type === 'hmac') validateInteger(length, 'options.length', 8, MOST_INT32);
    else if (type !== 'aes') throw errors.invalidArgValue('type', type, 'must be a supported key type');
    else if (length !== 128 && length !== 192 && length !== 256) {
      throw errors.invalidArgValue('options.length', length, 'must be one of: 128, 192, 256');
    }
    return () => keyObjectOf(keyInner('secret', fill(allocate(length >>> 3))));
  }

  exports.generateKeySync = function generateKeySync(type, options) {
    return prepareSecret(type, options)();
  };

  exports.generateKey = function generateKey(type, options, callback) {
    const work = prepareSecret(type, options);
    validateFunction(callback, 'callback');
    host.use('crypto_bytes').later(work, callback);
  };

  exports.generateRsa = generateRsa;
})
