// How the runtime puts names on the global object: as Node does, writable and not enumerable.
(function (primordials, host) {
  'use strict';

  const { ObjectDefineProperty } = primordials;

  host.defineGlobal = function defineGlobal(name, value) {
    ObjectDefineProperty(globalThis, name, {
      __proto__: null,
      value,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  };

  host.defineGlobal('global', globalThis);
})
