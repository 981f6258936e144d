// URL, as the WHATWG has it. The cell parses; what is kept here is the text and where its parts are.
(function (primordials, host, exports) {
  'use strict';

  const {
    FunctionPrototypeCall, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ReflectDeleteProperty, StringPrototypeSlice,
    TypeError,
  } = primordials;
  const { ops } = host;
  const { customInspect, defineInterface } = host.use('web_interface');
  const { linkSearchParams, resetSearchParams, URLSearchParams } = host.use('url_search_params');
  const errors = host.use('node_errors');

  // Places in what ops.urlParse returns; the first is the text itself.
  const HREF = 0;
  const SCHEME_END = 1;
  // The end of the scheme and ://, where there is no name.
  const USERNAME_END = 2;
  const HOST_START = 3;
  const HOST_END = 4;
  const PORT_START = 5;
  const PORT_END = 6;
  const PATH_START = 7;
  const PATH_END = 8;
  const QUERY_END = 9;

  // Numbers of the op's setters.
  const PROTOCOL = 0;
  const USERNAME = 1;
  const PASSWORD = 2;
  const HOST = 3;
  const HOSTNAME = 4;
  const PORT = 5;
  const PATHNAME = 6;
  const SEARCH = 7;
  const HASH = 8;

  // The op's bound.
  const MOST_CHARACTERS = 2 ** 21;

  function invalidUrl(input, base) {
    const isTooLong = input.length > MOST_CHARACTERS || (base !== undefined && base.length > MOST_CHARACTERS);
    const error = new TypeError(isTooLong ? 'Invalid URL: it has more than ' + MOST_CHARACTERS + ' characters' : 'Invalid URL');
    define(error, 'code', 'ERR_INVALID_URL');
    define(error, 'input', isTooLong ? StringPrototypeSlice(input, 0, 100) + '...' : input);
    if (base !== undefined && !isTooLong) define(error, 'base', base);
    return error;
  }

  exports.invalidUrl = invalidUrl;

  function define(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function baseOf(value) {
    return value === undefined ? undefined : `${value}`;
  }

  // A query or fragment that is empty counts as none.
  function unlessAlone(text) {
    return text.length <= 1 ? '' : text;
  }

  function originOf(parts, scheme) {
    switch (scheme) {
      case 'http':
      case 'https':
      case 'ftp':
      case 'ws':
      case 'wss': return scheme + '://' + StringPrototypeSlice(parts[HREF], parts[HOST_START], parts[PORT_END]);
      default: return 'null';
    }
  }

  class URL {
    #parts;
    #params = undefined;

    constructor(input, base = undefined) {
      if (arguments.length === 0) throw errors.missingArgs('url');
      const text = `${input}`;
      const baseText = baseOf(base);
      this.#parts = ops.urlParse(text, baseText);
      if (this.#parts === undefined) throw invalidUrl(text, baseText);
    }

    static canParse(input, base = undefined) {
      if (arguments.length === 0) throw errors.missingArgs('url');
      return ops.urlCanParse(`${input}`, baseOf(base));
    }

    static parse(input, base = undefined) {
      if (arguments.length === 0) throw errors.missingArgs('url');
      const text = `${input}`;
      const baseText = baseOf(base);
      return ops.urlCanParse(text, baseText) ? new URL(text, baseText) : null;
    }

    static isUrl(value) {
      return typeof value === 'object' && value !== null && #parts in value;
    }

    static #of(value) {
      if (typeof value !== 'object' || value === null || !(#parts in value)) throw errors.invalidThis('URL');
      return value;
    }

    static #slice(url, start, end) {
      const parts = URL.#of(url).#parts;
      return StringPrototypeSlice(parts[HREF], parts[start], end === undefined ? undefined : parts[end]);
    }

    static #set(url, setter, value) {
      const target = URL.#of(url);
      const parts = ops.urlSet(target.#parts[HREF], setter, `${value}`);
      if (parts !== undefined) target.#parts = parts;
    }

    static #resetParams(url) {
      if (url.#params !== undefined) resetSearchParams(url.#params, StringPrototypeSlice(URL.#slice(url, PATH_END, QUERY_END), 1));
    }

    get href() {
      return URL.#of(this).#parts[HREF];
    }

    set href(value) {
      const url = URL.#of(this);
      const text = `${value}`;
      const parts = ops.urlParse(text, undefined);
      if (parts === undefined) throw invalidUrl(text, undefined);
      url.#parts = parts;
      URL.#resetParams(url);
    }

    get origin() {
      const parts = URL.#of(this).#parts;
      const scheme = StringPrototypeSlice(parts[HREF], 0, parts[SCHEME_END]);
      if (scheme !== 'blob') return originOf(parts, scheme);
      const inner = ops.urlParse(StringPrototypeSlice(parts[HREF], parts[PATH_START], parts[PATH_END]), undefined);
      const innerScheme = inner === undefined ? '' : StringPrototypeSlice(inner[HREF], 0, inner[SCHEME_END]);
      return innerScheme === 'http' || innerScheme === 'https' ? originOf(inner, innerScheme) : 'null';
    }

    get protocol() {
      const parts = URL.#of(this).#parts;
      return StringPrototypeSlice(parts[HREF], 0, parts[SCHEME_END] + 1);
    }

    set protocol(value) {
      URL.#set(this, PROTOCOL, value);
    }

    get username() {
      const parts = URL.#of(this).#parts;
      const start = parts[SCHEME_END] + '://'.length;
      // Without a host there is no name, and the end is before this start.
      return start < parts[USERNAME_END] ? StringPrototypeSlice(parts[HREF], start, parts[USERNAME_END]) : '';
    }

    set username(value) {
      URL.#set(this, USERNAME, value);
    }

    get password() {
      const parts = URL.#of(this).#parts;
      const start = parts[USERNAME_END] + ':'.length;
      const end = parts[HOST_START] - '@'.length;
      return start < end ? StringPrototypeSlice(parts[HREF], start, end) : '';
    }

    set password(value) {
      URL.#set(this, PASSWORD, value);
    }

    get host() {
      return URL.#slice(this, HOST_START, PORT_END);
    }

    set host(value) {
      URL.#set(this, HOST, value);
    }

    get hostname() {
      return URL.#slice(this, HOST_START, HOST_END);
    }

    set hostname(value) {
      URL.#set(this, HOSTNAME, value);
    }

    get port() {
      return URL.#slice(this, PORT_START, PORT_END);
    }

    set port(value) {
      URL.#set(this, PORT, value);
    }

    get pathname() {
      return URL.#slice(this, PATH_START, PATH_END);
    }

    set pathname(value) {
      URL.#set(this, PATHNAME, value);
    }

    get search() {
      return unlessAlone(URL.#slice(this, PATH_END, QUERY_END));
    }

    set search(value) {
      URL.#set(this, SEARCH, value);
      URL.#resetParams(this);
    }

    get searchParams() {
      const url = URL.#of(this);
      if (url.#params === undefined) {
        const query = unlessAlone(URL.#slice(url, PATH_END, QUERY_END));
        url.#params = linkSearchParams(StringPrototypeSlice(query, 1), (text) => URL.#set(url, SEARCH, text));
      }
      return url.#params;
    }

    get hash() {
      return unlessAlone(URL.#slice(this, QUERY_END, undefined));
    }

    set hash(value) {
      URL.#set(this, HASH, value);
    }

    toJSON() {
      return URL.#of(this).#parts[HREF];
    }

    toString() {
      return URL.#of(this).#parts[HREF];
    }

    [customInspect](depth, options, inspect) {
      URL.#of(this);
      if (typeof depth === 'number' && depth < 0) return this;
      const { href, origin, protocol, username, password, host: hostAndPort, hostname, port, pathname, search } = this;
      const { searchParams, hash } = this;
      return 'URL ' + inspect({
        href, origin, protocol, username, password, host: hostAndPort, hostname, port, pathname, search, searchParams, hash,
      }, options);
    }
  }

  // Read now, before anybody can have put others in their place.
  const partNames = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search'];
  const partGetters = { __proto__: null };
  for (let index = 0; index < partNames.length; index++) {
    partGetters[partNames[index]] = ObjectGetOwnPropertyDescriptor(URL.prototype, partNames[index]).get;
  }

  // The parts of a URL as an object of text, or undefined where the text is none.
  exports.partsOf = function partsOf(text, base) {
    if (!ops.urlCanParse(text, base)) return undefined;
    const url = new URL(text, base);
    const parts = { __proto__: null };
    for (let index = 0; index < partNames.length; index++) {
      parts[partNames[index]] = FunctionPrototypeCall(partGetters[partNames[index]], url);
    }
    return parts;
  };

  const { isUrl } = URL;
  ReflectDeleteProperty(URL, 'isUrl');
  defineInterface(URL, 'URL');

  exports.URL = URL;
  exports.URLSearchParams = URLSearchParams;
  exports.isUrl = isUrl;
})
