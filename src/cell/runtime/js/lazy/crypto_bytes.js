// What the functions of crypto take for bytes, what they give back, and the errors they have in common.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBufferIsView, Error, MathMin, ObjectDefineProperty, StringPrototypeToUpperCase, TypedArrayPrototypeGetByteLength,
  } = primordials;
  const { ops } = host;
  const { allocate, bytesOf } = host.use('encoding');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');

  // Bytes that one op is given at most, so that a termination is seen between two.
  const SLICE = 1 << 16;

  function nothing() {}

  // To be called between ops that take their time: V8 stops here when it was told to.
  function pause() {
    ops.pause(nothing);
  }

  function textBytes(text, encoding) {
    const length = encodings.encodedLength(text, encoding);
    const bytes = allocate(length);
    const written = length === 0 ? 0 : encodings.encodeInto(bytes, text, encoding, 0, length);
    return written === length ? bytes : partOf(bytes, 0, written);
  }

  // As createHash().update() reads strings: a name of no encoding is UTF-8.
  exports.dataOf = function dataOf(value, encodingName, name) {
    if (typeof value === 'string') {
      const known = typeof encodingName === 'string' ? encodings.findEncoding(encodingName) : undefined;
      const encoding = known ?? encodings.UTF8;
      if (encodings.encodingNames[encoding] === 'hex' && value.length % 2 !== 0) {
        throw errors.invalidArgValue('encoding', encodingName, 'is invalid for data of length ' + value.length);
      }
      return textBytes(value, encoding);
    }
    if (!ArrayBufferIsView(value)) {
      throw errors.invalidArgType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', value);
    }
    return bytesOf(value);
  };

  const ANY_BYTES = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView';

  // As the other arguments are read: also buffers, and strings as Buffer.from has them.
  exports.anyBytesOf = function anyBytesOf(value, name, encodingName = 'utf8', expected = ANY_BYTES) {
    if (typeof value === 'string') {
      return textBytes(value, encodings.encodingOf(encodingName === 'buffer' ? 'utf8' : encodingName));
    }
    const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined;
    if (bytes === undefined) throw errors.invalidArgType(name, expected, value);
    return bytes;
  };

  // Calls `use` with one slice of the bytes after the other.
  exports.inSlices = function inSlices(bytes, use) {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    for (let start = 0; start < length; start += SLICE) {
      const end = MathMin(start + SLICE, length);
      use(start === 0 && end === length ? bytes : partOf(bytes, start, end), start);
      if (end < length) pause();
    }
  };

  // The number of an encoding for results; undefined for what is to be a Buffer.
  exports.outputEncoding = function outputEncoding(name) {
    return typeof name === 'string' ? encodings.findEncoding(name) : undefined;
  };

  exports.result = function result(bytes, encoding) {
    if (encoding === undefined) return host.use('buffer').bufferOver(bytes);
    return encodings.decode(bytes, encoding, 0, TypedArrayPrototypeGetByteLength(bytes));
  };

  // Text of bytes that come in parts, each with no more than whole characters of the encoding.
  exports.createTextParts = function createTextParts(encoding) {
    const name = encodings.encodingNames[encoding];
    let held = allocate(0);
    function heldOf(bytes, length) {
      if (name === 'utf8') return ops.utf8Incomplete(bytes);
      if (name === 'base64' || name === 'base64url') return length % 3;
      return name === 'utf16le' ? length % 2 : 0;
    }
    return function take(bytes, isLast) {
      const all = concatenate([held, bytes]);
      const length = TypedArrayPrototypeGetByteLength(all);
      const kept = isLast ? 0 : heldOf(all, length);
      held = copyOf(partOf(all, length - kept, length));
      return encodings.decode(all, encoding, 0, length - kept);
    };
  };

  exports.pause = pause;

  // What codes of errors begin with, by the library of OpenSSL's that they are of.
  const prefixes = {
    __proto__: null,
    'asn1 encoding routines': 'ASN1_',
    'common libcrypto routines': 'CRYPTO_',
    'digital envelope routines': 'EVP_',
    'rsa routines': 'RSA_',
  };

  // An error as Node makes it of one of OpenSSL's.
  exports.opensslError = function opensslError(number, library, reason) {
    const error = new Error('error:' + number + ':' + library + '::' + reason);
    let code = 'ERR_OSSL_' + (prefixes[library] ?? '');
    for (let index = 0; index < reason.length; index++) {
      code += reason[index] === ' ' ? '_' : StringPrototypeToUpperCase(reason[index]);
    }
    show(error, 'library', library);
    show(error, 'reason', reason);
    show(error, 'code', code);
    return error;
  };

  function show(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  // Has a callback called later with what `work` comes to, as Node's thread pool would.
  exports.later = function later(work, callback) {
    host.timers.setImmediate(() => {
      let value;
      try {
        value = work();
      } catch (error) {
        callback(error);
        return;
      }
      callback(null, value);
    });
  };

})
