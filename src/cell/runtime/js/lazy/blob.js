// Blob and File: bytes that do not change, with a type and, for a File, a name.
(function (primordials, host, exports) {
  'use strict';

  const {
    DateNow, MathMax, MathMin, MathTrunc, Promise, StringPrototypeCharCodeAt,
    StringPrototypeToLowerCase, SymbolIterator, TypeError, TypedArrayPrototypeGetBuffer,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { invalidThis } = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');
  const { itemsOf, oneOf, optionsOf, requireArguments, scalarText, showAs } = host.use('web_types');
  const { bytesOf, decodeUtf8, encodeUtf8 } = host.use('encoding');
  const { concatenate, copyOf, lengthOf, partOf } = host.use('byte_parts');

  const LINE_END = '\n';

  // An iterable of nothing, whatever has become of those of the language.
  const NO_PARTS = {
    __proto__: null,
    [SymbolIterator]: () => ({ __proto__: null, next: () => ({ value: undefined, done: true }) }),
  };

  // A type with characters that no MIME type has is none.
  function typeFrom(value) {
    const text = `${value}`;
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (code < 0x20 || code > 0x7e) return '';
    }
    return StringPrototypeToLowerCase(text);
  }

  // CRLF, CR and LF alike become the line end of the system, which is LF.
  function nativeLines(text) {
    let converted = '';
    for (let index = 0; index < text.length; index++) {
      if (text[index] !== '\r') converted += text[index];
      else if (text[index + 1] !== '\n') converted += LINE_END;
    }
    return converted;
  }

  function partFrom(value, endings) {
    if (exports.isBlob(value)) return bytesOfBlob(value);
    const bytes = isObject(value) ? bytesOf(value) : undefined;
    if (bytes !== undefined) return bytes;
    const text = scalarText(value);
    return encodeUtf8(endings === 'native' ? nativeLines(text) : text);
  }

  function partsFrom(value, what) {
    if (value === undefined) return createList();
    const iterate = isObject(value) ? value[SymbolIterator] : undefined;
    if (typeof iterate !== 'function') {
      throw new TypeError(what + ': The provided value cannot be converted to a sequence.');
    }
    return itemsOf(value, iterate);
  }

  function bytesFrom(parts, options, what) {
    const values = partsFrom(parts, what);
    const endings = oneOf(options.endings, ['transparent', 'native'], 'transparent', what + ': endings');
    const pieces = createList();
    for (let index = 0; index < values.length; index++) append(pieces, partFrom(values[index], endings));
    return concatenate(pieces);
  }

  let bytesOfBlob;
  let setBytes;
  let typeOfBlob;

  class Blob {
    #bytes;
    #type;

    constructor(parts = undefined, options = undefined) {
      const fields = optionsOf(options, 'Blob');
      this.#bytes = bytesFrom(parts, fields, 'Blob');
      this.#type = fields.type === undefined ? '' : typeFrom(fields.type);
    }

    static {
      exports.isBlob = (value) => isObject(value) && #bytes in value;
      const check = (value) => {
        if (!exports.isBlob(value)) throw invalidThis('Blob');
        return value;
      };
      bytesOfBlob = (blob) => check(blob).#bytes;
      typeOfBlob = (blob) => check(blob).#type;
      setBytes = (blob, bytes, type) => {
        blob.#bytes = bytes;
        blob.#type = typeFrom(type);
      };
    }

    get size() { return lengthOf(bytesOfBlob(this)); }

    get type() { return typeOfBlob(this); }

    slice(start = 0, end = undefined, type = '') {
      const bytes = bytesOfBlob(this);
      const size = lengthOf(bytes);
      const from = placeIn(size, start);
      const to = end === undefined ? size : placeIn(size, end);
      return createBlob(partOf(bytes, from, MathMax(from, to)), `${type}`);
    }

    arrayBuffer() { return settled(() => TypedArrayPrototypeGetBuffer(copyOf(bytesOfBlob(this)))); }

    bytes() { return settled(() => copyOf(bytesOfBlob(this))); }

    text() { return settled(() => decodeUtf8(bytesOfBlob(this))); }

    stream() { return host.use('body_stream').streamOfBytes(bytesOfBlob(this)); }
  }
  defineInterface(Blob, 'Blob');
  showAs(Blob, 'Blob', (blob) => ({ size: lengthOf(bytesOfBlob(blob)), type: typeOfBlob(blob) }));

  // Takes the bytes, which nobody else may write to.
  function createBlob(bytes, type) {
    const blob = new Blob();
    setBytes(blob, bytes, type);
    return blob;
  }

  // A promise of what the function returns or throws.
  function settled(produce) {
    return new Promise((resolve) => resolve(produce()));
  }

  function placeIn(size, value) {
    const place = MathTrunc(+value) || 0;
    return place < 0 ? MathMax(size + place, 0) : MathMin(place, size);
  }

  let nameOfFile;
  let lastModifiedOf;

  class File extends Blob {
    #name;
    #lastModified;

    constructor(parts, name, options = undefined) {
      requireArguments(arguments.length, 2, 'File');
      if (parts === undefined) throw new TypeError('File: The provided value cannot be converted to a sequence.');
      super(parts, options);
      this.#name = scalarText(name);
      const { lastModified } = optionsOf(options, 'File');
      this.#lastModified = lastModified === undefined ? DateNow() : MathTrunc(+lastModified) || 0;
    }

    static {
      exports.isFile = (value) => isObject(value) && #name in value;
      const check = (value) => {
        if (!exports.isFile(value)) throw invalidThis('File');
        return value;
      };
      nameOfFile = (file) => check(file).#name;
      lastModifiedOf = (file) => check(file).#lastModified;
    }

    get name() { return nameOfFile(this); }

    get lastModified() { return lastModifiedOf(this); }
  }
  defineInterface(File, 'File');
  showAs(File, 'File', (file) => ({
    size: lengthOf(bytesOfBlob(file)),
    type: typeOfBlob(file),
    name: nameOfFile(file),
    lastModified: lastModifiedOf(file),
  }));

  // Takes the bytes, as createBlob does.
  function createFile(bytes, name, type, lastModified) {
    const file = new File(NO_PARTS, name, { __proto__: null, lastModified });
    setBytes(file, bytes, type);
    return file;
  }

  // A File of a Blob, of the same bytes.
  exports.fileOf = function fileOf(blob, name) {
    const lastModified = exports.isFile(blob) ? lastModifiedOf(blob) : undefined;
    return createFile(bytesOfBlob(blob), name, typeOfBlob(blob), lastModified);
  };

  exports.createFile = createFile;
  exports.createBlob = createBlob;
  exports.bytesOfBlob = bytesOfBlob;
  exports.typeOfBlob = typeOfBlob;
  exports.nameOfFile = nameOfFile;
  exports.settled = settled;
  exports.Blob = Blob;
  exports.File = File;
})
