// setTimeout and its family, as Node's: Timeout objects, and callbacks that belong to the invocation.
(function (primordials, host) {
  'use strict';

  const {
    MapPrototypeClear,
    MapPrototypeDelete,
    MapPrototypeGet,
    MapPrototypeGetSize,
    MapPrototypeSet,
    ObjectDefineProperty,
    ReflectApply,
    ReflectOwnKeys,
    SafeMap,
    SymbolFor,
    SymbolToPrimitive,
    TypeError,
  } = primordials;
  const { ops } = host;

  // Node's bound; a delay beyond it is 1 ms there, and so here.
  const LONGEST_DELAY = 2147483647;
  const active = new SafeMap();

  function millisecondsOf(delay) {
    const milliseconds = +delay;
    return milliseconds >= 1 && milliseconds <= LONGEST_DELAY ? milliseconds : 1;
  }

  class Timer {
    #id = 0;
    #callback;
    #parameters;
    #delay;
    #repeats;
    #isQuiet;
    #referenced = true;
    #context = host.currentContext();

    constructor(callback, parameters, delay, repeats, isQuiet) {
      this.#callback = callback;
      this.#parameters = parameters;
      this.#delay = delay;
      this.#repeats = repeats;
      this.#isQuiet = isQuiet === true;
      this.#schedule();
    }

    #schedule() {
      this.#id = ops.timerStart(this.#delay, this.#isQuiet);
      MapPrototypeSet(active, this.#id, this);
    }

    static cancel(timer) {
      if (MapPrototypeDelete(active, timer.#id)) ops.timerCancel(timer.#id);
    }

    static fire(timer) {
      MapPrototypeDelete(active, timer.#id);
      if (timer.#repeats) timer.#schedule();
      host.enterContext(timer.#context);
      ReflectApply(timer.#callback, timer, timer.#parameters);
    }

    static isTimer(value) {
      return typeof value === 'object' && value !== null && #id in value;
    }

    ref() {
      this.#referenced = true;
      return this;
    }

    unref() {
      this.#referenced = false;
      return this;
    }

    hasRef() {
      return this.#referenced;
    }

    refresh() {
      Timer.cancel(this);
      this.#schedule();
      return this;
    }

    close() {
      Timer.cancel(this);
      return this;
    }

    [SymbolToPrimitive]() {
      return this.#id;
    }
  }

  class Timeout extends Timer {}
  class Immediate extends Timer {}

  function requireFunction(callback) {
    if (typeof callback === 'function') return;
    const error = new TypeError('The "callback" argument must be of type function. Received ' + host.inspect(callback));
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  }

  function cancel(timer) {
    if (Timer.isTimer(timer)) {
      Timer.cancel(timer);
      return;
    }
    const known = typeof timer === 'number' || typeof timer === 'string' ? MapPrototypeGet(active, +timer) : undefined;
    if (known !== undefined) Timer.cancel(known);
  }

  // For the runtime's other scripts, whatever becomes of the globals.
  const timers = {
    __proto__: null,
    setTimeout(callback, delay, ...parameters) {
      requireFunction(callback);
      return new Timeout(callback, parameters, millisecondsOf(delay), false);
    },
    setInterval(callback, delay, ...parameters) {
      requireFunction(callback);
      return new Timeout(callback, parameters, millisecondsOf(delay), true);
    },
    setImmediate(callback, ...parameters) {
      requireFunction(callback);
      return new Immediate(callback, parameters, 0, false);
    },
    clearTimeout(timer) {
      cancel(timer);
    },
    clearInterval(timer) {
      cancel(timer);
    },
    clearImmediate(timer) {
      cancel(timer);
    },
  };
  host.timers = timers;
  const names = ReflectOwnKeys(timers);
  for (let index = 0; index < names.length; index++) host.defineGlobal(names[index], timers[names[index]]);

  // util.promisify(setTimeout) is a function of its own, as its callback comes first.
  function definePromised(name) {
    ObjectDefineProperty(timers[name], SymbolFor('nodejs.util.promisify.custom'), {
      __proto__: null,
      get() {
        return host.use('timers_promises').module[name];
      },
      configurable: true,
      enumerable: false,
    });
  }
  definePromised('setTimeout');
  definePromised('setImmediate');

  host.defineGlobal('queueMicrotask', function queueMicrotask(callback) {
    requireFunction(callback);
    ops.enqueueMicrotask(host.bindContinuation(() => {
      try {
        callback();
      } catch (error) {
        host.failUncaught(error);
      }
    }));
  });

  // A timer of the runtime's own, which nobody is told of when the invocation ends before it fires.
  host.startQuietTimer = function startQuietTimer(callback, delay) {
    return new Timeout(host.bindContinuation(callback), [], delay, false, true);
  };
  host.cancelTimer = cancel;

  // Entered by the cell when a timer is due.
  host.fireTimer = function fireTimer(id) {
    const timer = MapPrototypeGet(active, id);
    if (timer === undefined) return;
    try {
      Timer.fire(timer);
    } catch (error) {
      host.failUncaught(error);
    }
    host.enterContext(undefined);
  };

  // The cell has forgotten an ended invocation's timers; so must we.
  host.resetTimers = function resetTimers() {
    if (MapPrototypeGetSize(active) > 0) MapPrototypeClear(active);
  };
})
