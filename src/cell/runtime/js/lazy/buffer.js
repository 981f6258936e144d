// Buffer, Node's class of bytes: how it is made. What its instances do is in the files it uses at the end.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBuffer,
    ArrayBufferIsView,
    ArrayBufferPrototypeGetByteLength,
    ArrayIsArray,
    NumberIsNaN,
    ObjectDefineProperty,
    ObjectPreventExtensions,
    ObjectPrototypeIsPrototypeOf,
    ObjectSetPrototypeOf,
    StringPrototypeCodePointAt,
    SymbolSpecies,
    SymbolToPrimitive,
    TypedArrayPrototypeFill,
    TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeGetLength,
    TypedArrayPrototypeGetSymbolToStringTag,
    TypedArrayPrototypeSet,
    Uint8Array,
  } = primordials;
  const { ops } = host;
  const { bytesOf, isArrayBuffer } = host.use('encoding');
  const { hide, showMember } = host.use('web_interface');
  const errors = host.use('node_errors');
  const { isUint8Array, validateArray, validateInteger, validateNumber } = host.use('validators');
  const encodings = host.use('buffer_encodings');
  const { encodedLength, encodeInto, encodingOf, findEncoding, partOf } = encodings;

  // What Node 20 has as its bound; no isolate has so much memory.
  const LARGEST = 4294967296;

  // Its prototype is Buffer's; the class itself stays hidden, but for Symbol.species.
  class FastBuffer extends Uint8Array {
    constructor(bufferOrLength, byteOffset, length) {
      super(bufferOrLength, byteOffset, length);
    }
  }

  let pool;
  let poolUsed = 0;

  // Of an array buffer of its own, which is filled with zeros.
  function allocate(size) {
    return new FastBuffer(new ArrayBuffer(size));
  }

  // Small buffers share an array buffer with each other.
  function allocateFromPool(size) {
    const { poolSize } = Buffer;
    if (size === 0 || !(size < poolSize >>> 1)) return allocate(size);
    if (pool === undefined || ArrayBufferPrototypeGetByteLength(pool) < poolUsed + size) {
      pool = new ArrayBuffer(poolSize);
      poolUsed = 0;
    }
    const buffer = new FastBuffer(pool, poolUsed, size);
    // The next one begins where any number may.
    poolUsed = (poolUsed + size + 7) & ~7;
    return buffer;
  }

  function validateSize(size) {
    validateNumber(size, 'size', 0, LARGEST);
  }

  function fromString(text, encodingName) {
    const isNamed = typeof encodingName === 'string' && encodingName !== '';
    const encoding = encodingOf(isNamed ? encodingName : undefined);
    const length = encodedLength(text, encoding);
    if (length === 0) return allocate(0);
    const buffer = allocateFromPool(length);
    const written = encodeInto(buffer, text, encoding, 0, length);
    return written === length ? buffer : sliceOf(buffer, 0, written);
  }

  function sliceOf(bytes, start, end) {
    return new FastBuffer(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, end - start);
  }

  function fromArrayBuffer(arrayBuffer, byteOffset, length) {
    const offset = byteOffset === undefined || NumberIsNaN(+byteOffset) ? 0 : +byteOffset;
    const most = ArrayBufferPrototypeGetByteLength(arrayBuffer) - offset;
    if (most < 0) throw errors.rangeError('ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
    if (length === undefined) return new FastBuffer(arrayBuffer, offset, most);
    const wanted = +length > 0 ? +length : 0;
    if (wanted > most) throw errors.rangeError('ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
    return new FastBuffer(arrayBuffer, offset, wanted);
  }

  function fromArrayLike(items, length = items.length) {
    if (!(length > 0)) return allocate(0);
    if (length > LARGEST) throw errors.rangeError('ERR_INVALID_ARG_VALUE', 'Invalid typed array length: ' + length);
    const buffer = allocateFromPool(length);
    TypedArrayPrototypeSet(buffer, items);
    return buffer;
  }

  function isTypedArray(value) {
    return ArrayBufferIsView(value) && TypedArrayPrototypeGetSymbolToStringTag(value) !== undefined;
  }

  function fromObject(value) {
    if (value.length !== undefined || isArrayBuffer(value.buffer)) {
      return typeof value.length === 'number' ? fromArrayLike(value) : allocate(0);
    }
    return value.type === 'Buffer' && ArrayIsArray(value.data) ? fromArrayLike(value.data) : undefined;
  }

  function fromConvertible(value, encodingOrOffset, length) {
    const converted = typeof value.valueOf === 'function' ? value.valueOf() : undefined;
    const isOther = converted !== value && (typeof converted === 'string' || (typeof converted === 'object' && converted !== null));
    if (isOther) return from(converted, encodingOrOffset, length);
    const buffer = fromObject(value);
    if (buffer !== undefined) return buffer;
    if (typeof value[SymbolToPrimitive] !== 'function') return undefined;
    const primitive = value[SymbolToPrimitive]('string');
    return typeof primitive === 'string' ? fromString(primitive, encodingOrOffset) : undefined;
  }

  function from(value, encodingOrOffset, length) {
    if (typeof value === 'string') return fromString(value, encodingOrOffset);
    if (typeof value === 'object' && value !== null) {
      if (isTypedArray(value)) return fromArrayLike(value, TypedArrayPrototypeGetLength(value));
      if (isArrayBuffer(value)) return fromArrayBuffer(value, encodingOrOffset, length);
      const buffer = fromConvertible(value, encodingOrOffset, length);
      if (buffer !== undefined) return buffer;
    }
    const expected = 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object';
    throw errors.invalidArgType('first argument', expected, value);
  }

  function Buffer(value, encodingOrOffset, length) {
    if (typeof value !== 'number') return from(value, encodingOrOffset, length);
    if (typeof encodingOrOffset === 'string') throw errors.invalidArgType('string', 'of type string', value);
    return Buffer.alloc(value);
  }

  function totalLength(list) {
    let total = 0;
    for (let index = 0; index < list.length; index++) {
      const item = list[index];
      const length = isUint8Array(item) ? TypedArrayPrototypeGetByteLength(item) : item.length;
      if (length) total += length;
    }
    return total;
  }

  function requireBytes(value, name) {
    if (!isUint8Array(value)) throw errors.invalidArgType(name, 'an instance of Buffer or Uint8Array', value);
  }

  const statics = {
    __proto__: null,

    from(value, encodingOrOffset, length) {
      return from(value, encodingOrOffset, length);
    },

    copyBytesFrom(view, offset, length) {
      if (!isTypedArray(view)) throw errors.invalidArgType('view', 'an instance of TypedArray', view);
      const items = TypedArrayPrototypeGetLength(view);
      if (offset !== undefined) validateInteger(offset, 'offset', 0);
      if (length !== undefined) validateInteger(length, 'length', 0);
      const start = offset ?? 0;
      const end = length === undefined || start + length > items ? items : start + length;
      if (start >= end) return allocate(0);
      const size = TypedArrayPrototypeGetByteLength(view) / items;
      const first = TypedArrayPrototypeGetByteOffset(view) + start * size;
      return fromArrayLike(new Uint8Array(TypedArrayPrototypeGetBuffer(view), first, (end - start) * size));
    },

    of(...items) {
      const buffer = allocateFromPool(items.length);
      for (let index = 0; index < items.length; index++) buffer[index] = items[index];
      return buffer;
    },

    alloc(size, fill, encoding) {
      validateSize(size);
      const buffer = allocate(size);
      if (fill !== undefined && fill !== 0 && size > 0) exports.fill(buffer, fill, 0, size, encoding);
      return buffer;
    },

    allocUnsafe(size) {
      validateSize(size);
      return allocateFromPool(size);
    },

    allocUnsafeSlow(size) {
      validateSize(size);
      return allocate(size);
    },

    isBuffer(value) {
      return isBuffer(value);
    },

    compare(left, right) {
      requireBytes(left, 'buf1');
      requireBytes(right, 'buf2');
      return left === right ? 0 : ops.bytesCompare(left, right);
    },

    isEncoding(encoding) {
      return typeof encoding === 'string' && encoding !== '' && findEncoding(encoding) !== undefined;
    },

    concat(list, length) {
      validateArray(list, 'list');
      if (length !== undefined) validateInteger(length, 'length', 0, LARGEST);
      const total = length ?? totalLength(list);
      validateSize(total);
      const buffer = allocateFromPool(total);
      let used = 0;
      for (let index = 0; index < list.length; index++) {
        const item = list[index];
        requireBytes(item, 'list[' + index + ']');
        const room = total - used;
        const count = TypedArrayPrototypeGetByteLength(item);
        TypedArrayPrototypeSet(buffer, count > room ? partOf(item, 0, room) : item, used);
        used += count > room ? room : count;
      }
      // The pool is not as empty as an array buffer of its own.
      if (used < total) TypedArrayPrototypeFill(buffer, 0, used, total);
      return buffer;
    },

    byteLength(value, encoding) {
      if (typeof value !== 'string') {
        const bytes = bytesOf(value);
        if (bytes !== undefined) return TypedArrayPrototypeGetByteLength(bytes);
        throw errors.invalidArgType('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
      }
      const known = encoding === undefined ? undefined : findEncoding(encoding);
      return encodedLength(value, known ?? encodings.UTF8);
    },
  };

  function isBuffer(value) {
    return typeof value === 'object' && value !== null && ObjectPrototypeIsPrototypeOf(FastBuffer.prototype, value);
  }

  showMember(Buffer, 'poolSize', 8192);
  const names = ['from', 'copyBytesFrom', 'of', 'alloc', 'allocUnsafe', 'allocUnsafeSlow', 'isBuffer', 'compare', 'isEncoding', 'concat', 'byteLength'];
  for (let index = 0; index < names.length; index++) showMember(Buffer, names[index], statics[names[index]]);
  ObjectDefineProperty(Buffer, SymbolSpecies, {
    __proto__: null,
    get() {
      return FastBuffer;
    },
    configurable: true,
    enumerable: false,
  });
  ObjectSetPrototypeOf(Buffer, Uint8Array);
  ObjectDefineProperty(Buffer, 'prototype', { __proto__: null, value: FastBuffer.prototype });
  hide(FastBuffer.prototype, 'constructor', Buffer);
  ObjectPreventExtensions(FastBuffer);

  function SlowBuffer(size) {
    validateSize(size);
    return allocate(size);
  }
  ObjectSetPrototypeOf(SlowBuffer, Uint8Array);
  ObjectDefineProperty(SlowBuffer, 'prototype', { __proto__: null, value: FastBuffer.prototype });

  exports.Buffer = Buffer;
  exports.SlowBuffer = SlowBuffer;
  exports.LARGEST = LARGEST;
  exports.isBuffer = isBuffer;
  exports.sliceOf = sliceOf;
  // A Buffer over bytes that are there, without a copy.
  exports.bufferOver = (bytes) => sliceOf(bytes, 0, TypedArrayPrototypeGetByteLength(bytes));
  // A function may set on the module how many bytes are shown.
  exports.inspectMaxBytes = () => exports.module.INSPECT_MAX_BYTES;

  host.use('buffer_search').install(exports);
  host.use('buffer_methods').install(exports);
  host.use('buffer_numbers').install(exports);

  // In latin1 and ASCII a question mark stands for each character that they lack.
  function replaceOthers(text, limit) {
    let kept = '';
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCodePointAt(text, index);
      kept += code < limit ? text[index] : '?';
      if (code > 0xffff) index++;
    }
    return kept;
  }

  function transcode(source, fromEncoding, toEncoding) {
    if (!isUint8Array(source)) throw errors.invalidArgType('source', 'an instance of Buffer or Uint8Array', source);
    const from = findEncoding(fromEncoding);
    const to = findEncoding(toEncoding);
    // Those of hexadecimal digits and base64 have no characters of their own.
    if (from === undefined || to === undefined || from > encodings.ASCII || to > encodings.ASCII) {
      const error = errors.withCode('U_ILLEGAL_ARGUMENT_ERROR', 'Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]');
      error.errno = 1;
      throw error;
    }
    const text = encodings.decode(source, from, 0, TypedArrayPrototypeGetByteLength(source));
    const limit = to === encodings.ASCII ? 0x80 : 0x100;
    const kept = to === encodings.ASCII || to === encodings.LATIN1 ? replaceOthers(text, limit) : text;
    return fromString(kept, encodings.encodingNames[to]);
  }

  function requireView(value) {
    const bytes = bytesOf(value);
    if (bytes === undefined) throw errors.invalidArgType('input', 'an instance of ArrayBuffer, Buffer, or TypedArray', value);
    return bytes;
  }

  const { atob, btoa } = host.use('base64');

  exports.module = {
    Buffer,
    SlowBuffer,
    transcode,
    isUtf8(input) {
      return ops.bytesAreUtf8(requireView(input));
    },
    isAscii(input) {
      return ops.bytesAreAscii(requireView(input));
    },
    kMaxLength: LARGEST,
    kStringMaxLength: 536870888,
    btoa,
    atob,
    constants: { MAX_LENGTH: LARGEST, MAX_STRING_LENGTH: 536870888 },
    INSPECT_MAX_BYTES: 50,
    get Blob() { return host.use('blob').Blob; },
    get File() { return host.use('blob').File; },
  };
})
