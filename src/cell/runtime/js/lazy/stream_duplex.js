// Streams that are read and written: Duplex, Transform, PassThrough.
(function (primordials, host, exports) {
  'use strict';

  const { FunctionPrototypeCall, ReflectApply, Symbol } = primordials;
  const base = host.use('stream_base');
  const reading = host.use('stream_readable');
  const writing = host.use('stream_writable');
  const { Readable } = reading;
  const { Stream } = base;

  function Duplex(options) {
    if (!(this instanceof Duplex)) return new Duplex(options);
    reading.initialize(this, options, true);
    writing.initialize(this, options, true);
    this.allowHalfOpen = options?.allowHalfOpen !== false;
    if (options?.readable === false) {
      this._readableState.readable = false;
      this._readableState.ended = true;
      this._readableState.endEmitted = true;
    }
    if (options?.writable === false) {
      this._writableState.writable = false;
      this._writableState.ending = true;
      this._writableState.ended = true;
      this._writableState.finished = true;
    }
    FunctionPrototypeCall(Stream, this, options);
    reading.takeOptions(this, options);
    writing.takeOptions(this, options === undefined || options === null ? options : { __proto__: null, ...options, signal: undefined });
    base.construct(this, () => writing.goOn(this));
    return undefined;
  }
  base.inherit(Duplex, Readable);
  base.defineMembers(Duplex.prototype, writing.members);
  base.defineMembers(Duplex.prototype, {
    destroy: writing.destroy,

    get destroyed() { return this._readableState.destroyed && this._writableState.destroyed; },
    set destroyed(value) {
      this._readableState.destroyed = Boolean(value);
      this._writableState.destroyed = Boolean(value);
    },
    get closed() { return this._readableState.closed && this._writableState.closed; },
  });

  // On a Transform, the callback of a write that waits until there is room for what comes of it.
  const waiting = Symbol('waiting');

  function Transform(options) {
    if (!(this instanceof Transform)) return new Transform(options);
    FunctionPrototypeCall(Duplex, this, options);
    this._readableState.sync = false;
    this[waiting] = null;
    if (typeof options?.transform === 'function') this._transform = options.transform;
    if (typeof options?.flush === 'function') this._flush = options.flush;
    this.on('prefinish', prefinish);
    return undefined;
  }
  base.inherit(Transform, Duplex);

  function endOutput(callback) {
    if (typeof this._flush !== 'function' || this.destroyed) {
      this.push(null);
      if (callback) callback();
      return;
    }
    this._flush((error, rest) => {
      if (error) {
        if (callback) callback(error);
        else this.destroy(error);
        return;
      }
      if (rest !== null && rest !== undefined) this.push(rest);
      this.push(null);
      if (callback) callback();
    });
  }

  // For those that have put their own in the place of _final.
  function prefinish() {
    if (this._final !== endOutput) ReflectApply(endOutput, this, []);
  }

  base.defineMembers(Transform.prototype, {
    _final: endOutput,

    _transform() {
      throw base.notImplemented('_transform()');
    },

    _write(chunk, encoding, callback) {
      const output = this._readableState;
      const { length } = output;
      this._transform(chunk, encoding, (error, value) => {
        if (error) {
          callback(error);
          return;
        }
        if (value !== null && value !== undefined) this.push(value);
        const hasRoom = this._writableState.ended || length === output.length || output.length < output.highWaterMark;
        if (hasRoom) callback();
        else this[waiting] = callback;
      });
    },

    _read() {
      const callback = this[waiting];
      if (!callback) return;
      this[waiting] = null;
      callback();
    },
  });

  function PassThrough(options) {
    if (!(this instanceof PassThrough)) return new PassThrough(options);
    FunctionPrototypeCall(Transform, this, options);
    return undefined;
  }
  base.inherit(PassThrough, Transform);
  base.defineMembers(PassThrough.prototype, {
    _transform(chunk, encoding, callback) {
      callback(null, chunk);
    },
  });

  exports.Duplex = Duplex;
  exports.Transform = Transform;
  exports.PassThrough = PassThrough;
})
