// The module assert/strict.
(function (primordials, host, exports) {
  'use strict';

  exports.module = host.use('assert').strict;
})
