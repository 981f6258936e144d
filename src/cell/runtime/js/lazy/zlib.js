// The module zlib.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayBufferIsView, ObjectDefineProperty, ObjectKeys, StringPrototypeStartsWith } = primordials;
  const { ops } = host;
  const { isObject } = host.basics;
  const { bytesOf, encodeUtf8 } = host.use('encoding');
  const { bufferOf, copyOf } = host.use('byte_parts');
  const { constants, codes } = host.use('zlib_constants');
  const { readSettings } = host.use('zlib_settings');
  const { runWhole } = host.use('zlib_codec');
  const { inSlices, later } = host.use('crypto_bytes');
  const { invalidArgType } = host.use('node_errors');
  const { validateFunction, validateInteger } = host.use('validators');
  const { hide, showMember } = host.use('web_interface');

  // What a function takes for data, copied where it is to be read later.
  function dataOf(value, name, expected) {
    if (typeof value === 'string') return encodeUtf8(value);
    const bytes = isObject(value) ? bytesOf(value) : undefined;
    if (bytes === undefined) throw invalidArgType(name, expected, value);
    return bytes;
  }

  const zlib = {};

  // The functions of one kind of stream, whose class is `className`.
  function defineKind(name, className, mode) {
    function resultOf(settings, options, bytes) {
      const { result, consumed } = runWhole(settings, bytes);
      const buffer = bufferOf(result);
      return settings.info ? { buffer, engine: host.use('zlib_streams').engineOf(className, options, consumed) } : buffer;
    }
    const methods = {
      [name](buffer, options, callback) {
        const done = typeof options === 'function' ? options : callback;
        const given = typeof options === 'function' ? undefined : options;
        const settings = readSettings(mode, given);
        validateFunction(done, 'callback');
        const bytes = copyOf(dataOf(buffer, 'chunk', 'of type string or an instance of Buffer, TypedArray, or DataView'));
        later(() => resultOf(settings, given, bytes), done);
      },
      [name + 'Sync'](buffer, options) {
        const settings = readSettings(mode, options);
        return resultOf(settings, options, dataOf(
          buffer, 'buffer', 'of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer'));
      },
      ['create' + className](options) {
        return new (host.use('zlib_streams')[className])(options);
      },
    };
    ObjectDefineProperty(zlib, className, {
      __proto__: null,
      get() {
        return host.use('zlib_streams')[className];
      },
      configurable: true,
      enumerable: true,
    });
    showMember(zlib, name, methods[name]);
    showMember(zlib, name + 'Sync', methods[name + 'Sync']);
    showMember(zlib, 'create' + className, methods['create' + className]);
  }

  showMember(zlib, 'crc32', function crc32(data, value = 0) {
    if (typeof data !== 'string' && !ArrayBufferIsView(data)) {
      throw invalidArgType('data', 'of type string or an instance of Buffer, TypedArray, or DataView', data);
    }
    validateInteger(value, 'value', 0, 4294967295);
    let checksum = value;
    inSlices(dataOf(data), (slice) => {
      checksum = ops.crc32(slice, checksum);
    });
    return checksum;
  });

  defineKind('deflate', 'Deflate', constants.DEFLATE);
  defineKind('gzip', 'Gzip', constants.GZIP);
  defineKind('deflateRaw', 'DeflateRaw', constants.DEFLATERAW);
  defineKind('unzip', 'Unzip', constants.UNZIP);
  defineKind('inflate', 'Inflate', constants.INFLATE);
  defineKind('gunzip', 'Gunzip', constants.GUNZIP);
  defineKind('inflateRaw', 'InflateRaw', constants.INFLATERAW);
  defineKind('brotliCompress', 'BrotliCompress', constants.BROTLI_ENCODE);
  defineKind('brotliDecompress', 'BrotliDecompress', constants.BROTLI_DECODE);

  showMember(zlib, 'constants', constants);
  showMember(zlib, 'codes', codes);
  // As it had them before there were constants.
  const names = ObjectKeys(constants);
  for (let index = 0; index < names.length; index++) {
    if (!StringPrototypeStartsWith(names[index], 'BROTLI')) hide(zlib, names[index], constants[names[index]]);
  }
  // Functions written for where the global was an object around the module.
  hide(zlib, 'zlib', zlib);

  exports.zlib = zlib;
  exports.module = zlib;
})
