// The URLs of before there was a standard: url.parse and url.format of the module url.
(function (primordials, host, exports) {
  'use strict';

  const {
    ObjectCreate, RegExpPrototypeExec, StringPrototypeCharCodeAt, StringPrototypeIndexOf,
    StringPrototypeSlice, StringPrototypeToLowerCase, URIError, decodeURIComponent, encodeURIComponent,
  } = primordials;
  const { ops } = host;
  const { isObject } = host.basics;
  const { uriError } = host.use('node_errors');
  const { invalidUrl } = host.use('url');
  const { validateString } = host.use('validators');

  const protocolPattern = /^[a-z0-9.+-]+:/i;
  const portPattern = /:[0-9]*$/;
  const hostPattern = /^\/\/[^@/]+@[^@/]+/;
  const simplePathPattern = /^(\/\/?(?!\/)[^?\s]*)(\?[^\s]*)?$/;
  const forbiddenInHost = /[\0\t\n\r #%/:<>?@[\\\]^|]/;
  const forbiddenInIpv6Host = /[\0\t\n\r #%/<>?@\\^|]/;

  const hostless = { __proto__: null, javascript: true, 'javascript:': true };
  const slashed = {
    __proto__: null, http: true, 'http:': true, https: true, 'https:': true, ftp: true, 'ftp:': true, gopher: true,
    'gopher:': true, file: true, 'file:': true, ws: true, 'ws:': true, wss: true, 'wss:': true,
  };

  const MOST_HOST_CHARACTERS = 255;

  const escapes = {
    __proto__: null, '\t': '%09', '\n': '%0A', '\r': '%0D', ' ': '%20', '"': '%22', "'": '%27', '<': '%3C', '>': '%3E',
    '\\': '%5C', '^': '%5E', '`': '%60', '{': '%7B', '|': '%7C', '}': '%7D',
  };

  function test(pattern, text) {
    return RegExpPrototypeExec(pattern, text) !== null;
  }

  function replaceEach(text, replacements) {
    let replaced = '';
    let from = 0;
    for (let index = 0; index < text.length; index++) {
      const other = replacements[text[index]];
      if (other === undefined) continue;
      replaced += StringPrototypeSlice(text, from, index) + other;
      from = index + 1;
    }
    return from === 0 ? text : replaced + StringPrototypeSlice(text, from);
  }

  function Url() {
    this.protocol = null;
    this.slashes = null;
    this.auth = null;
    this.host = null;
    this.port = null;
    this.hostname = null;
    this.hash = null;
    this.search = null;
    this.query = null;
    this.pathname = null;
    this.path = null;
    this.href = null;
  }

  function isSpace(code) {
    return code === 32 || code === 9 || code === 13 || code === 10 || code === 12 || code === 160 || code === 65279;
  }

  // Without space around it, and with slashes for what browsers take for some, before the query.
  function tidy(url) {
    let start = 0;
    let end = url.length;
    while (start < end && isSpace(StringPrototypeCharCodeAt(url, start))) start++;
    while (end > start && isSpace(StringPrototypeCharCodeAt(url, end - 1))) end--;
    let text = '';
    let from = start;
    for (let index = start; index < end; index++) {
      const character = url[index];
      if (character === '?' || character === '#') break;
      if (character !== '\\') continue;
      text += StringPrototypeSlice(url, from, index) + '/';
      from = index + 1;
    }
    return text + StringPrototypeSlice(url, from, end);
  }

  function has(text, part) {
    return StringPrototypeIndexOf(text, part) !== -1;
  }

  function isIpv6Host(hostname) {
    return hostname[0] === '[' && hostname[hostname.length - 1] === ']';
  }

  function parseQuery(text) {
    return host.use('querystring').module.parse(text);
  }

  // A path alone, as most are that servers see.
  function parsePath(url, text, parsesQuery) {
    const match = RegExpPrototypeExec(simplePathPattern, text);
    if (match === null) return false;
    url.path = text;
    url.href = text;
    url.pathname = match[1];
    if (match[2]) {
      url.search = match[2];
      url.query = StringPrototypeSlice(match[2], 1);
      if (parsesQuery) url.query = parseQuery(url.query);
    } else if (parsesQuery) {
      url.search = null;
      url.query = ObjectCreate(null);
    }
    return true;
  }

  const endsOfHost = { __proto__: null, '#': true, '/': true, '?': true };
  const notOfHost = {
    __proto__: null, ' ': true, '"': true, '%': true, "'": true, ';': true, '<': true, '>': true, '\\': true, '^': true,
    '`': true, '{': true, '|': true, '}': true,
  };

  // Takes user and host off the text, and returns the rest.
  function takeHost(url, given, input) {
    let text = replaceUpToHostEnd(given);
    let at = -1;
    let nonHost = -1;
    for (let index = 0; index < text.length; index++) {
      const character = text[index];
      if (character === '@') {
        at = index;
        nonHost = -1;
      } else if (endsOfHost[character] || notOfHost[character]) {
        if (nonHost === -1) nonHost = index;
        if (endsOfHost[character]) break;
      }
    }
    if (at !== -1) url.auth = decode(StringPrototypeSlice(text, 0, at));
    url.host = StringPrototypeSlice(text, at + 1, nonHost === -1 ? undefined : nonHost);
    text = nonHost === -1 ? '' : StringPrototypeSlice(text, nonHost);
    url.parseHost();
    if (typeof url.hostname !== 'string') url.hostname = '';
    const isIpv6 = isIpv6Host(url.hostname);
    if (!isIpv6) text = cutHostname(url, text);
    url.hostname = url.hostname.length > MOST_HOST_CHARACTERS ? '' : StringPrototypeToLowerCase(url.hostname);
    if (url.hostname !== '') checkHostname(url, isIpv6, input);
    url.host = url.hostname + (url.port ? ':' + url.port : '');
    if (isIpv6) {
      url.hostname = StringPrototypeSlice(url.hostname, 1, -1);
      if (text[0] !== '/') text = '/' + text;
    }
    return text;
  }

  // Line ends and tabs do not count up to where the host ends.
  function replaceUpToHostEnd(text) {
    let end = 0;
    while (end < text.length && !endsOfHost[text[end]]) end++;
    const nothing = { __proto__: null, '\t': '', '\n': '', '\r': '' };
    return replaceEach(StringPrototypeSlice(text, 0, end), nothing) + StringPrototypeSlice(text, end);
  }

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      throw new URIError('URI malformed');
    }
  }

  function cutHostname(url, rest) {
    const { hostname } = url;
    for (let index = 0; index < hostname.length; index++) {
      const character = hostname[index];
      const isSound = !endsOfHost[character] && character !== '\\' && character !== ':';
      if (isSound) continue;
      url.hostname = StringPrototypeSlice(hostname, 0, index);
      return '/' + StringPrototypeSlice(hostname, index) + rest;
    }
    return rest;
  }

  function checkHostname(url, isIpv6, input) {
    if (isIpv6) {
      if (test(forbiddenInIpv6Host, url.hostname)) throw invalidUrl(input);
      return;
    }
    // Not for others: as of a URL of the web, numbers would become addresses.
    if (test(/[^\0-\x7F]/, url.hostname)) url.hostname = ops.domainToAscii(url.hostname);
    if (url.hostname === '' || test(forbiddenInHost, url.hostname)) throw invalidUrl(input);
  }

  function takePath(url, text, parsesQuery, protocol) {
    const hash = StringPrototypeIndexOf(text, '#');
    const beforeHash = hash === -1 ? text : StringPrototypeSlice(text, 0, hash);
    if (hash !== -1) url.hash = StringPrototypeSlice(text, hash);
    const question = StringPrototypeIndexOf(beforeHash, '?');
    if (question !== -1) {
      url.search = StringPrototypeSlice(beforeHash, question);
      url.query = StringPrototypeSlice(beforeHash, question + 1);
      if (parsesQuery) url.query = parseQuery(url.query);
    } else if (parsesQuery) {
      url.search = null;
      url.query = ObjectCreate(null);
    }
    const pathname = question === -1 ? beforeHash : StringPrototypeSlice(beforeHash, 0, question);
    if (pathname !== '') url.pathname = pathname;
    if (slashed[protocol] && url.hostname && !url.pathname) url.pathname = '/';
    if (url.pathname || url.search) url.path = (url.pathname || '') + (url.search || '');
  }

  Url.prototype.parse = function parse(input, parsesQuery, slashesDenoteHost) {
    validateString(input, 'url');
    let text = tidy(input);
    if (!slashesDenoteHost && !has(text, '#') && !has(text, '@') && parsePath(this, text, parsesQuery)) return this;
    const scheme = RegExpPrototypeExec(protocolPattern, text);
    const protocol = scheme === null ? undefined : StringPrototypeToLowerCase(scheme[0]);
    if (scheme !== null) {
      this.protocol = protocol;
      text = StringPrototypeSlice(text, scheme[0].length);
    }
    let hasSlashes = false;
    if (slashesDenoteHost || scheme !== null || test(hostPattern, text)) {
      hasSlashes = text[0] === '/' && text[1] === '/';
      if (hasSlashes && !hostless[protocol]) {
        text = StringPrototypeSlice(text, 2);
        this.slashes = true;
      }
    }
    const hasHost = !hostless[protocol] && (hasSlashes || (scheme !== null && !slashed[scheme[0]]));
    if (hasHost) text = takeHost(this, text, input);
    if (!hostless[protocol]) text = replaceEach(text, escapes);
    takePath(this, text, parsesQuery, protocol);
    this.href = this.format();
    return this;
  };

  Url.prototype.parseHost = function parseHost() {
    let text = this.host;
    const port = RegExpPrototypeExec(portPattern, text);
    if (port !== null) {
      if (port[0] !== ':') this.port = StringPrototypeSlice(port[0], 1);
      text = StringPrototypeSlice(text, 0, text.length - port[0].length);
    }
    if (text) this.hostname = text;
  };

  function encodeAuth(text) {
    let encoded;
    try {
      encoded = encodeURIComponent(text);
    } catch {
      throw uriError('ERR_INVALID_URI', 'URI malformed');
    }
    let shown = '';
    let from = 0;
    for (;;) {
      const colon = StringPrototypeIndexOf(encoded, '%3A', from);
      if (colon === -1) return shown + StringPrototypeSlice(encoded, from);
      shown += StringPrototypeSlice(encoded, from, colon) + ':';
      from = colon + 3;
    }
  }

  const notOfPath = { __proto__: null, '#': '%23', '?': '%3F' };
  const notOfSearch = { __proto__: null, '#': '%23' };

  Url.prototype.format = function format() {
    const auth = this.auth ? encodeAuth(`${this.auth}`) + '@' : '';
    let protocol = this.protocol || '';
    let pathname = replaceEach(this.pathname || '', notOfPath);
    let hash = this.hash || '';
    let authority = '';
    if (this.host) authority = auth + this.host;
    else if (this.hostname) {
      const isBare = has(this.hostname, ':') && !isIpv6Host(this.hostname);
      authority = auth + (isBare ? '[' + this.hostname + ']' : this.hostname) + (this.port ? ':' + this.port : '');
    }
    const query = isObject(this.query) ? host.use('querystring').module.stringify(this.query) : '';
    let search = replaceEach(this.search || (query && '?' + query) || '', notOfSearch);
    if (protocol && protocol[protocol.length - 1] !== ':') protocol += ':';
    if (this.slashes || slashed[protocol]) {
      if (this.slashes || authority) {
        if (pathname && pathname[0] !== '/') pathname = '/' + pathname;
        authority = '//' + authority;
      } else if (StringPrototypeSlice(protocol, 0, 4) === 'file') authority = '//';
    }
    if (hash && hash[0] !== '#') hash = '#' + hash;
    if (search && search[0] !== '?') search = '?' + search;
    return protocol + authority + pathname + search + hash;
  };

  exports.parse = function parse(url, parseQueryString, slashesDenoteHost) {
    if (url instanceof Url) return url;
    return new Url().parse(url, parseQueryString, slashesDenoteHost);
  };

  exports.hostless = hostless;
  exports.slashed = slashed;
  exports.Url = Url;
})
