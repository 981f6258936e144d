// JSON Web Keys of the web's crypto.
(function (primordials, host, exports) {
  'use strict';

  const { anyBytesOf } = host.use('crypto_bytes');
  const { jwkOf, keyOfJwk } = host.use('crypto_jwk');
  const { failure, isObject } = host.use('subtle_algorithms');
  const { checkUsages, detailsOf, includes, makeAsymmetric, makeSecret, textOf } = host.use('subtle_keys');
  const { showMember } = host.use('web_interface');

  const TYPES = { __proto__: null, aes: 'oct', hmac: 'oct', rsa: 'RSA', ec: 'EC', okp: 'OKP' };
  const MODES = { __proto__: null, 'AES-CBC': 'CBC', 'AES-CTR': 'CTR', 'AES-GCM': 'GCM', 'AES-KW': 'KW' };
  const SIGNING = { __proto__: null, HMAC: 'HS', 'RSASSA-PKCS1-v1_5': 'RS', 'RSA-PSS': 'PS' };
  const DIGITS = { __proto__: null, 'SHA-1': '1', 'SHA-256': '256', 'SHA-384': '384', 'SHA-512': '512' };

  // What `alg` says of a key (RFC 7518); undefined where it says nothing.
  function algOf(name, algorithm) {
    if (MODES[name] !== undefined) return 'A' + algorithm.length + MODES[name];
    const hash = algorithm.hash?.name;
    if (SIGNING[name] !== undefined) return SIGNING[name] + DIGITS[hash];
    if (name === 'Ed25519') return name;
    if (name !== 'RSA-OAEP') return undefined;
    return hash === 'SHA-1' ? 'RSA-OAEP' : 'RSA-OAEP-' + DIGITS[hash];
  }

  function dataError(message) {
    return failure(message, 'DataError');
  }

  function checkMembers(jwk, normalized, extractable, usages) {
    const isSealing = normalized.kind.family === 'aes' || normalized.name === 'RSA-OAEP';
    const { use, ext, key_ops: operations } = jwk;
    if (usages.length > 0 && use !== undefined && use !== (isSealing ? 'enc' : 'sig')) throw dataError('Invalid JWK "use" Parameter');
    if (ext !== undefined && ext === false && extractable) throw dataError('JWK "ext" Parameter and extractable mismatch');
    if (operations === undefined) return;
    for (let index = 0; index < usages.length; index++) {
      if (!isObject(operations) || !includes(operations, usages[index])) throw dataError('Key operations and usage mismatch');
    }
  }

  function innerOfJwk(jwk) {
    try {
      return keyOfJwk(jwk, jwk.d === undefined);
    } catch {
      throw dataError('Invalid JWK');
    }
  }

  exports.importJwk = function importJwk(jwk, normalized, extractable, usages) {
    const { kind, name } = normalized;
    if (!isObject(jwk) || typeof jwk.kty !== 'string') throw dataError('Invalid keyData');
    if (jwk.kty !== TYPES[kind.family]) throw dataError('Invalid JWK "kty" Parameter');
    checkMembers(jwk, normalized, extractable, usages);
    let key;
    if (jwk.kty === 'oct') {
      if (typeof jwk.k !== 'string') throw dataError('Invalid keyData');
      key = makeSecret(normalized, anyBytesOf(jwk.k, 'k', 'base64url'), extractable, usages);
    } else {
      const inner = innerOfJwk(jwk);
      checkUsages(usages, kind[inner.type], kind.noun);
      key = makeAsymmetric(normalized, inner, detailsOf(normalized, 'ImportParams'), extractable, usages);
    }
    const alg = algOf(name, key.algorithm);
    if (jwk.alg !== undefined && alg !== undefined && jwk.alg !== alg) {
      throw dataError('JWK "alg" does not match the requested algorithm');
    }
    return key;
  };

  exports.exportJwk = function exportJwk(contents) {
    const { algorithm, allowed, extractable, inner, name } = contents;
    const operations = [];
    for (let index = 0; index < allowed.length; index++) showMember(operations, index, allowed[index]);
    const own = inner.type === 'secret' ? { kty: 'oct', k: textOf(inner.bytes) } : jwkOf(inner);
    const alg = algOf(name, algorithm);
    const jwk = { key_ops: operations, ext: extractable, ...own };
    return alg === undefined ? jwk : { ...jwk, alg };
  };
})
