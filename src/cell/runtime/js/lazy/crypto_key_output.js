// Keys written for functions: PEM, DER, JWK.
(function (primordials, host, exports) {
  'use strict';

  const { StringPrototypeSlice, TypedArrayPrototypeGetByteLength } = primordials;
  const { ops } = host;
  const { copyOf } = host.use('byte_parts');
  const { anyBytesOf, result } = host.use('crypto_bytes');
  const { output, written } = host.use('crypto_faults');
  const { kindOf } = host.use('crypto_keys');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateObject } = host.use('validators');

  const LINE = 64;
  const LABELS = { __proto__: null, pkcs8: 'PRIVATE KEY', sec1: 'EC PRIVATE KEY', spki: 'PUBLIC KEY' };

  function incompatible(name, what) {
    return errors.withCode('ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', 'The selected key encoding ' + name + ' ' + what + '.');
  }

  function pem(label, bytes, header = '') {
    const text = encodings.decode(bytes, encodings.encodingOf('base64'), 0, TypedArrayPrototypeGetByteLength(bytes));
    let lines = '';
    for (let start = 0; start < text.length; start += LINE) lines += StringPrototypeSlice(text, start, start + LINE) + '\n';
    return '-----BEGIN ' + label + '-----\n' + header + lines + '-----END ' + label + '-----\n';
  }

  function checkForm(type, isPublic, keyType, name) {
    if (type === 'pkcs1') {
      if (keyType !== 'rsa') throw incompatible(type, 'can only be used for RSA keys');
    } else if (type === 'sec1' && !isPublic) {
      if (keyType !== 'ec') throw incompatible(type, 'can only be used for EC keys');
    } else if (type !== (isPublic ? 'spki' : 'pkcs8')) throw errors.invalidArgValue(name + '.type', type);
    return type;
  }

  function checkProtection(encoding, form, name) {
    const { cipher, passphrase } = encoding;
    if (cipher === undefined || cipher === null) {
      if (passphrase !== undefined) throw errors.invalidArgValue(name + '.cipher', cipher);
      return undefined;
    }
    if (typeof cipher !== 'string') throw errors.invalidArgValue(name + '.cipher', cipher);
    if (encoding.format === 'der' && form !== 'pkcs8') throw incompatible(form, 'does not support encryption');
    if (!host.use('crypto_key_input').isBytes(passphrase)) throw errors.invalidArgValue(name + '.passphrase', passphrase);
    return { __proto__: null, cipher, passphrase: copyOf(anyBytesOf(passphrase, 'key.passphrase', encoding.encoding ?? 'utf8')) };
  }

  // How a key of that type is to be written: checked before there is one.
  function parseEncoding(encoding, keyType, isPublic, name) {
    const { format } = encoding;
    if (format === 'jwk') {
      if (!isPublic && encoding.passphrase !== undefined) throw incompatible('jwk', 'does not support encryption');
      return { __proto__: null, format };
    }
    if (format !== 'pem' && format !== 'der') throw errors.invalidArgValue(name + '.format', format);
    const form = checkForm(encoding.type, isPublic, keyType, name);
    const protection = isPublic ? undefined : checkProtection(encoding, form, name);
    return { __proto__: null, format, form, protection };
  }

  function writePrivate(bytes, encoding) {
    const { form, protection } = encoding;
    const isPem = encoding.format === 'pem';
    const label = LABELS[form] ?? 'RSA PRIVATE KEY';
    if (protection === undefined) return isPem ? pem(label, bytes) : result(bytes);
    const { sealPem, sealPkcs8 } = host.use('crypto_passwords');
    if (form === 'pkcs8') {
      const sealed = sealPkcs8(bytes, protection.cipher, protection.passphrase);
      return isPem ? pem('ENCRYPTED PRIVATE KEY', sealed) : result(sealed);
    }
    const { data, header } = sealPem(bytes, protection.cipher, protection.passphrase);
    return pem(label, data, header);
  }

  function writeKey(inner, encoding) {
    if (encoding.format === 'jwk') return host.use('crypto_jwk').jwkOf(inner);
    const { form } = encoding;
    if (inner.type === 'private') return writePrivate(written(ops.keyWritePrivate(inner.bytes, form, output)), encoding);
    const bytes = written(ops.keyWritePublic(inner.bytes, form, output));
    return encoding.format === 'pem' ? pem(LABELS[form] ?? 'RSA PUBLIC KEY', bytes) : result(bytes);
  }

  exports.exportKey = function exportKey(inner, options) {
    validateObject(options, 'options');
    return writeKey(inner, parseEncoding(options, kindOf(inner).type, inner.type === 'public', 'options'));
  };

  exports.parseEncoding = parseEncoding;
  exports.writeKey = writeKey;
})
