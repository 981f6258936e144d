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

  host.defineLazyGlobal('Buffer', 'buffer');
  host.defineLazyGlobal('DOMException', 'dom_exception');
  host.defineLazyGlobal('TextDecoder', 'encoding');
  host.defineLazyGlobal('TextEncoder', 'encoding');
  host.defineLazyGlobal('URL', 'url');
  host.defineLazyGlobal('URLSearchParams', 'url_search_params');
  host.defineLazyGlobal('atob', 'base64');
  host.defineLazyGlobal('btoa', 'base64');
  host.defineLazyGlobal('structuredClone', 'structured_clone');
})
