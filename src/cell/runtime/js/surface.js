// The global object as functions find it: no buffers that grow.
(function (primordials, host) {
  'use strict';

  const { ObjectDefineProperty, Proxy, ReflectConstruct, TypeError } = primordials;

  // V8 takes the memory of resizable buffers from the system, past the account that limits the others. A
  // proxy in place of the constructor, also on the prototype, leaves no way to the option.
  function withoutGrowth(constructor) {
    const limited = new Proxy(constructor, {
      __proto__: null,
      construct(target, parameters, newTarget) {
        const options = parameters[1];
        if (options !== null && typeof options === 'object' && options.maxByteLength !== undefined) {
          throw new TypeError('Resizable buffers are not available: maxByteLength');
        }
        return ReflectConstruct(target, [parameters[0]], newTarget === limited ? target : newTarget);
      },
    });
    ObjectDefineProperty(constructor.prototype, 'constructor', {
      __proto__: null,
      value: limited,
      configurable: true,
      enumerable: false,
      writable: true,
    });
    host.defineGlobal(constructor.name, limited);
  }

  withoutGrowth(primordials.ArrayBuffer);
})
