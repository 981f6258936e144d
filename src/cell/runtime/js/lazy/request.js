// Request, as the web has it, with node-fetch's timeout, size, follow, compress and agent.
(function (primordials, host, exports) {
  'use strict';

  const { MathMin, MathTrunc, StringPrototypeToUpperCase, TypeError } = primordials;
  const { isObject } = host.basics;
  const { invalidThis } = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');
  const { byteString, oneOf, optionsOf, requireArguments, scalarText, showAs } = host.use('web_types');
  const { getHeader, Headers, isToken, setHeader } = host.use('headers');
  const { cloneBody, defineBody, extractBody } = host.use('body');
  const abort = host.use('abort');

  const MOST = 2_147_483_647;

  const choices = {
    __proto__: null,
    redirect: ['follow', 'error', 'manual'],
    mode: ['cors', 'no-cors', 'same-origin', 'navigate'],
    credentials: ['same-origin', 'omit', 'include'],
    cache: ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'],
    referrerPolicy: [
      '', 'no-referrer', 'no-referrer-when-downgrade', 'same-origin', 'origin', 'strict-origin',
      'origin-when-cross-origin', 'strict-origin-when-cross-origin', 'unsafe-url',
    ],
  };

  function defaultsOf() {
    return {
      __proto__: null, url: '', parts: undefined, method: 'GET', headers: undefined, body: undefined, signal: undefined,
      shownSignal: undefined, redirect: 'follow', mode: 'cors', credentials: 'same-origin', cache: 'default',
      referrerPolicy: '', referrer: 'about:client', integrity: '', keepalive: false, follow: 20, compress: true,
      size: 0, timeout: 0, agent: undefined, counter: 0,
    };
  }

  function methodFrom(value) {
    const method = byteString(value, 'Request');
    if (!isToken(method)) throw new TypeError(host.inspect(method) + ' is not a valid HTTP method.');
    const upper = StringPrototypeToUpperCase(method);
    if (upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK') {
      throw new TypeError(host.inspect(method) + ' HTTP method is unsupported.');
    }
    return upper;
  }

  // A number from 0 to more than anybody waits for; whatever else there is counts as 0.
  function limitFrom(value) {
    const number = MathTrunc(+value);
    return number > 0 ? MathMin(number, MOST) : 0;
  }

  function urlFrom(input) {
    // Objects of url.parse() are told by their href.
    const text = scalarText(isObject(input) && typeof input.href === 'string' ? input.href : input);
    const parts = host.use('url').partsOf(text);
    if (parts === undefined) throw new TypeError('Only absolute URLs are supported');
    return parts;
  }

  // Others than ours are taken for signals if they can be listened to, as node-fetch does.
  function signalFrom(value) {
    if (value === undefined || value === null) return undefined;
    if (abort.isAbortSignal(value)) return value;
    const isForeign =
      isObject(value) && typeof value.addEventListener === 'function' && typeof value.aborted === 'boolean';
    if (isForeign) return value;
    throw new TypeError('Expected signal to be an instanceof AbortSignal');
  }

  // The options of fetch that the web knows but that mean nothing here: checked, kept and shown.
  function readWebOptions(state, init) {
    const { mode, credentials, cache, redirect, referrer, referrerPolicy, integrity, keepalive, window } = init;
    if (window !== undefined && window !== null) throw new TypeError("Request: 'window' must be null");
    if (mode === 'navigate') throw new TypeError("Request: mode 'navigate' is not allowed");
    state.redirect = oneOf(redirect, choices.redirect, state.redirect, 'Request: redirect');
    state.mode = oneOf(mode, choices.mode, state.mode, 'Request: mode');
    state.credentials = oneOf(credentials, choices.credentials, state.credentials, 'Request: credentials');
    state.cache = oneOf(cache, choices.cache, state.cache, 'Request: cache');
    state.referrerPolicy =
      oneOf(referrerPolicy, choices.referrerPolicy, state.referrerPolicy, 'Request: referrerPolicy');
    if (state.cache === 'only-if-cached' && state.mode !== 'same-origin') {
      throw new TypeError("Request: cache 'only-if-cached' can be set only with mode 'same-origin'");
    }
    if (referrer !== undefined) state.referrer = referrer === '' ? '' : referrerFrom(referrer);
    if (integrity !== undefined) state.integrity = `${integrity}`;
    if (keepalive !== undefined) state.keepalive = !!keepalive;
  }

  function referrerFrom(value) {
    const text = scalarText(value);
    const parts = host.use('url').partsOf(text);
    if (parts === undefined) throw new TypeError('Referrer ' + host.inspect(text) + ' is not a valid URL.');
    return parts.href;
  }

  function readNodeOptions(state, init) {
    const { follow, compress, size, timeout, agent, counter } = init;
    if (follow !== undefined) state.follow = limitFrom(follow);
    if (compress !== undefined) state.compress = !!compress;
    if (size !== undefined) state.size = limitFrom(size);
    if (timeout !== undefined) state.timeout = limitFrom(timeout);
    if (agent !== undefined) state.agent = agent;
    if (counter !== undefined) state.counter = limitFrom(counter);
  }

  function copyRequest(state, input) {
    state.url = input.url;
    state.parts = input.parts;
    state.method = input.method;
    state.signal = input.signal;
    const names = [
      'redirect', 'mode', 'credentials', 'cache', 'referrerPolicy', 'referrer', 'integrity', 'keepalive', 'follow',
      'compress', 'size', 'timeout', 'agent', 'counter',
    ];
    for (let index = 0; index < names.length; index++) state[names[index]] = input[names[index]];
  }

  // The request's own body, or that of the request it is made of, which keeps its own as well.
  function readBody(state, input, init) {
    const { body } = init;
    const isGiven = body !== undefined && body !== null;
    const hasBody = isGiven || (input !== undefined && !input.body.isNull);
    if (hasBody && (state.method === 'GET' || state.method === 'HEAD')) {
      throw new TypeError('Request with GET/HEAD method cannot have body');
    }
    if (!isGiven && input !== undefined) return cloneBody(input.body);
    const extracted = extractBody(body);
    if (extracted.contentType !== undefined && getHeader(state.headers, 'content-type') === undefined) {
      setHeader(state.headers, 'content-type', extracted.contentType);
    }
    return extracted;
  }

  let stateOf;

  class Request {
    #state = defaultsOf();

    constructor(input, init = undefined) {
      requireArguments(arguments.length, 1, 'Request');
      const state = this.#state;
      const options = optionsOf(init, 'Request');
      const source = isObject(input) && #state in input ? input.#state : undefined;
      if (source === undefined) {
        state.parts = urlFrom(input);
        state.url = state.parts.href;
      } else copyRequest(state, source);
      readWebOptions(state, options);
      readNodeOptions(state, options);
      const { method, headers, signal } = options;
      if (method !== undefined) state.method = methodFrom(method);
      if (signal !== undefined) state.signal = signalFrom(signal);
      state.headers = new Headers(headers ?? source?.headers);
      state.body = readBody(state, source, options);
    }

    static {
      stateOf = (request) => {
        if (!isObject(request) || !(#state in request)) throw invalidThis('Request');
        return request.#state;
      };
    }

    get method() { return stateOf(this).method; }
    get url() { return stateOf(this).url; }
    get headers() { return stateOf(this).headers; }
    get destination() { return hidden(this, ''); }
    get referrer() { return stateOf(this).referrer; }
    get referrerPolicy() { return stateOf(this).referrerPolicy; }
    get mode() { return stateOf(this).mode; }
    get credentials() { return stateOf(this).credentials; }
    get cache() { return stateOf(this).cache; }
    get redirect() { return stateOf(this).redirect; }
    get integrity() { return stateOf(this).integrity; }
    get keepalive() { return stateOf(this).keepalive; }
    get isReloadNavigation() { return hidden(this, false); }
    get isHistoryNavigation() { return hidden(this, false); }
    get duplex() { return hidden(this, 'half'); }
    get follow() { return stateOf(this).follow; }
    get compress() { return stateOf(this).compress; }
    get size() { return stateOf(this).size; }
    get timeout() { return stateOf(this).timeout; }
    get agent() { return stateOf(this).agent; }
    get counter() { return stateOf(this).counter; }

    get signal() {
      const state = stateOf(this);
      if (state.signal !== undefined && !abort.isAbortSignal(state.signal)) return state.signal;
      state.shownSignal ??= abort.follow(state.signal === undefined ? [] : [state.signal]);
      return state.shownSignal;
    }

    clone() {
      const { body } = stateOf(this);
      // So that it is told as such, and not as a request that was sent.
      if (body.isUsed) throw new TypeError('cannot clone body after it is used');
      return new Request(this);
    }
  }
  defineBody(Request.prototype, stateOf);
  defineInterface(Request, 'Request');
  showAs(Request, 'Request', (request) => {
    const { method, url, headers, redirect, body } = stateOf(request);
    return { method, url, headers, redirect, bodyUsed: body.isUsed };
  });

  // A value that is the same for every request.
  function hidden(request, value) {
    stateOf(request);
    return value;
  }

  exports.stateOfRequest = stateOf;
  exports.Request = Request;
})
