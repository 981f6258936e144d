// Keys that functions hand over, in all forms: PEM, DER, JWK, KeyObject.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayBufferIsView, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { allocate, bytesOf } = host.use('encoding');
  const { copyOf, partOf } = host.use('byte_parts');
  const { anyBytesOf, opensslError } = host.use('crypto_bytes');
  const { faultOf, output, written } = host.use('crypto_faults');
  const { KEY, innerOfKey, keyInner, keyObjectOf, publicBytesOf, wrongType } = host.use('crypto_keys');
  const errors = host.use('node_errors');
  const { validateObject } = host.use('validators');

  const BYTES = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView';
  const MOST_BYTES = 1 << 20;

  // What a call wants: a key to be made of something, or one to be used.
  const CREATE_PRIVATE = 0;
  const CREATE_PUBLIC = 1;
  const USE_PRIVATE = 2;
  const USE_PUBLIC = 3;

  function wantsPrivate(context) {
    return context === CREATE_PRIVATE || context === USE_PRIVATE;
  }

  const FORMS = {
    __proto__: null,
    'PRIVATE KEY': 'pkcs8', 'RSA PRIVATE KEY': 'pkcs1', 'EC PRIVATE KEY': 'sec1', 'ENCRYPTED PRIVATE KEY': 'encrypted',
  };
  const PUBLIC_FORMS = {
    __proto__: null,
    'PUBLIC KEY': 'spki', 'RSA PUBLIC KEY': 'pkcs1', CERTIFICATE: 'certificate', 'X509 CERTIFICATE': 'certificate',
  };

  function checkSize(bytes) {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    if (length > MOST_BYTES) throw errors.outOfRange('key', '<= ' + MOST_BYTES + ' bytes', length);
  }

  // The first PEM with a label that there is a form for.
  function findPem(text, wantsPublic) {
    const room = allocate(TypedArrayPrototypeGetByteLength(text));
    for (let start = 0; ;) {
      const found = ops.pemRead(text, start, room);
      if (found === undefined) return undefined;
      const label = found[0];
      const publicForm = wantsPublic ? PUBLIC_FORMS[label] : undefined;
      const form = publicForm ?? FORMS[label];
      if (form !== undefined) {
        const isPublic = publicForm !== undefined;
        return { __proto__: null, form, isPublic, bytes: copyOf(partOf(room, 0, found[1])), encryption: found[3] };
      }
      start = found[2];
    }
  }

  function privateOfDer(bytes, form, passphrase) {
    const length = ops.keyReadPrivate(bytes, form, output);
    if (length !== 'malformed' || form !== 'pkcs8') return keyInner('private', written(length));
    const { isProtected, openPkcs8 } = host.use('crypto_passwords');
    if (!isProtected(bytes)) throw faultOf(length);
    if (passphrase === undefined) {
      throw errors.typeError('ERR_MISSING_PASSPHRASE', 'Passphrase required for encrypted key');
    }
    return keyInner('private', written(ops.keyReadPrivate(openPkcs8(bytes, passphrase), form, output)));
  }

  function privateOfPem(pem, passphrase) {
    const isProtected = pem.form === 'encrypted' || pem.encryption !== '';
    if (isProtected && passphrase === undefined) {
      throw opensslError('07880109', 'common libcrypto routines', 'interrupted or cancelled');
    }
    if (pem.form === 'encrypted') return privateOfDer(pem.bytes, 'pkcs8', passphrase);
    let { bytes } = pem;
    if (isProtected) bytes = host.use('crypto_passwords').openPem(bytes, pem.encryption, passphrase);
    return keyInner('private', written(ops.keyReadPrivate(bytes, pem.form, output)));
  }

  function keyOfPem(text, passphrase, wantsPublic) {
    const pem = findPem(text, wantsPublic);
    if (pem === undefined) throw faultOf('malformed');
    if (pem.isPublic) return keyInner('public', written(ops.keyReadPublic(pem.bytes, pem.form, output)));
    return privateOfPem(pem, passphrase);
  }

  // DER of which the form is told; PKCS #1 may be of either kind.
  function keyOfDer(bytes, form, passphrase, wantsPublic) {
    if (form === 'spki') return keyInner('public', written(ops.keyReadPublic(bytes, form, output)));
    if (form === 'pkcs1' && wantsPublic) {
      const length = ops.keyReadPublic(bytes, form, output);
      if (length !== 'malformed') return keyInner('public', written(length));
    }
    return privateOfDer(bytes, form, passphrase);
  }

  function checkType(inner, value, context) {
    if (context === CREATE_PRIVATE) throw errors.invalidArgType('key', BYTES, value);
    if (inner.type === 'private') return inner;
    if (context === USE_PRIVATE || context === CREATE_PUBLIC) throw wrongType(inner.type, 'private');
    if (inner.type !== 'public') throw wrongType(inner.type, 'private or public');
    return inner;
  }

  function isBytes(value) {
    return typeof value === 'string' || (typeof value === 'object' && value !== null && bytesOf(value) !== undefined);
  }

  function checkForm(type, isRequired, wantsPublic) {
    if (type === undefined && !isRequired) return type;
    if (type === 'pkcs1' || type === 'pkcs8' || type === 'sec1' || (type === 'spki' && wantsPublic)) return type;
    throw errors.invalidArgValue('options.type', type);
  }

  function keyOfOptions(options, context) {
    const { key, encoding, format } = options;
    const inner = innerOfKey(key);
    if (inner !== undefined) return checkType(inner, key, context);
    const wantsPublic = !wantsPrivate(context);
    if (format === 'jwk') {
      validateObject(key, 'key.key');
      return host.use('crypto_jwk').keyOfJwk(key, wantsPublic);
    }
    if (!isBytes(key)) throw errors.invalidArgType('key.key', context === CREATE_PRIVATE ? BYTES : KEY, key);
    const data = copyOf(anyBytesOf(key, 'key', encoding ?? 'utf8'));
    if (format !== undefined && format !== 'pem' && format !== 'der') throw errors.invalidArgValue('options.format', format);
    const form = checkForm(options.type, format === 'der', wantsPublic);
    const { passphrase } = options;
    if (passphrase !== undefined && !isBytes(passphrase)) throw errors.invalidArgValue('options.passphrase', passphrase);
    const password = passphrase === undefined ? undefined : copyOf(anyBytesOf(passphrase, 'key.passphrase', encoding ?? 'utf8'));
    checkSize(data);
    return format === 'der' ? keyOfDer(data, form, password, wantsPublic) : keyOfPem(data, password, wantsPublic);
  }

  function keyOf(value, context) {
    const inner = innerOfKey(value);
    if (inner !== undefined) return checkType(inner, value, context);
    if (isBytes(value)) {
      const data = copyOf(anyBytesOf(value, 'key'));
      checkSize(data);
      return keyOfPem(data, undefined, !wantsPrivate(context));
    }
    if (typeof value === 'object' && value !== null) return keyOfOptions(value, context);
    throw errors.invalidArgType('key', context === CREATE_PRIVATE ? BYTES : KEY, value);
  }

  exports.createPrivateKey = function createPrivateKey(key) {
    return keyObjectOf(keyOf(key, CREATE_PRIVATE));
  };

  exports.createPublicKey = function createPublicKey(key) {
    return keyObjectOf(keyInner('public', publicBytesOf(keyOf(key, CREATE_PUBLIC))));
  };

  // What is in a private key to be used, or in a public one, or a private one in place of that.
  exports.privateKeyOf = (value) => keyOf(value, USE_PRIVATE);
  exports.publicKeyOf = (value) => keyOf(value, USE_PUBLIC);
  exports.isBytes = isBytes;
  // Options that are none of bytes' own properties.
  exports.optionsIn = function optionsIn(value) {
    return typeof value === 'object' && value !== null && !ArrayBufferIsView(value) ? value : { __proto__: null };
  };
})
