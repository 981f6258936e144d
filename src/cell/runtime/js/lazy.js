// Globals and modules that most functions never touch: the script behind one is run when it is first asked for.
(function (primordials, host) {
  'use strict';

  const {
    Error,
    MapPrototypeGet,
    MapPrototypeSet,
    ObjectDefineProperty,
    SafeMap,
    StringPrototypeSlice,
    StringPrototypeStartsWith,
    TypeError,
  } = primordials;
  const { ops } = host;
  const loaded = new SafeMap();

  // What the script `lazy/NAME.js` puts on its exports. Kept only once it has run to its end, so that one
  // that was cut short by a stack that was all but used up is run anew. Scripts must not use each other
  // in a circle.
  host.use = function use(name) {
    let exports = MapPrototypeGet(loaded, name);
    if (exports === undefined) {
      exports = { __proto__: null };
      ops.runLazy('lazy/' + name, primordials, host, exports);
      MapPrototypeSet(loaded, name, exports);
    }
    return exports;
  };

  // A global that is the export of that name of `lazy/SCRIPT.js`. Like the others, a function may replace it.
  host.defineLazyGlobal = function defineLazyGlobal(name, script) {
    ObjectDefineProperty(globalThis, name, {
      __proto__: null,
      get() {
        const value = host.use(script)[name];
        host.defineGlobal(name, value);
        return value;
      },
      set(value) {
        host.defineGlobal(name, value);
      },
      configurable: true,
      enumerable: false,
    });
  };

  host.defineLazyGlobal('AbortController', 'abort');
  host.defineLazyGlobal('AbortSignal', 'abort');
  host.defineLazyGlobal('Blob', 'blob');
  // Scripts of modules by the modules' names, and the names as an error lists them.
  const scripts = new SafeMap();
  let names = '';

  // A module that require(name) finds: what `lazy/SCRIPT.js` has put on its exports as `module`.
  host.defineModule = function defineModule(name, script) {
    MapPrototypeSet(scripts, name, script);
    names += (names === '' ? '' : ', ') + name;
  };
  host.defineGlobal('require', function require(name) {
    if (typeof name !== 'string') throw withCode(new TypeError('require needs the name of a module'), 'ERR_INVALID_ARG_TYPE');
    const script = MapPrototypeGet(scripts, StringPrototypeStartsWith(name, 'node:') ? StringPrototypeSlice(name, 5) : name);
    if (script !== undefined) return host.use(script).module;
    throw withCode(new Error("Cannot find module '" + name + "': there are " + names), 'MODULE_NOT_FOUND');
  });
  function withCode(error, code) {
    ObjectDefineProperty(error, 'code', { __proto__: null, value: code, configurable: true, enumerable: true, writable: true });
    return error;
  }
  host.defineLazyGlobal('Buffer', 'buffer');
  host.defineLazyGlobal('CustomEvent', 'event_target');
  host.defineLazyGlobal('DOMException', 'dom_exception');
  host.defineLazyGlobal('Event', 'event_target');
  host.defineLazyGlobal('EventTarget', 'event_target');
  host.defineLazyGlobal('File', 'blob');
  host.defineLazyGlobal('FormData', 'form_data');
  host.defineLazyGlobal('Headers', 'headers');
  host.defineLazyGlobal('Request', 'request');
  host.defineLazyGlobal('Response', 'response');
  host.defineLazyGlobal('TextDecoder', 'encoding');
  host.defineLazyGlobal('TextEncoder', 'encoding');
  host.defineLazyGlobal('URL', 'url');
  host.defineLazyGlobal('URLSearchParams', 'url_search_params');
  host.defineLazyGlobal('atob', 'base64');
  host.defineLazyGlobal('btoa', 'base64');
  host.defineLazyGlobal('cache', 'cache');
  host.defineLazyGlobal('crypto', 'crypto');
  host.defineLazyGlobal('fetch', 'fetch');
  host.defineLazyGlobal('performance', 'performance');
  host.defineLazyGlobal('process', 'process');
  host.defineLazyGlobal('structuredClone', 'structured_clone');

  host.defineModule('assert', 'assert');
  host.defineModule('assert/strict', 'assert_strict');
  host.defineModule('buffer', 'buffer');
  host.defineModule('crypto', 'crypto');
  host.defineModule('events', 'events');
  host.defineModule('os', 'os');
  host.defineModule('path', 'path');
  host.defineModule('path/posix', 'path');
  host.defineModule('process', 'process');
  host.defineModule('querystring', 'querystring');
  host.defineModule('string_decoder', 'string_decoder');
  host.defineModule('timers', 'timers');
  host.defineModule('timers/promises', 'timers_promises');
  host.defineModule('util', 'util');
  host.defineModule('util/types', 'types');
})
