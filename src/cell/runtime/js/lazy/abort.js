// AbortController and AbortSignal.
(function (primordials, host, exports) {
  'use strict';

  const {
    NumberIsInteger, NumberMAX_SAFE_INTEGER, MathTrunc, SafeSet, SetPrototypeAdd, SetPrototypeDelete,
    SetPrototypeForEach, SetPrototypeGetSize, SymbolIterator, TypeError, WeakRef, WeakRefPrototypeDeref,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { EventTarget, defineHandler, failAfterwards, fire, observeListeners } = host.use('event_target');
  const { abortError, invalidArgType, invalidThis } = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');
  const { itemsOf, requireArguments, showAs } = host.use('web_types');
  const { DOMException } = host.use('dom_exception');

  // Known to this script alone: signals are made by it and not by functions.
  const token = { __proto__: null };

  let stateOf;

  class AbortSignal extends EventTarget {
    #state = {
      isAborted: false,
      reason: undefined,
      // Called once when the signal is aborted, before its listeners.
      algorithms: new SafeSet(),
      // Signals made of this one by AbortSignal.any; the second set keeps those in being that somebody waits for.
      dependents: undefined,
      awaitedDependents: undefined,
      // What a signal made by AbortSignal.any follows; undefined for others.
      sources: undefined,
      listeners: 0,
    };

    constructor(key) {
      if (key !== token) throw new TypeError('Illegal constructor');
      super();
    }

    static {
      stateOf = (signal) => {
        if (!isObject(signal) || !(#state in signal)) throw invalidThis('AbortSignal');
        return signal.#state;
      };
      exports.isAbortSignal = (value) => isObject(value) && #state in value;
    }

    static abort(reason) {
      const signal = new AbortSignal(token);
      const state = stateOf(signal);
      state.isAborted = true;
      state.reason = reasonFrom(reason);
      return signal;
    }

    static timeout(milliseconds) {
      requireArguments(arguments.length, 1, 'AbortSignal.timeout');
      const delay = MathTrunc(+milliseconds);
      if (!NumberIsInteger(delay) || delay < 0 || delay > NumberMAX_SAFE_INTEGER) {
        throw new TypeError('AbortSignal.timeout: the delay must be a number of milliseconds from 0 to 2^53 - 1');
      }
      const signal = new AbortSignal(token);
      host.startQuietTimer(() => {
        abort(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
      }, delay);
      return signal;
    }

    static any(signals) {
      requireArguments(arguments.length, 1, 'AbortSignal.any');
      const iterate = isObject(signals) ? signals[SymbolIterator] : undefined;
      if (typeof iterate !== 'function') throw new TypeError('AbortSignal.any: the signals must be iterable');
      const sources = itemsOf(signals, iterate);
      for (let index = 0; index < sources.length; index++) {
        if (!exports.isAbortSignal(sources[index])) {
          throw new TypeError('AbortSignal.any: the value at index ' + index + ' is no AbortSignal');
        }
      }
      return follow(sources);
    }

    get aborted() { return stateOf(this).isAborted; }

    get reason() { return stateOf(this).reason; }

    throwIfAborted() {
      const { isAborted, reason } = stateOf(this);
      if (isAborted) throw reason;
    }
  }
  defineHandler(AbortSignal.prototype, 'abort');
  defineInterface(AbortSignal, 'AbortSignal');
  showAs(AbortSignal, 'AbortSignal', (signal) => ({ aborted: stateOf(signal).isAborted }));

  function reasonFrom(reason) {
    return reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
  }

  // A signal that is aborted when the first of `signals` is.
  function follow(signals) {
    const signal = new AbortSignal(token);
    const state = stateOf(signal);
    for (let index = 0; index < signals.length; index++) {
      const { isAborted, reason } = stateOf(signals[index]);
      if (!isAborted) continue;
      state.isAborted = true;
      state.reason = reason;
      return signal;
    }
    state.sources = new SafeSet();
    for (let index = 0; index < signals.length; index++) {
      // What follows other signals is bound to those they follow, so that no chain keeps signals in being.
      const { sources } = stateOf(signals[index]);
      if (sources === undefined) SetPrototypeAdd(state.sources, signals[index]);
      else SetPrototypeForEach(sources, (source) => SetPrototypeAdd(state.sources, source));
    }
    const reference = new WeakRef(signal);
    SetPrototypeForEach(state.sources, (source) => addDependent(stateOf(source), reference));
    observeListeners(signal, (count) => {
      state.listeners = count;
      keepIfAwaited(signal, state);
    });
    return signal;
  }

  // Signals nobody holds any more are taken out as new ones come, at half the pace of their coming or faster.
  function addDependent(source, reference) {
    source.dependents ??= new SafeSet();
    source.awaitedDependents ??= new SafeSet();
    let looked = 0;
    const gone = createList();
    if (SetPrototypeGetSize(source.dependents) >= (source.sweepAt ?? 32)) {
      SetPrototypeForEach(source.dependents, (dependent) => {
        looked++;
        if (WeakRefPrototypeDeref(dependent) === undefined) append(gone, dependent);
      });
      for (let index = 0; index < gone.length; index++) SetPrototypeDelete(source.dependents, gone[index]);
      source.sweepAt = 2 * (looked - gone.length) + 32;
    }
    SetPrototypeAdd(source.dependents, reference);
  }

  function keepIfAwaited(signal, state) {
    if (state.sources === undefined) return;
    const isAwaited = !state.isAborted && (state.listeners > 0 || SetPrototypeGetSize(state.algorithms) > 0);
    SetPrototypeForEach(state.sources, (source) => {
      const { awaitedDependents } = stateOf(source);
      // A source that was aborted keeps nobody any more.
      if (awaitedDependents === undefined) return;
      if (isAwaited) SetPrototypeAdd(awaitedDependents, signal);
      else SetPrototypeDelete(awaitedDependents, signal);
    });
  }

  // All that depend on the signal are aborted before anybody is told.
  function abort(signal, reason) {
    const state = stateOf(signal);
    if (state.isAborted) return;
    state.isAborted = true;
    state.reason = reasonFrom(reason);
    const aborted = createList();
    append(aborted, signal);
    if (state.dependents !== undefined) {
      SetPrototypeForEach(state.dependents, (reference) => {
        const dependent = WeakRefPrototypeDeref(reference);
        const dependentState = dependent === undefined ? undefined : stateOf(dependent);
        if (dependentState === undefined || dependentState.isAborted) return;
        dependentState.isAborted = true;
        dependentState.reason = state.reason;
        append(aborted, dependent);
      });
    }
    for (let index = 0; index < aborted.length; index++) runAbortSteps(aborted[index]);
    state.dependents = undefined;
    state.awaitedDependents = undefined;
  }

  function runAbortSteps(signal) {
    const state = stateOf(signal);
    const { algorithms, reason } = state;
    state.algorithms = new SafeSet();
    SetPrototypeForEach(algorithms, (algorithm) => {
      try {
        algorithm(reason);
      } catch (error) {
        failAfterwards(error);
      }
    });
    fire(signal, 'abort');
    keepIfAwaited(signal, state);
  }

  // Calls `algorithm` with the reason if the signal is aborted; what it throws ends the invocation. Returns a
  // function that gives up waiting.
  exports.onAbort = function onAbort(signal, algorithm) {
    const state = stateOf(signal);
    SetPrototypeAdd(state.algorithms, algorithm);
    keepIfAwaited(signal, state);
    return () => {
      SetPrototypeDelete(state.algorithms, algorithm);
      keepIfAwaited(signal, state);
    };
  };

  // Has `destroy(emitter, error)` called when the signal is aborted, also if it already is, until the emitter's
  // 'close'. `name` is the signal's where it was given.
  exports.destroyOnAbort = function destroyOnAbort(signal, name, emitter, destroy) {
    if (!exports.isAbortSignal(signal)) throw invalidArgType(name, 'an instance of AbortSignal', signal);
    const abort = (reason) => destroy(emitter, abortError(reason));
    const { isAborted, reason } = stateOf(signal);
    if (isAborted) abort(reason);
    else emitter.once('close', exports.onAbort(signal, abort));
  };

  class AbortController {
    #signal = new AbortSignal(token);

    get signal() { return this.#signal; }

    abort(reason) { abort(this.#signal, reason); }
  }
  defineInterface(AbortController, 'AbortController');
  showAs(AbortController, 'AbortController', (controller) => ({ signal: controller.signal }));

  exports.follow = follow;
  exports.stateOf = (signal) => {
    const { isAborted, reason } = stateOf(signal);
    return { isAborted, reason };
  };
  exports.AbortController = AbortController;
  exports.AbortSignal = AbortSignal;
})
