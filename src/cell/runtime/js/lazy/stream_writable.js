// Writable of the module stream.
(function (primordials, host, exports) {
  'use strict';

  const {
    FunctionPrototypeCall, FunctionPrototypeSymbolHasInstance, ObjectDefineProperty, ObjectSetPrototypeOf,
    SymbolHasInstance,
  } = primordials;
  const { anyBytesOf } = host.use('crypto_bytes');
  const { findEncoding } = host.use('buffer_encodings');
  const { bytesOf } = host.use('encoding');
  const { bufferOf } = host.use('byte_parts');
  const { isBuffer } = host.use('buffer');
  const { invalidArgType, typeError, withCode } = host.use('node_errors');
  const { isUint8Array } = host.use('validators');
  const { append, createList } = host.basics;
  const base = host.use('stream_base');
  const { createQueue, dequeue, enqueue, fail, later, Stream } = base;

  function nothing() {}

  exports.WritableState = function WritableState(options, stream, isDuplex) {
    this.objectMode = Boolean(options?.objectMode) || (isDuplex && Boolean(options?.writableObjectMode));
    this.highWaterMark = base.highWaterMarkOf(options, isDuplex ? 'writableHighWaterMark' : 'highWaterMark', this.objectMode);
    this.finalCalled = false;
    this.needDrain = false;
    this.ending = false;
    this.ended = false;
    this.finished = false;
    this.destroyed = false;
    this.constructed = true;
    this.writable = true;
    this.decodeStrings = options?.decodeStrings !== false;
    this.defaultEncoding = options?.defaultEncoding || 'utf8';
    this.length = 0;
    this.writing = false;
    this.corked = 0;
    this.sync = true;
    this.bufferProcessing = false;
    this.onwrite = (error) => afterWriting(stream, this, error);
    this.writecb = null;
    this.writelen = 0;
    this.buffered = createQueue();
    this.pendingcb = 0;
    this.prefinished = false;
    this.errorEmitted = false;
    this.emitClose = options?.emitClose !== false;
    this.autoDestroy = options?.autoDestroy !== false;
    this.errored = null;
    this.closed = false;
    this.closeEmitted = false;
    this.onFinished = createList();
  };

  // So that nothing a function has put on Object.prototype is taken for part of it.
  ObjectSetPrototypeOf(exports.WritableState.prototype, null);

  function Writable(options) {
    if (!(this instanceof Writable)) return new Writable(options);
    exports.initialize(this, options, false);
    FunctionPrototypeCall(Stream, this, options);
    exports.takeOptions(this, options);
    base.construct(this, () => exports.goOn(this));
    return undefined;
  }
  base.inherit(Writable, Stream);
  // A Duplex is one too, though it inherits from Readable.
  ObjectDefineProperty(Writable, SymbolHasInstance, {
    __proto__: null,
    value(value) {
      if (FunctionPrototypeSymbolHasInstance(this, value)) return true;
      return this === Writable && Boolean(value) && value._writableState instanceof exports.WritableState;
    },
  });

  exports.initialize = function initialize(stream, options, isDuplex) {
    stream._writableState = new exports.WritableState(options, stream, isDuplex);
  };

  exports.takeOptions = function takeOptions(stream, options) {
    if (!options) return;
    if (typeof options.write === 'function') stream._write = options.write;
    if (typeof options.writev === 'function') stream._writev = options.writev;
    if (typeof options.destroy === 'function') stream._destroy = options.destroy;
    if (typeof options.final === 'function') stream._final = options.final;
    if (typeof options.construct === 'function') stream._construct = options.construct;
    if (options.signal) base.followSignal(options.signal, stream);
  };

  // What waited for the stream to be constructed.
  exports.goOn = function goOn(stream) {
    const state = stream._writableState;
    if (!state.writing) writeBuffered(stream, state);
    finishIfDone(stream, state, false);
  };

  // The chunk as _write gets it, and its encoding.
  function chunkOf(state, chunk, encoding) {
    if (chunk === null) throw typeError('ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
    if (state.objectMode) return { __proto__: null, chunk, encoding };
    if (typeof chunk === 'string') {
      if (!state.decodeStrings) return { __proto__: null, chunk, encoding };
      return { __proto__: null, chunk: bufferOf(anyBytesOf(chunk, 'chunk', encoding)), encoding: 'buffer' };
    }
    if (isBuffer(chunk)) return { __proto__: null, chunk, encoding: 'buffer' };
    if (isUint8Array(chunk)) return { __proto__: null, chunk: bufferOf(bytesOf(chunk)), encoding: 'buffer' };
    throw invalidArgType('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', chunk);
  }

  // An error, which the stream and the callback have been told, or whether there is room for more.
  function write(stream, given, encodingName, callback) {
    const state = stream._writableState;
    let encoding = encodingName;
    let done = callback;
    if (typeof encoding === 'function') {
      done = encoding;
      encoding = state.defaultEncoding;
    } else if (!encoding) encoding = state.defaultEncoding;
    else if (encoding !== 'buffer' && findEncoding(encoding) === undefined) {
      throw typeError('ERR_UNKNOWN_ENCODING', 'Unknown encoding: ' + encoding);
    }
    if (typeof done !== 'function') done = nothing;
    const entry = chunkOf(state, given, encoding);
    let error;
    if (state.ending) error = withCode('ERR_STREAM_WRITE_AFTER_END', 'write after end');
    else if (state.destroyed) error = base.destroyedError('write');
    if (error !== undefined) {
      later(() => done(error));
      fail(stream, error, true);
      return error;
    }
    entry.callback = done;
    entry.length = state.objectMode ? 1 : base.lengthOfChunk(entry.chunk);
    state.pendingcb++;
    state.length += entry.length;
    const hasRoom = state.length < state.highWaterMark;
    if (!hasRoom) state.needDrain = true;
    if (state.writing || state.corked || state.errored || !state.constructed) enqueue(state.buffered, entry);
    else writeNow(stream, state, entry);
    return hasRoom && !state.errored && !state.destroyed;
  }

  function writeNow(stream, state, { chunk, encoding, length, callback }) {
    state.writelen = length;
    state.writecb = callback;
    state.writing = true;
    state.sync = true;
    if (state.destroyed) state.onwrite(base.destroyedError('write'));
    else stream._write(chunk, encoding, state.onwrite);
    state.sync = false;
  }

  function writeAllNow(stream, state) {
    const chunks = [];
    const entries = createList();
    while (state.buffered.count > 0) append(entries, dequeue(state.buffered));
    let length = 0;
    for (let index = 0; index < entries.length; index++) {
      const { chunk, encoding } = entries[index];
      length += entries[index].length;
      ObjectDefineProperty(chunks, index, {
        __proto__: null, value: { chunk, encoding }, configurable: true, enumerable: true, writable: true,
      });
    }
    // As one write, which has one callback.
    state.pendingcb -= entries.length - 1;
    state.writelen = length;
    state.writecb = (error) => {
      for (let index = 0; index < entries.length; index++) entries[index].callback(error);
    };
    state.writing = true;
    state.sync = true;
    stream._writev(chunks, state.onwrite);
    state.sync = false;
  }

  function writeBuffered(stream, state) {
    if (state.corked || state.bufferProcessing || state.destroyed || !state.constructed) return;
    if (state.buffered.count === 0) return;
    state.bufferProcessing = true;
    if (state.buffered.count > 1 && typeof stream._writev === 'function') writeAllNow(stream, state);
    else while (state.buffered.count > 0 && !state.writing) writeNow(stream, state, dequeue(state.buffered));
    state.bufferProcessing = false;
  }

  function afterWriting(stream, state, error) {
    const isSynchronous = state.sync;
    const callback = state.writecb;
    if (typeof callback !== 'function') {
      fail(stream, base.multipleCallback());
      return;
    }
    state.writing = false;
    state.writecb = null;
    state.length -= state.writelen;
    state.writelen = 0;
    if (error) {
      if (!state.errored) state.errored = error;
      const reading = stream._readableState;
      if (reading && !reading.errored) reading.errored = error;
      const tell = () => {
        state.pendingcb--;
        callback(error);
        failBuffered(state);
        fail(stream, error);
      };
      if (isSynchronous) later(tell);
      else tell();
      return;
    }
    if (state.buffered.count > 0) writeBuffered(stream, state);
    if (isSynchronous) later(() => tellWritten(stream, state, callback));
    else tellWritten(stream, state, callback);
  }

  function tellWritten(stream, state, callback) {
    const isDrained = !state.ending && !stream.destroyed && state.length === 0 && state.needDrain;
    if (isDrained) {
      state.needDrain = false;
      stream.emit('drain');
    }
    state.pendingcb--;
    callback(null);
    if (state.destroyed) failBuffered(state);
    finishIfDone(stream, state, false);
  }

  function failBuffered(state) {
    if (state.writing) return;
    while (state.buffered.count > 0) {
      const { length, callback } = dequeue(state.buffered);
      state.length -= length;
      callback(state.errored ?? base.destroyedError('write'));
    }
    tellFinished(state, state.errored ?? base.destroyedError('end'));
  }

  function tellFinished(state, error) {
    const callbacks = state.onFinished;
    state.onFinished = createList();
    base.callAll(callbacks, error);
  }

  function needsFinish(state) {
    return state.ending && !state.destroyed && state.constructed && state.length === 0 && !state.errored
      && state.buffered.count === 0 && !state.finished && !state.writing && !state.errorEmitted && !state.closeEmitted;
  }

  function finishIfDone(stream, state, isSynchronous) {
    if (!needsFinish(state)) return;
    prepareFinish(stream, state);
    if (state.pendingcb !== 0) return;
    state.pendingcb++;
    if (!isSynchronous) {
      finish(stream, state);
      return;
    }
    later(() => {
      if (needsFinish(state)) finish(stream, state);
      else state.pendingcb--;
    });
  }

  function prepareFinish(stream, state) {
    if (state.prefinished || state.finalCalled) return;
    if (typeof stream._final === 'function' && !state.destroyed) {
      state.finalCalled = true;
      callFinal(stream, state);
    } else {
      state.prefinished = true;
      stream.emit('prefinish');
    }
  }

  function callFinal(stream, state) {
    let isCalled = false;
    const done = (error) => {
      if (isCalled) {
        fail(stream, error ?? base.multipleCallback());
        return;
      }
      isCalled = true;
      state.pendingcb--;
      if (error) {
        tellFinished(state, error);
        fail(stream, error, state.sync);
      } else if (needsFinish(state)) {
        state.prefinished = true;
        stream.emit('prefinish');
        state.pendingcb++;
        later(() => finish(stream, state));
      }
    };
    state.sync = true;
    state.pendingcb++;
    try {
      stream._final(done);
    } catch (error) {
      done(error);
    }
    state.sync = false;
  }

  function finish(stream, state) {
    state.pendingcb--;
    state.finished = true;
    tellFinished(state, null);
    stream.emit('finish');
    if (!state.autoDestroy) return;
    const reading = stream._readableState;
    if (!reading || (reading.autoDestroy && (reading.endEmitted || reading.readable === false))) stream.destroy();
  }

  exports.members = {
    write(chunk, encoding, callback) {
      return write(this, chunk, encoding, callback) === true;
    },

    cork() {
      this._writableState.corked++;
    },

    uncork() {
      const state = this._writableState;
      if (!state.corked) return;
      state.corked--;
      if (!state.writing) writeBuffered(this, state);
    },

    setDefaultEncoding(encoding) {
      if (findEncoding(encoding) === undefined) throw typeError('ERR_UNKNOWN_ENCODING', 'Unknown encoding: ' + encoding);
      this._writableState.defaultEncoding = encoding;
      return this;
    },

    _write(chunk, encoding, callback) {
      if (typeof this._writev !== 'function') throw base.notImplemented('_write()');
      this._writev([{ chunk, encoding }], callback);
    },

    end(chunk, encoding, callback) {
      const state = this._writableState;
      const done = typeof chunk === 'function' ? chunk : typeof encoding === 'function' ? encoding : callback;
      let error;
      if (chunk !== null && chunk !== undefined && typeof chunk !== 'function') {
        const result = write(this, chunk, typeof encoding === 'function' ? undefined : encoding);
        if (typeof result === 'object') error = result;
      }
      if (state.corked) {
        state.corked = 1;
        this.uncork();
      }
      if (error === undefined) {
        if (!state.errored && !state.ending) {
          state.ending = true;
          finishIfDone(this, state, true);
          state.ended = true;
        } else if (state.finished) error = withCode('ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished');
        else if (state.destroyed) error = base.destroyedError('end');
      }
      if (typeof done === 'function') {
        if (error !== undefined) later(() => done(error));
        else if (state.finished) later(() => done());
        else if (state.errored) later(() => done(state.errored));
        else append(state.onFinished, (reason) => (reason ? done(reason) : done()));
      }
      return this;
    },

    get writable() {
      const state = this._writableState;
      return Boolean(state) && state.writable !== false && !state.destroyed && !state.errored && !state.ending && !state.ended;
    },
    set writable(value) {
      if (this._writableState) this._writableState.writable = Boolean(value);
    },
    get writableFinished() { return Boolean(this._writableState?.finished); },
    get writableObjectMode() { return Boolean(this._writableState?.objectMode); },
    get writableEnded() { return Boolean(this._writableState?.ending); },
    get writableNeedDrain() {
      const state = this._writableState;
      return Boolean(state) && !state.destroyed && !state.ending && state.needDrain;
    },
    get writableHighWaterMark() { return this._writableState?.highWaterMark; },
    get writableCorked() { return this._writableState?.corked ?? 0; },
    get writableLength() { return this._writableState?.length; },
    get writableAborted() {
      const state = this._writableState;
      return state.writable !== false && (state.destroyed || Boolean(state.errored)) && !state.finished;
    },
  };

  // What was still to be written when it was destroyed is told so.
  exports.destroy = function destroy(error, callback) {
    const state = this._writableState;
    if (!state.destroyed && (state.buffered.count > 0 || state.onFinished.length > 0)) later(() => failBuffered(state));
    FunctionPrototypeCall(base.destroy, this, error, callback);
    return this;
  };

  base.defineMembers(Writable.prototype, exports.members);
  base.defineMembers(Writable.prototype, {
    destroy: exports.destroy,

    _destroy(error, callback) {
      callback(error);
    },

    pipe() {
      fail(this, withCode('ERR_STREAM_CANNOT_PIPE', 'Cannot pipe, not readable'));
    },

    get errored() { return this._writableState?.errored ?? null; },
    get closed() { return Boolean(this._writableState?.closed); },
    get destroyed() { return Boolean(this._writableState?.destroyed); },
    set destroyed(value) {
      if (this._writableState) this._writableState.destroyed = Boolean(value);
    },
  });
  Writable.WritableState = exports.WritableState;

  exports.Writable = Writable;
})
