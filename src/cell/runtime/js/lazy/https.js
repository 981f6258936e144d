// The module https: requests in the manner of Node, over the cell's.
(function (primordials, host, exports) {
  'use strict';

  host.use('http_modules').defineHttp(exports, 'https');
})
