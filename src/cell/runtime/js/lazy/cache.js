// cache.load and cache.delete: values shared by all isolates of a function instance, loaded once.
(function (primordials, host, exports) {
  'use strict';

  const {
    Error,
    MapPrototypeDelete,
    MapPrototypeGet,
    MapPrototypeGetSize,
    MapPrototypeKeys,
    MapPrototypeSet,
    MapIteratorPrototypeNext,
    ObjectDefineProperty,
    ObjectKeys,
    Promise,
    RangeError,
    SafeMap,
    TypeError,
  } = primordials;
  const { ops } = host;
  const { cloneWithin } = host.use('structured_clone');

  // As the ops number what a look comes to.
  const VALUE = 0;
  const LOAD = 1;
  const WAIT = 2;

  // Bytes of an error that those who shared its load get to know.
  const MOST_OF_AN_ERROR = 32768;
  const MOST_PROPERTIES = 32;

  // Values that can't be copied stay in this isolate, up to so many.
  const MOST_LOCAL = 100;
  const local = new SafeMap();

  // Characters of a key: keys of loads count against no heap and no budget.
  const LONGEST_KEY = 8192;

  function requireKey(key) {
    if (typeof key !== 'string') throw new TypeError('cache: the key must be a string, not ' + host.inspect(key));
    if (key.length > LONGEST_KEY) {
      throw new RangeError('cache: the key has ' + key.length + ' characters, over the limit of ' + LONGEST_KEY);
    }
  }

  function requireTtl(ttl) {
    if (ttl === undefined || ttl === null) return -1;
    if (typeof ttl === 'number' && (ttl >= 0 || ttl === -1)) return ttl;
    throw new TypeError('cache.load: ttl must be milliseconds, or -1 for no expiry, not ' + host.inspect(ttl));
  }

  function load(key, ttl, loader) {
    return new Promise((resolve, reject) => {
      // Without a ttl the loader may come second.
      const shifted = typeof ttl === 'function' && loader === undefined;
      const wanted = {
        __proto__: null, key, ttl: requireTtl(shifted ? undefined : ttl), loader: shifted ? ttl : loader, resolve, reject,
      };
      requireKey(key);
      if (typeof wanted.loader !== 'function') {
        throw new TypeError('cache.load: the loader must be a function, not ' + host.inspect(wanted.loader));
      }
      const kept = findLocal(key);
      if (kept !== undefined) resolve(kept.value);
      else look(wanted);
    });
  }

  function look(wanted) {
    const { 0: kind, 1: detail } = ops.cacheLook(wanted.key);
    if (kind === WAIT) host.awaitCache(detail, (told, ticket) => meet(wanted, told, ticket));
    else meet(wanted, kind, detail);
  }

  function meet(wanted, kind, ticket) {
    if (kind === LOAD) {
      loadAnew(wanted, ticket);
      return;
    }
    let read;
    try {
      read = ops.cacheRead();
    } catch (error) {
      wanted.reject(error);
      return;
    }
    if (kind === VALUE) wanted.resolve(read);
    else wanted.reject(errorOf(read));
  }

  async function loadAnew(wanted, ticket) {
    const { key, ttl, loader, resolve, reject } = wanted;
    let value;
    try {
      value = await loader();
    } catch (error) {
      reject(error);
      tellOfFailure(ticket, error);
      return;
    }
    resolve(value);
    let copy;
    try {
      copy = cloneWithin(value, ops.cacheValueBytes());
      ops.cacheStore(ticket, copy, ttl);
    } catch (error) {
      // What can't be copied stays here; what is too large is not kept. Others load it for themselves.
      if (error?.name === 'DataCloneError') keepLocal(key, ttl, value);
      ops.cacheAbandon(ticket);
    }
  }

  function tellOfFailure(ticket, error) {
    try {
      ops.cacheFail(ticket, cloneWithin(descriptionOf(error), MOST_OF_AN_ERROR));
    } catch {
      ops.cacheFail(ticket, { message: 'the value could not be loaded', properties: {} });
    }
  }

  // An error keeps what the router and the author tell it by; a copy of V8's would lose its class's name.
  function descriptionOf(error) {
    if (typeof error !== 'object' || error === null) return { thrown: error };
    const properties = {};
    const keys = ObjectKeys(error);
    for (let index = 0; index < keys.length && index < MOST_PROPERTIES; index++) {
      const value = error[keys[index]];
      if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') {
        ObjectDefineProperty(properties, keys[index], { __proto__: null, value, configurable: true, enumerable: true, writable: true });
      }
    }
    return { name: textOf(error.name), message: textOf(error.message), stack: textOf(error.stack), properties };
  }

  function textOf(value) {
    return typeof value === 'string' ? value : undefined;
  }

  function errorOf(description) {
    if (description.properties === undefined) return description.thrown;
    const error = new Error(description.message);
    hide(error, 'name', description.name);
    hide(error, 'stack', description.stack);
    const keys = ObjectKeys(description.properties);
    for (let index = 0; index < keys.length; index++) {
      const value = description.properties[keys[index]];
      ObjectDefineProperty(error, keys[index], { __proto__: null, value, configurable: true, enumerable: true, writable: true });
    }
    return error;
  }

  function hide(error, key, value) {
    if (value === undefined) return;
    ObjectDefineProperty(error, key, { __proto__: null, value, configurable: true, enumerable: false, writable: true });
  }

  function keepLocal(key, ttl, value) {
    MapPrototypeDelete(local, key);
    if (MapPrototypeGetSize(local) >= MOST_LOCAL) {
      MapPrototypeDelete(local, MapIteratorPrototypeNext(MapPrototypeKeys(local)).value);
    }
    MapPrototypeSet(local, key, { __proto__: null, value, expires: ttl === -1 ? Infinity : ops.now() + ttl });
  }

  function findLocal(key) {
    const kept = MapPrototypeGet(local, key);
    if (kept === undefined || kept.expires > ops.now()) return kept;
    MapPrototypeDelete(local, key);
    return undefined;
  }

  exports.cache = {
    load,

    delete(key) {
      requireKey(key);
      MapPrototypeDelete(local, key);
      ops.cacheDelete(key);
    },
  };
})
