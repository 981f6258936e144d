// JSON Web Keys (RFC 7517), in and out.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { anyBytesOf } = host.use('crypto_bytes');
  const { faultOf, output, written, writtenParts } = host.use('crypto_faults');
  const { keyInner, kindOf } = host.use('crypto_keys');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateString } = host.use('validators');
  const { append, createList } = host.basics;

  const BASE64URL = encodings.encodingOf('base64url');
  const CURVES = { __proto__: null, 'P-256': 'prime256v1', secp256k1: 'secp256k1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };
  const CURVE_NAMES = { __proto__: null, prime256v1: 'P-256', secp256k1: 'secp256k1', secp384r1: 'P-384', secp521r1: 'P-521' };
  const PAIRS = { __proto__: null, Ed25519: 'ed25519', X25519: 'x25519' };
  const PAIR_NAMES = { __proto__: null, ed25519: 'Ed25519', x25519: 'X25519' };

  function invalidJwk(what) {
    return errors.typeError('ERR_CRYPTO_INVALID_JWK', 'Invalid JWK ' + what);
  }

  function notOneOf(name, value, names) {
    return errors.invalidArgValue(name, value, 'must be one of: ' + names);
  }

  function bytesAt(jwk, name) {
    const text = jwk[name];
    validateString(text, 'key.' + name);
    return anyBytesOf(text, name, 'base64url');
  }

  function readParts(jwk, names) {
    const parts = createList();
    for (let index = 0; index < names.length; index++) append(parts, bytesAt(jwk, names[index]));
    return parts;
  }

  function keyOfParts(kind, isPublic, parts, what) {
    const length = ops.keyOfParts(kind, !isPublic, parts, output);
    if (length === 'malformed') throw invalidJwk(what);
    return keyInner(isPublic ? 'public' : 'private', written(length));
  }

  function rsaKey(jwk, isPublic) {
    return keyOfParts('rsa', isPublic, readParts(jwk, isPublic ? ['n', 'e'] : ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi']), 'RSA key');
  }

  function curveKey(jwk, isPublic) {
    validateString(jwk.crv, 'key.crv');
    const curve = CURVES[jwk.crv];
    if (curve === undefined) throw notOneOf('key.crv', jwk.crv, "'P-256', 'secp256k1', 'P-384', 'P-521'");
    return keyOfParts(curve, isPublic, readParts(jwk, isPublic ? ['x', 'y'] : ['x', 'y', 'd']), 'EC key');
  }

  function pairKey(jwk, isPublic) {
    validateString(jwk.crv, 'key.crv');
    const kind = PAIRS[jwk.crv];
    if (jwk.crv === 'Ed448' || jwk.crv === 'X448') throw faultOf('unknown');
    if (kind === undefined) throw notOneOf('key.crv', jwk.crv, "'Ed25519', 'Ed448', 'X25519', 'X448'");
    return keyOfParts(kind, isPublic, readParts(jwk, isPublic ? ['x'] : ['x', 'd']), 'data');
  }

  // What is in the key that a JWK describes: its public part if that is wanted.
  exports.keyOfJwk = function keyOfJwk(jwk, isPublic) {
    const { kty } = jwk;
    if (kty === 'RSA') return rsaKey(jwk, isPublic);
    if (kty === 'EC') return curveKey(jwk, isPublic);
    if (kty === 'OKP') return pairKey(jwk, isPublic);
    throw notOneOf('key.kty', kty, "'RSA', 'EC', 'OKP'");
  };

  function text(bytes) {
    return encodings.decode(bytes, BASE64URL, 0, TypedArrayPrototypeGetByteLength(bytes));
  }

  exports.jwkOf = function jwkOf(inner) {
    const kind = kindOf(inner);
    const isPrivate = inner.type === 'private';
    const parts = writtenParts(ops.keyParts(inner.bytes, isPrivate, output));
    if (kind.type === 'rsa') {
      const jwk = { kty: 'RSA', n: text(parts[0]), e: text(parts[1]) };
      if (!isPrivate) return jwk;
      return {
        ...jwk, d: text(parts[2]), p: text(parts[3]), q: text(parts[4]), dp: text(parts[5]), dq: text(parts[6]), qi: text(parts[7]),
      };
    }
    if (kind.type === 'ec') {
      const jwk = { kty: 'EC', x: text(parts[0]), y: text(parts[1]), crv: CURVE_NAMES[kind.name] };
      return isPrivate ? { ...jwk, d: text(parts[2]) } : jwk;
    }
    const crv = PAIR_NAMES[kind.name];
    return isPrivate ? { crv, d: text(parts[1]), x: text(parts[0]), kty: 'OKP' } : { crv, x: text(parts[0]), kty: 'OKP' };
  };
})
