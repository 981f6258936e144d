// Readable.from: a stream of what an iterable brings.
(function (primordials, host, exports) {
  'use strict';

  const { FunctionPrototypeCall, PromisePrototypeThen, SymbolAsyncIterator, SymbolIterator } = primordials;
  const { invalidArgType, typeError } = host.use('node_errors');
  const { isBuffer } = host.use('buffer');
  const { Readable } = host.use('stream_readable');
  const { later } = host.use('stream_base');

  exports.from = function from(iterable, options) {
    if (typeof iterable === 'string' || isBuffer(iterable)) {
      return new Readable({
        __proto__: null,
        objectMode: true,
        ...options,
        read() {
          this.push(iterable);
          this.push(null);
        },
      });
    }
    const isAsync = typeof iterable?.[SymbolAsyncIterator] === 'function';
    const begin = isAsync ? iterable[SymbolAsyncIterator] : iterable?.[SymbolIterator];
    if (typeof begin !== 'function') throw invalidArgType('iterable', 'an instance of Iterable', iterable);
    const iterator = FunctionPrototypeCall(begin, iterable);
    const stream = new Readable({ __proto__: null, objectMode: true, highWaterMark: 1, ...options });
    let isReading = false;
    stream._read = function read() {
      if (isReading) return;
      isReading = true;
      next();
    };
    stream._destroy = function destroy(error, callback) {
      PromisePrototypeThen(close(error), () => later(() => callback(error)), (reason) => later(() => callback(reason ?? error)));
    };

    async function close(error) {
      const isFailed = error !== undefined && error !== null;
      if (isFailed && typeof iterator.throw === 'function') {
        const { value, done } = await iterator.throw(error);
        await value;
        if (done) return;
      }
      if (typeof iterator.return === 'function') {
        const { value } = await iterator.return();
        await value;
      }
    }

    async function next() {
      for (;;) {
        try {
          const { value, done } = isAsync ? await iterator.next() : iterator.next();
          if (done) {
            stream.push(null);
            return;
          }
          const chunk = await value;
          if (chunk === null) {
            isReading = false;
            throw typeError('ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
          }
          if (stream.push(chunk)) continue;
          isReading = false;
        } catch (error) {
          stream.destroy(error);
        }
        return;
      }
    }
    return stream;
  };
})
