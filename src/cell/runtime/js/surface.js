// The global object as functions find it: our console in place of V8's.
(function (primordials, host) {
  'use strict';

  host.defineGlobal('console', host.console);
})
