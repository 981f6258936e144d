// fetch, over the requests of the cell, with the manners of node-fetch 2.
(function (primordials, host, exports) {
  'use strict';

  const { FunctionPrototypeCall, Promise, PromisePrototypeThen, TypeError } = primordials;
  const { AbortError, abortError, FetchError, fetchError } = host.use('fetch_errors');
  const { flatOf, Headers } = host.use('headers');
  const { Request, stateOfRequest } = host.use('request');
  const { isRedirect, receivedResponse, Response } = host.use('response');
  const { consumeBody } = host.use('body');
  const { hide } = host.use('web_interface');
  const { isAbortSignal, onAbort, stateOf } = host.use('abort');

  function fetch(input, init = undefined) {
    return new Promise((resolve, reject) => {
      const request = stateOfRequest(new Request(input, init));
      const { protocol } = request.parts;
      if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError('Only HTTP(S) protocols are supported');
      start(request, resolve, reject);
    });
  }

  // Both callbacks count only the first time, as those of promises do.
  function start(request, resolve, reject) {
    let cancel;
    let isOver = false;
    const stop = listenForAbort(request.signal, (reason) => {
      isOver = true;
      if (cancel !== undefined) cancel();
      reject(abortError(reason));
    });
    const settle = (callback) => (value) => {
      isOver = true;
      stop();
      callback(value);
    };
    if (isOver) return;
    const fail = settle(reject);
    const succeed = settle((answer) => resolve(responseFrom(answer)));
    const sendBody = (bytes) => {
      if (isOver) return;
      try {
        const id = host.startFetch(requestFrom(request, bytes), succeed, (failure) => fail(errorFrom(failure)));
        cancel = () => host.cancelFetch(id);
      } catch (error) {
        fail(error);
      }
    };
    if (request.body.isNull) sendBody(undefined);
    else PromisePrototypeThen(consumeBody(request.body, request.url), sendBody, fail);
  }

  function requestFrom(request, body) {
    const { method, parts, headers, redirect, follow, compress, size, timeout } = request;
    const { href: url } = parts;
    return { __proto__: null, method, url, headers: flatOf(headers), body, redirect, follow, compress, size, timeout };
  }

  // What cannot be sent at all is told of as what can be known before.
  function errorFrom({ type, code, message }) {
    return type === 'invalid-request' ? new TypeError(message) : fetchError(message, type, code);
  }

  function responseFrom(answer) {
    const { bodyError } = answer;
    const error = bodyError === undefined ? undefined : fetchError(bodyError[2], bodyError[0], bodyError[1]);
    return receivedResponse(answer, error);
  }

  // Calls back with the reason, at once where there is one already; returns a function that stops listening.
  function listenForAbort(signal, callback) {
    if (signal === undefined) return doNothing;
    if (!isAbortSignal(signal)) return listenToForeign(signal, callback);
    const { isAborted, reason } = stateOf(signal);
    if (!isAborted) return onAbort(signal, callback);
    callback(reason);
    return doNothing;
  }

  function listenToForeign(signal, callback) {
    if (signal.aborted) {
      callback(signal.reason);
      return doNothing;
    }
    const listener = () => callback(signal.reason);
    FunctionPrototypeCall(signal.addEventListener, signal, 'abort', listener);
    return () => {
      if (typeof signal.removeEventListener === 'function') signal.removeEventListener('abort', listener);
    };
  }

  function doNothing() {}

  const extras = {
    __proto__: null, default: fetch, Headers, Request, Response, FetchError, AbortError, isRedirect, Promise,
  };
  for (const name in extras) hide(fetch, name, extras[name]);

  exports.fetch = fetch;
})
