// The module stream/promises: pipeline and finished as promises.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayIsArray, Promise } = primordials;
  const { append, createList, isObject } = host.basics;
  const { finished, followSignal, isStream } = host.use('stream_finished');
  const { run } = host.use('stream_pipeline');
  const { SymbolAsyncIterator, SymbolIterator } = primordials;

  function isOptions(value) {
    return isObject(value) && typeof value !== 'function' && !isStream(value) && typeof value[SymbolAsyncIterator] !== 'function'
      && typeof value[SymbolIterator] !== 'function';
  }

  exports.module = {
    finished(stream, options) {
      return new Promise((resolve, reject) => {
        const cleanUp = finished(stream, options, (error) => {
          if (options?.cleanup) cleanUp();
          if (error) reject(error);
          else resolve();
        });
      });
    },

    pipeline(...parameters) {
      return new Promise((resolve, reject) => {
        let options;
        let count = parameters.length;
        if (isOptions(parameters[count - 1])) {
          options = parameters[count - 1];
          count--;
        }
        const isList = count === 1 && ArrayIsArray(parameters[0]);
        const given = isList ? parameters[0] : parameters;
        if (isList) count = given.length;
        const stages = createList();
        for (let index = 0; index < count; index++) append(stages, given[index]);
        let stopFollowing = () => {};
        const running = run(stages, options, (error, value) => {
          stopFollowing();
          if (error) reject(error);
          else resolve(value);
        });
        if (options?.signal) stopFollowing = followSignal(options.signal, running.fail);
      });
    },
  };
})
