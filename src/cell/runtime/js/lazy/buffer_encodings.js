// The encodings of Node's Buffer: their names, and text as bytes in each.
(function (primordials, host, exports) {
  'use strict';

  const { StringPrototypeToLowerCase, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength } = primordials;
  const { TypedArrayPrototypeGetByteOffset, Uint8Array } = primordials;
  const { ops } = host;
  const { stringTooLong, typeError } = host.use('node_errors');

  // The ops' numbers.
  const UTF8 = 0;
  const UTF16 = 1;
  const LATIN1 = 2;
  const ASCII = 3;
  const HEX = 4;
  const BASE64 = 5;
  const BASE64URL = 6;

  const names = ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url'];

  function numberOf(name) {
    switch (name) {
      case 'utf8':
      case 'utf-8': return UTF8;
      case 'ucs2':
      case 'ucs-2':
      case 'utf16le':
      case 'utf-16le': return UTF16;
      case 'latin1':
      case 'binary': return LATIN1;
      case 'ascii': return ASCII;
      case 'hex': return HEX;
      case 'base64': return BASE64;
      case 'base64url': return BASE64URL;
      default: return undefined;
    }
  }

  // The number of an encoding, or undefined for what names none.
  function findEncoding(name) {
    const text = `${name}`;
    return numberOf(text) ?? numberOf(StringPrototypeToLowerCase(text));
  }

  function unknownEncoding(name) {
    return typeError('ERR_UNKNOWN_ENCODING', host.use('format').format('Unknown encoding: %s', name));
  }

  // As findEncoding, with UTF-8 for undefined; throws for names of none.
  function encodingOf(name) {
    if (name === undefined || name === 'utf8') return UTF8;
    const encoding = findEncoding(name);
    if (encoding === undefined) throw unknownEncoding(name);
    return encoding;
  }

  function lengthOfBase64(text) {
    let { length } = text;
    if (length > 1 && text[length - 1] === '=') length--;
    if (length > 1 && text[length - 1] === '=') length--;
    return (length * 3 - ((length * 3) % 4)) / 4;
  }

  // Bytes that the text makes, or for base64 may make at most.
  function encodedLength(text, encoding) {
    switch (encoding) {
      case UTF8: return ops.utf8Length(text);
      case UTF16: return text.length * 2;
      case HEX: return text.length >>> 1;
      case BASE64:
      case BASE64URL: return lengthOfBase64(text);
      default: return text.length;
    }
  }

  // Bytes of the same buffer.
  function partOf(bytes, start, end) {
    const offset = TypedArrayPrototypeGetByteOffset(bytes) + start;
    return new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), offset, end - start);
  }

  function decode(bytes, encoding, start, end) {
    const isWhole = start === 0 && end === TypedArrayPrototypeGetByteLength(bytes);
    const text = ops.bytesToString(isWhole ? bytes : partOf(bytes, start, end), encoding);
    if (text === undefined) throw stringTooLong();
    return text;
  }

  // Writes what fits of the text between start and end, and returns how many bytes that is.
  function encodeInto(bytes, text, encoding, start, end) {
    const isWhole = start === 0 && end === TypedArrayPrototypeGetByteLength(bytes);
    const written = ops.bytesWrite(text, isWhole ? bytes : partOf(bytes, start, end), encoding);
    if (written === undefined) throw stringTooLong();
    return written;
  }

  exports.UTF8 = UTF8;
  exports.UTF16 = UTF16;
  exports.LATIN1 = LATIN1;
  exports.ASCII = ASCII;
  exports.encodingNames = names;
  exports.findEncoding = findEncoding;
  exports.encodingOf = encodingOf;
  exports.unknownEncoding = unknownEncoding;
  exports.encodedLength = encodedLength;
  exports.partOf = partOf;
  exports.decode = decode;
  exports.encodeInto = encodeInto;
})
