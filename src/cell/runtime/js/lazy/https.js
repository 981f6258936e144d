// The module https: requests in the manner of Node, over the cell's.
(function (primordials, host, exports) {
  'use strict';

  const module = {};
  host.use('http_modules').defineHttp(module, 'https');
  exports.https = module;
  exports.module = module;
})
