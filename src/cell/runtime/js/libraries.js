// Libraries: npm packages that functions find as globals and by require. The rest of them is in `lazy/libraries.js`.
(function (primordials, host) {
  'use strict';

  const { ObjectDefineProperty } = primordials;

  // A global that a library is found as, or would be. Like the others, a function may replace it.
  function defineLibraryGlobal(name) {
    ObjectDefineProperty(globalThis, name, {
      __proto__: null,
      get() {
        return host.use('libraries').touch(name);
      },
      set(value) {
        host.defineGlobal(name, value);
      },
      configurable: true,
      enumerable: false,
    });
  }

  for (let index = 0; index < host.libraryGlobals.length; index++) defineLibraryGlobal(host.libraryGlobals[index]);
  host.libraryGlobals = undefined;
})
