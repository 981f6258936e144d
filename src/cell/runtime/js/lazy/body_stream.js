// Bodies as streams: what Node's Readable gives most readers, and getReader() for those who expect the web's.
(function (primordials, host, exports) {
  'use strict';

  const {
    AsyncIteratorPrototype, MathMin, ObjectSetPrototypeOf, Promise, PromisePrototypeThen, SymbolAsyncIterator,
    TypeError,
  } = primordials;
  const { isObject } = host.basics;
  const { Emitter, countListeners, emitSafely } = host.use('emitter');
  const { invalidThis } = host.use('node_errors');
  const { bufferOf, copyOf, lengthOf, partOf } = host.use('byte_parts');
  const { createChunkDecoder } = host.use('chunk_decoder');
  const { hide } = host.use('web_interface');
  const { showAs } = host.use('web_types');

  const CHUNK_BYTES = 65_536;

  // What a stream is read from: load() returns a promise of all bytes, and start() is called before.
  let stateOf;

  class BodyStream extends Emitter {
    #state;

    constructor(source) {
      super();
      this.#state = {
        source,
        bytes: undefined,
        position: 0,
        decoder: undefined,
        // For read(): the chunk that 'readable' has announced.
        announced: undefined,
        isFlowing: false,
        isRunning: false,
        isPaused: false,
        isLocked: false,
        hasEnded: false,
        isDestroyed: false,
      };
    }

    static {
      stateOf = (stream) => {
        if (!isObject(stream) || !(#state in stream)) throw invalidThis('Readable');
        return stream.#state;
      };
    }

    get readable() {
      const { hasEnded, isDestroyed } = stateOf(this);
      return !hasEnded && !isDestroyed;
    }

    get readableEnded() { return stateOf(this).hasEnded; }
    get readableFlowing() { return stateOf(this).isFlowing; }
    get destroyed() { return stateOf(this).isDestroyed; }
    get locked() { return stateOf(this).isLocked; }

    on(name, callback) {
      super.on(name, callback);
      if (name === 'data' && !stateOf(this).isPaused) flow(this);
      if (name === 'readable') announce(this);
      return this;
    }

    once(name, callback) {
      super.once(name, callback);
      if (name === 'data' && !stateOf(this).isPaused) flow(this);
      if (name === 'readable') announce(this);
      return this;
    }

    resume() {
      stateOf(this).isPaused = false;
      flow(this);
      return this;
    }

    pause() {
      const state = stateOf(this);
      state.isPaused = true;
      state.isFlowing = false;
      return this;
    }

    isPaused() { return stateOf(this).isPaused; }

    setEncoding(encoding = undefined) {
      stateOf(this).decoder = createChunkDecoder(encoding);
      return this;
    }

    read() {
      const state = stateOf(this);
      const chunk = state.announced;
      if (chunk === undefined) return null;
      state.announced = undefined;
      announce(this);
      return chunk;
    }

    pipe(destination, options = undefined) {
      this.on('data', (chunk) => {
        if (destination.write(chunk) !== false || typeof destination.once !== 'function') return;
        this.pause();
        destination.once('drain', () => this.resume());
      });
      const ends = !isObject(options) || options.end !== false;
      if (ends) this.on('end', () => destination.end());
      if (typeof destination.emit === 'function') destination.emit('pipe', this);
      return destination;
    }

    unpipe() {
      this.removeAllListeners('data');
      return this.pause();
    }

    destroy(error = undefined) {
      const state = stateOf(this);
      if (state.isDestroyed) return this;
      state.isDestroyed = true;
      later(() => {
        if (error !== undefined && error !== null) emitSafely(this, 'error', [error]);
        emitSafely(this, 'close', []);
      });
      return this;
    }

    getReader() {
      const state = stateOf(this);
      if (state.isLocked) throw new TypeError('The stream is locked to a reader');
      state.isLocked = true;
      return new BodyReader(this);
    }

    async cancel() {
      stateOf(this).isDestroyed = true;
    }

    values() { return new BodyIterator(this); }
  }
  hide(BodyStream.prototype, 'addListener', BodyStream.prototype.on);
  hide(BodyStream.prototype, SymbolAsyncIterator, BodyStream.prototype.values);
  showAs(BodyStream, 'Readable', (stream) => {
    const { hasEnded, isDestroyed, isFlowing } = stateOf(stream);
    return { readable: !hasEnded && !isDestroyed, destroyed: isDestroyed, flowing: isFlowing };
  });

  // In a turn of its own, in the context of now.
  function later(callback) {
    PromisePrototypeThen(new Promise((resolve) => resolve()), callback);
  }

  // A promise of the next chunk, undefined at the end.
  async function nextChunk(state) {
    if (state.isDestroyed || state.hasEnded) return undefined;
    if (state.bytes === undefined) {
      state.source.start();
      state.bytes = await state.source.load();
    }
    const length = lengthOf(state.bytes);
    if (state.position >= length) return undefined;
    // Text of other encodings than UTF-8 does not fall into parts at any byte.
    const isWhole = state.decoder !== undefined && state.decoder.needsAll;
    const end = isWhole ? length : MathMin(state.position + CHUNK_BYTES, length);
    const part = partOf(state.bytes, state.position, end);
    state.position = end;
    return state.decoder === undefined ? bufferOf(copyOf(part)) : state.decoder.decode(part, end === length);
  }

  function flow(stream) {
    const state = stateOf(stream);
    state.isFlowing = true;
    if (state.isRunning || state.hasEnded || state.isDestroyed) return;
    state.isRunning = true;
    later(() => run(stream, state));
  }

  async function run(stream, state) {
    try {
      while (state.isFlowing && !state.isDestroyed) {
        const chunk = state.announced ?? await nextChunk(state);
        state.announced = undefined;
        if (chunk === undefined) {
          finish(stream, state);
          break;
        }
        // It may have been paused while the chunk was on its way.
        if (!state.isFlowing) state.announced = chunk;
        else emitSafely(stream, 'data', [chunk]);
      }
    } catch (error) {
      stream.destroy(error);
    }
    state.isRunning = false;
  }

  function finish(stream, state) {
    if (state.hasEnded || state.isDestroyed) return;
    state.hasEnded = true;
    emitSafely(stream, 'end', []);
    if (!state.isDestroyed) {
      state.isDestroyed = true;
      emitSafely(stream, 'close', []);
    }
  }

  // For those who call read() when 'readable' comes.
  function announce(stream) {
    const state = stateOf(stream);
    if (state.isRunning || state.hasEnded || state.announced !== undefined) return;
    state.isRunning = true;
    const succeed = (chunk) => {
      state.isRunning = false;
      state.announced = chunk;
      if (countListeners(stream, 'readable') > 0) emitSafely(stream, 'readable', []);
      if (chunk === undefined) finish(stream, state);
    };
    const fail = (error) => {
      state.isRunning = false;
      stream.destroy(error);
    };
    later(() => PromisePrototypeThen(nextChunk(state), succeed, fail));
  }

  class BodyIterator {
    #stream;

    constructor(stream) {
      this.#stream = stream;
    }

    async next() {
      const value = await nextChunk(stateOf(this.#stream));
      if (value !== undefined) return { value, done: false };
      finish(this.#stream, stateOf(this.#stream));
      return { value: undefined, done: true };
    }

    async return(value) {
      this.#stream.destroy();
      return { value, done: true };
    }
  }
  ObjectSetPrototypeOf(BodyIterator.prototype, AsyncIteratorPrototype);

  // Reads as the web's readers do; its chunks are Buffers, which are Uint8Arrays.
  class BodyReader {
    #stream;
    #settleClosed;
    #closed;

    constructor(stream) {
      this.#stream = stream;
      this.#closed = new Promise((resolve, reject) => {
        this.#settleClosed = { resolve, reject };
      });
      // Whoever does not ask for it need not be told of its rejection.
      PromisePrototypeThen(this.#closed, undefined, () => undefined);
    }

    get closed() { return this.#closed; }

    async read() {
      if (this.#stream === undefined) throw new TypeError('The reader was released');
      try {
        const value = await nextChunk(stateOf(this.#stream));
        if (value !== undefined) return { value, done: false };
      } catch (error) {
        this.#settleClosed.reject(error);
        throw error;
      }
      finish(this.#stream, stateOf(this.#stream));
      this.#settleClosed.resolve(undefined);
      return { value: undefined, done: true };
    }

    releaseLock() {
      if (this.#stream === undefined) return;
      stateOf(this.#stream).isLocked = false;
      this.#stream = undefined;
      this.#settleClosed.reject(new TypeError('The reader was released'));
    }

    async cancel() {
      if (this.#stream !== undefined) stateOf(this.#stream).isDestroyed = true;
      this.#settleClosed.resolve(undefined);
    }
  }

  // The stream of a body of Request or Response, which counts as used from the first read on.
  exports.streamOfBody = function streamOfBody(record) {
    return new BodyStream(sourceOfBody(record));
  };

  function sourceOfBody(record) {
    return {
      __proto__: null,
      start() {
        if (record.isUsed) throw new TypeError('body used already');
        record.isUsed = true;
        if (record.error !== undefined) throw record.error;
      },
      load() {
        return record.bytes ?? record.load();
      },
    };
  }

  exports.streamOfBytes = function streamOfBytes(bytes) {
    return new BodyStream({ __proto__: null, start() {}, load: () => bytes });
  };

  exports.isBodyStream = (value) => value instanceof BodyStream;
  exports.sourceOfBody = sourceOfBody;
  exports.BodyStream = BodyStream;
})
