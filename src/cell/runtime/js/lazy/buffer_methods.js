// What Buffers do, but for numbers and searches: text, copies, comparisons, and how they are shown.
(function (primordials, host, exports) {
  'use strict';

  const {
    Array,
    MathFloor,
    MathTrunc,
    NumberIsInteger,
    NumberIsNaN,
    NumberMAX_SAFE_INTEGER,
    NumberMIN_SAFE_INTEGER,
    ObjectCreate,
    ObjectDefineProperty,
    ReflectOwnKeys,
    StringPrototypeSlice,
    TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeSet,
  } = primordials;
  const { ops } = host;
  const { customInspect, hide, showMember } = host.use('web_interface');
  const errors = host.use('node_errors');
  const { isUint8Array, validateInteger } = host.use('validators');
  const { decode, encodeInto, encodingNames, encodingOf, partOf, UTF8 } = host.use('buffer_encodings');

  const LARGEST = 4294967296;
  const HEX = 4;

  const lengthOf = TypedArrayPrototypeGetByteLength;

  function requireBytes(value, name) {
    if (!isUint8Array(value)) throw errors.invalidArgType(name, 'an instance of Buffer or Uint8Array', value);
  }

  function validateOffset(value, name, min = 0, max = LARGEST) {
    validateInteger(value, name, min, max);
  }

  // A place in the buffer, as slice takes it.
  function placeOf(value, length) {
    const offset = MathTrunc(+value);
    if (offset === 0 || NumberIsNaN(offset)) return 0;
    if (offset < 0) return offset + length > 0 ? offset + length : 0;
    return offset < length ? offset : length;
  }

  function toInteger(value) {
    if (NumberIsInteger(value)) return value;
    const number = +value;
    return number >= NumberMIN_SAFE_INTEGER && number <= NumberMAX_SAFE_INTEGER ? MathFloor(number) : 0;
  }

  function toText(buffer, encodingName, start, end) {
    const length = lengthOf(buffer);
    const first = start === undefined || start <= 0 || NumberIsNaN(+start) ? 0 : MathTrunc(start);
    if (first >= length) return '';
    const last = end === undefined || end > length ? length : MathTrunc(end);
    // Also where the end is no number.
    if (!(first < last)) return '';
    return decode(buffer, encodingOf(encodingName), first, last);
  }

  function requireText(text) {
    if (typeof text !== 'string') throw errors.typeError('ERR_INVALID_ARG_TYPE', 'argument must be a string');
  }

  function write(buffer, text, start, end, encodingName) {
    const encoding = encodingName === undefined || encodingName === null || encodingName === '' ? UTF8 : encodingOf(encodingName);
    requireText(text);
    return encodeInto(buffer, text, encoding, start, end);
  }

  function writeAt(buffer, text, offset, length, encodingName) {
    const size = lengthOf(buffer);
    if (offset === undefined) return write(buffer, text, 0, size, undefined);
    if (length === undefined && typeof offset === 'string') return write(buffer, text, 0, size, offset);
    validateOffset(offset, 'offset', 0, size);
    if (length === undefined) return write(buffer, text, offset, size, encodingName);
    if (typeof length === 'string') return write(buffer, text, offset, size, length);
    validateOffset(length, 'length', 0, size);
    return write(buffer, text, offset, length > size - offset ? size : offset + length, encodingName);
  }

  function copy(source, target, targetStart, sourceStart, sourceEnd) {
    requireBytes(source, 'source');
    requireBytes(target, 'target');
    const to = targetStart === undefined ? 0 : toInteger(targetStart);
    if (to < 0) throw errors.outOfRange('targetStart', '>= 0', to);
    const from = sourceStart === undefined ? 0 : toInteger(sourceStart);
    const length = lengthOf(source);
    if (from < 0 || from > length) throw errors.outOfRange('sourceStart', '>= 0 && <= ' + length, from);
    const wanted = sourceEnd === undefined ? length : toInteger(sourceEnd);
    if (wanted < 0) throw errors.outOfRange('sourceEnd', '>= 0', wanted);
    // What is longer than the source or the room ends with them.
    const room = lengthOf(target) - to;
    const end = wanted > length ? length : wanted;
    if (room <= 0 || from >= end) return 0;
    const count = end - from > room ? room : end - from;
    TypedArrayPrototypeSet(target, partOf(source, from, from + count), to);
    return count;
  }

  function compare(buffer, target, places) {
    const { targetStart, targetEnd, sourceStart, sourceEnd } = places;
    requireBytes(target, 'target');
    if (targetStart !== undefined) validateOffset(targetStart, 'targetStart');
    if (targetEnd !== undefined) validateOffset(targetEnd, 'targetEnd', 0, lengthOf(target));
    if (sourceStart !== undefined) validateOffset(sourceStart, 'sourceStart');
    if (sourceEnd !== undefined) validateOffset(sourceEnd, 'sourceEnd', 0, lengthOf(buffer));
    const from = sourceStart ?? 0;
    const end = sourceEnd ?? lengthOf(buffer);
    const targetFrom = targetStart ?? 0;
    const targetTo = targetEnd ?? lengthOf(target);
    if (from >= end) return targetFrom >= targetTo ? 0 : -1;
    if (targetFrom >= targetTo) return 1;
    return ops.bytesCompare(partOf(buffer, from, end), partOf(target, targetFrom, targetTo));
  }

  function swap(buffer, size) {
    if (lengthOf(buffer) % size !== 0) {
      throw errors.rangeError('ERR_INVALID_BUFFER_SIZE', 'Buffer size must be a multiple of ' + size * 8 + '-bits');
    }
    ops.bytesSwap(buffer, size);
    return buffer;
  }

  function spaced(digits) {
    let text = '';
    for (let index = 0; index < digits.length; index += 2) {
      text += (index === 0 ? '' : ' ') + digits[index] + digits[index + 1];
    }
    return text;
  }

  function classNameOf(buffer) {
    try {
      const { name } = buffer.constructor;
      return typeof name === 'string' ? name : 'Buffer';
    } catch {
      return 'Buffer';
    }
  }

  // Properties that someone gave the buffer, as { a: 1 } without the braces.
  function extrasOf(buffer, context, inspect) {
    const keys = host.use('inspect_reading').nonIndexKeys(buffer, lengthOf(buffer), context?.showHidden === true);
    if (keys.length === 0) return '';
    const extras = ObjectCreate(null);
    for (let index = 0; index < keys.length; index++) extras[keys[index]] = buffer[keys[index]];
    const text = inspect(extras, { ...context, breakLength: Infinity, compact: true });
    return StringPrototypeSlice(text, '[Object: null prototype] { '.length, -2);
  }

  function show(buffer, most, context, inspect) {
    const length = lengthOf(buffer);
    const shown = most < length ? most : length;
    let text = spaced(decode(buffer, HEX, 0, shown));
    if (length > shown) text += ' ... ' + (length - shown) + ' more byte' + (length - shown > 1 ? 's' : '');
    const extras = extrasOf(buffer, context, inspect);
    if (extras !== '') text += (length === 0 ? '' : ', ') + extras;
    return '<' + classNameOf(buffer) + ' ' + text + '>';
  }

  function defineMethods(prototype, methods) {
    const keys = ReflectOwnKeys(methods);
    for (let index = 0; index < keys.length; index++) {
      const define = typeof keys[index] === 'string' ? showMember : hide;
      define(prototype, keys[index], methods[keys[index]]);
    }
  }

  function createMethods(internals) {
    return {
      __proto__: null,

      copy(target, targetStart, sourceStart, sourceEnd) {
        return copy(this, target, targetStart, sourceStart, sourceEnd);
      },

      toString(encoding, start, end) {
        return toText(this, encoding, start, end);
      },

      equals(otherBuffer) {
        requireBytes(otherBuffer, 'otherBuffer');
        if (this === otherBuffer) return true;
        return lengthOf(this) === lengthOf(otherBuffer) && ops.bytesCompare(this, otherBuffer) === 0;
      },

      compare(target, targetStart, targetEnd, sourceStart, sourceEnd) {
        return compare(this, target, { __proto__: null, targetStart, targetEnd, sourceStart, sourceEnd });
      },

      write(string, offset, length, encoding) {
        return writeAt(this, string, offset, length, encoding);
      },

      toJSON() {
        const length = lengthOf(this);
        const data = new Array(length);
        for (let index = 0; index < length; index++) {
          ObjectDefineProperty(data, index, {
            __proto__: null, value: this[index], configurable: true, enumerable: true, writable: true,
          });
        }
        return { type: 'Buffer', data };
      },

      subarray(start, end) {
        const length = lengthOf(this);
        const first = placeOf(start, length);
        const last = end === undefined ? length : placeOf(end, length);
        return internals.sliceOf(this, first, last > first ? last : first);
      },

      slice(start, end) {
        return this.subarray(start, end);
      },

      swap16() {
        return swap(this, 2);
      },

      swap32() {
        return swap(this, 4);
      },

      swap64() {
        return swap(this, 8);
      },

      inspect(depth, context) {
        return show(this, internals.inspectMaxBytes(), context, host.inspect);
      },

      [customInspect](depth, context, inspect) {
        return show(this, internals.inspectMaxBytes(), context, inspect);
      },
    };
  }

  // The methods that Node has for each encoding, which some libraries know of.
  function defineEncodingMethods(prototype) {
    for (let encoding = 0; encoding < encodingNames.length; encoding++) {
      const name = encodingNames[encoding] === 'utf16le' ? 'ucs2' : encodingNames[encoding];
      const methods = {
        __proto__: null,
        [name + 'Slice'](start = 0, end = lengthOf(this)) {
          const last = end > lengthOf(this) ? lengthOf(this) : end;
          return start < last ? decode(this, encoding, start, last) : '';
        },
        [name + 'Write'](string, offset = 0, length = lengthOf(this) - offset) {
          requireText(string);
          const size = lengthOf(this);
          if (offset > size) throw errors.rangeError('ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
          return encodeInto(this, string, encoding, offset, offset + length > size ? size : offset + length);
        },
      };
      defineMethods(prototype, methods);
    }
  }

  exports.install = function install(internals) {
    const { prototype } = internals.Buffer;
    defineMethods(prototype, createMethods(internals));
    defineEncodingMethods(prototype);
    showMember(prototype, 'toLocaleString', prototype.toString);
    ObjectDefineProperty(prototype, 'parent', {
      __proto__: null,
      get() {
        return internals.isBuffer(this) ? TypedArrayPrototypeGetBuffer(this) : undefined;
      },
      configurable: false,
      enumerable: true,
    });
    ObjectDefineProperty(prototype, 'offset', {
      __proto__: null,
      get() {
        return internals.isBuffer(this) ? TypedArrayPrototypeGetByteOffset(this) : undefined;
      },
      configurable: false,
      enumerable: true,
    });
  };
})
