// The module stream.
(function (primordials, host, exports) {
  'use strict';

  const { ObjectDefineProperty, SymbolFor } = primordials;
  const { isObject } = host.basics;
  const base = host.use('stream_base');
  const { Readable } = host.use('stream_readable');
  const { Writable } = host.use('stream_writable');
  const { Duplex, PassThrough, Transform } = host.use('stream_duplex');
  const { finished, isStream } = host.use('stream_finished');
  const { pipeline } = host.use('stream_pipeline');
  const promises = host.use('stream_promises').module;
  const { showMember } = host.use('web_interface');

  const { Stream } = base;

  const members = {
    __proto__: null,
    Readable,
    Writable,
    Duplex,
    Transform,
    PassThrough,
    pipeline,
    finished,
    addAbortSignal(signal, stream) {
      if (!isStream(stream)) throw host.use('node_errors').invalidArgType('stream', 'an instance of Stream', stream);
      return base.followSignal(signal, stream);
    },
    destroy: (stream, error) => {
      base.destroyAny(stream, error);
      return stream;
    },
    isReadable: (stream) => (isObject(stream) && '_readableState' in stream
      ? stream._readableState.readable !== false && !stream.destroyed && !stream._readableState.endEmitted && !stream._readableState.errored
      : null),
    isWritable: (stream) => (isObject(stream) && '_writableState' in stream
      ? stream._writableState.writable !== false && !stream.destroyed && !stream._writableState.ending && !stream._writableState.errored
      : null),
    isDestroyed: (stream) => (isObject(stream) && typeof stream.destroyed === 'boolean' ? stream.destroyed : null),
    isErrored: (stream) => Boolean(stream?._readableState?.errored ?? stream?._writableState?.errored),
    isDisturbed: (stream) => Boolean(stream?._readableState
      && (stream._readableState.dataEmitted || stream._readableState.endEmitted || stream._readableState.errored)),
    getDefaultHighWaterMark: base.defaultHighWaterMark,
    setDefaultHighWaterMark: base.setDefaultHighWaterMark,
    Stream,
  };
  for (const name in members) showMember(Stream, name, members[name]);
  ObjectDefineProperty(Stream, 'promises', { __proto__: null, value: promises, configurable: true, enumerable: true });

  const customPromisify = SymbolFor('nodejs.util.promisify.custom');
  ObjectDefineProperty(pipeline, customPromisify, { __proto__: null, value: promises.pipeline });
  ObjectDefineProperty(finished, customPromisify, { __proto__: null, value: promises.finished });

  exports.module = Stream;
})
