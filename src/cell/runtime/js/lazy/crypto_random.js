// Randomness of the module crypto.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBufferIsView, Error, MathMin, NumberIsNaN, NumberIsSafeInteger, TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetLength, TypedArrayPrototypeGetSymbolToStringTag,
  } = primordials;
  const { ops } = host;
  const { allocate, bytesOf } = host.use('encoding');
  const { partOf } = host.use('byte_parts');
  const { inSlices, later, result } = host.use('crypto_bytes');
  const { DOMException } = host.use('dom_exception');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateBoolean, validateFunction, validateNumber, validateObject } = host.use('validators');

  const MOST = 2147483647;
  // The largest range that six random bytes spread over.
  const MOST_RANGE = 281474976710655;

  function fill(bytes) {
    inSlices(bytes, (slice) => {
      if (!ops.randomFill(slice)) throw new Error('The system has no random bytes to give');
    });
    return bytes;
  }

  exports.fill = fill;

  function checkSize(value, elementSize, offset, length) {
    validateNumber(value, 'size');
    const size = value * elementSize;
    if (NumberIsNaN(size) || size > MOST || size < 0) throw errors.outOfRange('size', '>= 0 && <= ' + MOST, size);
    if (size + offset > length) throw errors.outOfRange('size + offset', '<= ' + length, size + offset);
    return size >>> 0;
  }

  function checkOffset(value, elementSize, length) {
    validateNumber(value, 'offset');
    const offset = value * elementSize;
    const most = MathMin(length, MOST);
    if (NumberIsNaN(offset) || offset > most || offset < 0) throw errors.outOfRange('offset', '>= 0 && <= ' + most, offset);
    return offset >>> 0;
  }

  exports.randomBytes = function randomBytes(size, callback) {
    const length = checkSize(size, 1, 0, MOST);
    if (callback !== undefined) validateFunction(callback, 'callback');
    const bytes = allocate(length);
    if (callback === undefined) return result(fill(bytes));
    later(() => result(fill(bytes)), callback);
    return undefined;
  };

  function viewOf(value) {
    const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined;
    if (bytes === undefined) throw errors.invalidArgType('buf', 'an instance of ArrayBuffer or ArrayBufferView', value);
    return bytes;
  }

  function elementSizeOf(value) {
    const isTyped = ArrayBufferIsView(value) && TypedArrayPrototypeGetSymbolToStringTag(value) !== undefined;
    const count = isTyped ? TypedArrayPrototypeGetLength(value) : 0;
    return count === 0 ? 1 : TypedArrayPrototypeGetByteLength(value) / count;
  }

  // The bytes that a call is about.
  function chosen(value, offset, size) {
    const bytes = viewOf(value);
    const length = TypedArrayPrototypeGetByteLength(bytes);
    const elementSize = elementSizeOf(value);
    const start = checkOffset(offset, elementSize, length);
    const count = size === undefined ? length - start : checkSize(size, elementSize, start, length);
    return partOf(bytes, start, start + count);
  }

  exports.randomFillSync = function randomFillSync(buffer, offset = 0, size = undefined) {
    fill(chosen(buffer, offset, size));
    return buffer;
  };

  exports.randomFill = function randomFill(buffer, offset, size, callback) {
    viewOf(buffer);
    let start = 0;
    let count;
    let done = callback;
    if (typeof offset === 'function') done = offset;
    else if (typeof size === 'function') {
      start = offset;
      done = size;
    } else {
      start = offset ?? 0;
      count = size;
    }
    validateFunction(done, 'callback');
    const bytes = chosen(buffer, start, count);
    later(() => {
      // It may have been detached meanwhile, and then there is nothing to fill.
      fill(bytesOf(bytes));
      return buffer;
    }, done);
  };

  function requireSafe(value, name) {
    if (!NumberIsSafeInteger(value)) throw errors.invalidArgType(name, 'a safe integer', value);
  }

  // Six random bytes as a number below `range`, each as likely as the others.
  function numberBelow(range) {
    const most = MOST_RANGE - (MOST_RANGE % range);
    const bytes = allocate(6);
    for (;;) {
      fill(bytes);
      let number = 0;
      for (let index = 0; index < 6; index++) number = number * 256 + bytes[index];
      if (number < most) return number % range;
    }
  }

  exports.randomInt = function randomInt(minimum, maximum, callback) {
    const isMinimumLeftOut = maximum === undefined || typeof maximum === 'function';
    const min = isMinimumLeftOut ? 0 : minimum;
    const max = isMinimumLeftOut ? minimum : maximum;
    const done = isMinimumLeftOut ? maximum : callback;
    if (done !== undefined) validateFunction(done, 'callback');
    requireSafe(min, 'min');
    requireSafe(max, 'max');
    if (max <= min) {
      throw errors.outOfRange('max', 'greater than the value of "min" (' + min + ')', max);
    }
    const range = max - min;
    if (!(range <= MOST_RANGE)) throw errors.outOfRange(isMinimumLeftOut ? 'max' : 'max - min', '<= ' + MOST_RANGE, range);
    const number = min + numberBelow(range);
    if (done === undefined) return number;
    later(() => number, (_, value) => done(undefined, value));
    return undefined;
  };

  function createUuid() {
    const bytes = fill(allocate(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = encodings.encodingOf('hex');
    const part = (start, end) => encodings.decode(bytes, hex, start, end);
    return part(0, 4) + '-' + part(4, 6) + '-' + part(6, 8) + '-' + part(8, 10) + '-' + part(10, 16);
  }

  exports.randomUUID = function randomUUID(options) {
    if (options !== undefined) {
      validateObject(options, 'options');
      const { disableEntropyCache } = options;
      if (disableEntropyCache !== undefined) validateBoolean(disableEntropyCache, 'options.disableEntropyCache');
    }
    return createUuid();
  };

  exports.getRandomValues = function getRandomValues(array) {
    const tag = ArrayBufferIsView(array) ? TypedArrayPrototypeGetSymbolToStringTag(array) : undefined;
    if (tag === undefined || tag === 'Float16Array' || tag === 'Float32Array' || tag === 'Float64Array') {
      throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
    }
    if (TypedArrayPrototypeGetByteLength(array) > 65536) {
      throw new DOMException('The requested length exceeds 65,536 bytes', 'QuotaExceededError');
    }
    fill(bytesOf(array));
    return array;
  };

  exports.timingSafeEqual = function timingSafeEqual(left, right) {
    const first = bytesOrThrow(left, 'buf1');
    const second = bytesOrThrow(right, 'buf2');
    if (TypedArrayPrototypeGetByteLength(first) !== TypedArrayPrototypeGetByteLength(second)) {
      throw errors.rangeError('ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
    }
    let isSame = true;
    // The whole of them, whatever a slice says.
    inSlices(first, (slice, start) => {
      const other = partOf(second, start, start + TypedArrayPrototypeGetByteLength(slice));
      isSame = ops.timingSafeEqual(slice, other) && isSame;
    });
    return isSame;
  };

  function bytesOrThrow(value, name) {
    const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined;
    if (bytes !== undefined) return bytes;
    const expected = 'must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.';
    throw errors.typeError('ERR_INVALID_ARG_TYPE', 'The "' + name + '" argument ' + expected);
  }
})
