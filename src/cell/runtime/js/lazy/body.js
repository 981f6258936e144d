// What Request and Response have in common: a body, given in many forms, that can be read once.
(function (primordials, host, exports) {
  'use strict';

  const {
    JSONParse, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, Promise, PromisePrototypeThen,
    StringPrototypeToLowerCase, TypeError, TypedArrayPrototypeGetBuffer,
  } = primordials;
  const { isObject } = host.basics;
  const { fetchError } = host.use('fetch_errors');
  const { getHeader } = host.use('headers');
  const { hide } = host.use('web_interface');
  const { scalarText } = host.use('web_types');
  const { bytesOf, decodeUtf8, encodeUtf8 } = host.use('encoding');
  const { bufferOf, copyOf } = host.use('byte_parts');
  const { bytesOfBlob, createBlob, isBlob, typeOfBlob } = host.use('blob');
  const { isSearchParams, pairsOfSearchParams, parsePairs, serializePairs } = host.use('url_search_params');
  const { collect, isStream } = host.use('collect');

  // Either bytes that are there, or a function that returns a promise of them; `stream` is what a function
  // gave as the body, `view` what it was given for it.
  function createRecord(contentType) {
    return {
      __proto__: null, isNull: false, bytes: undefined, load: undefined, stream: undefined, view: undefined,
      error: undefined, isUsed: false, contentType,
    };
  }

  function ofBytes(bytes, contentType) {
    const record = createRecord(contentType);
    record.bytes = bytes;
    return record;
  }

  function ofPromise(load, contentType) {
    const record = createRecord(contentType);
    let promise;
    record.load = () => {
      promise ??= load();
      return promise;
    };
    return record;
  }

  function ofForm(form) {
    const { boundaryOfForm, collectForm, encodeForm } = host.use('form_data');
    const contentType = 'multipart/form-data; boundary=' + boundaryOfForm(form);
    const bytes = encodeForm(form);
    return bytes === undefined ? ofPromise(() => collectForm(form), contentType) : ofBytes(bytes, contentType);
  }

  // Objects of npm's form-data, which know their boundary and bring their own bytes.
  function ofForeignForm(form) {
    const contentType = 'multipart/form-data; boundary=' + form.getBoundary();
    if (typeof form.getBuffer !== 'function') return ofPromise(() => collect(form), contentType);
    return ofBytes(copyOf(bytesOf(form.getBuffer())), contentType);
  }

  function ofStream(stream) {
    const record = ofPromise(() => collect(stream), undefined);
    record.stream = stream;
    return record;
  }

  // The body that `value` stands for.
  exports.extractBody = function extractBody(value) {
    if (value === undefined || value === null) {
      const record = createRecord(undefined);
      record.isNull = true;
      return record;
    }
    if (!isObject(value)) return ofBytes(encodeUtf8(scalarText(value)), 'text/plain;charset=UTF-8');
    if (isBlob(value)) return ofBytes(bytesOfBlob(value), typeOfBlob(value) === '' ? undefined : typeOfBlob(value));
    const bytes = bytesOf(value);
    if (bytes !== undefined) return ofBytes(copyOf(bytes), undefined);
    if (host.use('form_data').isFormData(value)) return ofForm(value);
    if (isSearchParams(value)) {
      const text = serializePairs(pairsOfSearchParams(value));
      return ofBytes(encodeUtf8(text), 'application/x-www-form-urlencoded;charset=UTF-8');
    }
    if (typeof value.getBoundary === 'function') return ofForeignForm(value);
    if (isStream(value)) return ofStream(value);
    return ofBytes(encodeUtf8(scalarText(value)), 'text/plain;charset=UTF-8');
  };

  // The body of a response that has come: what there is of it, and what went wrong.
  exports.receivedBody = function receivedBody(bytes, error) {
    const record = ofBytes(bytes ?? encodeUtf8(''), undefined);
    record.error = error;
    return record;
  };

  // Two can read it, each once.
  exports.cloneBody = function cloneBody(record) {
    if (record.isUsed) throw new TypeError('cannot clone body after it is used');
    record.stream = undefined;
    return { ...record, __proto__: null, view: undefined };
  };

  // A promise of the bytes, which are the caller's to keep but not to write to.
  exports.consumeBody = function consumeBody(record, url) {
    return new Promise((resolve, reject) => {
      if (record.isNull) {
        resolve(encodeUtf8(''));
        return;
      }
      if (record.isUsed) throw new TypeError('body used already for: ' + url);
      record.isUsed = true;
      if (record.error !== undefined) throw record.error;
      if (record.bytes !== undefined) resolve(record.bytes);
      else PromisePrototypeThen(record.load(), resolve, reject);
    });
  };

  function parseJson(bytes, url) {
    try {
      return JSONParse(decodeUtf8(bytes));
    } catch (error) {
      if (!(isObject(error) && typeof error.message === 'string')) throw error;
      throw fetchError('invalid json response body at ' + url + ' reason: ' + error.message, 'invalid-json', undefined);
    }
  }

  function parseForm(bytes, contentType) {
    const { decode, readContentType } = host.use('multipart');
    const { createForm } = host.use('form_data');
    const { essence, boundary } = readContentType(contentType);
    if (essence === 'multipart/form-data' && boundary !== undefined) return createForm(decode(bytes, boundary));
    if (essence === 'application/x-www-form-urlencoded') {
      return createForm(parsePairs(decodeUtf8(bytes)));
    }
    throw new TypeError('Content-Type was not one of "multipart/form-data" or "application/x-www-form-urlencoded".');
  }

  const conversions = {
    __proto__: null,
    arrayBuffer: (bytes) => TypedArrayPrototypeGetBuffer(copyOf(bytes)),
    blob: (bytes, { contentType }) => createBlob(copyOf(bytes), StringPrototypeToLowerCase(contentType)),
    buffer: (bytes) => bufferOf(copyOf(bytes)),
    bytes: (bytes) => copyOf(bytes),
    formData: (bytes, { contentType }) => parseForm(bytes, contentType),
    json: (bytes, { url }) => parseJson(bytes, url),
    text: (bytes) => decodeUtf8(bytes),
  };
  const names = ['arrayBuffer', 'blob', 'buffer', 'bytes', 'formData', 'json', 'text'];

  function read(owner, partsOf, convert) {
    return new Promise((resolve, reject) => {
      const { body, headers, url } = partsOf(owner);
      const about = { __proto__: null, url, contentType: getHeader(headers, 'content-type') ?? '' };
      const finish = (bytes) => {
        try {
          resolve(convert(bytes, about));
        } catch (error) {
          reject(error);
        }
      };
      PromisePrototypeThen(exports.consumeBody(body, url), finish, reject);
    });
  }

  // Puts body, bodyUsed and the methods that read the body on the prototype of a class, before it is made one of
  // the web, which shows them. `partsOf` returns of an object its
  // body, headers and url, and throws for other objects.
  exports.defineBody = function defineBody(prototype, partsOf) {
    for (let index = 0; index < names.length; index++) defineReader(prototype, names[index], partsOf);
    defineGetter(prototype, 'body', (owner) => {
      const { body } = partsOf(owner);
      if (body.isNull) return null;
      if (body.stream !== undefined) return body.stream;
      body.view ??= host.use('body_stream').streamOfBody(body);
      return body.view;
    });
    defineGetter(prototype, 'bodyUsed', (owner) => partsOf(owner).body.isUsed);
  };

  function defineReader(prototype, name, partsOf) {
    const methods = {
      [name]() {
        return read(this, partsOf, conversions[name]);
      },
    };
    hide(prototype, name, methods[name]);
  }

  function defineGetter(prototype, name, get) {
    const holder = {
      get [name]() {
        return get(this);
      },
    };
    const { get: getter } = ObjectGetOwnPropertyDescriptor(holder, name);
    ObjectDefineProperty(prototype, name, { __proto__: null, get: getter, configurable: true, enumerable: false });
  }
})
