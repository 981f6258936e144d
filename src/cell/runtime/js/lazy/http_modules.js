// The modules http and https: what they share, which is all but the protocol.
(function (primordials, host, exports) {
  'use strict';

  const {
    Error, ObjectDefineProperty, StringPrototypeCharCodeAt, StringPrototypeEndsWith, StringPrototypeIncludes,
  } = primordials;
  const { isObject } = host.basics;
  const { invalidArgType, typeError } = host.use('node_errors');
  const client = host.use('http_client');
  const { IncomingMessage } = host.use('http_message');
  const { isUrl, partsOf } = host.use('url');

  const METHODS = [
    'ACL', 'BIND', 'CHECKOUT', 'CONNECT', 'COPY', 'DELETE', 'GET', 'HEAD', 'LINK', 'LOCK', 'M-SEARCH', 'MERGE',
    'MKACTIVITY', 'MKCALENDAR', 'MKCOL', 'MOVE', 'NOTIFY', 'OPTIONS', 'PATCH', 'POST', 'PROPFIND', 'PROPPATCH',
    'PURGE', 'PUT', 'REBIND', 'REPORT', 'SEARCH', 'SOURCE', 'SUBSCRIBE', 'TRACE', 'UNBIND', 'UNLINK', 'UNLOCK',
    'UNSUBSCRIBE',
  ];

  const STATUS_CODES = {
    100: 'Continue', 101: 'Switching Protocols', 102: 'Processing', 103: 'Early Hints', 200: 'OK', 201: 'Created',
    202: 'Accepted', 203: 'Non-Authoritative Information', 204: 'No Content', 205: 'Reset Content',
    206: 'Partial Content', 207: 'Multi-Status', 208: 'Already Reported', 226: 'IM Used', 300: 'Multiple Choices',
    301: 'Moved Permanently', 302: 'Found', 303: 'See Other', 304: 'Not Modified', 305: 'Use Proxy',
    307: 'Temporary Redirect', 308: 'Permanent Redirect', 400: 'Bad Request', 401: 'Unauthorized',
    402: 'Payment Required', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable',
    407: 'Proxy Authentication Required', 408: 'Request Timeout', 409: 'Conflict', 410: 'Gone', 411: 'Length Required',
    412: 'Precondition Failed', 413: 'Payload Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type',
    416: 'Range Not Satisfiable', 417: 'Expectation Failed', 418: 'I\'m a Teapot', 421: 'Misdirected Request',
    422: 'Unprocessable Entity', 423: 'Locked', 424: 'Failed Dependency', 425: 'Too Early', 426: 'Upgrade Required',
    428: 'Precondition Required', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large',
    451: 'Unavailable For Legal Reasons', 500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway',
    503: 'Service Unavailable', 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported',
    506: 'Variant Also Negotiates', 507: 'Insufficient Storage', 508: 'Loop Detected', 509: 'Bandwidth Limit Exceeded',
    510: 'Not Extended', 511: 'Network Authentication Required',
  };

  // Options that would change with whom a function speaks, were they left out of account.
  const refused = ['socketPath', 'cert', 'key', 'pfx', 'ca', 'createConnection'];

  function refuse(options, what) {
    for (let index = 0; index < refused.length; index++) {
      const value = options[refused[index]];
      if (value === undefined || value === null) continue;
      throw new Error(what + ': the option ' + refused[index] + ' is not available');
    }
  }

  // Connections are not the function's: an Agent keeps its options and does nothing.
  class Agent {
    constructor(options = undefined) {
      const fields = isObject(options) ? { ...options } : {};
      refuse(fields, 'Agent');
      const { keepAlive = false, maxSockets = Infinity } = fields;
      const members = {
        __proto__: null, options: fields, keepAlive, maxSockets, requests: {}, sockets: {}, freeSockets: {},
      };
      for (const name in members) setMember(this, name, members[name]);
    }

    destroy() {}
  }

  function setMember(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function pathFrom(value) {
    const path = value === undefined || value === null || value === '' ? '/' : `${value}`;
    for (let index = 0; index < path.length; index++) {
      const code = StringPrototypeCharCodeAt(path, index);
      if (code <= 32 || code > 255) {
        throw typeError('ERR_UNESCAPED_CHARACTERS', 'Request path contains unescaped characters');
      }
    }
    return path[0] === '/' || path[0] === '?' ? path : '/' + path;
  }

  function hostFrom(options) {
    const value = options.hostname ?? options.host ?? 'localhost';
    if (typeof value !== 'string') throw invalidArgType('options.hostname', 'of type string', value);
    const isIpv6 = StringPrototypeIncludes(value, ':') && !StringPrototypeEndsWith(value, ']');
    return isIpv6 && !hasPort(value) ? '[' + value + ']' : value;
  }

  // The host of options may be that of a URL, with its port.
  function hasPort(text) {
    let colons = 0;
    for (let index = 0; index < text.length; index++) {
      if (text[index] === ':') colons++;
    }
    return colons === 1;
  }

  // What the options, and a URL that they go over, ask for.
  function targetFrom(module, protocol, url, options) {
    refuse(options, module + '.request');
    const base = url === undefined ? undefined : urlParts(url);
    const wanted = options.protocol ?? base?.protocol ?? protocol;
    if (wanted !== protocol) {
      throw typeError('ERR_INVALID_PROTOCOL', 'Protocol "' + wanted + '" not supported. Expected "' + protocol + '"');
    }
    const hasHost = base === undefined || options.hostname !== undefined || options.host !== undefined;
    const name = hasHost ? hostFrom(options) : base.hostname;
    const port = options.port ?? base?.port ?? '';
    const path = options.path ?? (base === undefined ? '/' : base.pathname + base.search);
    const text = protocol + '//' + name + (port === '' || port === null ? '' : ':' + port) + pathFrom(path);
    const parts = partsOf(text);
    if (parts === undefined) throw typeError('ERR_INVALID_URL', 'Invalid URL: ' + host.inspect(text));
    const { method, headers, auth, timeout, signal } = options;
    const known = base === undefined ? parts : { ...parts, username: base.username, password: base.password };
    return { __proto__: null, method: client.methodFrom(method), parts: known, headers, auth, timeout, signal };
  }

  function urlParts(url) {
    const parts = partsOf(`${url}`);
    if (parts === undefined) throw typeError('ERR_INVALID_URL', 'Invalid URL');
    return parts;
  }

  // What a script puts on its exports so as to be the module of that name.
  exports.defineHttp = function defineHttp(target, module) {
    const protocol = module + ':';

    function request(input, options = undefined, callback = undefined) {
      const hasUrl = typeof input === 'string' || isUrl(input);
      const second = hasUrl ? options : input;
      const done = hasUrl && typeof options !== 'function' ? callback : options;
      const fields = isObject(second) && typeof second !== 'function' ? second : { __proto__: null };
      return client.createRequest(targetFrom(module, protocol, hasUrl ? input : undefined, fields), done);
    }

    function get(input, options = undefined, callback = undefined) {
      const created = request(input, options, callback);
      created.end();
      return created;
    }

    target.request = request;
    target.get = get;
    target.Agent = Agent;
    target.globalAgent = new Agent();
    target.createServer = function createServer() {
      throw new Error(module + '.createServer is not available: functions cannot listen');
    };
    if (module !== 'http') return;
    target.ClientRequest = client.ClientRequest;
    target.IncomingMessage = IncomingMessage;
    target.METHODS = METHODS;
    target.STATUS_CODES = STATUS_CODES;
    target.maxHeaderSize = 16_384;
    target.validateHeaderName = client.validateHeaderName;
    target.validateHeaderValue = client.validateHeaderValue;
  };
})
