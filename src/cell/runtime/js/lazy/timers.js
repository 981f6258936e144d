// The module timers: the globals of the same names, as they were.
(function (primordials, host, exports) {
  'use strict';

  const { timers } = host;

  exports.module = {
    setTimeout: timers.setTimeout,
    clearTimeout: timers.clearTimeout,
    setImmediate: timers.setImmediate,
    clearImmediate: timers.clearImmediate,
    setInterval: timers.setInterval,
    clearInterval: timers.clearInterval,
    get promises() {
      return host.use('timers_promises').module;
    },
  };
})
