// Codecs: compression and decompression in slices, so that a termination is seen between two.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayBuffer, ArrayBufferPrototypeTransfer, Error, MathMin } = primordials;
  const { ops } = host;
  const { append, createList } = host.basics;
  const { allocate } = host.use('encoding');
  const { concatenate, copyOf, lengthOf, partOf } = host.use('byte_parts');
  const { codeNames, brotliFailures } = host.use('zlib_constants');
  const { openCodec } = host.use('zlib_settings');
  const { rangeError, withCode } = host.use('node_errors');
  const { showMember } = host.use('web_interface');

  // Bytes that one step takes, and makes, at most.
  const INPUT_SLICE = 1 << 14;
  const OUTPUT_SLICE = 1 << 16;

  function nothing() {}

  function pause() {
    ops.pause(nothing);
  }

  function failure(number, message) {
    const error = new Error(message);
    showMember(error, 'errno', number);
    // Both count their failures from -1.
    const names = message === 'Decompression failed' ? brotliFailures : codeNames;
    showMember(error, 'code', names[number] ?? 'Z_STREAM_ERROR');
    return error;
  }

  function tooLarge(most) {
    return rangeError('ERR_BUFFER_TOO_LARGE', 'Cannot create a Buffer larger than ' + most + ' bytes');
  }

  // A codec that is open in the cell, until it is closed or nobody has it any more.
  class Codec {
    #id;
    // The codec is closed when this is collected.
    #token;
    // As many bytes as the codec weighs, so that the isolate's account has them.
    #ballast = createList();
    #weight = 0;

    constructor(settings) {
      const opened = openCodec(settings);
      this.#id = opened[0];
      this.#token = opened[2];
      this.#hold(opened[1]);
    }

    #hold(weight) {
      if (weight <= this.#weight) return;
      try {
        append(this.#ballast, new ArrayBuffer(weight - this.#weight));
      } catch (error) {
        this.close();
        throw error;
      }
      this.#weight = weight;
    }

    get isOpen() { return this.#token !== undefined; }

    // Takes of the input from `start` on what one step may, and returns how it went; `flush` is for its end. An
    // error is returned, not thrown.
    step(flush, input, start, output) {
      const length = lengthOf(input);
      const end = MathMin(start + INPUT_SLICE, length);
      const done = ops.codecStep(this.#id, end === length ? flush : 0, partOf(input, start, end), output);
      if (done === undefined) {
        return { __proto__: null, consumed: 0, produced: 0, isOver: true, error: withCode('ERR_STREAM_DESTROYED', 'zlib binding closed') };
      }
      const consumed = done[0];
      const produced = done[1];
      const message = done[4];
      this.#hold(done[3]);
      const isIdle = consumed === 0 && produced === 0;
      const isTaken = start + consumed === length;
      // Only another member of a gzip file can come after an end.
      const isOver = isIdle || (isTaken && (done[2] === 1 || produced < lengthOf(output)));
      return {
        __proto__: null, consumed, produced, isOver, hasEnded: done[2] === 1,
        error: message === undefined ? undefined : failure(done[2], message),
      };
    }

    reset() {
      ops.codecReset(this.#id);
    }

    close() {
      if (this.#token === undefined) return;
      this.#token = undefined;
      ops.codecClose(this.#id);
      for (let index = 0; index < this.#ballast.length; index++) ArrayBufferPrototypeTransfer(this.#ballast[index], 0);
      this.#ballast = createList();
    }
  }

  // Bytes for the output of a step.
  exports.allocateOutput = function allocateOutput(settings) {
    return allocate(MathMin(settings.chunkSize, OUTPUT_SLICE));
  };

  // All that comes of the bytes, and how many of them it took.
  exports.runWhole = function runWhole(settings, bytes) {
    const codec = new Codec(settings);
    try {
      return collect(codec, settings, bytes);
    } finally {
      codec.close();
    }
  };

  function collect(codec, settings, bytes) {
    const output = allocate(OUTPUT_SLICE);
    const parts = createList();
    let position = 0;
    let total = 0;
    for (;;) {
      const step = codec.step(settings.finishFlush, bytes, position, output);
      position += step.consumed;
      total += step.produced;
      if (total > settings.maxOutputLength) throw tooLarge(settings.maxOutputLength);
      if (step.produced > 0) append(parts, copyOf(partOf(output, 0, step.produced)));
      if (step.error !== undefined) throw step.error;
      if (step.isOver) return { __proto__: null, result: parts.length === 1 ? parts[0] : concatenate(parts), consumed: position };
      pause();
    }
  }

  exports.Codec = Codec;
  exports.pause = pause;
})
