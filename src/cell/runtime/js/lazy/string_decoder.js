// The module string_decoder: text from bytes that come in pieces.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBuffer,
    TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeSet,
    Uint8Array,
  } = primordials;
  const { ops } = host;
  const errors = host.use('node_errors');
  const { bytesOf } = host.use('encoding');
  const { decode, encodingNames, encodingOf, partOf, UTF16, UTF8 } = host.use('buffer_encodings');

  const NOTHING = new Uint8Array(0);

  // How many bytes at the end belong to what may go on.
  function heldOf(bytes, encoding) {
    const length = TypedArrayPrototypeGetByteLength(bytes);
    switch (encodingNames[encoding]) {
      case 'utf8': return ops.utf8Incomplete(bytes);
      case 'utf16le': return heldOfUtf16(bytes, length);
      case 'base64':
      case 'base64url': return length % 3;
      default: return 0;
    }
  }

  function heldOfUtf16(bytes, length) {
    const odd = length % 2;
    const high = bytes[length - odd - 1];
    return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
  }

  function join(first, second) {
    const length = TypedArrayPrototypeGetByteLength(first);
    if (length === 0) return second;
    const joined = new Uint8Array(new ArrayBuffer(length + TypedArrayPrototypeGetByteLength(second)));
    TypedArrayPrototypeSet(joined, first);
    TypedArrayPrototypeSet(joined, second, length);
    return joined;
  }

  class StringDecoder {
    #encoding;
    #held = NOTHING;

    constructor(encoding) {
      this.#encoding = encoding === undefined || encoding === null || encoding === '' ? UTF8 : encodingOf(encoding);
      this.encoding = encodingNames[this.#encoding];
    }

    write(chunk) {
      if (typeof chunk === 'string') return chunk;
      const bytes = bytesOf(chunk);
      if (bytes === undefined) {
        throw errors.invalidArgType('buf', 'an instance of Buffer, TypedArray, or DataView', chunk);
      }
      const all = join(this.#held, bytes);
      const length = TypedArrayPrototypeGetByteLength(all);
      const whole = length - heldOf(all, this.#encoding);
      // A copy, as the chunk may change before the next one comes.
      this.#held = whole === length ? NOTHING : new Uint8Array(partOf(all, whole, length));
      return whole === 0 ? '' : decode(all, this.#encoding, 0, whole);
    }

    end(chunk) {
      const text = chunk === undefined ? '' : this.write(chunk);
      const held = this.#held;
      this.#held = NOTHING;
      const length = TypedArrayPrototypeGetByteLength(held);
      // Half of a UTF-16 unit is nothing.
      const end = this.#encoding === UTF16 ? length - (length % 2) : length;
      return end === 0 ? text : text + decode(held, this.#encoding, 0, end);
    }

    text(chunk, offset) {
      this.#held = NOTHING;
      return this.write(partOf(chunk, offset, TypedArrayPrototypeGetByteLength(chunk)));
    }

    get lastNeed() {
      return TypedArrayPrototypeGetByteLength(this.#held) === 0 ? 0 : 1;
    }
  }

  exports.StringDecoder = StringDecoder;
  exports.module = { StringDecoder };
})
