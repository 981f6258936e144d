// The module http: requests in the manner of Node, over the cell's.
(function (primordials, host, exports) {
  'use strict';

  const module = {};
  host.use('http_modules').defineHttp(module, 'http');
  exports.http = module;
  exports.module = module;
})
