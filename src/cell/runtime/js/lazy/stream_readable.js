// Readable of the module stream.
(function (primordials, host, exports) {
  'use strict';

  const {
    FunctionPrototypeCall, MathCeil, MathLog2, MathMin, NumberIsNaN, ObjectDefineProperty, ObjectSetPrototypeOf, ReflectApply,
    StringPrototypeSlice, SymbolAsyncIterator,
  } = primordials;
  const { EventEmitter } = host.use('events');
  const { anyBytesOf } = host.use('crypto_bytes');
  const { encodingOf, encodingNames } = host.use('buffer_encodings');
  const { bytesOf } = host.use('encoding');
  const { bufferOf, concatenate, partOf } = host.use('byte_parts');
  const { isBuffer } = host.use('buffer');
  const { invalidArgType, withCode } = host.use('node_errors');
  const { isUint8Array } = host.use('validators');
  const { append, createList, removeAt } = host.basics;
  const base = host.use('stream_base');
  const { createQueue, dequeue, enqueue, enqueueFirst, fail, later, lengthOfChunk, Stream } = base;
  const on = EventEmitter.prototype.on;
  const removeListener = EventEmitter.prototype.removeListener;

  exports.ReadableState = function ReadableState(options, isDuplex) {
    this.objectMode = Boolean(options?.objectMode) || (isDuplex && Boolean(options?.readableObjectMode));
    this.highWaterMark = base.highWaterMarkOf(options, isDuplex ? 'readableHighWaterMark' : 'highWaterMark', this.objectMode);
    this.buffer = createQueue();
    this.length = 0;
    this.pipes = createList();
    this.flowing = null;
    this.ended = false;
    this.endEmitted = false;
    this.reading = false;
    this.constructed = true;
    this.readable = true;
    this.sync = true;
    this.needReadable = false;
    this.emittedReadable = false;
    this.readableListening = false;
    this.resumeScheduled = false;
    this.paused = null;
    this.errorEmitted = false;
    this.emitClose = options?.emitClose !== false;
    this.autoDestroy = options?.autoDestroy !== false;
    this.destroyed = false;
    this.errored = null;
    this.closed = false;
    this.closeEmitted = false;
    this.defaultEncoding = options?.defaultEncoding ?? 'utf8';
    this.awaitsDrain = createList();
    this.readingMore = false;
    this.dataEmitted = false;
    this.decoder = null;
    this.encoding = null;
    if (options?.encoding) setDecoder(this, options.encoding);
  };

  // So that nothing a function has put on Object.prototype is taken for part of it.
  ObjectSetPrototypeOf(exports.ReadableState.prototype, null);

  function setDecoder(state, encoding) {
    const { StringDecoder } = host.use('string_decoder').module;
    state.decoder = new StringDecoder(encoding);
    state.encoding = state.decoder.encoding;
  }

  function Readable(options) {
    if (!(this instanceof Readable)) return new Readable(options);
    exports.initialize(this, options, false);
    FunctionPrototypeCall(Stream, this, options);
    exports.takeOptions(this, options);
    base.construct(this, () => {
      if (this._readableState.needReadable) maybeReadMore(this, this._readableState);
    });
    return undefined;
  }
  base.inherit(Readable, Stream);
  base.admitBodies(Stream);
  base.admitBodies(Readable);

  exports.initialize = function initialize(stream, options, isDuplex) {
    stream._readableState = new exports.ReadableState(options, isDuplex);
  };

  exports.takeOptions = function takeOptions(stream, options) {
    if (!options) return;
    if (typeof options.read === 'function') stream._read = options.read;
    if (typeof options.destroy === 'function') stream._destroy = options.destroy;
    if (typeof options.construct === 'function') stream._construct = options.construct;
    if (options.signal) base.followSignal(options.signal, stream);
  };

  // Of a chunk as push and unshift take it; undefined for an empty one.
  function chunkOf(state, chunk, encodingName) {
    if (state.objectMode) return chunk;
    if (typeof chunk === 'string') {
      const encoding = encodingName || state.defaultEncoding;
      if (state.encoding !== null && encodingNames[encodingOf(encoding)] === state.encoding) return chunk;
      return bufferOf(anyBytesOf(chunk, 'chunk', encoding));
    }
    if (isBuffer(chunk)) return chunk;
    if (isUint8Array(chunk)) return bufferOf(bytesOf(chunk));
    if (chunk === undefined) return undefined;
    throw invalidArgType('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', chunk);
  }

  function sizeOf(state, chunk) {
    return state.objectMode ? 1 : lengthOfChunk(chunk);
  }

  function take(stream, given, encoding, isFirst) {
    const state = stream._readableState;
    if (given === null) {
      state.reading = false;
      endOfInput(stream, state);
      return false;
    }
    let chunk;
    try {
      chunk = chunkOf(state, given, encoding);
    } catch (error) {
      fail(stream, error);
      return false;
    }
    const isEmpty = !state.objectMode && (chunk === undefined || lengthOfChunk(chunk) === 0);
    if (isEmpty) {
      if (!isFirst) {
        state.reading = false;
        maybeReadMore(stream, state);
      }
    } else if (isFirst) {
      if (state.endEmitted) fail(stream, withCode('ERR_STREAM_UNSHIFT_AFTER_END_EVENT', 'stream.unshift() after end event'));
      else if (state.destroyed || state.errored) return false;
      else addChunk(stream, state, chunk, true);
    } else if (state.ended) fail(stream, withCode('ERR_STREAM_PUSH_AFTER_EOF', 'stream.push() after EOF'));
    else if (state.destroyed || state.errored) return false;
    else {
      state.reading = false;
      const decodes = state.decoder !== null && typeof chunk !== 'string';
      const decoded = decodes ? state.decoder.write(chunk) : chunk;
      if (state.objectMode || lengthOfChunk(decoded) !== 0) addChunk(stream, state, decoded, false);
      else maybeReadMore(stream, state);
    }
    return !state.ended && (state.length < state.highWaterMark || state.length === 0);
  }

  function addChunk(stream, state, chunk, isFirst) {
    const passes = state.flowing && state.length === 0 && !state.sync && !isFirst && stream.listenerCount('data') > 0;
    if (passes) {
      state.awaitsDrain = createList();
      state.dataEmitted = true;
      stream.emit('data', chunk);
    } else {
      state.length += sizeOf(state, chunk);
      if (isFirst) enqueueFirst(state.buffer, chunk);
      else enqueue(state.buffer, chunk);
      if (state.needReadable) emitReadable(stream);
    }
    maybeReadMore(stream, state);
  }

  function endOfInput(stream, state) {
    if (state.ended) return;
    if (state.decoder !== null) {
      const rest = state.decoder.end();
      if (rest && rest.length) {
        enqueue(state.buffer, rest);
        state.length += sizeOf(state, rest);
      }
    }
    state.ended = true;
    if (state.sync) {
      emitReadable(stream);
      return;
    }
    state.needReadable = false;
    state.emittedReadable = true;
    announceReadable(stream);
  }

  function emitReadable(stream) {
    const state = stream._readableState;
    state.needReadable = false;
    if (state.emittedReadable) return;
    state.emittedReadable = true;
    later(() => announceReadable(stream));
  }

  function announceReadable(stream) {
    const state = stream._readableState;
    if (!state.destroyed && !state.errored && (state.length || state.ended)) {
      stream.emit('readable');
      state.emittedReadable = false;
    }
    state.needReadable = !state.flowing && !state.ended && state.length <= state.highWaterMark;
    flow(stream);
  }

  function maybeReadMore(stream, state) {
    if (state.readingMore || !state.constructed) return;
    state.readingMore = true;
    later(() => {
      while (!state.reading && !state.ended && (state.length < state.highWaterMark || (state.flowing && state.length === 0))) {
        const before = state.length;
        stream.read(0);
        if (before === state.length) break;
      }
      state.readingMore = false;
    });
  }

  function howMuchToRead(wanted, state) {
    if (wanted <= 0 || (state.length === 0 && state.ended)) return 0;
    if (state.objectMode) return 1;
    if (NumberIsNaN(wanted)) return state.flowing && state.length ? lengthOfChunk(state.buffer.first.value) : state.length;
    if (wanted <= state.length) return wanted;
    return state.ended ? state.length : 0;
  }

  // `count` of what is in the buffer; all of one kind, strings where there is a decoder.
  function fromBuffer(count, state) {
    const { buffer } = state;
    if (buffer.count === 0) return null;
    if (state.objectMode) return dequeue(buffer);
    if (count === lengthOfChunk(buffer.first.value)) return dequeue(buffer);
    const parts = createList();
    let text = '';
    for (let left = count; left > 0;) {
      const chunk = dequeue(buffer);
      const size = lengthOfChunk(chunk);
      const length = MathMin(left, size);
      const isText = typeof chunk === 'string';
      if (isText) text += StringPrototypeSlice(chunk, 0, length);
      else append(parts, partOf(chunk, 0, length));
      if (length < size) {
        enqueueFirst(buffer, isText
          ? StringPrototypeSlice(chunk, length)
          : bufferOf(partOf(chunk, length, size)));
      }
      left -= length;
    }
    return state.decoder === null ? bufferOf(parts.length === 1 ? parts[0] : concatenate(parts)) : text;
  }

  function endReadable(stream) {
    const state = stream._readableState;
    if (state.endEmitted) return;
    state.ended = true;
    later(() => {
      if (state.errored || state.closeEmitted || state.endEmitted || state.length !== 0) return;
      state.endEmitted = true;
      stream.emit('end');
      const writing = stream._writableState;
      if (writing && stream.allowHalfOpen === false) {
        later(() => {
          if (stream.writable && !stream.writableEnded && !stream.destroyed) stream.end();
        });
      } else if (state.autoDestroy) {
        const isAll = !writing || (writing.autoDestroy && (writing.finished || writing.writable === false));
        if (isAll) stream.destroy();
      }
    });
  }

  function flow(stream) {
    const state = stream._readableState;
    while (state.flowing && stream.read() !== null);
  }

  function updateReadableListening(stream) {
    const state = stream._readableState;
    state.readableListening = stream.listenerCount('readable') > 0;
    if (state.resumeScheduled && state.paused === false) state.flowing = true;
    else if (stream.listenerCount('data') > 0) stream.resume();
    else if (!state.readableListening) state.flowing = null;
  }

  // Starts what a first read would find missing.
  function startReading(stream, state) {
    state.reading = true;
    state.sync = true;
    if (state.length === 0) state.needReadable = true;
    try {
      stream._read(state.highWaterMark);
    } catch (error) {
      fail(stream, error);
    }
    state.sync = false;
  }

  base.defineMembers(Readable.prototype, {
    destroy: base.destroy,

    _destroy(error, callback) {
      callback(error);
    },

    _read() {
      throw base.notImplemented('_read()');
    },

    push(chunk, encoding) {
      return take(this, chunk, encoding, false);
    },

    unshift(chunk, encoding) {
      return take(this, chunk, encoding, true);
    },

    isPaused() {
      const state = this._readableState;
      return state.paused === true || state.flowing === false;
    },

    setEncoding(encoding) {
      const state = this._readableState;
      setDecoder(state, encoding);
      let text = '';
      while (state.buffer.count > 0) text += state.decoder.write(dequeue(state.buffer));
      state.buffer = createQueue();
      if (text !== '') enqueue(state.buffer, text);
      state.length = text.length;
      return this;
    },

    read(size) {
      const state = this._readableState;
      const asked = size === undefined || size === null ? NaN : +size;
      if (asked > state.highWaterMark) state.highWaterMark = MathMin(2 ** MathCeil(MathLog2(asked)), 2 ** 30);
      if (asked !== 0) state.emittedReadable = false;
      const isFull = state.highWaterMark !== 0 ? state.length >= state.highWaterMark : state.length > 0;
      if (asked === 0 && state.needReadable && (isFull || state.ended)) {
        if (state.length === 0 && state.ended) endReadable(this);
        else emitReadable(this);
        return null;
      }
      let count = howMuchToRead(asked, state);
      if (count === 0 && state.ended) {
        if (state.length === 0) endReadable(this);
        return null;
      }
      const wantsMore = state.needReadable || state.length === 0 || state.length - count < state.highWaterMark;
      const isBusy = state.ended || state.reading || state.destroyed || state.errored || !state.constructed;
      if (wantsMore && !isBusy) {
        startReading(this, state);
        if (!state.reading) count = howMuchToRead(asked, state);
      }
      const chunk = count > 0 ? fromBuffer(count, state) : null;
      if (chunk === null) {
        state.needReadable = state.length <= state.highWaterMark;
        count = 0;
      } else state.length -= count;
      if (state.length === 0) {
        if (!state.ended) state.needReadable = true;
        if (asked !== count && state.ended) endReadable(this);
      }
      if (chunk !== null && !state.errored && !state.closeEmitted) {
        state.dataEmitted = true;
        this.emit('data', chunk);
      }
      return chunk;
    },

    on(name, listener) {
      const result = FunctionPrototypeCall(on, this, name, listener);
      const state = this._readableState;
      if (name === 'data') {
        state.readableListening = this.listenerCount('readable') > 0;
        if (state.flowing !== false) this.resume();
      } else if (name === 'readable' && !state.endEmitted && !state.readableListening) {
        state.readableListening = true;
        state.needReadable = true;
        state.flowing = false;
        state.emittedReadable = false;
        if (state.length) emitReadable(this);
        else if (!state.reading) later(() => this.read(0));
      }
      return result;
    },

    removeListener(name, listener) {
      const result = FunctionPrototypeCall(removeListener, this, name, listener);
      if (name === 'readable') later(() => updateReadableListening(this));
      return result;
    },

    removeAllListeners(...names) {
      const result = ReflectApply(EventEmitter.prototype.removeAllListeners, this, names);
      if (names.length === 0 || names[0] === 'readable') later(() => updateReadableListening(this));
      return result;
    },

    resume() {
      const state = this._readableState;
      if (!state.flowing) {
        state.flowing = !state.readableListening;
        if (!state.resumeScheduled) {
          state.resumeScheduled = true;
          later(() => {
            if (!state.reading) this.read(0);
            state.resumeScheduled = false;
            this.emit('resume');
            flow(this);
            if (state.flowing && !state.reading) this.read(0);
          });
        }
      }
      state.paused = false;
      return this;
    },

    pause() {
      const state = this._readableState;
      if (state.flowing !== false) {
        state.flowing = false;
        this.emit('pause');
      }
      state.paused = true;
      return this;
    },

    pipe(destination, options) {
      return host.use('stream_pipe').pipe(this, destination, options, flow);
    },

    unpipe(destination) {
      const { pipes } = this._readableState;
      for (let index = pipes.length - 1; index >= 0; index--) {
        if (destination !== undefined && pipes[index] !== destination) continue;
        const removed = pipes[index];
        removeAt(pipes, index);
        if (pipes.length === 0) this.pause();
        removed.emit('unpipe', this, { hasUnpiped: false });
      }
      return this;
    },

    // An old stream, by its events, as a Readable.
    wrap(stream) {
      stream.on('data', (chunk) => {
        if (!this.push(chunk) && stream.pause) stream.pause();
      });
      stream.on('end', () => this.push(null));
      stream.on('error', (error) => fail(this, error));
      stream.on('close', () => this.destroy());
      this._read = () => {
        if (stream.resume) stream.resume();
      };
      return this;
    },

    iterator(options) {
      return host.use('stream_iterator').iterate(this, options);
    },

    // All that is still to come, as an array.
    toArray() {
      return host.use('stream_iterator').toArray(this);
    },

    get readable() {
      const state = this._readableState;
      return Boolean(state) && state.readable !== false && !state.destroyed && !state.errorEmitted && !state.endEmitted;
    },
    set readable(value) {
      if (this._readableState) this._readableState.readable = Boolean(value);
    },
    get readableDidRead() { return this._readableState.dataEmitted; },
    get readableAborted() {
      const state = this._readableState;
      return state.readable !== false && (state.destroyed || Boolean(state.errored)) && !state.endEmitted;
    },
    get readableHighWaterMark() { return this._readableState.highWaterMark; },
    get readableFlowing() { return this._readableState.flowing; },
    set readableFlowing(value) { this._readableState.flowing = value; },
    get readableLength() { return this._readableState.length; },
    get readableObjectMode() { return Boolean(this._readableState?.objectMode); },
    get readableEncoding() { return this._readableState?.encoding ?? null; },
    get readableEnded() { return Boolean(this._readableState?.endEmitted); },
    get errored() { return this._readableState?.errored ?? null; },
    get closed() { return Boolean(this._readableState?.closed); },
    get destroyed() { return Boolean(this._readableState?.destroyed); },
    set destroyed(value) {
      if (this._readableState) this._readableState.destroyed = Boolean(value);
    },
  });
  Readable.prototype.addListener = Readable.prototype.on;
  Readable.prototype.off = Readable.prototype.removeListener;
  ObjectDefineProperty(Readable.prototype, SymbolAsyncIterator, {
    __proto__: null,
    value() {
      return host.use('stream_iterator').iterate(this);
    },
    configurable: true, enumerable: false, writable: true,
  });

  Readable.ReadableState = exports.ReadableState;
  Readable.from = (iterable, options) => host.use('stream_from').from(iterable, options);

  exports.Readable = Readable;
})
