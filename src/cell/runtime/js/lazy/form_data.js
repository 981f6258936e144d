// FormData: the web's, and what functions know from npm's form-data beside it.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayFrom, Error, FunctionPrototypeCall, ObjectDefineProperty, ObjectKeys, ObjectPrototypeHasOwnProperty,
    PromisePrototypeThen, StringPrototypeLastIndexOf, StringPrototypeSlice, StringPrototypeToLowerCase,
    SymbolIterator, TypeError,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { invalidThis } = host.use('node_errors');
  const { defineInterface, defineIterator, hide } = host.use('web_interface');
  const { requireArguments, scalarText, showAs } = host.use('web_types');
  const { bytesOf, decodeUtf8, encodeUtf8 } = host.use('encoding');
  const { bufferOf, copyOf, lengthOf } = host.use('byte_parts');
  const { bytesOfBlob, createFile, fileOf, isBlob, isFile, nameOfFile, typeOfBlob } = host.use('blob');
  const { createBoundary, encode, OCTETS, typeOfName } = host.use('multipart');
  const { collect, isStream } = host.use('collect');

  function requireHeaderText(text, what) {
    for (let index = 0; index < text.length; index++) {
      if (text[index] === '\r' || text[index] === '\n' || text[index] === '\0') {
        throw new TypeError('FormData.append: ' + what + ' has a line end: ' + host.inspect(text));
      }
    }
    return text;
  }

  function baseName(path) {
    return StringPrototypeSlice(path, StringPrototypeLastIndexOf(path, '/') + 1);
  }

  // The third argument of append: a file name, or form-data's options.
  function optionsFrom(value) {
    const options = {
      __proto__: null, filename: undefined, contentType: undefined, headers: '', rawHead: undefined,
      knownLength: undefined,
    };
    if (value === undefined || value === null) return options;
    if (!isObject(value)) {
      options.filename = scalarText(value);
      return options;
    }
    const { filename, filepath, contentType, header, knownLength } = value;
    if (typeof filepath === 'string') options.filename = scalarText(filepath);
    else if (filename !== undefined && filename !== null) options.filename = baseName(scalarText(filename));
    if (contentType) options.contentType = requireHeaderText(`${contentType}`, 'contentType');
    if (typeof header === 'string') options.rawHead = header;
    else if (isObject(header)) options.headers = headersFrom(header);
    if (knownLength !== undefined && knownLength !== null) options.knownLength = +knownLength;
    return options;
  }

  function headersFrom(object) {
    const names = ObjectKeys(object);
    let text = '';
    for (let index = 0; index < names.length; index++) {
      const value = object[names[index]];
      if (value === undefined || value === null) continue;
      text += requireHeaderText(names[index] + ': ' + value, 'header') + '\r\n';
    }
    return text;
  }

  function guessType(options, fallback) {
    if (options.contentType !== undefined) return options.contentType;
    return options.filename === undefined ? fallback : typeOfName(options.filename);
  }

  // What an entry has: its value as get returns it, and its part of a multipart body. Bytes are not known
  // of a stream.
  function entryFrom(name, value, options) {
    const { headers, rawHead, knownLength } = options;
    const entry = {
      __proto__: null, name, value: undefined, filename: options.filename, contentType: undefined, headers, rawHead,
      knownLength, bytes: undefined, stream: undefined,
    };
    const bytes = isObject(value) && !isBlob(value) ? bytesOf(value) : undefined;
    if (isBlob(value)) fillFromBlob(entry, value, options);
    else if (bytes !== undefined) fillFromBytes(entry, bytes, options);
    else if (isStream(value)) fillFromStream(entry, value, options);
    else fillFromText(entry, scalarText(value), options);
    return entry;
  }

  function fillFromBlob(entry, blob, options) {
    const isSame = options.filename === undefined && isFile(blob);
    entry.value = isSame ? blob : fileOf(blob, options.filename ?? 'blob');
    entry.filename = nameOfFile(entry.value);
    const type = typeOfBlob(blob);
    entry.contentType = options.contentType ?? (type === '' ? OCTETS : type);
    entry.bytes = bytesOfBlob(blob);
  }

  function fillFromBytes(entry, bytes, options) {
    entry.bytes = copyOf(bytes);
    entry.contentType = guessType(options, OCTETS);
    entry.value = createFile(entry.bytes, options.filename ?? 'blob', entry.contentType);
  }

  function fillFromStream(entry, stream, options) {
    entry.stream = stream;
    entry.value = stream;
    entry.contentType = guessType(options, OCTETS);
  }

  function fillFromText(entry, text, options) {
    entry.bytes = encodeUtf8(text);
    entry.contentType = guessType(options, undefined);
    entry.value = options.filename === undefined ? text : createFile(entry.bytes, options.filename, entry.contentType);
  }

  let formOf;

  class FormData {
    #form = { __proto__: null, entries: createList(), boundary: undefined };

    // form-data takes options, of which none mean anything here; the web takes forms, which are not here.
    constructor(options = undefined) {
      if (options !== undefined && !isObject(options)) {
        throw new TypeError("Failed to construct 'FormData': the argument is not a form");
      }
    }

    static {
      formOf = (value) => {
        if (!isObject(value) || !(#form in value)) throw invalidThis('FormData');
        return value.#form;
      };
      exports.isFormData = (value) => isObject(value) && #form in value;
    }

    append(name, value, options = undefined) {
      const form = formOf(this);
      requireArguments(arguments.length, 2, 'FormData.append');
      append(form.entries, entryFrom(scalarText(name), value, optionsFrom(options)));
    }

    delete(name) {
      const form = formOf(this);
      requireArguments(arguments.length, 1, 'FormData.delete');
      removeAll(form.entries, scalarText(name), 0);
    }

    get(name) {
      const { entries } = formOf(this);
      requireArguments(arguments.length, 1, 'FormData.get');
      const index = indexOfName(entries, scalarText(name), 0);
      return index === -1 ? null : entries[index].value;
    }

    getAll(name) {
      const { entries } = formOf(this);
      requireArguments(arguments.length, 1, 'FormData.getAll');
      const values = createList();
      const wanted = scalarText(name);
      for (let index = 0; index < entries.length; index++) {
        if (entries[index].name === wanted) append(values, entries[index].value);
      }
      return ArrayFrom(values);
    }

    has(name) {
      const { entries } = formOf(this);
      requireArguments(arguments.length, 1, 'FormData.has');
      return indexOfName(entries, scalarText(name), 0) !== -1;
    }

    set(name, value, options = undefined) {
      const { entries } = formOf(this);
      requireArguments(arguments.length, 2, 'FormData.set');
      const entry = entryFrom(scalarText(name), value, optionsFrom(options));
      const index = indexOfName(entries, entry.name, 0);
      if (index === -1) {
        append(entries, entry);
        return;
      }
      entries[index] = entry;
      removeAll(entries, entry.name, index + 1);
    }

    forEach(callback, receiver = undefined) {
      const { entries } = formOf(this);
      requireArguments(arguments.length, 1, 'FormData.forEach');
      if (typeof callback !== 'function') throw new TypeError('FormData.forEach: the callback is not a function');
      for (let index = 0; index < entries.length; index++) {
        const { name, value } = entries[index];
        FunctionPrototypeCall(callback, receiver, value, name, this);
      }
    }

    entries() { return iterate(this, 'entry'); }
    keys() { return iterate(this, 'key'); }
    values() { return iterate(this, 'value'); }

    getBoundary() { return boundaryOf(formOf(this)); }

    setBoundary(boundary) {
      const form = formOf(this);
      if (typeof boundary !== 'string') throw new TypeError('FormData boundary must be a string');
      form.boundary = requireHeaderText(boundary, 'the boundary');
    }

    getHeaders(more = undefined) {
      const headers = { 'content-type': 'multipart/form-data; boundary=' + boundaryOf(formOf(this)) };
      const names = isObject(more) ? ObjectKeys(more) : [];
      for (let index = 0; index < names.length; index++) {
        setOwn(headers, StringPrototypeToLowerCase(names[index]), more[names[index]]);
      }
      return headers;
    }

    getBuffer() {
      const form = formOf(this);
      const { entries } = form;
      for (let index = 0; index < entries.length; index++) {
        if (entries[index].bytes === undefined) {
          throw new TypeError('FormData.getBuffer: the value of ' + host.inspect(entries[index].name) +
            ' is a stream; pass the form to fetch as its body');
        }
      }
      return bufferOf(encode(entries, boundaryOf(form)));
    }

    hasKnownLength() {
      return indexOfUnknown(formOf(this).entries) === -1;
    }

    getLengthSync() {
      const form = formOf(this);
      if (indexOfUnknown(form.entries) !== -1) throw new Error('Cannot calculate proper length in synchronous way.');
      return lengthOfForm(form);
    }

    getLength(callback) {
      const form = formOf(this);
      const isKnown = indexOfUnknown(form.entries) === -1;
      const run = host.bindContinuation(() => {
        try {
          if (isKnown) callback(null, lengthOfForm(form));
          else callback(new Error('Unknown stream'));
        } catch (error) {
          host.failUncaught(error);
        }
      });
      host.ops.enqueueMicrotask(() => run());
    }

    submit() {
      throw new Error('FormData.submit is not available: pass the form to fetch as its body');
    }

    pipe(destination) {
      const write = (bytes) => {
        destination.write(bufferOf(bytes));
        destination.end();
      };
      const written = PromisePrototypeThen(exports.collectForm(this), write);
      PromisePrototypeThen(written, undefined, (error) => host.failUncaught(error));
      return destination;
    }
  }
  defineInterface(FormData, 'FormData');
  hide(FormData.prototype, SymbolIterator, FormData.prototype.entries);
  showAs(FormData, 'FormData', (form) => {
    const shown = { __proto__: null };
    const { entries } = formOf(form);
    for (let index = 0; index < entries.length; index++) {
      const { name, value } = entries[index];
      if (!ObjectPrototypeHasOwnProperty(shown, name)) shown[name] = createList();
      append(shown[name], value);
    }
    const names = ObjectKeys(shown);
    for (let index = 0; index < names.length; index++) {
      const values = shown[names[index]];
      shown[names[index]] = values.length === 1 ? values[0] : ArrayFrom(values);
    }
    return { ...shown };
  });

  function setOwn(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function indexOfName(entries, name, start) {
    for (let index = start; index < entries.length; index++) {
      if (entries[index].name === name) return index;
    }
    return -1;
  }

  function removeAll(entries, name, start) {
    let kept = start;
    for (let index = start; index < entries.length; index++) {
      if (entries[index].name !== name) entries[kept++] = entries[index];
    }
    entries.length = kept;
  }

  function boundaryOf(form) {
    form.boundary ??= createBoundary();
    return form.boundary;
  }

  function indexOfUnknown(entries) {
    for (let index = 0; index < entries.length; index++) {
      if (entries[index].bytes === undefined && entries[index].knownLength === undefined) return index;
    }
    return -1;
  }

  function lengthOfForm(form) {
    const { entries } = form;
    let known = 0;
    const parts = createList();
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index];
      if (entry.bytes === undefined) known += entry.knownLength;
      append(parts, { ...entry, bytes: entry.bytes ?? encodeUtf8('') });
    }
    return known + lengthOf(encode(parts, boundaryOf(form)));
  }

  function iterate(form, kind) {
    return createIterator({ __proto__: null, form: formOf(form), kind, index: 0 });
  }

  function itemOf({ name, value }, kind) {
    if (kind === 'key') return name;
    return kind === 'value' ? value : [name, value];
  }

  const createIterator = defineIterator('FormData Iterator', (state) => {
    const { entries } = state.form;
    if (state.index >= entries.length) return { value: undefined, done: true };
    return { value: itemOf(entries[state.index++], state.kind), done: false };
  }, (state, options, inspect) => {
    const left = createList();
    const { entries } = state.form;
    for (let index = state.index; index < entries.length; index++) {
      append(left, inspect(itemOf(entries[index], state.kind), options));
    }
    return left;
  });

  // The body, or undefined where a stream has to be read first.
  exports.encodeForm = function encodeForm(value) {
    const form = formOf(value);
    for (let index = 0; index < form.entries.length; index++) {
      if (form.entries[index].bytes === undefined) return undefined;
    }
    return encode(form.entries, boundaryOf(form));
  };

  // A promise of the body, for which streams are read to their end.
  exports.collectForm = async function collectForm(value) {
    const form = formOf(value);
    const parts = createList();
    for (let index = 0; index < form.entries.length; index++) {
      const entry = form.entries[index];
      append(parts, { ...entry, bytes: entry.bytes ?? await collect(entry.stream) });
    }
    return encode(parts, boundaryOf(form));
  };

  // A form of what a multipart or urlencoded body had: objects of name, value, and for multipart filename,
  // contentType and bytes.
  exports.createForm = function createForm(parts) {
    const created = new FormData();
    const { entries } = formOf(created);
    for (let index = 0; index < parts.length; index++) append(entries, entryOfPart(parts[index]));
    return created;
  };

  function entryOfPart({ name, value, filename, contentType, bytes }) {
    if (bytes === undefined) return entryFrom(name, value, optionsFrom(undefined));
    if (filename === undefined) return entryFrom(name, decodeUtf8(bytes), optionsFrom(undefined));
    return entryFrom(name, createFile(bytes, filename, contentType ?? 'text/plain'), optionsFrom(undefined));
  }

  exports.boundaryOfForm = (value) => boundaryOf(formOf(value));
  exports.FormData = FormData;
})
