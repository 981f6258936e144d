// Response, as the web has it, with node-fetch's buffer() and url.
(function (primordials, host, exports) {
  'use strict';

  const { JSONStringify, MathTrunc, RangeError, StringPrototypeCharCodeAt, TypeError } = primordials;
  const { isObject } = host.basics;
  const { invalidThis } = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');
  const { byteString, optionsOf, requireArguments, scalarText, showAs } = host.use('web_types');
  const { getHeader, Headers, headersFromFlat, makeImmutable, setHeader } = host.use('headers');
  const { cloneBody, defineBody, extractBody, receivedBody } = host.use('body');

  // The number that a status is taken for, as the web reads unsigned shorts.
  function statusFrom(value) {
    const number = MathTrunc(+value) % 65_536 || 0;
    return number < 0 ? number + 65_536 : number;
  }

  function hasNullBody(status) {
    return status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
  }

  exports.isRedirect = function isRedirect(status) {
    return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
  };

  function statusTextFrom(value) {
    const text = byteString(value, 'Response');
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (code !== 9 && (code < 32 || code === 127)) throw new TypeError('Invalid statusText');
    }
    return text;
  }

  function initialize(state, body, init, contentType) {
    const { status, statusText, headers } = init;
    state.status = status === undefined ? 200 : statusFrom(status);
    if (state.status < 200 || state.status > 599) {
      throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
    }
    state.statusText = statusText === undefined ? '' : statusTextFrom(statusText);
    state.headers = new Headers(headers);
    if (!body.isNull && hasNullBody(state.status)) {
      throw new TypeError('Response with null body status cannot have body');
    }
    state.body = body;
    if (contentType !== undefined && getHeader(state.headers, 'content-type') === undefined) {
      setHeader(state.headers, 'content-type', contentType);
    }
  }

  let stateOf;

  class Response {
    #state = {
      __proto__: null, type: 'default', url: '', status: 200, statusText: '', headers: undefined, body: undefined,
      redirected: false,
    };

    constructor(body = null, init = undefined) {
      const options = optionsOf(init, 'Response');
      const extracted = extractBody(body);
      initialize(this.#state, extracted, options, extracted.contentType);
      const { url } = options;
      if (url !== undefined) this.#state.url = `${url}`;
    }

    static {
      stateOf = (response) => {
        if (!isObject(response) || !(#state in response)) throw invalidThis('Response');
        return response.#state;
      };
      exports.isResponse = (value) => isObject(value) && #state in value;
    }

    static error() {
      const response = new Response();
      const state = stateOf(response);
      state.type = 'error';
      state.status = 0;
      makeImmutable(state.headers);
      return response;
    }

    static json(data, init = undefined) {
      requireArguments(arguments.length, 1, 'Response.json');
      const text = JSONStringify(data);
      if (text === undefined) throw new TypeError('Response.json: the value is not JSON serializable');
      const response = new Response();
      const body = extractBody(text);
      initialize(stateOf(response), body, optionsOf(init, 'Response.json'), 'application/json');
      return response;
    }

    static redirect(url, status = 302) {
      requireArguments(arguments.length, 1, 'Response.redirect');
      const parts = host.use('url').partsOf(scalarText(url));
      if (parts === undefined) throw new TypeError('Failed to parse URL from ' + host.inspect(scalarText(url)));
      const number = statusFrom(status);
      if (!exports.isRedirect(number)) throw new RangeError('Invalid status code ' + number);
      const response = new Response();
      const state = stateOf(response);
      state.status = number;
      setHeader(state.headers, 'location', parts.href);
      makeImmutable(state.headers);
      return response;
    }

    get type() { return stateOf(this).type; }
    get url() { return stateOf(this).url; }
    get redirected() { return stateOf(this).redirected; }
    get status() { return stateOf(this).status; }
    get ok() { return isOk(stateOf(this)); }
    get statusText() { return stateOf(this).statusText; }
    get headers() { return stateOf(this).headers; }

    clone() {
      const state = stateOf(this);
      const body = cloneBody(state.body);
      const copy = new Response();
      const { type, url, redirected, status, statusText } = state;
      setState(copy, { type, url, redirected, status, statusText, headers: new Headers(state.headers), body });
      if (type === 'error') makeImmutable(stateOf(copy).headers);
      return copy;
    }
  }
  defineBody(Response.prototype, stateOf);
  defineInterface(Response, 'Response');
  showAs(Response, 'Response', (response) => {
    const state = stateOf(response);
    const { status, statusText, headers, body, redirected, type, url } = state;
    return { status, statusText, headers, bodyUsed: body.isUsed, ok: isOk(state), redirected, type, url };
  });

  function isOk({ status }) {
    return status >= 200 && status <= 299;
  }

  function setState(response, fields) {
    const state = stateOf(response);
    state.type = fields.type;
    state.url = fields.url;
    state.redirected = fields.redirected;
    state.status = fields.status;
    state.statusText = fields.statusText;
    state.headers = fields.headers;
    state.body = fields.body;
  }

  // The response that a server gave. Its headers can be changed, as node-fetch's can.
  exports.receivedResponse = function receivedResponse({ status, statusText, url, redirected, headers, body }, error) {
    const response = new Response();
    setState(response, {
      type: 'basic', url, redirected, status, statusText, headers: headersFromFlat(headers),
      body: receivedBody(body, error),
    });
    return response;
  };

  exports.Response = Response;
})
