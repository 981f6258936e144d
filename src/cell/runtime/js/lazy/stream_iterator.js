// What a Readable brings, one after the other.
(function (primordials, host, exports) {
  'use strict';

  const { ObjectDefineProperty, Promise } = primordials;
  const { destroyAny } = host.use('stream_base');
  const { Readable } = host.use('stream_readable');
  const { finished } = host.use('stream_finished');

  // As `for await` wants it; leaving the loop destroys the stream.
  exports.iterate = async function* iterate(stream, options) {
    const source = typeof stream.read === 'function' ? stream : new Readable({ __proto__: null, objectMode: true }).wrap(stream);
    const waiting = { __proto__: null, resolve: undefined };
    const wake = () => {
      const { resolve } = waiting;
      waiting.resolve = undefined;
      if (resolve !== undefined) resolve();
    };
    source.on('readable', wake);
    // undefined until it is over, then null or what it failed with.
    let end;
    const cleanUp = finished(source, { __proto__: null, writable: false }, (error) => {
      end = error ?? null;
      wake();
    });
    try {
      for (;;) {
        const chunk = source.destroyed ? null : source.read();
        if (chunk !== null) yield chunk;
        else if (end) throw end;
        else if (end === null) return;
        else {
          await new Promise((resolve) => {
            waiting.resolve = resolve;
          });
        }
      }
    } finally {
      const destroys = end || options?.destroyOnReturn !== false;
      if (destroys && (end === undefined || source._readableState.autoDestroy)) destroyAny(source, null);
      else {
        source.off('readable', wake);
        cleanUp();
      }
    }
  };

  exports.toArray = async function toArray(stream) {
    const all = [];
    const iterator = exports.iterate(stream);
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) return all;
      ObjectDefineProperty(all, all.length, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
    }
  };
})
