// The module timers/promises: timers to wait for.
(function (primordials, host, exports) {
  'use strict';

  const { Promise, PromiseReject, PromiseResolve, SymbolAsyncIterator } = primordials;
  const { timers } = host;
  const { append, createList, removeAt } = host.basics;
  const { abortError } = host.use('node_errors');

  function waitFor(start, cancel, value, signal) {
    if (signal?.aborted) return PromiseReject(abortError(signal.reason));
    return new Promise((resolve, reject) => {
      let onAbort;
      const timer = start(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value);
      });
      onAbort = () => {
        cancel(timer);
        reject(abortError(signal.reason));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  function setTimeout(delay, value, options) {
    return waitFor((callback) => timers.setTimeout(callback, delay), timers.clearTimeout, value, options?.signal);
  }

  function setImmediate(value, options) {
    return waitFor((callback) => timers.setImmediate(callback), timers.clearImmediate, value, options?.signal);
  }

  // Steps of an endless iteration: what is due and not yet asked for is kept as a count.
  function setInterval(delay, value, options) {
    const signal = options?.signal;
    const waiting = createList();
    let due = 0;
    let isOver = false;
    const step = () => ({ value, done: false });
    const end = () => ({ value: undefined, done: true });
    const timer = timers.setInterval(() => {
      if (waiting.length === 0) {
        due++;
        return;
      }
      const first = waiting[0];
      removeAt(waiting, 0);
      first.resolve(step());
    }, delay);
    function finish() {
      isOver = true;
      timers.clearInterval(timer);
      while (waiting.length > 0) {
        const first = waiting[0];
        removeAt(waiting, 0);
        if (signal?.aborted) first.reject(abortError(signal.reason));
        else first.resolve(end());
      }
    }
    if (signal?.aborted) finish();
    else signal?.addEventListener('abort', finish, { once: true });
    return {
      next() {
        if (due > 0) {
          due--;
          return PromiseResolve(step());
        }
        if (signal?.aborted) return PromiseReject(abortError(signal.reason));
        if (isOver) return PromiseResolve(end());
        return new Promise((resolve, reject) => append(waiting, { resolve, reject }));
      },
      return() {
        signal?.removeEventListener('abort', finish);
        finish();
        return PromiseResolve(end());
      },
      [SymbolAsyncIterator]() {
        return this;
      },
    };
  }

  exports.module = {
    setTimeout,
    setImmediate,
    setInterval,
    scheduler: {
      wait: (delay, options) => setTimeout(delay, undefined, options),
      yield: () => setImmediate(),
    },
  };
})
