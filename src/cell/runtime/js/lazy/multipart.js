// multipart/form-data: written to be sent, and read from a response.
(function (primordials, host, exports) {
  'use strict';

  const {
    MathRandom, NumberPrototypeToString, StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeLastIndexOf,
    StringPrototypePadStart, StringPrototypeSlice, StringPrototypeStartsWith, StringPrototypeToLowerCase,
    StringPrototypeTrim, TypeError, TypedArrayPrototypeIndexOf,
  } = primordials;
  const { append, createList } = host.basics;
  const { decodeUtf8, encodeUtf8 } = host.use('encoding');
  const { concatenate, lengthOf, partOf } = host.use('byte_parts');

  const LINE_END = '\r\n';
  const CR = 13;
  const DASH = 45;
  const OCTETS = 'application/octet-stream';

  exports.createBoundary = function createBoundary() {
    let boundary = '--------------------------';
    for (let index = 0; index < 3; index++) {
      const number = NumberPrototypeToString(MathRandom() * 2 ** 32 >>> 0, 16);
      boundary += StringPrototypePadStart(number, 8, '0');
    }
    return boundary;
  };

  // Names must not end the quotes or the line that they stand in.
  function escapeName(text) {
    let escaped = '';
    for (let index = 0; index < text.length; index++) {
      switch (text[index]) {
        case '"': escaped += '%22'; break;
        case '\r': escaped += '%0D'; break;
        case '\n': escaped += '%0A'; break;
        default: escaped += text[index];
      }
    }
    return escaped;
  }

  // What stands above a part: its headers, unless the function wrote them itself, boundary and all.
  function headOf({ name, filename, contentType, headers, rawHead }, boundary) {
    if (rawHead !== undefined) return rawHead;
    let head = '--' + boundary + LINE_END + 'Content-Disposition: form-data; name="' + escapeName(name) + '"';
    if (filename !== undefined) head += '; filename="' + escapeName(filename) + '"';
    head += LINE_END;
    if (contentType !== undefined && contentType !== '') head += 'Content-Type: ' + contentType + LINE_END;
    return head + headers + LINE_END;
  }

  // Parts are objects of name, filename, contentType, headers, rawHead and bytes.
  exports.encode = function encode(parts, boundary) {
    const pieces = createList();
    for (let index = 0; index < parts.length; index++) {
      append(pieces, encodeUtf8(headOf(parts[index], boundary)));
      append(pieces, parts[index].bytes);
      append(pieces, encodeUtf8(LINE_END));
    }
    append(pieces, encodeUtf8('--' + boundary + '--' + LINE_END));
    return concatenate(pieces);
  };

  // Where `wanted` is in `bytes` from `start` on; -1 where it is not.
  function indexOfBytes(bytes, wanted, start) {
    const last = lengthOf(bytes) - lengthOf(wanted);
    const first = wanted[0];
    let index = TypedArrayPrototypeIndexOf(bytes, first, start);
    while (index !== -1 && index <= last) {
      if (matches(bytes, wanted, index)) return index;
      index = TypedArrayPrototypeIndexOf(bytes, first, index + 1);
    }
    return -1;
  }

  function matches(bytes, wanted, start) {
    for (let index = 1; index < lengthOf(wanted); index++) {
      if (bytes[start + index] !== wanted[index]) return false;
    }
    return true;
  }

  function malformed(reason) {
    return new TypeError('Failed to parse body as FormData: ' + reason);
  }

  // The parts of a body: objects of name, filename, contentType and bytes.
  exports.decode = function decode(bytes, boundary) {
    const parts = createList();
    const delimiter = encodeUtf8(LINE_END + '--' + boundary);
    const first = partOf(delimiter, 2, lengthOf(delimiter));
    let position = indexOfBytes(bytes, first, 0);
    if (position === -1) throw malformed('the boundary is not in it');
    position += lengthOf(first);
    while (!(bytes[position] === DASH && bytes[position + 1] === DASH)) {
      position = skipLineEnd(bytes, position);
      const end = indexOfBytes(bytes, delimiter, position - 2);
      if (end === -1) throw malformed('a part has no end');
      append(parts, decodePart(partOf(bytes, position, end < position ? position : end)));
      position = end + lengthOf(delimiter);
    }
    return parts;
  };

  function skipLineEnd(bytes, start) {
    let position = start;
    while (bytes[position] === 32 || bytes[position] === 9) position++;
    if (bytes[position] !== CR || bytes[position + 1] !== 10) throw malformed('no line end after a boundary');
    return position + 2;
  }

  function decodePart(bytes) {
    const part = { __proto__: null, name: undefined, filename: undefined, contentType: undefined, bytes: undefined };
    const lineEnd = encodeUtf8(LINE_END);
    let start = 0;
    for (;;) {
      const end = indexOfBytes(bytes, lineEnd, start);
      if (end === -1) throw malformed('the headers of a part have no end');
      if (end === start) break;
      readHeader(part, decodeUtf8(partOf(bytes, start, end)));
      start = end + 2;
    }
    if (part.name === undefined) throw malformed('a part has no name');
    part.bytes = partOf(bytes, start + 2, lengthOf(bytes));
    return part;
  }

  function readHeader(part, line) {
    const colon = StringPrototypeIndexOf(line, ':');
    if (colon === -1) throw malformed('a header without a colon');
    const name = StringPrototypeToLowerCase(StringPrototypeSlice(line, 0, colon));
    const value = StringPrototypeTrim(StringPrototypeSlice(line, colon + 1));
    if (name === 'content-type') part.contentType = value;
    if (name !== 'content-disposition') return;
    if (!StringPrototypeStartsWith(StringPrototypeToLowerCase(value), 'form-data')) {
      throw malformed('a part is no form-data');
    }
    part.name = parameterOf(value, 'name');
    part.filename = parameterOf(value, 'filename');
  }

  // The value of NAME="value" or NAME=value among the parameters of a header.
  function parameterOf(header, name) {
    let index = StringPrototypeIndexOf(header, ';');
    while (index !== -1) {
      const equals = StringPrototypeIndexOf(header, '=', index);
      if (equals === -1) return undefined;
      // Parameters without a value lie before it.
      const start = StringPrototypeLastIndexOf(header, ';', equals) + 1;
      const key = StringPrototypeToLowerCase(StringPrototypeTrim(StringPrototypeSlice(header, start, equals)));
      const { value, end } = readValue(header, equals + 1);
      if (key === name) return value;
      index = StringPrototypeIndexOf(header, ';', end);
    }
    return undefined;
  }

  function readValue(header, start) {
    const isQuoted = header[start] === '"';
    const mark = isQuoted ? '"' : ';';
    const from = isQuoted ? start + 1 : start;
    const found = StringPrototypeIndexOf(header, mark, from);
    const end = found === -1 ? header.length : found;
    const text = StringPrototypeSlice(header, from, end);
    return { value: isQuoted ? unescapeName(text) : StringPrototypeTrim(text), end };
  }

  function unescapeName(text) {
    let plain = '';
    for (let index = 0; index < text.length; index++) {
      const escape = text[index] === '%' ? StringPrototypeSlice(text, index, index + 3) : '';
      const mark = escape === '%22' ? '"' : escape === '%0D' ? '\r' : escape === '%0A' ? '\n' : undefined;
      plain += mark ?? text[index];
      if (mark !== undefined) index += 2;
    }
    return plain;
  }

  // The media type of a Content-Type in lower case, and the boundary it names.
  exports.readContentType = function readContentType(value) {
    const semicolon = StringPrototypeIndexOf(value, ';');
    const essence = semicolon === -1 ? value : StringPrototypeSlice(value, 0, semicolon);
    return {
      __proto__: null,
      essence: StringPrototypeToLowerCase(StringPrototypeTrim(essence)),
      boundary: parameterOf(value, 'boundary'),
    };
  };

  const typesByExtension = {
    __proto__: null,
    bmp: 'image/bmp', css: 'text/css', csv: 'text/csv', gif: 'image/gif', gz: 'application/gzip', htm: 'text/html',
    html: 'text/html', ico: 'image/vnd.microsoft.icon', jpeg: 'image/jpeg', jpg: 'image/jpeg',
    js: 'application/javascript', json: 'application/json', md: 'text/markdown', mp3: 'audio/mpeg', mp4: 'video/mp4',
    pdf: 'application/pdf', png: 'image/png', svg: 'image/svg+xml', tsv: 'text/tab-separated-values', txt: 'text/plain',
    wav: 'audio/wav', webp: 'image/webp', xml: 'application/xml', yaml: 'text/yaml', yml: 'text/yaml',
    zip: 'application/zip',
  };

  // What a file of that name is taken for.
  exports.typeOfName = function typeOfName(filename) {
    let dot = filename.length - 1;
    while (dot >= 0 && StringPrototypeCharCodeAt(filename, dot) !== 46) dot--;
    return typesByExtension[StringPrototypeToLowerCase(StringPrototypeSlice(filename, dot + 1))] ?? OCTETS;
  };

  exports.OCTETS = OCTETS;
})
