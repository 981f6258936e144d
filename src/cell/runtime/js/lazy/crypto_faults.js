// What ops of keys wrote, or the error of Node's for what they found wrong.
(function (primordials, host, exports) {
  'use strict';

  const { TypedArrayPrototypeFill } = primordials;
  const { allocate } = host.use('encoding');
  const { copyOf, partOf } = host.use('byte_parts');
  const { opensslError } = host.use('crypto_bytes');
  const errors = host.use('node_errors');
  const { append, createList } = host.basics;

  // As long as the longest key that there is room for, and more.
  const output = allocate(1 << 14);

  // By the names that faults have in the ops: number, library and reason of OpenSSL's error.
  const faults = {
    __proto__: null,
    malformed: ['1E08010C', 'DECODER routines', 'unsupported'],
    unknown: ['1E08010C', 'DECODER routines', 'unsupported'],
    wrongKind: ['03000096', 'digital envelope routines', 'operation not supported for this keytype'],
    otherCurve: ['1C8000CB', 'Provider routines', 'mismatching domain parameters'],
    badPoint: ['1C8000A4', 'Provider routines', 'failed during derivation'],
    digestTooBig: ['02000070', 'rsa routines', 'digest too big for rsa key'],
    dataTooLarge: ['0200006E', 'rsa routines', 'data too large for key size'],
    dataTooSmall: ['0200007A', 'rsa routines', 'data too small for key size'],
    dataBeyondModulus: ['02000084', 'rsa routines', 'data too large for modulus'],
    oaepDecoding: ['02000079', 'rsa routines', 'oaep decoding error'],
    blockType: ['0200006A', 'rsa routines', 'block type is not 01'],
  };

  // What goes beyond bounds of ours, which Node has not.
  const bounds = {
    __proto__: null,
    tooLarge: 'The key is too large: RSA has at most 16384 bits here, 6144 with a private key, 4096 when it is generated',
    exponentTooLarge: 'The public exponent is too large: it is at most 8589934591 here',
  };

  function faultOf(name) {
    const known = faults[name];
    if (known !== undefined) return opensslError(known[0], known[1], known[2]);
    const bound = bounds[name];
    if (bound !== undefined) return errors.rangeError('ERR_OUT_OF_RANGE', bound);
    if (name === 'malformedSignature') return errors.withCode('ERR_CRYPTO_OPERATION_FAILED', 'Malformed signature');
    return errors.withCode('ERR_CRYPTO_OPERATION_FAILED', 'The operation failed');
  }

  // The bytes that an op has written into `output`, given what it returned. What may be secret does not stay there.
  function written(length) {
    if (typeof length === 'string') throw faultOf(length);
    const part = partOf(output, 0, length);
    const bytes = copyOf(part);
    TypedArrayPrototypeFill(part, 0);
    return bytes;
  }

  // As `written`, for an op that returned the lengths of several parts: a list.
  function writtenParts(lengths) {
    if (typeof lengths === 'string') throw faultOf(lengths);
    const parts = createList();
    let start = 0;
    for (let index = 0; index < lengths.length; index++) {
      const end = start + lengths[index];
      append(parts, copyOf(partOf(output, start, end)));
      start = end;
    }
    TypedArrayPrototypeFill(partOf(output, 0, start), 0);
    return parts;
  }

  exports.output = output;
  exports.faultOf = faultOf;
  exports.written = written;
  exports.writtenParts = writtenParts;
})
