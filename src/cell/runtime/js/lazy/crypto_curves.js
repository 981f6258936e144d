// Elliptic curves of the module crypto: their names, ECDH, and secrets that two keys have in common.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { anyBytesOf, result } = host.use('crypto_bytes');
  const { faultOf, output, written, writtenParts } = host.use('crypto_faults');
  const { innerOf, kindOf, publicBytesOf, wrongType } = host.use('crypto_keys');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateObject, validateString } = host.use('validators');
  const { showMember } = host.use('web_interface');

  // By their names as OpenSSL has them. Those of NIST go only where keys are made.
  const CURVES = {
    __proto__: null, prime256v1: 'prime256v1', secp256k1: 'secp256k1', secp384r1: 'secp384r1', secp521r1: 'secp521r1',
  };
  const NIST = { __proto__: null, 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };
  // What a point begins with whose coordinates follow.
  const UNCOMPRESSED = anyBytesOf('04', 'form', 'hex');
  const FORMS = { __proto__: null, compressed: true, hybrid: true, uncompressed: true };

  function invalidCurve() {
    return errors.typeError('ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
  }

  exports.curveOf = function curveOf(name) {
    const curve = CURVES[name] ?? NIST[name];
    if (curve === undefined) throw invalidCurve();
    return curve;
  };

  exports.getCurves = function getCurves() {
    return ['prime256v1', 'secp256k1', 'secp384r1', 'secp521r1'];
  };

  function formOf(form) {
    if (form === undefined || form === null || form === '') return 'uncompressed';
    if (typeof form === 'string' && FORMS[form] === true) return form;
    throw errors.typeError('ERR_CRYPTO_ECDH_INVALID_FORMAT', 'Invalid ECDH format: ' + form);
  }

  function shown(bytes, encoding) {
    const isText = encoding !== undefined && encoding !== null && encoding !== 'buffer';
    return result(bytes, isText ? encodings.encodingOf(encoding) : undefined);
  }

  function pointIn(curve, bytes, form) {
    const length = ops.curvePoint(curve, bytes, form, output);
    if (typeof length === 'string') {
      throw errors.withCode('ERR_CRYPTO_OPERATION_FAILED', 'Failed to convert Buffer to EC_POINT');
    }
    return written(length);
  }

  // The SPKI of a point of the curve that is uncompressed.
  function keyOfPoint(curve, point) {
    const length = TypedArrayPrototypeGetByteLength(point);
    const middle = (length + 1) / 2;
    return written(ops.keyOfParts(curve, false, [partOf(point, 1, middle), partOf(point, middle, length)], output));
  }

  class ECDH {
    #curve;
    #key;
    #point;

    constructor(curve) {
      validateString(curve, 'curve');
      if (CURVES[curve] === undefined) throw invalidCurve();
      this.#curve = curve;
    }

    generateKeys(encoding, format) {
      formOf(format);
      this.#take(written(ops.keyGenerate(this.#curve, output)));
      return this.getPublicKey(encoding, format);
    }

    computeSecret(other, inputEncoding, outputEncoding) {
      if (this.#key === undefined) throw errors.rangeError('ERR_CRYPTO_INVALID_KEYPAIR', 'Invalid key pair');
      const bytes = anyBytesOf(other, 'otherPublicKey', inputEncoding ?? 'utf8');
      const length = ops.curvePoint(this.#curve, bytes, 'uncompressed', output);
      if (typeof length === 'string') {
        throw errors.withCode('ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY', 'Public key is not valid for specified curve');
      }
      const key = keyOfPoint(this.#curve, written(length));
      return shown(written(ops.keyAgree(this.#key, key, output)), outputEncoding);
    }

    getPublicKey(encoding, format) {
      const form = formOf(format);
      if (this.#point === undefined) throw errors.withCode('ERR_CRYPTO_OPERATION_FAILED', 'Failed to get ECDH public key');
      return shown(pointIn(this.#curve, this.#point, form), encoding);
    }

    getPrivateKey(encoding) {
      if (this.#key === undefined) throw errors.withCode('ERR_CRYPTO_OPERATION_FAILED', 'Failed to get ECDH private key');
      const scalar = writtenParts(ops.keyParts(this.#key, true, output))[2];
      let start = 0;
      while (scalar[start] === 0) start++;
      return shown(copyOf(partOf(scalar, start, TypedArrayPrototypeGetByteLength(scalar))), encoding);
    }

    setPrivateKey(key, encoding) {
      const bytes = anyBytesOf(key, 'key', encoding ?? 'utf8');
      const length = ops.keyOfScalar(this.#curve, bytes, output);
      if (typeof length === 'string') {
        throw errors.rangeError('ERR_CRYPTO_INVALID_KEYTYPE', 'Private key is not valid for specified curve.');
      }
      this.#take(written(length));
      return this;
    }

    setPublicKey(key, encoding) {
      this.#point = pointIn(this.#curve, anyBytesOf(key, 'key', encoding ?? 'utf8'), 'uncompressed');
      return this;
    }

    static convertKey(key, curve, inputEncoding, outputEncoding, format) {
      validateString(curve, 'curve');
      const bytes = anyBytesOf(key, 'key', inputEncoding ?? 'utf8');
      if (CURVES[curve] === undefined) throw invalidCurve();
      return shown(pointIn(curve, bytes, formOf(format)), outputEncoding);
    }

    // A private key and the point that belongs to it.
    #take(key) {
      const parts = writtenParts(ops.keyParts(key, true, output));
      this.#key = key;
      this.#point = concatenate([UNCOMPRESSED, parts[0], parts[1]]);
    }
  }

  const methods = ['generateKeys', 'computeSecret', 'getPublicKey', 'getPrivateKey', 'setPrivateKey', 'setPublicKey'];
  for (let index = 0; index < methods.length; index++) showMember(ECDH.prototype, methods[index], ECDH.prototype[methods[index]]);
  showMember(ECDH, 'convertKey', ECDH.convertKey);

  // The key at a name of the options, which has to be a KeyObject.
  function keyAt(options, name) {
    const inner = innerOf(options[name]);
    if (inner === undefined) throw errors.invalidArgValue('options.' + name, options[name]);
    return inner;
  }

  exports.diffieHellman = function diffieHellman(options) {
    validateObject(options, 'options');
    const own = keyAt(options, 'privateKey');
    if (own.type !== 'private') throw wrongType(own.type, 'private');
    const other = keyAt(options, 'publicKey');
    if (other.type === 'secret') throw wrongType(other.type, 'private or public');
    const left = kindOf(own);
    const right = kindOf(other);
    if (left.type !== right.type || (left.type !== 'ec' && left.type !== 'x25519')) {
      const types = left.type + ' and ' + right.type;
      throw errors.withCode('ERR_CRYPTO_INCOMPATIBLE_KEY', 'Incompatible key types for Diffie-Hellman: ' + types);
    }
    const length = ops.keyAgree(own.bytes, publicBytesOf(other), output);
    if (length === 'wrongKind') throw faultOf('otherCurve');
    return result(written(length));
  };

  exports.ECDH = ECDH;
  exports.createECDH = function createECDH(curve) {
    return new ECDH(curve);
  };
})
