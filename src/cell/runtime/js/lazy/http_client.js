// ClientRequest: a request as Node's http makes them, sent whole once it has ended.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayFrom, ArrayIsArray, Error, MapPrototypeDelete, MapPrototypeForEach, MapPrototypeGet, MapPrototypeHas,
    MapPrototypeSet, ObjectDefineProperty, ObjectKeys, Promise, PromisePrototypeThen, SafeMap, StringFromCharCode,
    StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeToLowerCase,
    StringPrototypeToUpperCase,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { emitSafely, Emitter } = host.use('emitter');
  const { invalidArgType, invalidThis, typeError, withCode } = host.use('node_errors');
  const { allocate, bytesOf, encodeUtf8 } = host.use('encoding');
  const { encodedLength, encodeInto, encodingOf } = host.use('buffer_encodings');
  const { concatenate, copyOf, lengthOf, partOf } = host.use('byte_parts');
  const { destroyOnAbort } = host.use('abort');
  const { isToken } = host.use('headers');
  const { IncomingMessage } = host.use('http_message');

  exports.validateHeaderName = function validateHeaderName(name) {
    if (typeof name === 'string' && isToken(name)) return;
    throw typeError('ERR_INVALID_HTTP_TOKEN', 'Header name must be a valid HTTP token ["' + `${name}` + '"]');
  };

  exports.validateHeaderValue = function validateHeaderValue(name, value) {
    if (value === undefined) {
      throw typeError('ERR_HTTP_INVALID_HEADER_VALUE', 'Invalid value "undefined" for header "' + name + '"');
    }
    const text = `${value}`;
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (code === 9 || (code >= 32 && code !== 127 && code <= 255)) continue;
      throw typeError('ERR_INVALID_CHAR', 'Invalid character in header content ["' + name + '"]');
    }
  };

  function hangUp() {
    return withCode('ECONNRESET', 'socket hang up');
  }

  // What node-fetch says of a failure contains what Node says.
  function errorOf({ code, message }) {
    const mark = 'reason: ';
    const start = StringPrototypeIndexOf(message, mark);
    const error = new Error(start === -1 ? message : StringPrototypeSlice(message, start + mark.length));
    if (code !== '') set(error, 'code', code);
    return error;
  }

  function set(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function encode(text, encodingName) {
    const encoding = encodingOf(encodingName);
    const bytes = allocate(encodedLength(text, encoding));
    return partOf(bytes, 0, encodeInto(bytes, text, encoding, 0, lengthOf(bytes)));
  }

  function bytesFrom(chunk, encoding) {
    if (typeof chunk === 'string') return encode(chunk, encoding ?? undefined);
    const bytes = isObject(chunk) ? bytesOf(chunk) : undefined;
    if (bytes === undefined) {
      throw invalidArgType('chunk', 'of type string or an instance of Buffer or Uint8Array', chunk);
    }
    return copyOf(bytes);
  }

  function basicAuthorization(credentials) {
    const bytes = encodeUtf8(credentials);
    let binary = '';
    for (let index = 0; index < lengthOf(bytes); index++) binary += StringFromCharCode(bytes[index]);
    return 'Basic ' + host.use('base64').btoa(binary);
  }

  function later(callback) {
    PromisePrototypeThen(new Promise((resolve) => resolve()), callback);
  }

  let stateOf;

  class ClientRequest extends Emitter {
    #state = {
      __proto__: null, target: undefined, headers: new SafeMap(), chunks: createList(), hasEnded: false,
      isDestroyed: false, isClosed: false, timeout: 0, timer: undefined, cancel: undefined, response: undefined,
      socket: undefined,
    };

    // target: an object of method and parts, the parts of a URL.
    constructor(target, callback) {
      super();
      this.#state.target = target;
      set(this, 'method', target.method);
      set(this, 'path', target.parts.pathname + target.parts.search);
      set(this, 'host', target.parts.hostname);
      set(this, 'protocol', target.parts.protocol);
      set(this, 'aborted', false);
      set(this, 'reusedSocket', false);
      if (callback !== undefined && callback !== null) this.once('response', callback);
    }

    static {
      stateOf = (request) => {
        if (!isObject(request) || !(#state in request)) throw invalidThis('ClientRequest');
        return request.#state;
      };
    }

    get destroyed() { return stateOf(this).isDestroyed; }
    get socket() {
      const state = stateOf(this);
      state.socket ??= new (host.use('http_socket').Socket)(this);
      return state.socket;
    }
    get connection() { return this.socket; }
    get finished() { return stateOf(this).hasEnded; }
    get writableEnded() { return stateOf(this).hasEnded; }
    get writableFinished() { return stateOf(this).hasEnded; }
    get writable() { return !stateOf(this).hasEnded; }
    get headersSent() { return stateOf(this).hasEnded; }

    setHeader(name, value) {
      const { hasEnded, headers } = stateOf(this);
      if (hasEnded) throw withCode('ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client');
      exports.validateHeaderName(name);
      const values = createList();
      if (ArrayIsArray(value)) {
        for (let index = 0; index < value.length; index++) append(values, value[index]);
      } else append(values, value);
      for (let index = 0; index < values.length; index++) exports.validateHeaderValue(name, values[index]);
      MapPrototypeSet(headers, StringPrototypeToLowerCase(name), { name, value, values });
      return this;
    }

    getHeader(name) {
      return MapPrototypeGet(stateOf(this).headers, StringPrototypeToLowerCase(`${name}`))?.value;
    }

    hasHeader(name) {
      return MapPrototypeHas(stateOf(this).headers, StringPrototypeToLowerCase(`${name}`));
    }

    removeHeader(name) {
      MapPrototypeDelete(stateOf(this).headers, StringPrototypeToLowerCase(`${name}`));
    }

    getHeaders() {
      const headers = { __proto__: null };
      MapPrototypeForEach(stateOf(this).headers, ({ value }, key) => {
        headers[key] = value;
      });
      return headers;
    }

    getHeaderNames() { return ObjectKeys(this.getHeaders()); }

    write(chunk, encoding = undefined, callback = undefined) {
      const state = stateOf(this);
      const done = typeof encoding === 'function' ? encoding : callback;
      if (state.hasEnded || state.isDestroyed) {
        const error = state.hasEnded
          ? withCode('ERR_STREAM_WRITE_AFTER_END', 'write after end')
          : withCode('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
        later(() => emitSafely(this, 'error', [error]));
        return false;
      }
      append(state.chunks, bytesFrom(chunk, typeof encoding === 'function' ? undefined : encoding));
      if (typeof done === 'function') runLater(done);
      return true;
    }

    end(chunk = undefined, encoding = undefined, callback = undefined) {
      const state = stateOf(this);
      const done = typeof chunk === 'function' ? chunk : typeof encoding === 'function' ? encoding : callback;
      if (typeof chunk !== 'function' && chunk !== undefined && chunk !== null) {
        this.write(chunk, typeof encoding === 'function' ? undefined : encoding);
      }
      if (state.hasEnded || state.isDestroyed) return this;
      state.hasEnded = true;
      if (typeof done === 'function') this.once('finish', done);
      later(() => dispatch(this, state));
      return this;
    }

    setTimeout(milliseconds, callback = undefined) {
      const state = stateOf(this);
      if (typeof callback === 'function') this.once('timeout', callback);
      state.timeout = +milliseconds > 0 ? +milliseconds : 0;
      if (state.cancel !== undefined) startTimer(this, state);
      return this;
    }

    abort() {
      const state = stateOf(this);
      if (state.isDestroyed) return;
      set(this, 'aborted', true);
      later(() => emitSafely(this, 'abort', []));
      this.destroy();
    }

    destroy(error = undefined) {
      const state = stateOf(this);
      if (state.isDestroyed) return this;
      state.isDestroyed = true;
      stopTimer(state);
      if (state.cancel !== undefined) state.cancel();
      const reason = error ?? (state.response === undefined ? hangUp() : undefined);
      if (state.response !== undefined) state.response.destroy(error);
      later(() => {
        if (reason !== undefined && state.response === undefined) emitSafely(this, 'error', [reason]);
        close(this, state);
      });
      return this;
    }

    flushHeaders() {}
    setNoDelay() {}
    setSocketKeepAlive() {}
    cork() {}
    uncork() {}
  }

  function runLater(callback) {
    later(() => {
      try {
        callback();
      } catch (error) {
        host.failUncaught(error);
      }
    });
  }

  function close(request, state) {
    if (state.isClosed) return;
    state.isClosed = true;
    emitSafely(request, 'close', []);
  }

  function stopTimer(state) {
    if (state.timer !== undefined) host.cancelTimer(state.timer);
    state.timer = undefined;
  }

  // As in Node, a timeout is told of and no more: whoever wants an end destroys the request.
  function startTimer(request, state) {
    stopTimer(state);
    if (state.timeout > 0 && state.response === undefined) {
      state.timer = host.startQuietTimer(() => {
        emitSafely(request, 'timeout', []);
        if (state.socket !== undefined) emitSafely(state.socket, 'timeout', []);
      }, state.timeout);
    }
  }

  function fail(request, state, error) {
    if (state.isDestroyed) return;
    state.isDestroyed = true;
    stopTimer(state);
    emitSafely(request, 'error', [error]);
    close(request, state);
  }

  function flatHeaders(headers) {
    const flat = createList();
    MapPrototypeForEach(headers, ({ name, values }) => {
      for (let index = 0; index < values.length; index++) {
        append(flat, name);
        append(flat, `${values[index]}`);
      }
    });
    return ArrayFrom(flat);
  }

  function dispatch(request, state) {
    if (state.isDestroyed) return;
    const { method, parts } = state.target;
    const wanted = {
      __proto__: null, method, url: parts.href, headers: flatHeaders(state.headers), redirect: 'manual', follow: 0,
      body: state.chunks.length === 0 ? undefined : concatenate(state.chunks),
      compress: false, size: 0, timeout: 0,
    };
    try {
      const id = host.startFetch(wanted, (answer) => receive(request, state, answer), (failure) => {
        fail(request, state, errorOf(failure));
      });
      state.cancel = () => host.cancelFetch(id);
    } catch (error) {
      fail(request, state, error);
      return;
    }
    startTimer(request, state);
    emitSafely(request, 'finish', []);
  }

  function receive(request, state, answer) {
    if (state.isDestroyed) return;
    stopTimer(state);
    const { bodyError } = answer;
    const error = bodyError === undefined ? undefined : errorOf({ code: bodyError[1], message: bodyError[2] });
    const response = new IncomingMessage(answer, error, request);
    state.response = response;
    set(request, 'res', response);
    response.once('close', () => close(request, state));
    // Nobody reads a response that nobody asked for.
    if (!emitSafely(request, 'response', [response])) response.resume();
  }

  // A request for the target, which is an object of method, parts, headers, auth, timeout and signal.
  exports.createRequest = function createRequest(target, callback) {
    const request = new ClientRequest(target, callback);
    const { headers, auth, timeout, signal } = target;
    setHeaders(request, headers);
    if (auth !== undefined && auth !== null && !request.hasHeader('authorization')) {
      request.setHeader('Authorization', basicAuthorization(`${auth}`));
    }
    if (timeout !== undefined && timeout !== null) request.setTimeout(timeout);
    if (signal !== undefined && signal !== null) destroyOnAbort(signal, 'options.signal', request, destroy);
    // Some write only once they have one.
    later(() => {
      if (request.listenerCount('socket') > 0) emitSafely(request, 'socket', [request.socket]);
    });
    return request;
  };

  function destroy(request, error) {
    request.destroy(error);
  }

  // An object, or an array of names and values as rawHeaders is, or of pairs.
  function setHeaders(request, headers) {
    if (!isObject(headers)) return;
    if (!ArrayIsArray(headers)) {
      const names = ObjectKeys(headers);
      for (let index = 0; index < names.length; index++) request.setHeader(names[index], headers[names[index]]);
      return;
    }
    const isOfPairs = ArrayIsArray(headers[0]);
    for (let index = 0; index < headers.length; index += isOfPairs ? 1 : 2) {
      if (isOfPairs) request.setHeader(headers[index][0], headers[index][1]);
      else request.setHeader(headers[index], headers[index + 1]);
    }
  }

  exports.methodFrom = function methodFrom(value) {
    if (value === undefined || value === null) return 'GET';
    if (typeof value !== 'string') throw invalidArgType('options.method', 'of type string', value);
    if (isToken(value)) return StringPrototypeToUpperCase(value);
    throw typeError('ERR_INVALID_HTTP_TOKEN', 'Method must be a valid HTTP token ["' + value + '"]');
  };

  exports.ClientRequest = ClientRequest;
})
