// The part of Node's EventEmitter that streams and requests need. Listeners run in the context that they
// were added in.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayFrom, FunctionPrototypeCall, MapPrototypeClear, MapPrototypeDelete, MapPrototypeForEach, MapPrototypeGet,
    MapPrototypeSet, ReflectApply, SafeMap,
  } = primordials;
  const { append, createList, isObject, removeAt } = host.basics;
  const { invalidArgType, invalidThis } = host.use('node_errors');

  let listenersOf;

  class Emitter {
    #listeners = new SafeMap();

    static {
      listenersOf = (emitter) => {
        if (!isObject(emitter) || !(#listeners in emitter)) throw invalidThis('EventEmitter');
        return emitter.#listeners;
      };
    }

    on(name, callback) {
      add(this, name, callback, false, false);
      return this;
    }

    once(name, callback) {
      add(this, name, callback, true, false);
      return this;
    }

    prependListener(name, callback) {
      add(this, name, callback, false, true);
      return this;
    }

    off(name, callback) {
      const list = MapPrototypeGet(listenersOf(this), name);
      for (let index = (list?.length ?? 0) - 1; index >= 0; index--) {
        if (list[index].callback !== callback) continue;
        removeListener(this, name, list, list[index]);
        break;
      }
      return this;
    }

    emit(name, ...values) { return exports.emit(this, name, values); }

    removeAllListeners(name = undefined) {
      if (arguments.length === 0) MapPrototypeClear(listenersOf(this));
      else MapPrototypeDelete(listenersOf(this), name);
      return this;
    }

    listenerCount(name) { return exports.countListeners(this, name); }

    listeners(name) {
      const list = MapPrototypeGet(listenersOf(this), name);
      const callbacks = createList();
      for (let index = 0; index < (list?.length ?? 0); index++) append(callbacks, list[index].callback);
      return ArrayFrom(callbacks);
    }

    eventNames() {
      const names = createList();
      MapPrototypeForEach(listenersOf(this), (list, name) => append(names, name));
      return ArrayFrom(names);
    }

    setMaxListeners() { return this; }
  }
  const { prototype } = Emitter;
  host.use('web_interface').hide(prototype, 'addListener', prototype.on);
  host.use('web_interface').hide(prototype, 'removeListener', prototype.off);

  function add(emitter, name, callback, isOnce, isFirst) {
    if (typeof callback !== 'function') throw invalidArgType('listener', 'of type function', callback);
    const listeners = listenersOf(emitter);
    let list = MapPrototypeGet(listeners, name);
    if (list === undefined) {
      list = createList();
      MapPrototypeSet(listeners, name, list);
    }
    const run = host.bindContinuation((values) => ReflectApply(callback, emitter, values));
    append(list, { callback, run, isOnce });
    if (!isFirst) return;
    for (let index = list.length - 1; index > 0; index--) {
      const moved = list[index];
      list[index] = list[index - 1];
      list[index - 1] = moved;
    }
  }

  function removeListener(emitter, name, list, listener) {
    for (let index = 0; index < list.length; index++) {
      if (list[index] !== listener) continue;
      removeAt(list, index);
      break;
    }
    if (list.length === 0) MapPrototypeDelete(listenersOf(emitter), name);
  }

  exports.countListeners = function countListeners(emitter, name) {
    return MapPrototypeGet(listenersOf(emitter), name)?.length ?? 0;
  };

  // Calls the listeners with the array of values; false where there are none. An error that nobody listens
  // for is thrown.
  exports.emit = function emit(emitter, name, values) {
    const list = MapPrototypeGet(listenersOf(emitter), name);
    if (list === undefined) {
      if (name === 'error') throw values[0];
      return false;
    }
    const present = createList();
    for (let index = 0; index < list.length; index++) append(present, list[index]);
    for (let index = 0; index < present.length; index++) {
      const listener = present[index];
      if (listener.isOnce) removeListener(emitter, name, list, listener);
      FunctionPrototypeCall(listener.run, undefined, values);
    }
    return true;
  };

  // For events that come from the runtime: what a listener throws ends the invocation, as uncaught errors do.
  exports.emitSafely = function emitSafely(emitter, name, values) {
    try {
      return exports.emit(emitter, name, values);
    } catch (error) {
      host.failUncaught(error);
      return true;
    }
  };

  exports.Emitter = Emitter;
})
