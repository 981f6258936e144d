// Globals that most functions never touch: the script behind one is run when it is first read.
(function (primordials, host) {
  'use strict';

  const { MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, SafeMap } = primordials;
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
  host.defineLazyGlobal('fetch', 'fetch');
  host.defineLazyGlobal('structuredClone', 'structured_clone');
})
