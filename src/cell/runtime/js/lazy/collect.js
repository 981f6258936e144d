// Streams of any making, read to their end: all that they bring as one piece of bytes.
(function (primordials, host, exports) {
  'use strict';

  const {
    FunctionPrototypeCall, Promise, PromisePrototypeThen, ReflectApply, SymbolAsyncIterator, TypeError,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { bytesOf, encodeUtf8 } = host.use('encoding');
  const { concatenate, copyOf } = host.use('byte_parts');

  exports.isStream = function isStream(value) {
    if (!isObject(value)) return false;
    return typeof value[SymbolAsyncIterator] === 'function' || typeof value.pipe === 'function' ||
      typeof value.getReader === 'function';
  };

  function bytesFrom(chunk) {
    if (typeof chunk === 'string') return encodeUtf8(chunk);
    const bytes = isObject(chunk) ? bytesOf(chunk) : undefined;
    if (bytes === undefined) {
      throw new TypeError('A stream that is a body must bring strings or bytes. Received ' + host.inspect(chunk));
    }
    return copyOf(bytes);
  }

  // A promise of the bytes; what the stream fails with is what it rejects with.
  exports.collect = function collect(stream) {
    return new Promise((resolve, reject) => {
      const parts = createList();
      const add = (chunk) => append(parts, bytesFrom(chunk));
      const finish = () => resolve(concatenate(parts));
      const iterate = stream[SymbolAsyncIterator];
      if (typeof iterate === 'function') {
        PromisePrototypeThen(iterateOver(FunctionPrototypeCall(iterate, stream), add), finish, reject);
      } else if (typeof stream.getReader === 'function') {
        PromisePrototypeThen(readFrom(stream.getReader(), add), finish, reject);
      } else listenTo(stream, add, finish, reject);
    });
  };

  async function iterateOver(iterator, add) {
    const { next } = iterator;
    for (;;) {
      const result = await ReflectApply(next, iterator, []);
      if (!isObject(result)) throw new TypeError('Iterator result is not an object');
      if (result.done) return;
      add(result.value);
    }
  }

  async function readFrom(reader, add) {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      add(value);
    }
  }

  function listenTo(stream, add, finish, reject) {
    stream.on('error', reject);
    stream.on('end', finish);
    stream.on('data', (chunk) => {
      try {
        add(chunk);
      } catch (error) {
        reject(error);
      }
    });
  }
})
