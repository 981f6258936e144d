// The module events: EventEmitter.
(function (primordials, host, exports) {
  'use strict';

  const {
    ErrorPrototype,
    ObjectDefineProperty,
    ObjectCreate,
    ObjectGetPrototypeOf,
    ObjectPrototypeIsPrototypeOf,
    Promise,
    PromiseReject,
    PromiseResolve,
    ReflectApply,
    ReflectOwnKeys,
    String,
    Symbol,
    SymbolAsyncIterator,
    SymbolDispose,
    SymbolFor,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { ops } = host;
  const errors = host.use('node_errors');
  const { hide, showMember } = host.use('web_interface');
  const { validateBoolean, validateFunction, validateNumber } = host.use('validators');

  const WARN = 3;
  const errorMonitor = Symbol('events.errorMonitor');
  const captureRejection = SymbolFor('nodejs.rejection');
  // On a list of listeners that there are more of than there should be.
  const warned = Symbol('warned');

  let defaultMaxListeners = 10;

  // On an emitter: whether what its listeners' promises reject with is an error of its own.
  const capturing = Symbol('capturing');

  function EventEmitter(options) {
    initialize(this);
    const captures = isObject(options) ? options.captureRejections : undefined;
    if (captures !== undefined) validateBoolean(captures, 'options.captureRejections');
    if (captures ?? EventEmitter.captureRejections) hide(this, capturing, true);
  }

  // Without a field of a class, so that EventEmitter.call(this) works, as old libraries have it.
  function initialize(emitter) {
    const isInherited = emitter._events === undefined || emitter._events === ObjectGetPrototypeOf(emitter)._events;
    if (isInherited) {
      emitter._events = ObjectCreate(null);
      emitter._eventsCount = 0;
    }
    emitter._maxListeners = emitter._maxListeners || undefined;
  }

  function eventsOf(emitter) {
    if (emitter._events === undefined) {
      emitter._events = ObjectCreate(null);
      emitter._eventsCount = 0;
    }
    return emitter._events;
  }

  // The listeners of one event as a list that nobody else changes; they are kept as one function or an array.
  function listOf(kept) {
    const list = createList();
    if (kept === undefined) return list;
    if (typeof kept === 'function') append(list, kept);
    else for (let index = 0; index < kept.length; index++) append(list, kept[index]);
    return list;
  }

  function validateListener(listener) {
    validateFunction(listener, 'listener');
  }

  function maxListenersOf(emitter) {
    return emitter._maxListeners === undefined ? defaultMaxListeners : emitter._maxListeners;
  }

  function add(emitter, type, listener, isFirst) {
    validateListener(listener);
    const events = eventsOf(emitter);
    if (events.newListener !== undefined) {
      emitter.emit('newListener', type, listener.listener ?? listener);
    }
    // A listener of newListener may have changed them.
    const current = eventsOf(emitter);
    const kept = current[type];
    if (kept === undefined) {
      current[type] = listener;
      emitter._eventsCount++;
      return emitter;
    }
    const list = createList();
    if (isFirst) append(list, listener);
    const before = listOf(kept);
    for (let index = 0; index < before.length; index++) append(list, before[index]);
    if (!isFirst) append(list, listener);
    const array = toArray(list, false);
    if (kept[warned]) hide(array, warned, true);
    current[type] = array;
    warnOfLeak(emitter, type, array);
    return emitter;
  }

  function warnOfLeak(emitter, type, list) {
    const most = maxListenersOf(emitter);
    if (!(most > 0) || list.length <= most || list[warned]) return;
    hide(list, warned, true);
    ops.log(WARN, 'MaxListenersExceededWarning: Possible EventEmitter memory leak detected. ' + list.length + ' ' +
      String(type) + ' listeners added to ' + host.inspect(emitter, { depth: -1 }) +
      '. Use emitter.setMaxListeners() to increase limit');
  }

  function once(emitter, type, listener) {
    validateListener(listener);
    let isDone = false;
    function wrapper(...parameters) {
      if (isDone) return undefined;
      isDone = true;
      emitter.removeListener(type, wrapper);
      return ReflectApply(listener, emitter, parameters);
    }
    wrapper.listener = listener;
    return wrapper;
  }

  function remove(emitter, type, listener) {
    validateListener(listener);
    const events = emitter._events;
    const list = listOf(events?.[type]);
    let place = list.length - 1;
    while (place >= 0 && list[place] !== listener && list[place].listener !== listener) place--;
    if (place < 0) return emitter;
    const removed = list[place];
    host.basics.removeAt(list, place);
    keep(emitter, type, list);
    if (events.removeListener !== undefined) emitter.emit('removeListener', type, removed.listener ?? removed);
    return emitter;
  }

  function keep(emitter, type, list) {
    const events = emitter._events;
    if (list.length > 1) {
      events[type] = toArray(list, false);
      return;
    }
    if (list.length === 1) {
      events[type] = list[0];
      return;
    }
    delete events[type];
    emitter._eventsCount--;
  }

  function removeAll(emitter, type) {
    const events = emitter._events;
    if (events === undefined) return;
    const list = listOf(events[type]);
    for (let index = list.length - 1; index >= 0; index--) emitter.removeListener(type, list[index]);
  }

  function failUnhandled(error) {
    if (ObjectPrototypeIsPrototypeOf(ErrorPrototype, error)) throw error;
    const shown = typeof error === 'string' ? "'" + error + "'" : host.inspect(error);
    const unhandled = errors.withCode('ERR_UNHANDLED_ERROR', 'Unhandled error. (' + shown + ')');
    unhandled.context = error;
    throw unhandled;
  }

  function emit(emitter, type, parameters) {
    const events = emitter._events;
    if (type === 'error') {
      if (events?.[errorMonitor] !== undefined) call(emitter, events[errorMonitor], parameters, type);
      if (events?.error === undefined) failUnhandled(parameters[0]);
    }
    const kept = events?.[type];
    if (kept === undefined) return false;
    call(emitter, kept, parameters, type);
    return true;
  }

  function call(emitter, kept, parameters, type) {
    if (typeof kept === 'function') {
      watch(emitter, ReflectApply(kept, emitter, parameters), type, parameters);
      return;
    }
    const list = listOf(kept);
    for (let index = 0; index < list.length; index++) {
      watch(emitter, ReflectApply(list[index], emitter, parameters), type, parameters);
    }
  }

  // Has a rejection of what a listener returned come back to an emitter that wants it.
  function watch(emitter, result, type, parameters) {
    if (!emitter[capturing] || !isObject(result)) return;
    try {
      const { then } = result;
      if (typeof then !== 'function') return;
      ReflectApply(then, result, [undefined, (error) => ops.enqueueMicrotask(host.bindContinuation(() => {
        try {
          tellRejection(emitter, error, type, parameters);
        } catch (thrown) {
          host.failUncaught(thrown);
        }
      }))]);
    } catch (error) {
      emitter.emit('error', error);
    }
  }

  function tellRejection(emitter, error, type, parameters) {
    if (typeof emitter[captureRejection] === 'function') {
      const all = createList();
      append(all, error);
      append(all, type);
      for (let index = 0; index < parameters.length; index++) append(all, parameters[index]);
      ReflectApply(emitter[captureRejection], emitter, all);
      return;
    }
    // What its listeners for errors reject with does not come back once more.
    const before = emitter[capturing];
    emitter[capturing] = false;
    try {
      emitter.emit('error', error);
    } finally {
      emitter[capturing] = before;
    }
  }

  function toArray(list, unwraps) {
    const array = [];
    for (let index = 0; index < list.length; index++) {
      const value = unwraps ? list[index].listener ?? list[index] : list[index];
      ObjectDefineProperty(array, index, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
    }
    return array;
  }

  function countOf(emitter, type, listener) {
    const list = listOf(emitter._events?.[type]);
    if (listener === undefined || listener === null) return list.length;
    let count = 0;
    for (let index = 0; index < list.length; index++) {
      if (list[index] === listener || list[index].listener === listener) count++;
    }
    return count;
  }

  const methods = {
    __proto__: null,

    setMaxListeners(count) {
      validateNumber(count, 'setMaxListeners', 0);
      this._maxListeners = count;
      return this;
    },

    getMaxListeners() {
      return maxListenersOf(this);
    },

    emit(type, ...parameters) {
      return emit(this, type, parameters);
    },

    addListener(type, listener) {
      return add(this, type, listener, false);
    },

    on(type, listener) {
      return add(this, type, listener, false);
    },

    prependListener(type, listener) {
      return add(this, type, listener, true);
    },

    once(type, listener) {
      return this.on(type, once(this, type, listener));
    },

    prependOnceListener(type, listener) {
      return this.prependListener(type, once(this, type, listener));
    },

    removeListener(type, listener) {
      return remove(this, type, listener);
    },

    off(type, listener) {
      return remove(this, type, listener);
    },

    removeAllListeners(type) {
      const events = this._events;
      if (events === undefined) return this;
      if (arguments.length > 0) {
        removeAll(this, type);
        return this;
      }
      const types = ReflectOwnKeys(events);
      for (let index = 0; index < types.length; index++) {
        if (types[index] !== 'removeListener') removeAll(this, types[index]);
      }
      removeAll(this, 'removeListener');
      this._events = ObjectCreate(null);
      this._eventsCount = 0;
      return this;
    },

    listeners(type) {
      return toArray(listOf(this._events?.[type]), true);
    },

    rawListeners(type) {
      return toArray(listOf(this._events?.[type]), false);
    },

    listenerCount(type, listener) {
      return countOf(this, type, listener);
    },

    eventNames() {
      return this._eventsCount > 0 ? ReflectOwnKeys(this._events) : [];
    },
  };

  const { prototype } = EventEmitter;
  const names = ReflectOwnKeys(methods);
  for (let index = 0; index < names.length; index++) showMember(prototype, names[index], methods[names[index]]);
  showMember(prototype, '_events', undefined);
  showMember(prototype, '_eventsCount', 0);
  showMember(prototype, '_maxListeners', undefined);

  // events.once(emitter, name): a promise of what the next event brings.
  function onceAsPromise(emitter, type, options) {
    return new Promise((resolve, reject) => {
      const signal = options?.signal;
      if (signal?.aborted) {
        reject(errors.abortError(signal.reason));
        return;
      }
      const isTarget = typeof emitter?.on !== 'function' && typeof emitter?.addEventListener === 'function';
      function finish(settle, value) {
        if (!isTarget) {
          emitter.removeListener(type, onEvent);
          emitter.removeListener('error', onError);
        }
        signal?.removeEventListener('abort', onAbort);
        settle(value);
      }
      const onEvent = (...values) => finish(resolve, values);
      const onError = (error) => finish(reject, error);
      const onAbort = () => finish(reject, errors.abortError(signal.reason));
      if (isTarget) emitter.addEventListener(type, onEvent, { once: true });
      else emitter.once(type, onEvent);
      if (!isTarget && type !== 'error') emitter.once('error', onError);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  // events.on(emitter, name): what the events bring, one after the other, for `for await`.
  function onAsIterator(emitter, type) {
    const waiting = createList();
    const unread = createList();
    let failure;
    let isOver = false;
    const take = (list) => {
      const first = list[0];
      host.basics.removeAt(list, 0);
      return first;
    };
    const onEvent = (...values) => {
      if (waiting.length > 0) take(waiting).resolve({ value: values, done: false });
      else append(unread, values);
    };
    const onError = (error) => {
      if (waiting.length > 0) take(waiting).reject(error);
      else failure = { error };
      finish();
    };
    function finish() {
      isOver = true;
      emitter.removeListener(type, onEvent);
      emitter.removeListener('error', onError);
      while (waiting.length > 0) take(waiting).resolve({ value: undefined, done: true });
      return PromiseResolve({ value: undefined, done: true });
    }
    emitter.on(type, onEvent);
    if (type !== 'error') emitter.on('error', onError);
    return {
      next() {
        if (unread.length > 0) return PromiseResolve({ value: take(unread), done: false });
        if (failure !== undefined) {
          const { error } = failure;
          failure = undefined;
          return PromiseReject(error);
        }
        if (isOver) return PromiseResolve({ value: undefined, done: true });
        return new Promise((resolve, reject) => append(waiting, { resolve, reject }));
      },
      return: finish,
      throw(error) {
        onError(error);
        return PromiseResolve({ value: undefined, done: true });
      },
      [SymbolAsyncIterator]() {
        return this;
      },
    };
  }

  function addAbortListener(signal, listener) {
    const { isAbortSignal, onAbort, stateOf } = host.use('abort');
    if (!isAbortSignal(signal)) throw errors.invalidArgType('signal', 'an instance of AbortSignal', signal);
    validateFunction(listener, 'listener');
    let cancel = () => {};
    if (stateOf(signal).isAborted) ops.enqueueMicrotask(host.bindContinuation(() => listener()));
    else cancel = onAbort(signal, () => listener());
    return { [SymbolDispose]: () => cancel() };
  }

  const statics = {
    __proto__: null,
    addAbortListener,
    once: onceAsPromise,
    on: onAsIterator,
    EventEmitter,
    usingDomains: false,
    captureRejectionSymbol: captureRejection,
    captureRejections: false,
    errorMonitor,
    listenerCount: (emitter, type) => emitter.listenerCount(type),
    getEventListeners: (emitter, type) => emitter.listeners(type),
    getMaxListeners: (emitter) => maxListenersOf(emitter),
    setMaxListeners(count = defaultMaxListeners, ...emitters) {
      validateNumber(count, 'setMaxListeners', 0);
      if (emitters.length === 0) defaultMaxListeners = count;
      for (let index = 0; index < emitters.length; index++) emitters[index].setMaxListeners(count);
    },
  };
  const staticNames = ReflectOwnKeys(statics);
  for (let index = 0; index < staticNames.length; index++) {
    showMember(EventEmitter, staticNames[index], statics[staticNames[index]]);
  }
  ObjectDefineProperty(EventEmitter, 'defaultMaxListeners', {
    __proto__: null,
    get() {
      return defaultMaxListeners;
    },
    set(count) {
      validateNumber(count, 'defaultMaxListeners', 0);
      defaultMaxListeners = count;
    },
    configurable: false,
    enumerable: true,
  });

  exports.EventEmitter = EventEmitter;
  exports.module = EventEmitter;
})
