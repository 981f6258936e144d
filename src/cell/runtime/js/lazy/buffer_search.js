// Buffer's fill, indexOf, lastIndexOf and includes.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBuffer,
    ArrayBufferIsView,
    MathTrunc,
    NumberIsNaN,
    StringPrototypeCharCodeAt,
    TypedArrayPrototypeCopyWithin,
    TypedArrayPrototypeFill,
    TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeSet,
    Uint8Array,
  } = primordials;
  const { ops } = host;
  const { showMember } = host.use('web_interface');
  const { bytesOf } = host.use('encoding');
  const errors = host.use('node_errors');
  const { isUint8Array, validateInteger, validateString } = host.use('validators');
  const {
    encodedLength, encodeInto, encodingOf, findEncoding, LATIN1, partOf, unknownEncoding, UTF16, UTF8,
  } = host.use('buffer_encodings');

  const LARGEST = 4294967296;
  const LARGEST_OFFSET = 0x7fffffff;

  function bytesOfText(text, encoding) {
    const bytes = new Uint8Array(new ArrayBuffer(encodedLength(text, encoding)));
    const length = TypedArrayPrototypeGetByteLength(bytes);
    const written = encodeInto(bytes, text, encoding, 0, length);
    return written === length ? bytes : partOf(bytes, 0, written);
  }

  function fillWithPattern(buffer, pattern, start, end) {
    const length = TypedArrayPrototypeGetByteLength(pattern);
    const room = end - start;
    if (length >= room) {
      TypedArrayPrototypeSet(buffer, partOf(pattern, 0, room), start);
      return;
    }
    TypedArrayPrototypeSet(buffer, pattern, start);
    for (let filled = length; filled < room; filled *= 2) {
      const count = filled > room - filled ? room - filled : filled;
      TypedArrayPrototypeCopyWithin(buffer, start + filled, start, start + count);
    }
  }

  // The byte or the bytes that a text stands for.
  function fillerOf(text, encodingName) {
    const isNamed = encodingName !== undefined && encodingName !== null && encodingName !== '';
    const encoding = isNamed ? findEncoding(encodingName) : UTF8;
    if (encoding === undefined) {
      validateString(encodingName, 'encoding');
      throw unknownEncoding(encodingName);
    }
    if (text.length === 0) return 0;
    const code = StringPrototypeCharCodeAt(text, 0);
    const isOneByte = text.length === 1 && ((encoding === UTF8 && code < 128) || (encoding === LATIN1 && code < 256));
    if (isOneByte) return code;
    const bytes = bytesOfText(text, encoding);
    if (TypedArrayPrototypeGetByteLength(bytes) === 0) throw errors.invalidArgValue('value', text);
    return bytes;
  }

  function fill(buffer, value, offset, end, encoding) {
    if (typeof value !== 'string') return fillBetween(buffer, value, offset, end);
    if (offset === undefined || typeof offset === 'string') {
      return fillBetween(buffer, fillerOf(value, offset), undefined, undefined);
    }
    if (typeof end === 'string') return fillBetween(buffer, fillerOf(value, end), offset, undefined);
    return fillBetween(buffer, fillerOf(value, encoding), offset, end);
  }

  function fillBetween(buffer, filler, offset, end) {
    const length = TypedArrayPrototypeGetByteLength(buffer);
    if (offset !== undefined) validateInteger(offset, 'offset', 0, LARGEST);
    if (offset !== undefined && end !== undefined) validateInteger(end, 'end', 0, length);
    const first = offset === undefined ? 0 : offset;
    const last = offset === undefined || end === undefined ? length : end;
    if (first >= last) return buffer;
    if (!ArrayBufferIsView(filler)) {
      TypedArrayPrototypeFill(buffer, +filler, first, last);
      return buffer;
    }
    const pattern = bytesOf(filler);
    if (TypedArrayPrototypeGetByteLength(pattern) === 0) throw errors.invalidArgValue('value', filler);
    fillWithPattern(buffer, pattern, first, last);
    return buffer;
  }

  function clampOffset(byteOffset, length, isForward) {
    const offset = byteOffset > LARGEST_OFFSET ? LARGEST_OFFSET : byteOffset < -LARGEST_OFFSET - 1 ? -LARGEST_OFFSET - 1 : +byteOffset;
    if (NumberIsNaN(offset)) return isForward ? 0 : length;
    return MathTrunc(offset);
  }

  // Where a search begins, or -1 where there is nothing to search.
  function startOfSearch(offset, length, wantedLength, isForward) {
    if (offset < 0) {
      if (offset + length >= 0) return offset + length;
      return isForward || wantedLength === 0 ? 0 : -1;
    }
    if (offset + wantedLength <= length) return offset;
    if (wantedLength === 0) return length;
    return isForward ? -1 : length - 1;
  }

  function search(buffer, wanted, offset, isForward, isUtf16) {
    const length = TypedArrayPrototypeGetByteLength(buffer);
    const wantedLength = TypedArrayPrototypeGetByteLength(wanted);
    const start = startOfSearch(offset, length, wantedLength, isForward);
    if (wantedLength === 0 || start === -1) return start;
    if (wantedLength > length || (isForward && start + wantedLength > length)) return -1;
    if (isUtf16 && (length < 2 || wantedLength < 2)) return -1;
    return ops.bytesIndexOf(buffer, wanted, start, isForward, isUtf16);
  }

  function requireBuffer(value) {
    if (!isUint8Array(value)) throw errors.invalidArgType('buffer', 'an instance of Buffer, TypedArray, or DataView', value);
  }

  function find(buffer, value, byteOffset, encodingName, isForward) {
    requireBuffer(buffer);
    const isNamed = typeof byteOffset === 'string';
    const name = isNamed ? byteOffset : encodingName;
    const length = TypedArrayPrototypeGetByteLength(buffer);
    const offset = clampOffset(isNamed ? undefined : byteOffset, length, isForward);
    if (typeof value === 'number') {
      const byte = new Uint8Array(1);
      byte[0] = value >>> 0;
      return search(buffer, byte, offset, isForward, false);
    }
    if (typeof value === 'string') {
      const encoding = encodingOf(name);
      return search(buffer, bytesOfText(value, encoding), offset, isForward, encoding === UTF16);
    }
    if (!isUint8Array(value)) {
      const expected = 'one of type number or string or an instance of Buffer or Uint8Array';
      throw errors.invalidArgType('value', expected, value);
    }
    const isUtf16 = name !== undefined && findEncoding(name) === UTF16;
    return search(buffer, value, offset, isForward, isUtf16);
  }

  exports.install = function install(internals) {
    const { prototype } = internals.Buffer;
    internals.fill = fill;
    showMember(prototype, 'fill', function fill(value, offset, end, encoding) {
      requireBuffer(this);
      return internals.fill(this, value, offset, end, encoding);
    });
    showMember(prototype, 'indexOf', function indexOf(value, byteOffset, encoding) {
      return find(this, value, byteOffset, encoding, true);
    });
    showMember(prototype, 'lastIndexOf', function lastIndexOf(value, byteOffset, encoding) {
      return find(this, value, byteOffset, encoding, false);
    });
    showMember(prototype, 'includes', function includes(value, byteOffset, encoding) {
      return find(this, value, byteOffset, encoding, true) !== -1;
    });
  };
})
