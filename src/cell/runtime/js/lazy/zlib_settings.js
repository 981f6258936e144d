// The options of zlib's functions and streams, checked as Node does.
(function (primordials, host, exports) {
  'use strict';

  const { NumberIsFinite, NumberIsNaN, ObjectKeys, Uint32Array, TypedArrayPrototypeFill } = primordials;
  const { ops } = host;
  const { isObject } = host.basics;
  const { bytesOf } = host.use('encoding');
  const { copyOf } = host.use('byte_parts');
  const { constants } = host.use('zlib_constants');
  const { invalidArgType, outOfRange, rangeError } = host.use('node_errors');

  // Node's kMaxLength.
  const MOST_BYTES = 4294967296;
  const MOST_BROTLI_PARAMETER = 8;

  function isNumber(value, name) {
    if (value === undefined || NumberIsNaN(value)) return false;
    if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
    if (!NumberIsFinite(value)) throw outOfRange(name, 'a finite number', value);
    return true;
  }

  function within(value, name, least, most, usual) {
    if (!isNumber(value, name)) return usual;
    if (value < least || value > most) throw outOfRange(name, '>= ' + least + ' and <= ' + most, value);
    return value;
  }


  // The mode is one of constants.DEFLATE and its like.
  exports.readSettings = function readSettings(mode, options) {
    const isBrotli = mode >= constants.BROTLI_DECODE;
    const given = isObject(options) ? options : { __proto__: null };
    const mostFlush = isBrotli ? constants.BROTLI_OPERATION_EMIT_METADATA : constants.Z_BLOCK;
    let { chunkSize } = given;
    if (!isNumber(chunkSize, 'options.chunkSize')) chunkSize = constants.Z_DEFAULT_CHUNK;
    else if (chunkSize < constants.Z_MIN_CHUNK) throw outOfRange('options.chunkSize', '>= ' + constants.Z_MIN_CHUNK, chunkSize);
    return {
      __proto__: null,
      mode,
      isBrotli,
      chunkSize,
      flush: within(given.flush, 'options.flush', 0, mostFlush, 0),
      finishFlush: within(given.finishFlush, 'options.finishFlush', 0, mostFlush,
        isBrotli ? constants.BROTLI_OPERATION_FINISH : constants.Z_FINISH),
      fullFlush: isBrotli ? constants.BROTLI_OPERATION_FLUSH : constants.Z_FULL_FLUSH,
      maxOutputLength: within(given.maxOutputLength, 'options.maxOutputLength', 1, MOST_BYTES, MOST_BYTES),
      info: given.info,
      codec: isBrotli ? brotliSettings(given) : zlibSettings(mode, given),
    };
  };

  function zlibSettings(mode, options) {
    const { INFLATE, GZIP, GUNZIP, UNZIP } = constants;
    let { windowBits } = options;
    const isDetected = (windowBits === undefined || windowBits === null || windowBits === 0)
      && (mode === INFLATE || mode === GUNZIP || mode === UNZIP);
    if (isDetected) windowBits = 0;
    else windowBits = within(windowBits, 'options.windowBits', mode === GZIP ? 9 : 8, 15, 15);
    return {
      __proto__: null,
      windowBits,
      level: within(options.level, 'options.level', -1, 9, -1),
      memLevel: within(options.memLevel, 'options.memLevel', 1, 9, 8),
      strategy: within(options.strategy, 'options.strategy', 0, 4, 0),
      dictionary: dictionaryOf(options.dictionary),
    };
  }

  function dictionaryOf(dictionary) {
    if (dictionary === undefined) return undefined;
    const bytes = isObject(dictionary) ? bytesOf(dictionary) : undefined;
    if (bytes === undefined) {
      throw invalidArgType('options.dictionary', 'an instance of Buffer, TypedArray, DataView, or ArrayBuffer', dictionary);
    }
    return copyOf(bytes);
  }

  // One number for each of brotli's parameters, all ones for those that are not given.
  function brotliSettings(options) {
    const parameters = new Uint32Array(MOST_BROTLI_PARAMETER + 1);
    TypedArrayPrototypeFill(parameters, 0xffffffff);
    if (!isObject(options.params)) return parameters;
    const keys = ObjectKeys(options.params);
    for (let index = 0; index < keys.length; index++) {
      const key = +keys[index];
      if (!(key >= 0 && key <= MOST_BROTLI_PARAMETER) || parameters[key] !== 0xffffffff) {
        throw rangeError('ERR_BROTLI_INVALID_PARAM', keys[index] + ' is not a valid Brotli parameter');
      }
      const value = options.params[keys[index]];
      if (typeof value !== 'number' && typeof value !== 'boolean') {
        throw invalidArgType('options.params[key]', 'of type number', value);
      }
      parameters[key] = +value;
    }
    return parameters;
  }

  // What ops.codecStep and its like work with.
  exports.openCodec = function openCodec({ mode, isBrotli, codec }) {
    if (isBrotli) return ops.brotliOpen(mode === constants.BROTLI_ENCODE, codec);
    return ops.zlibOpen(mode, codec.windowBits, codec.level, codec.memLevel, codec.strategy, codec.dictionary);
  };
})
