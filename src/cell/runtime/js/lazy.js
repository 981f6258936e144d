// Scripts that most functions never touch, run when they are first asked for; and globals made of them.
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
  function defineLazyGlobal(name, script) {
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
  }

  defineLazyGlobal('AbortController', 'abort');
  defineLazyGlobal('AbortSignal', 'abort');
  defineLazyGlobal('Blob', 'blob');
  defineLazyGlobal('Buffer', 'buffer');
  defineLazyGlobal('CryptoKey', 'crypto_key');
  defineLazyGlobal('CustomEvent', 'event_target');
  defineLazyGlobal('DOMException', 'dom_exception');
  defineLazyGlobal('DropEvent', 'errors');
  defineLazyGlobal('Event', 'event_target');
  defineLazyGlobal('EventNotSupported', 'errors');
  defineLazyGlobal('EventTarget', 'event_target');
  defineLazyGlobal('File', 'blob');
  defineLazyGlobal('FormData', 'form_data');
  defineLazyGlobal('Headers', 'headers');
  defineLazyGlobal('InvalidEventPayload', 'errors');
  defineLazyGlobal('Request', 'request');
  defineLazyGlobal('Response', 'response');
  defineLazyGlobal('RetryError', 'errors');
  defineLazyGlobal('TextDecoder', 'encoding');
  defineLazyGlobal('TextEncoder', 'encoding');
  defineLazyGlobal('URL', 'url');
  defineLazyGlobal('URLSearchParams', 'url_search_params');
  defineLazyGlobal('ValidationError', 'errors');
  defineLazyGlobal('atob', 'base64');
  defineLazyGlobal('btoa', 'base64');
  defineLazyGlobal('cache', 'cache');
  defineLazyGlobal('console', 'console');
  defineLazyGlobal('crypto', 'crypto');
  defineLazyGlobal('fetch', 'fetch');
  defineLazyGlobal('http', 'http');
  defineLazyGlobal('https', 'https');
  defineLazyGlobal('performance', 'performance');
  defineLazyGlobal('process', 'process');
  defineLazyGlobal('structuredClone', 'structured_clone');
  defineLazyGlobal('zlib', 'zlib');
})
