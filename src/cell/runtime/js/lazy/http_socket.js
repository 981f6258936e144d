// What stands for the socket of a request, for those who wait for one or watch it: connected from the beginning, with
// nothing to read or write.
(function (primordials, host, exports) {
  'use strict';

  const { ObjectDefineProperty } = primordials;
  const { Emitter } = host.use('emitter');

  function set(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  class Socket extends Emitter {
    #request;

    constructor(request) {
      super();
      this.#request = request;
      set(this, 'connecting', false);
      set(this, 'encrypted', request.protocol === 'https:');
    }

    get destroyed() { return this.#request.destroyed; }

    // As of the request, which tells the socket, too.
    setTimeout(milliseconds, callback = undefined) {
      if (typeof callback === 'function') this.once('timeout', callback);
      this.#request.setTimeout(milliseconds);
      return this;
    }

    destroy(error = undefined) {
      this.#request.destroy(error);
      return this;
    }

    setNoDelay() { return this; }
    setKeepAlive() { return this; }
    ref() { return this; }
    unref() { return this; }
  }

  exports.Socket = Socket;
})
