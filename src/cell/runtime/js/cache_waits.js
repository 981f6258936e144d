// Values of the cache that another loads: who waits for them in this isolate.
(function (primordials, host) {
  'use strict';

  const { MapPrototypeClear, MapPrototypeDelete, MapPrototypeGet, MapPrototypeGetSize, MapPrototypeSet, SafeMap } = primordials;
  const { ops } = host;
  const waiting = new SafeMap();

  // As the ops number them.
  const LOAD = 1;

  // Calls back once, with what there is to say, in the context of this call.
  host.awaitCache = function awaitCache(id, callback) {
    MapPrototypeSet(waiting, id, host.bindContinuation(callback));
  };

  // Entered by the cell when there is something to say to a waiter.
  host.cacheNews = function cacheNews(id, kind, detail) {
    const callback = MapPrototypeGet(waiting, id);
    if (callback === undefined) {
      // It was left behind by an earlier invocation.
      if (kind === LOAD) ops.cacheAbandon(detail);
      return;
    }
    MapPrototypeDelete(waiting, id);
    callback(kind, detail);
  };

  host.resetCacheWaits = function resetCacheWaits() {
    if (MapPrototypeGetSize(waiting) > 0) MapPrototypeClear(waiting);
  };
})
