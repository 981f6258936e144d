// Keys of the web's crypto made, imported and exported.
(function (primordials, host, exports) {
  'use strict';

  const { NumberIsNaN, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { anyBytesOf } = host.use('crypto_bytes');
  const { output, written, writtenParts } = host.use('crypto_faults');
  const { cryptoKeyOf } = host.use('crypto_key');
  const { keyInner, kindOf, publicBytesOf } = host.use('crypto_keys');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { fill } = host.use('crypto_random');
  const { curveIn, failed, failure, hashIn, numberOf, required } = host.use('subtle_algorithms');
  const { bytesIn } = host.use('subtle_algorithms');
  const encodings = host.use('buffer_encodings');
  const { showMember } = host.use('web_interface');

  const PAIRS = { __proto__: null, Ed25519: 'ed25519', X25519: 'x25519' };
  const FEWEST_BITS = 512;
  const MOST_BITS = 4096;
  const MOST_SECRET_BITS = 1 << 20;

  function includes(list, item) {
    for (let index = 0; index < list.length; index++) {
      if (list[index] === item) return true;
    }
    return false;
  }

  // Those of the usages that keys of that type have.
  function usagesFor(usages, allowed) {
    const list = [];
    for (let index = 0; index < usages.length; index++) {
      if (includes(allowed, usages[index])) showMember(list, list.length, usages[index]);
    }
    return list;
  }

  function checkUsages(usages, allowed, noun) {
    for (let index = 0; index < usages.length; index++) {
      if (!includes(allowed, usages[index])) throw failure('Unsupported key usage for ' + noun + ' key', 'SyntaxError');
    }
  }

  function requireUsage(usages, what) {
    if (usages.length === 0) throw failure('Usages cannot be empty when ' + what + '.', 'SyntaxError');
  }

  function shownHash(hash) {
    return { name: hash.name };
  }

  function makeKey(inner, normalized, shown, details, extractable, usages) {
    const { name, kind } = normalized;
    const own = usagesFor(usages, kind[inner.type]);
    return cryptoKeyOf({
      __proto__: null, inner, name, algorithm: shown, hash: details?.hash, curve: details?.curve, extractable, usages: own,
      allowed: usagesFor(usages, kind[inner.type]),
    });
  }

  function bitsOf(bytes) {
    return TypedArrayPrototypeGetByteLength(bytes) * 8;
  }

  // Keys of bytes that say nothing of themselves.
  function makeSecret(normalized, bytes, extractable, usages) {
    const { name, kind, options } = normalized;
    const inner = keyInner('secret', bytes);
    if (kind.family === 'kdf') {
      if (extractable) throw failure(name + ' keys are not extractable', 'SyntaxError');
      return makeKey(inner, normalized, { name }, undefined, false, usages);
    }
    const length = bitsOf(bytes);
    if (kind.family === 'aes') {
      if (length !== 128 && length !== 192 && length !== 256) throw failure('Invalid key length', 'DataError');
      return makeKey(inner, normalized, { name, length }, undefined, extractable, usages);
    }
    const hash = hashIn(options, 'HmacImportParams');
    if (length === 0) throw failure('Zero-length key is not supported', 'DataError');
    if (options.length !== undefined && options.length !== length) throw failure('Invalid key length', 'DataError');
    return makeKey(inner, normalized, { name, hash: shownHash(hash), length }, hash, extractable, usages);
  }

  function exponentBytes(inner) {
    return writtenParts(ops.keyParts(publicBytesOf(inner), false, output))[1];
  }

  // Keys of a pair: they have to be of the kind that the algorithm wants.
  function makeAsymmetric(normalized, inner, details, extractable, usages) {
    const { name, kind } = normalized;
    const found = kindOf(inner);
    const isFitting = kind.family === 'rsa' ? found.type === 'rsa' : found.name === (details?.curve ?? PAIRS[name]);
    if (!isFitting) throw failure(kind.family === 'ec' ? 'Named curve mismatch' : 'Invalid key type', 'DataError');
    let shown = { name };
    if (kind.family === 'ec') shown = { name, namedCurve: details.name };
    if (kind.family === 'rsa') {
      shown = { name, modulusLength: found.bits, publicExponent: exponentBytes(inner), hash: shownHash(details) };
    }
    return makeKey(inner, normalized, shown, details, extractable, usages);
  }

  function detailsOf(normalized, dictionary) {
    const { family } = normalized.kind;
    if (family === 'rsa') return hashIn(normalized.options, 'RsaHashed' + dictionary);
    return family === 'ec' ? curveIn(normalized.options, 'EcKey' + dictionary) : undefined;
  }

  const UNCOMPRESSED = 'uncompressed';

  // The SPKI of a public key that is a point, or a key of Edwards' curve.
  function ofRaw(normalized, bytes, details) {
    if (normalized.kind.family === 'okp') return written(ops.keyOfParts(PAIRS[normalized.name], false, [bytes], output));
    const point = written(ops.curvePoint(details.curve, bytes, UNCOMPRESSED, output));
    const length = TypedArrayPrototypeGetByteLength(point);
    const middle = (length + 1) / 2;
    return written(ops.keyOfParts(details.curve, false, [partOf(point, 1, middle), partOf(point, middle, length)], output));
  }

  // What a pair's key is in any form but JWK.
  function readInner(format, normalized, data, details) {
    const { family } = normalized.kind;
    try {
      if (format === 'pkcs8') return keyInner('private', written(ops.keyReadPrivate(data, 'pkcs8', output)));
      if (format === 'spki') return keyInner('public', written(ops.keyReadPublic(data, 'spki', output)));
      if (family !== 'rsa') return keyInner('public', ofRaw(normalized, data, details));
    } catch {
      throw failure('Invalid keyData', 'DataError');
    }
    throw failure('Unable to import RSA key with format ' + format, 'NotSupportedError');
  }

  function importKey(format, data, normalized, extractable, usages) {
    const { family, noun } = normalized.kind;
    const isSecret = normalized.kind.secret.length > 0;
    if (isSecret) checkUsages(usages, normalized.kind.secret, noun);
    let key;
    if (format === 'jwk') key = host.use('subtle_jwk').importJwk(data, normalized, extractable, usages);
    else if (!isSecret) {
      const details = detailsOf(normalized, 'ImportParams');
      const inner = readInner(format, normalized, bytesIn(data, "Failed to execute 'importKey' on 'SubtleCrypto': 2nd argument"), details);
      checkUsages(usages, normalized.kind[inner.type], noun);
      key = makeAsymmetric(normalized, inner, details, extractable, usages);
    } else if (format === 'raw') {
      const bytes = bytesIn(data, "Failed to execute 'importKey' on 'SubtleCrypto': 2nd argument");
      key = makeSecret(normalized, bytes, extractable, usages);
    } else {
      const what = family === 'aes' ? 'AES' : normalized.name;
      throw failure('Unable to import ' + what + ' key with format ' + format, 'NotSupportedError');
    }
    if (key.type !== 'public' && usages.length === 0) {
      throw failure('Usages cannot be empty when importing a ' + key.type + ' key.', 'SyntaxError');
    }
    return key;
  }

  function rawOf(contents) {
    const { inner } = contents;
    if (inner.type === 'secret') return copyOf(inner.bytes);
    const parts = writtenParts(ops.keyParts(inner.bytes, false, output));
    return parts.length === 1 ? parts[0] : concatenate([anyBytesOf('04', 'form', 'hex'), parts[0], parts[1]]);
  }

  // An ArrayBuffer; the JWK is another script's.
  function exportKey(format, contents) {
    const { inner, name } = contents;
    const isRsa = inner.type !== 'secret' && kindOf(inner).type === 'rsa';
    const isRaw = format === 'raw' && inner.type !== 'private' && !isRsa;
    if (isRaw) return TypedArrayPrototypeGetBuffer(rawOf(contents));
    const isOwn = (format === 'spki' && inner.type === 'public') || (format === 'pkcs8' && inner.type === 'private');
    if (isOwn) return TypedArrayPrototypeGetBuffer(copyOf(inner.bytes));
    const what = inner.type === 'public' ? format : 'raw';
    throw failure('Unable to export a ' + what + ' ' + name + ' ' + inner.type + ' key', 'InvalidAccessError');
  }

  function generateSecret(normalized, extractable, usages) {
    const { name, kind, options } = normalized;
    checkUsages(usages, kind.secret, kind.noun);
    let length;
    if (kind.family === 'aes') {
      length = required(options, 'length', 'AesKeyGenParams');
      if (length !== 128 && length !== 192 && length !== 256) throw failure('AES key length must be 128, 192, or 256 bits');
    } else {
      length = options.length ?? blockBitsOf(hashIn(options, 'HmacKeyGenParams'));
      const isSound = length > 0 && length <= MOST_SECRET_BITS && length % 8 === 0;
      if (!isSound) throw failure(name + ' keys have between 8 and ' + MOST_SECRET_BITS + ' bits, in whole bytes');
    }
    requireUsage(usages, 'creating a key');
    const bytes = fill(allocate(length / 8));
    const own = { __proto__: null, name, kind, options: { __proto__: null, hash: options.hash } };
    return makeSecret(own, bytes, extractable, usages);
  }

  function blockBitsOf(hash) {
    return hash.hash.length > 32 ? 1024 : 512;
  }

  function generatePrivate(normalized, details) {
    const { name, kind, options } = normalized;
    if (kind.family !== 'rsa') return written(ops.keyGenerate(details?.curve ?? PAIRS[name], output));
    const bits = required(options, 'modulusLength', 'RsaHashedKeyGenParams');
    const exponent = numberOf(bytesIn(required(options, 'publicExponent', 'RsaHashedKeyGenParams'), 'publicExponent'));
    if (bits > MOST_BITS) throw failure('RSA keys are generated with at most ' + MOST_BITS + ' bits');
    if (!(bits >= FEWEST_BITS) || NumberIsNaN(exponent) || exponent < 3 || exponent % 2 === 0) throw failed();
    return host.use('crypto_generate').generateRsa(bits, exponent);
  }

  function generateKey(normalized, extractable, usages) {
    const { kind } = normalized;
    if (kind.family === 'kdf') throw failure('Unrecognized algorithm name', 'NotSupportedError');
    if (kind.secret.length > 0) return generateSecret(normalized, extractable, usages);
    const details = detailsOf(normalized, 'GenParams');
    for (let index = 0; index < usages.length; index++) {
      if (!includes(kind.public, usages[index])) checkUsages([usages[index]], kind.private, kind.noun);
    }
    if (usagesFor(usages, kind.private).length === 0) requireUsage([], 'creating a key');
    const inner = keyInner('private', generatePrivate(normalized, details));
    const publicInner = keyInner('public', publicBytesOf(inner));
    return {
      publicKey: makeAsymmetric(normalized, publicInner, details, true, usages),
      privateKey: makeAsymmetric(normalized, inner, details, extractable, usages),
    };
  }

  exports.blockBitsOf = blockBitsOf;
  exports.checkUsages = checkUsages;
  exports.detailsOf = detailsOf;
  exports.exportKey = exportKey;
  exports.generateKey = generateKey;
  exports.importKey = importKey;
  exports.includes = includes;
  exports.makeAsymmetric = makeAsymmetric;
  exports.makeSecret = makeSecret;
  exports.textOf = (bytes) => encodings.decode(bytes, encodings.encodingOf('base64url'), 0, TypedArrayPrototypeGetByteLength(bytes));
})
