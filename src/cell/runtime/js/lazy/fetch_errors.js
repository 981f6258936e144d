// FetchError and AbortError, as node-fetch throws them.
(function (primordials, host, exports) {
  'use strict';

  const { Error, ErrorCaptureStackTrace, ObjectDefineProperty } = primordials;
  const { hide } = host.use('web_interface');

  function set(error, key, value) {
    ObjectDefineProperty(error, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  class FetchError extends Error {
    constructor(message, type, systemError) {
      super(message);
      set(this, 'type', type);
      const code = systemError?.code;
      if (code === undefined || code === '') return;
      set(this, 'errno', code);
      set(this, 'code', code);
    }
  }
  hide(FetchError.prototype, 'name', 'FetchError');

  class AbortError extends Error {
    constructor(message = 'The user aborted a request.') {
      super(message);
      set(this, 'type', 'aborted');
    }
  }
  hide(AbortError.prototype, 'name', 'AbortError');

  // The stack of these begins where the function called us: what lies between is no concern of its.
  exports.fetchError = function fetchError(message, type, code) {
    const error = new FetchError(message, type, { __proto__: null, code });
    ErrorCaptureStackTrace(error, fetchError);
    return error;
  };

  exports.abortError = function abortError(reason) {
    const error = new AbortError();
    hide(error, 'cause', reason);
    return error;
  };

  exports.FetchError = FetchError;
  exports.AbortError = AbortError;
})
