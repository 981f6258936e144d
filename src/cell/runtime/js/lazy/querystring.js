// The module querystring: forms as objects.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    NumberIsFinite,
    ObjectCreate,
    ObjectDefineProperty,
    ObjectKeys,
    String,
    StringPrototypeIndexOf,
    StringPrototypeIsWellFormed,
    StringPrototypeSlice,
    TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetLength,
    Uint8Array,
    decodeURIComponent,
    encodeURIComponent,
  } = primordials;
  const errors = host.use('node_errors');
  const { bufferOver } = host.use('buffer');
  const { decode: decodeBytes, UTF8 } = host.use('buffer_encodings');
  const { encodeUtf8 } = host.use('encoding');

  function escape(value) {
    const text = typeof value === 'string' ? value : typeof value === 'object' ? String(value) : value + '';
    if (!StringPrototypeIsWellFormed(text)) throw errors.uriError('ERR_INVALID_URI', 'URI malformed');
    return encodeURIComponent(text);
  }

  function hexValue(code) {
    if (code >= 48 && code <= 57) return code - 48;
    const letter = code | 32;
    return letter >= 97 && letter <= 102 ? letter - 87 : -1;
  }

  // The bytes of a text whose escapes are decoded where they are whole.
  function unescapeBytes(text) {
    const bytes = encodeUtf8(`${text}`);
    const size = TypedArrayPrototypeGetLength(bytes);
    let length = 0;
    for (let index = 0; index < size; index++) {
      const byte = bytes[index];
      const high = byte === 37 && index + 2 < size ? hexValue(bytes[index + 1]) : -1;
      const low = high === -1 ? -1 : hexValue(bytes[index + 2]);
      bytes[length++] = low === -1 ? byte : high * 16 + low;
      if (low !== -1) index += 2;
    }
    return new Uint8Array(TypedArrayPrototypeGetBuffer(bytes), 0, length);
  }

  function unescapeBuffer(text) {
    return bufferOver(unescapeBytes(text));
  }

  function unescape(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      const bytes = unescapeBytes(text);
      return decodeBytes(bytes, UTF8, 0, TypedArrayPrototypeGetLength(bytes));
    }
  }

  function primitive(value) {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' && NumberIsFinite(value)) return '' + value;
    if (typeof value === 'bigint') return '' + value;
    return typeof value === 'boolean' ? (value ? 'true' : 'false') : '';
  }

  function stringify(value, separator, equals, options) {
    if (value === null || typeof value !== 'object') return '';
    const encode = typeof options?.encodeURIComponent === 'function' ? options.encodeURIComponent : querystring.escape;
    const between = separator || '&';
    const keys = ObjectKeys(value);
    let text = '';
    for (let index = 0; index < keys.length; index++) {
      const name = encode(primitive(keys[index])) + (equals || '=');
      const found = value[keys[index]];
      const values = ArrayIsArray(found) ? found : [found];
      for (let position = 0; position < values.length; position++) {
        text += (text === '' ? '' : between) + name + encode(primitive(values[position]));
      }
    }
    return text;
  }

  function withSpaces(text) {
    let spaced = '';
    let start = 0;
    let plus = StringPrototypeIndexOf(text, '+');
    while (plus !== -1) {
      spaced += StringPrototypeSlice(text, start, plus) + ' ';
      start = plus + 1;
      plus = StringPrototypeIndexOf(text, '+', start);
    }
    return spaced + StringPrototypeSlice(text, start);
  }

  function decodePart(text, decode) {
    const spaced = withSpaces(text);
    if (decode === querystring.unescape && StringPrototypeIndexOf(spaced, '%') === -1) return spaced;
    try {
      return decode(spaced);
    } catch {
      return querystring.unescape(spaced);
    }
  }

  function define(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function addPair(result, name, value) {
    const known = result[name];
    if (known === undefined) define(result, name, value);
    else if (ArrayIsArray(known)) define(known, known.length, value);
    else define(result, name, [known, value]);
  }

  function parse(text, separator, equals, options) {
    const result = ObjectCreate(null);
    if (typeof text !== 'string' || text.length === 0) return result;
    const decode = typeof options?.decodeURIComponent === 'function' ? options.decodeURIComponent : querystring.unescape;
    const most = typeof options?.maxKeys === 'number' ? options.maxKeys : 1000;
    const between = separator ? `${separator}` : '&';
    const assigns = equals ? `${equals}` : '=';
    let pairs = 0;
    for (let start = 0; start <= text.length && (most <= 0 || pairs < most);) {
      const found = StringPrototypeIndexOf(text, between, start);
      const end = found === -1 ? text.length : found;
      if (end > start) {
        const pair = StringPrototypeSlice(text, start, end);
        const place = StringPrototypeIndexOf(pair, assigns);
        const name = place === -1 ? pair : StringPrototypeSlice(pair, 0, place);
        const value = place === -1 ? '' : StringPrototypeSlice(pair, place + assigns.length);
        addPair(result, decodePart(name, decode), decodePart(value, decode));
        pairs++;
      }
      start = end + between.length;
    }
    return result;
  }

  const querystring = {
    unescapeBuffer,
    unescape,
    escape,
    stringify,
    encode: stringify,
    parse,
    decode: parse,
  };

  exports.module = querystring;
})
