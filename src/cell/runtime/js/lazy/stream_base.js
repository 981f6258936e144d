// What all streams of the module stream share: being Streams, being destroyed, telling of errors once.
(function (primordials, host, exports) {
  'use strict';

  const {
    FunctionPrototypeCall, FunctionPrototypeSymbolHasInstance, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectApply, ReflectOwnKeys,
    ReflectGetOwnPropertyDescriptor, Symbol, SymbolHasInstance, TypedArrayPrototypeGetByteLength,
  } = primordials;
  const { ops } = host;
  const { EventEmitter } = host.use('events');
  const { invalidArgType, invalidArgValue, withCode } = host.use('node_errors');
  const { hide } = host.use('web_interface');

  // As process.nextTick would have it called; what it throws ends the invocation.
  exports.later = function later(callback) {
    ops.enqueueMicrotask(host.bindContinuation(() => {
      try {
        callback();
      } catch (error) {
        host.failUncaught(error);
      }
    }));
  };
  const { later } = exports;

  // The event that a stream's _construct is done.
  const constructed = Symbol('constructed');

  function Stream(options) {
    FunctionPrototypeCall(EventEmitter, this, options);
  }
  exports.inherit = function inherit(constructor, parent) {
    ObjectSetPrototypeOf(constructor.prototype, parent.prototype);
    ObjectSetPrototypeOf(constructor, parent);
  };
  exports.inherit(Stream, EventEmitter);

  // The old way, for streams that are no Readables: by their events alone.
  Stream.prototype.pipe = function pipe(destination, options) {
    const source = this;
    const onData = (chunk) => {
      if (destination.writable && destination.write(chunk) === false && source.pause) source.pause();
    };
    const onDrain = () => {
      if (source.readable && source.resume) source.resume();
    };
    let didEnd = false;
    const onEnd = () => {
      if (didEnd) return;
      didEnd = true;
      destination.end();
    };
    const onClose = () => {
      if (didEnd) return;
      didEnd = true;
      if (typeof destination.destroy === 'function') destination.destroy();
    };
    const onError = function (error) {
      cleanUp();
      if (this.listenerCount('error') === 0) this.emit('error', error);
    };
    function cleanUp() {
      source.removeListener('data', onData);
      destination.removeListener('drain', onDrain);
      source.removeListener('end', onEnd);
      source.removeListener('close', onClose);
      source.removeListener('error', onError);
      destination.removeListener('error', onError);
      source.removeListener('end', cleanUp);
      source.removeListener('close', cleanUp);
      destination.removeListener('close', cleanUp);
    }
    source.on('data', onData);
    destination.on('drain', onDrain);
    if (!destination._isStdio && (!options || options.end !== false)) {
      source.on('end', onEnd);
      source.on('close', onClose);
    }
    source.prependListener('error', onError);
    destination.prependListener('error', onError);
    source.on('end', cleanUp);
    source.on('close', cleanUp);
    destination.on('close', cleanUp);
    destination.emit('pipe', source);
    return destination;
  };

  // Has the bodies of responses, which are streams of another making, be instances too.
  exports.admitBodies = function admitBodies(constructor) {
    ObjectDefineProperty(constructor, SymbolHasInstance, {
      __proto__: null,
      value(value) {
        if (FunctionPrototypeSymbolHasInstance(this, value)) return true;
        return this === constructor && host.use('body_stream').isBodyStream(value);
      },
    });
  };

  // Methods and accessors of the object literal `members`, as a class of Node's would have them.
  exports.defineMembers = function defineMembers(prototype, members) {
    const keys = ReflectOwnKeys(members);
    for (let index = 0; index < keys.length; index++) {
      const descriptor = ReflectGetOwnPropertyDescriptor(members, keys[index]);
      ObjectSetPrototypeOf(descriptor, null);
      descriptor.enumerable = descriptor.get === undefined;
      ObjectDefineProperty(prototype, keys[index], descriptor);
    }
  };

  // A queue of what waits, first in first out.
  exports.createQueue = function createQueue() {
    return { __proto__: null, first: undefined, last: undefined, count: 0 };
  };

  exports.enqueue = function enqueue(queue, value) {
    const entry = { __proto__: null, value, next: undefined };
    if (queue.first === undefined) queue.first = entry;
    else queue.last.next = entry;
    queue.last = entry;
    queue.count++;
  };

  exports.enqueueFirst = function enqueueFirst(queue, value) {
    queue.first = { __proto__: null, value, next: queue.first };
    if (queue.last === undefined || queue.count === 0) queue.last = queue.first;
    queue.count++;
  };

  exports.dequeue = function dequeue(queue) {
    const { value } = queue.first;
    queue.first = queue.first.next;
    queue.count--;
    return value;
  };

  // Of a string or bytes.
  exports.lengthOfChunk = function lengthOfChunk(chunk) {
    return typeof chunk === 'string' ? chunk.length : TypedArrayPrototypeGetByteLength(chunk);
  };

  exports.highWaterMarkOf = function highWaterMarkOf(options, key, objectMode) {
    const own = options?.highWaterMark ?? options?.[key];
    if (own === undefined || own === null) return exports.defaultHighWaterMark(objectMode);
    if (typeof own !== 'number' || !(own >= 0) || own % 1 !== 0 && own !== Infinity) {
      const name = options.highWaterMark === undefined || options.highWaterMark === null ? key : 'highWaterMark';
      throw invalidArgValue('options.' + name, own);
    }
    return own;
  };

  const usual = { __proto__: null, bytes: 16384, objects: 16 };
  exports.defaultHighWaterMark = (objectMode) => (objectMode ? usual.objects : usual.bytes);
  exports.setDefaultHighWaterMark = function setDefaultHighWaterMark(objectMode, value) {
    host.use('validators').validateInteger(value, 'value', 0);
    usual[objectMode ? 'objects' : 'bytes'] = value;
  };

  function noteError(error, writing, reading) {
    if (!error) return;
    if (writing && !writing.errored) writing.errored = error;
    if (reading && !reading.errored) reading.errored = error;
  }

  exports.destroy = function destroy(error, callback) {
    const reading = this._readableState;
    const writing = this._writableState;
    if (reading?.destroyed || writing?.destroyed) {
      if (typeof callback === 'function') callback();
      return this;
    }
    noteError(error, writing, reading);
    if (writing) writing.destroyed = true;
    if (reading) reading.destroyed = true;
    if ((writing ?? reading)?.constructed === false) {
      this.once(constructed, () => finishDestroy(this, error, callback));
    } else finishDestroy(this, error, callback);
    return this;
  };

  function finishDestroy(stream, error, callback) {
    const reading = stream._readableState;
    const writing = stream._writableState;
    let isDone = false;
    const done = (reason) => {
      if (isDone) return;
      isDone = true;
      noteError(reason, writing, reading);
      if (writing) writing.closed = true;
      if (reading) reading.closed = true;
      if (typeof callback === 'function') callback(reason);
      later(() => {
        if (reason) emitError(stream, reason);
        if (writing) writing.closeEmitted = true;
        if (reading) reading.closeEmitted = true;
        if (writing?.emitClose || reading?.emitClose) stream.emit('close');
      });
    };
    try {
      stream._destroy(error || null, done);
    } catch (thrown) {
      done(thrown);
    }
  }

  function emitError(stream, error) {
    const reading = stream._readableState;
    const writing = stream._writableState;
    if (writing?.errorEmitted || reading?.errorEmitted) return;
    if (writing) writing.errorEmitted = true;
    if (reading) reading.errorEmitted = true;
    stream.emit('error', error);
  }

  // Destroys a stream that does so of itself; another is only told of the error.
  exports.fail = function fail(stream, error, isSynchronous) {
    const reading = stream._readableState;
    const writing = stream._writableState;
    if (writing?.destroyed || reading?.destroyed) return;
    if (reading?.autoDestroy || writing?.autoDestroy) {
      stream.destroy(error);
      return;
    }
    noteError(error, writing, reading);
    if (isSynchronous) later(() => emitError(stream, error));
    else emitError(stream, error);
  };

  // Runs a stream's _construct, before which it neither reads nor writes; `then` afterwards.
  exports.construct = function construct(stream, then) {
    if (typeof stream._construct !== 'function') return;
    const states = [stream._readableState, stream._writableState];
    const setAll = (value) => {
      if (states[0]) states[0].constructed = value;
      if (states[1]) states[1].constructed = value;
    };
    const isFirst = stream.listenerCount(constructed) === 0;
    setAll(false);
    stream.once(constructed, (error) => (error ? exports.fail(stream, error, true) : then()));
    if (!isFirst) return;
    later(() => {
      let isCalled = false;
      const done = (error) => {
        if (isCalled) {
          exports.fail(stream, error ?? withCode('ERR_MULTIPLE_CALLBACK', 'Callback called multiple times'));
          return;
        }
        isCalled = true;
        setAll(true);
        later(() => stream.emit(constructed, error));
      };
      try {
        stream._construct(done);
      } catch (error) {
        done(error);
      }
    });
  };

  exports.destroyAny = function destroyAny(stream, error) {
    if (!stream || stream.destroyed) return;
    if (typeof stream.destroy === 'function') stream.destroy(error);
    else if (typeof stream.close === 'function') stream.close();
  };

  exports.destroyedError = (name) => withCode('ERR_STREAM_DESTROYED', 'Cannot call ' + name + ' after a stream was destroyed');
  exports.multipleCallback = () => withCode('ERR_MULTIPLE_CALLBACK', 'Callback called multiple times');
  exports.notImplemented = (name) => withCode('ERR_METHOD_NOT_IMPLEMENTED', 'The ' + name + ' method is not implemented');

  exports.followSignal = function followSignal(signal, stream) {
    host.use('abort').destroyOnAbort(signal, 'signal', stream, exports.destroyAny);
    return stream;
  };

  exports.Stream = Stream;
  exports.callAll = function callAll(list, value) {
    for (let index = 0; index < list.length; index++) ReflectApply(list[index], undefined, [value]);
  };
})
