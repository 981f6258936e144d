// The five error classes a function throws to tell the router how it ended.
(function (primordials, host, exports) {
  'use strict';

  const { ObjectDefineProperty, ObjectPrototypeIsPrototypeOf, Error } = primordials;

  class EventNotSupported extends Error {}
  class InvalidEventPayload extends Error {}
  class ValidationError extends Error {}
  class DropEvent extends Error {}

  class RetryError extends Error {
    constructor(message, options) {
      super(message, options);
      if (options !== null && typeof options === 'object' && options.retryAfter !== undefined) {
        ObjectDefineProperty(this, 'retryAfter', {
          __proto__: null,
          value: options.retryAfter,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      }
    }
  }

  // Each class with the code that its errors answer with; the numbers are the ops' own.
  const { codes } = host;
  const kinds = [
    { __proto__: null, name: 'EventNotSupported', type: EventNotSupported, code: codes.UNSUPPORTED_EVENT_TYPE },
    { __proto__: null, name: 'InvalidEventPayload', type: InvalidEventPayload, code: codes.MESSAGE_REJECTED },
    { __proto__: null, name: 'ValidationError', type: ValidationError, code: codes.MESSAGE_REJECTED },
    { __proto__: null, name: 'RetryError', type: RetryError, code: codes.RETRY },
    { __proto__: null, name: 'DropEvent', type: DropEvent, code: codes.DROP_EVENT },
  ];
  for (let index = 0; index < kinds.length; index++) {
    const kind = kinds[index];
    kind.prototype = kind.type.prototype;
    ObjectDefineProperty(kind.prototype, 'name', {
      __proto__: null,
      value: kind.name,
      configurable: true,
      enumerable: false,
      writable: true,
    });
    exports[kind.name] = kind.type;
  }

  // The code an error of ours answers with, whatever the function did to the globals; undefined for others.
  exports.codeByIdentity = function codeByIdentity(error) {
    for (let index = 0; index < kinds.length; index++) {
      if (ObjectPrototypeIsPrototypeOf(kinds[index].prototype, error)) return kinds[index].code;
    }
    return undefined;
  };

  // The same for errors that crossed a library and kept only their name.
  exports.codeByName = function codeByName(name) {
    for (let index = 0; index < kinds.length; index++) {
      if (kinds[index].name === name) return kinds[index].code;
    }
    return undefined;
  };
})
