// The streams of the module zlib: Transforms over codecs.
(function (primordials, host, exports) {
  'use strict';

  const { FunctionPrototypeCall, Symbol } = primordials;
  const { allocate } = host.use('encoding');
  const { bufferOf, copyOf, lengthOf, partOf } = host.use('byte_parts');
  const { constants } = host.use('zlib_constants');
  const { allocateOutput, Codec, pause } = host.use('zlib_codec');
  const { withCode } = host.use('node_errors');
  const { readSettings } = host.use('zlib_settings');
  const { Transform } = host.use('stream_duplex');
  const { hide } = host.use('web_interface');
  const base = host.use('stream_base');

  // On a stream: its codec with all that belongs to it; what goes on once there is room. On a chunk: how it is
  // to be flushed.
  const working = Symbol('working');
  const resuming = Symbol('resuming');
  const flushing = Symbol('flushing');

  function initialize(stream, mode, options) {
    const settings = readSettings(mode, options);
    // As in Node, maxOutputLength is not theirs to keep: whoever reads them can stop.
    const own = { __proto__: null, ...options, objectMode: false, readableObjectMode: false, writableObjectMode: false, encoding: null };
    FunctionPrototypeCall(Transform, stream, own);
    stream.bytesWritten = 0;
    hide(stream, working, {
      __proto__: null, settings, codec: new Codec(settings), output: allocateOutput(settings),
    });
    hide(stream, resuming, undefined);
  }

  // Has the codec take the chunk, as fast as there is room for what comes of it.
  function work(stream, chunk, flush, done) {
    const { codec, output } = stream[working];
    let position = 0;
    function next() {
      for (;;) {
        const step = codec.step(flush, chunk, position, output);
        position += step.consumed;
        stream.bytesWritten += step.consumed;
        if (step.error !== undefined) {
          done(step.error);
          return;
        }
        const hasRoom = step.produced === 0 || stream.push(bufferOf(copyOf(partOf(output, 0, step.produced))));
        if (stream.destroyed) return;
        if (step.isOver) {
          // The rest is none of this format.
          if (step.hasEnded && position < lengthOf(chunk)) stream.push(null);
          done();
          return;
        }
        if (!hasRoom) {
          stream[resuming] = next;
          return;
        }
        pause();
      }
    }
    next();
  }

  const members = {
    _transform(chunk, encoding, callback) {
      const { settings } = this[working];
      const isLast = this.writableEnded && this.writableLength === lengthOf(chunk);
      work(this, chunk, chunk[flushing] ?? (isLast ? settings.finishFlush : settings.flush), callback);
    },

    _flush(callback) {
      const { codec, settings } = this[working];
      work(this, allocate(0), settings.finishFlush, (error) => {
        codec.close();
        callback(error);
      });
    },

    _read(size) {
      const next = this[resuming];
      if (next === undefined) {
        FunctionPrototypeCall(Transform.prototype._read, this, size);
        return;
      }
      this[resuming] = undefined;
      next();
    },

    _destroy(error, callback) {
      this[resuming] = undefined;
      this[working].codec.close();
      callback(error);
    },

    flush(kind, callback) {
      const isKind = typeof kind === 'number';
      const done = isKind ? callback : callback ?? kind;
      if (this.writableFinished) {
        if (done) base.later(() => done());
      } else if (this.writableEnded) {
        if (done) this.once('end', done);
      } else {
        const mark = bufferOf(allocate(0));
        hide(mark, flushing, isKind ? kind : this[working].settings.fullFlush);
        this.write(mark, '', done);
      }
    },

    close(callback) {
      if (typeof callback === 'function') {
        if (this.closed) base.later(() => callback());
        else this.once('close', callback);
      }
      this.destroy();
    },

    reset() {
      this[working].codec.reset();
    },

    get _closed() { return !this[working].codec.isOpen; },
  };

  // The library has no way to put out what it took by the old level before it takes on another.
  function params() {
    throw withCode('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'params() is not available: a stream keeps its level and its strategy');
  }

  function define(name, mode) {
    const holder = {
      [name]: function (options) {
        if (!(this instanceof holder[name])) return new holder[name](options);
        initialize(this, mode, options);
        return undefined;
      },
    };
    const constructor = holder[name];
    base.inherit(constructor, Transform);
    hide(constructor.prototype, 'constructor', constructor);
    base.defineMembers(constructor.prototype, members);
    if (mode < constants.BROTLI_DECODE) base.defineMembers(constructor.prototype, { params });
    exports[name] = constructor;
  }

  define('Deflate', constants.DEFLATE);
  define('Inflate', constants.INFLATE);
  define('Gzip', constants.GZIP);
  define('Gunzip', constants.GUNZIP);
  define('DeflateRaw', constants.DEFLATERAW);
  define('InflateRaw', constants.INFLATERAW);
  define('Unzip', constants.UNZIP);
  define('BrotliCompress', constants.BROTLI_ENCODE);
  define('BrotliDecompress', constants.BROTLI_DECODE);

  // What `info: true` asks for beside the result.
  exports.engineOf = function engineOf(name, options, bytesWritten) {
    const engine = new exports[name](options);
    engine[working].codec.close();
    engine.bytesWritten = bytesWritten;
    return engine;
  };
})
