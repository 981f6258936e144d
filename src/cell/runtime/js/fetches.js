// Requests on their way: what the cell is asked for, and who waits for the answer.
(function (primordials, host) {
  'use strict';

  const { MapPrototypeClear, MapPrototypeDelete, MapPrototypeGet, MapPrototypeGetSize, MapPrototypeSet, SafeMap, Uint8Array } = primordials;
  const { ops } = host;
  const pending = new SafeMap();

  // As the op numbers them.
  const redirects = { __proto__: null, follow: 0, error: 1, manual: 2 };

  // Sends a request: an object of method, url, headers (name, value, ...), body (bytes or undefined), redirect
  // ('follow', 'error' or 'manual'), follow, compress, size and timeout. Calls `succeeded` or `failed` once, with
  // an object, in the context of this call. Throws a RangeError at the limit of requests.
  host.startFetch = function startFetch(request, succeeded, failed) {
    const { method, url, headers, body, redirect, follow, compress, size, timeout } = request;
    const id = ops.fetchStart(method, url, headers, body, redirects[redirect], follow, compress, size, timeout);
    MapPrototypeSet(pending, id, {
      succeeded: host.bindContinuation(succeeded),
      failed: host.bindContinuation(failed),
    });
    return id;
  };

  // Neither callback is called any more.
  host.cancelFetch = function cancelFetch(id) {
    if (MapPrototypeDelete(pending, id)) ops.fetchCancel(id);
  };

  function take(id) {
    const waiting = MapPrototypeGet(pending, id);
    MapPrototypeDelete(pending, id);
    return waiting;
  }

  function answer(callback, value) {
    try {
      callback(value);
    } catch (error) {
      host.failUncaught(error);
    }
  }

  // Entered by the cell with a response and all of its body, or what went wrong with the body.
  host.fetchDone = function fetchDone(id, status, statusText, url, redirected, headers, length, bodyError) {
    const waiting = take(id);
    if (waiting === undefined) return;
    let body;
    if (bodyError === undefined) {
      try {
        body = new Uint8Array(length);
      } catch (error) {
        // There is no room for it.
        answer(waiting.failed, { type: 'system', code: 'ENOMEM', message: error.message });
        return;
      }
      ops.fetchBody(body);
    }
    answer(waiting.succeeded, { status, statusText, url, redirected, headers, body, bodyError });
  };

  // Entered by the cell when there is no response.
  host.fetchFailed = function fetchFailed(id, type, code, message) {
    const waiting = take(id);
    if (waiting !== undefined) answer(waiting.failed, { type, code, message });
  };

  // The cell has forgotten an ended invocation's requests; so must we.
  host.resetFetches = function resetFetches() {
    if (MapPrototypeGetSize(pending) > 0) MapPrototypeClear(pending);
  };
})
