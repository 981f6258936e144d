// TextEncoder and TextDecoder, and UTF-8 for the runtime itself.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBuffer,
    ArrayBufferIsView,
    ArrayBufferPrototypeGetByteLength,
    ArrayBufferPrototypeGetDetached,
    DataViewPrototypeGetBuffer,
    DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset,
    TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeGetSymbolToStringTag,
    TypedArrayPrototypeSet,
    Uint8Array,
  } = primordials;
  const { ops } = host;
  const { customInspect, defineInterface } = host.use('web_interface');
  const errors = host.use('node_errors');

  const NOTHING = new Uint8Array(0);

  // Always with a buffer of its own: the few bytes that V8 would keep on its heap have to be moved to be
  // written to.
  function allocate(length) {
    return new Uint8Array(new ArrayBuffer(length));
  }

  function encodeUtf8(string) {
    const bytes = allocate(ops.utf8Length(string));
    ops.utf8Write(string, bytes);
    return bytes;
  }

  // With U+FFFD for what is no UTF-8, and without a byte order mark at the start.
  function decodeUtf8(bytes) {
    const text = ops.utf8Decode(bytes, false, false);
    if (text === undefined) throw errors.stringTooLong();
    return text;
  }

  function isArrayBuffer(value) {
    try {
      return ArrayBufferPrototypeGetByteLength(value) >= 0;
    } catch {
      return false;
    }
  }

  // The bytes behind a buffer or a view of one, or undefined where the value is neither.
  function bytesOf(value) {
    if (ArrayBufferIsView(value)) {
      if (TypedArrayPrototypeGetSymbolToStringTag(value) === undefined) return bytesOfDataView(value);
      const length = TypedArrayPrototypeGetByteLength(value);
      if (length === 0) return NOTHING;
      return new Uint8Array(TypedArrayPrototypeGetBuffer(value), TypedArrayPrototypeGetByteOffset(value), length);
    }
    if (!isArrayBuffer(value)) return undefined;
    return ArrayBufferPrototypeGetDetached(value) ? NOTHING : new Uint8Array(value);
  }

  function bytesOfDataView(view) {
    const buffer = DataViewPrototypeGetBuffer(view);
    if (ArrayBufferPrototypeGetDetached(buffer)) return NOTHING;
    return new Uint8Array(buffer, DataViewPrototypeGetByteOffset(view), DataViewPrototypeGetByteLength(view));
  }

  class TextEncoder {
    #isEncoder = true;

    static #check(value) {
      if (typeof value !== 'object' || value === null || !(#isEncoder in value)) {
        throw errors.invalidThis('TextEncoder');
      }
    }

    get encoding() {
      TextEncoder.#check(this);
      return 'utf-8';
    }

    encode(input = '') {
      TextEncoder.#check(this);
      return encodeUtf8(`${input}`);
    }

    encodeInto(source, destination) {
      TextEncoder.#check(this);
      const text = `${source}`;
      if (!ArrayBufferIsView(destination) || TypedArrayPrototypeGetSymbolToStringTag(destination) !== 'Uint8Array') {
        throw errors.invalidArgType('dest', 'an instance of Uint8Array', destination);
      }
      const counts = ops.utf8WriteInto(text, destination);
      return { read: counts[0], written: counts[1] };
    }

    [customInspect](depth, options, inspect) {
      if (typeof depth === 'number' && depth < 0) return this;
      return inspect({ encoding: this.encoding }, options);
    }
  }

  class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    // Whether the next bytes are the first of a stream.
    #isAtStart = true;
    // The bytes of a character that is not whole yet.
    #pending = NOTHING;

    constructor(label = 'utf-8', options = undefined) {
      const text = `${label}`;
      const encoding = ops.encodingName(text);
      if (encoding === undefined) {
        throw errors.rangeError('ERR_ENCODING_NOT_SUPPORTED', 'The "' + text + '" encoding is not supported');
      }
      if (options !== undefined && options !== null && typeof options !== 'object' && typeof options !== 'function') {
        throw errors.invalidArgType('options', 'of type object', options);
      }
      this.#encoding = encoding;
      this.#fatal = !!options?.fatal;
      this.#ignoreBOM = !!options?.ignoreBOM;
    }

    static #check(value) {
      if (typeof value !== 'object' || value === null || !(#encoding in value)) {
        throw errors.invalidThis('TextDecoder');
      }
    }

    get encoding() {
      TextDecoder.#check(this);
      return this.#encoding;
    }

    get fatal() {
      TextDecoder.#check(this);
      return this.#fatal;
    }

    get ignoreBOM() {
      TextDecoder.#check(this);
      return this.#ignoreBOM;
    }

    decode(input = NOTHING, options = undefined) {
      TextDecoder.#check(this);
      const bytes = bytesOf(input);
      if (bytes === undefined) {
        throw errors.invalidArgType('list', 'an instance of ArrayBuffer or ArrayBufferView', input);
      }
      const isLast = !options?.stream;
      const all = joinBytes(this.#pending, bytes);
      const { held, text } = this.#encoding === 'utf-8' ? this.#decodeUtf8(all, isLast) : this.#decodeOther(all, isLast);
      const length = TypedArrayPrototypeGetByteLength(all);
      const isOver = isLast || typeof text !== 'string';
      this.#pending = isOver || held === 0 ? NOTHING : copyOf(partOf(all, length - held, length));
      this.#isAtStart = isOver || (this.#isAtStart && held === length);
      if (text === undefined) throw errors.stringTooLong();
      if (text === null) {
        const message = 'The encoded data was not valid for encoding ' + this.#encoding;
        throw errors.typeError('ERR_ENCODING_INVALID_ENCODED_DATA', message);
      }
      return text;
    }

    #decodeUtf8(bytes, isLast) {
      const held = isLast ? 0 : ops.utf8Incomplete(bytes);
      const whole = held === 0 ? bytes : partOf(bytes, 0, TypedArrayPrototypeGetByteLength(bytes) - held);
      return { __proto__: null, held, text: ops.utf8Decode(whole, this.#fatal, this.#ignoreBOM || !this.#isAtStart) };
    }

    #decodeOther(bytes, isLast) {
      const keepsMark = this.#ignoreBOM || !this.#isAtStart;
      const decoded = ops.decode(this.#encoding, bytes, this.#fatal, keepsMark, isLast);
      return { __proto__: null, held: decoded[1], text: decoded[0] };
    }

    [customInspect](depth, options, inspect) {
      if (typeof depth === 'number' && depth < 0) return this;
      const { encoding, fatal, ignoreBOM } = this;
      return 'TextDecoder ' + inspect({ encoding, fatal, ignoreBOM }, options);
    }
  }

  function partOf(bytes, start, end) {
    return new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + start, end - start);
  }

  function copyOf(bytes) {
    const copy = allocate(TypedArrayPrototypeGetByteLength(bytes));
    TypedArrayPrototypeSet(copy, bytes);
    return copy;
  }

  function joinBytes(first, second) {
    const firstLength = TypedArrayPrototypeGetByteLength(first);
    const secondLength = TypedArrayPrototypeGetByteLength(second);
    if (firstLength === 0) return second;
    const joined = allocate(firstLength + secondLength);
    TypedArrayPrototypeSet(joined, first);
    TypedArrayPrototypeSet(joined, second, firstLength);
    return joined;
  }

  defineInterface(TextEncoder, 'TextEncoder');
  defineInterface(TextDecoder, 'TextDecoder');

  exports.TextEncoder = TextEncoder;
  exports.TextDecoder = TextDecoder;
  exports.encodeUtf8 = encodeUtf8;
  exports.decodeUtf8 = decodeUtf8;
  exports.bytesOf = bytesOf;
  exports.allocate = allocate;
  exports.isArrayBuffer = isArrayBuffer;
})
