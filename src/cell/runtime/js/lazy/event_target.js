// Event and EventTarget, for targets without a tree: every event has one target.
(function (primordials, host, exports) {
  'use strict';

  const {
    MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, ReflectApply, SafeMap, TypeError,
  } = primordials;
  const { ops } = host;
  const { append, createList, isObject, removeAt } = host.basics;
  const { invalidArgType, invalidThis } = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');
  const { optionsOf, requireArguments, showAs } = host.use('web_types');

  const NONE = 0;
  const AT_TARGET = 2;

  let stateOf;
  let markTrusted;

  class Event {
    #state;

    constructor(type, options) {
      requireArguments(arguments.length, 1, 'Event');
      const { bubbles, cancelable, composed } = optionsOf(options, 'Event');
      this.#state = {
        type: `${type}`,
        bubbles: !!bubbles,
        cancelable: !!cancelable,
        composed: !!composed,
        timeStamp: ops.now(),
        target: null,
        currentTarget: null,
        phase: NONE,
        isTrusted: false,
        isCancelled: false,
        isStopped: false,
        isStoppedNow: false,
        isDispatched: false,
        isPassive: false,
      };
    }

    static {
      stateOf = (event) => {
        if (!isObject(event) || !(#state in event)) throw invalidThis('Event');
        return event.#state;
      };
      exports.isEvent = (value) => isObject(value) && #state in value;
      markTrusted = (event) => {
        event.#state.isTrusted = true;
      };
    }

    get type() { return stateOf(this).type; }
    get target() { return stateOf(this).target; }
    get srcElement() { return stateOf(this).target; }
    get currentTarget() { return stateOf(this).currentTarget; }
    get eventPhase() { return stateOf(this).phase; }
    get bubbles() { return stateOf(this).bubbles; }
    get cancelable() { return stateOf(this).cancelable; }
    get composed() { return stateOf(this).composed; }
    get defaultPrevented() { return stateOf(this).isCancelled; }
    get isTrusted() { return stateOf(this).isTrusted; }
    get timeStamp() { return stateOf(this).timeStamp; }

    get returnValue() { return !stateOf(this).isCancelled; }
    set returnValue(value) { if (!value) cancel(stateOf(this)); }

    get cancelBubble() { return stateOf(this).isStopped; }
    set cancelBubble(value) { if (value) stateOf(this).isStopped = true; }

    composedPath() {
      const { currentTarget } = stateOf(this);
      return currentTarget === null ? [] : [currentTarget];
    }

    preventDefault() { cancel(stateOf(this)); }

    stopPropagation() { stateOf(this).isStopped = true; }

    stopImmediatePropagation() {
      const state = stateOf(this);
      state.isStopped = true;
      state.isStoppedNow = true;
    }

    initEvent(type, bubbles = false, cancelable = false) {
      const state = stateOf(this);
      if (state.isDispatched) return;
      state.type = `${type}`;
      state.bubbles = !!bubbles;
      state.cancelable = !!cancelable;
      state.isCancelled = false;
      state.isStopped = false;
      state.isStoppedNow = false;
    }
  }

  function cancel(state) {
    if (state.cancelable && !state.isPassive) state.isCancelled = true;
  }

  const phases = ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'];
  for (let index = 0; index < phases.length; index++) {
    const phase = { __proto__: null, value: index, configurable: false, enumerable: true, writable: false };
    ObjectDefineProperty(Event.prototype, phases[index], phase);
    ObjectDefineProperty(Event, phases[index], phase);
  }
  defineInterface(Event, 'Event');
  showAs(Event, 'Event', (event) => {
    const { type, isCancelled, cancelable, timeStamp } = stateOf(event);
    return { type, defaultPrevented: isCancelled, cancelable, timeStamp };
  });

  class CustomEvent extends Event {
    #detail;

    constructor(type, options) {
      super(type, options);
      this.#detail = optionsOf(options, 'CustomEvent').detail ?? null;
    }

    get detail() { return this.#detail; }
  }
  defineInterface(CustomEvent, 'CustomEvent');

  let registryOf;

  class EventTarget {
    // What is listened for: listeners by type, how many there are, and who wants to know that number.
    #registry = { listeners: new SafeMap(), handlers: new SafeMap(), count: 0, observer: undefined };

    static {
      registryOf = (target) => {
        if (!isObject(target) || !(#registry in target)) throw invalidThis('EventTarget');
        return target.#registry;
      };
    }

    addEventListener(type, callback, options) {
      const registry = registryOf(this);
      requireArguments(arguments.length, 2, 'EventTarget.addEventListener');
      const listener = createListener(this, callback, options);
      if (listener !== undefined) add(registry, `${type}`, listener);
    }

    removeEventListener(type, callback, options) {
      const registry = registryOf(this);
      requireArguments(arguments.length, 2, 'EventTarget.removeEventListener');
      remove(registry, `${type}`, callback, captureOf(options));
    }

    dispatchEvent(event) {
      const registry = registryOf(this);
      requireArguments(arguments.length, 1, 'EventTarget.dispatchEvent');
      if (!exports.isEvent(event)) {
        throw invalidArgType('event', 'an instance of Event', event);
      }
      const state = stateOf(event);
      if (state.isDispatched) {
        const { DOMException } = host.use('dom_exception');
        throw new DOMException(`The event "${state.type}" is already being dispatched`, 'InvalidStateError');
      }
      state.isTrusted = false;
      dispatch(this, registry, event, state);
      return !state.isCancelled;
    }
  }
  defineInterface(EventTarget, 'EventTarget');

  function captureOf(options) {
    return isObject(options) ? !!options.capture : !!options;
  }

  function createListener(target, callback, options) {
    const fields = isObject(options) ? options : { __proto__: null };
    const capture = captureOf(options);
    const { once, passive, signal } = fields;
    if (signal !== undefined && !host.use('abort').isAbortSignal(signal)) {
      throw new TypeError('EventTarget.addEventListener: options.signal must be an AbortSignal');
    }
    if (callback === null || callback === undefined) return undefined;
    if (!isObject(callback)) throw invalidArgType('listener', 'an instance of EventListener', callback);
    if (signal !== undefined && host.use('abort').stateOf(signal).isAborted) return undefined;
    const run = host.bindContinuation((event) => call(callback, target, event));
    return { callback, capture, once: !!once, passive: !!passive, signal, run, isRemoved: false, unbind: undefined };
  }

  function call(callback, target, event) {
    if (typeof callback === 'function') ReflectApply(callback, target, [event]);
    else ReflectApply(callback.handleEvent, callback, [event]);
  }

  function indexOfListener(listeners, callback, capture) {
    for (let index = 0; index < listeners.length; index++) {
      if (listeners[index].callback === callback && listeners[index].capture === capture) return index;
    }
    return -1;
  }

  function add(registry, type, listener) {
    let listeners = MapPrototypeGet(registry.listeners, type);
    if (listeners === undefined) {
      listeners = createList();
      MapPrototypeSet(registry.listeners, type, listeners);
    }
    if (indexOfListener(listeners, listener.callback, listener.capture) !== -1) return;
    append(listeners, listener);
    changeCount(registry, 1);
    if (listener.signal === undefined) return;
    const stop = () => remove(registry, type, listener.callback, listener.capture);
    listener.unbind = host.use('abort').onAbort(listener.signal, stop);
  }

  function remove(registry, type, callback, capture) {
    const listeners = MapPrototypeGet(registry.listeners, type);
    const index = listeners === undefined ? -1 : indexOfListener(listeners, callback, capture);
    if (index === -1) return;
    const listener = listeners[index];
    listener.isRemoved = true;
    if (listener.unbind !== undefined) listener.unbind();
    removeAt(listeners, index);
    changeCount(registry, -1);
  }

  function changeCount(registry, difference) {
    registry.count += difference;
    if (registry.observer !== undefined) registry.observer(registry.count);
  }

  function dispatch(target, registry, event, state) {
    state.target = target;
    state.currentTarget = target;
    state.phase = AT_TARGET;
    state.isDispatched = true;
    const listeners = MapPrototypeGet(registry.listeners, state.type);
    const present = createList();
    for (let index = 0; index < (listeners?.length ?? 0); index++) append(present, listeners[index]);
    for (let index = 0; index < present.length && !state.isStoppedNow && !(index === 0 && state.isStopped); index++) {
      const listener = present[index];
      if (!listener.isRemoved) notify(registry, listener, event, state);
    }
    state.currentTarget = null;
    state.phase = NONE;
    state.isDispatched = false;
    state.isStopped = false;
    state.isStoppedNow = false;
    state.isPassive = false;
  }

  // Others that are called hear of it all the same; then this ends the invocation, as an uncaught exception does.
  function failAfterwards(error) {
    ops.enqueueMicrotask(host.bindContinuation(() => host.failUncaught(error)));
  }
  exports.failAfterwards = failAfterwards;

  function notify(registry, listener, event, state) {
    if (listener.once) remove(registry, state.type, listener.callback, listener.capture);
    state.isPassive = listener.passive;
    try {
      listener.run(event);
    } catch (error) {
      failAfterwards(error);
    }
    state.isPassive = false;
  }

  // An event of the runtime's own making.
  exports.fire = function fire(target, type) {
    const event = new Event(type);
    markTrusted(event);
    dispatch(target, registryOf(target), event, stateOf(event));
  };

  // Calls `observer` with the number of listeners whenever it changes.
  exports.observeListeners = function observeListeners(target, observer) {
    registryOf(target).observer = observer;
  };

  // An accessor such as onabort, whose function is called as a listener at the place it was first set at.
  exports.defineHandler = function defineHandler(prototype, type) {
    ObjectDefineProperty(prototype, 'on' + type, {
      __proto__: null,
      get() {
        return MapPrototypeGet(registryOf(this).handlers, type)?.value ?? null;
      },
      set(value) {
        setHandler(this, registryOf(this), type, isObject(value) ? value : null);
      },
      configurable: true,
      enumerable: true,
    });
  };

  function setHandler(target, registry, type, value) {
    let handler = MapPrototypeGet(registry.handlers, type);
    if (handler === undefined) {
      handler = { value: null, listen: undefined };
      handler.listen = function listen(event) {
        if (typeof handler.value === 'function') ReflectApply(handler.value, target, [event]);
      };
      MapPrototypeSet(registry.handlers, type, handler);
    }
    handler.value = value;
    if (value === null) remove(registry, type, handler.listen, false);
    else add(registry, type, createListener(target, handler.listen, undefined));
  }

  exports.Event = Event;
  exports.CustomEvent = CustomEvent;
  exports.EventTarget = EventTarget;
})
