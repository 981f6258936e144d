// performance: the clock alone. Marks and measures have nobody to read them.
(function (primordials, host, exports) {
  'use strict';

  const { DateNow } = primordials;
  const { ops } = host;
  const { defineInterface } = host.use('web_interface');

  const timeOrigin = DateNow() - ops.now();

  class Performance {
    get timeOrigin() {
      return timeOrigin;
    }

    // Whole milliseconds, since a finer clock would tell functions of each other.
    now() {
      return ops.now();
    }

    toJSON() {
      return { timeOrigin };
    }
  }
  defineInterface(Performance, 'Performance');

  exports.performance = new Performance();
})
