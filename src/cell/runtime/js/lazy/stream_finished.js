// finished: tells when a stream of any making is over, and how.
(function (primordials, host, exports) {
  'use strict';

  const { abortError, invalidArgType, withCode } = host.use('node_errors');
  const { validateFunction } = host.use('validators');
  const { isObject } = host.basics;
  const { later } = host.use('stream_base');

  function prematureClose() {
    return withCode('ERR_STREAM_PREMATURE_CLOSE', 'Premature close');
  }

  exports.isStream = function isStream(value) {
    return isObject(value) && (Boolean(value._readableState) || Boolean(value._writableState)
      || (typeof value.write === 'function' && typeof value.on === 'function')
      || (typeof value.pipe === 'function' && typeof value.on === 'function'));
  };

  function canRead(stream) {
    if (stream._readableState) return stream._readableState.readable !== false;
    return !stream._writableState && typeof stream.pipe === 'function' && typeof stream.write !== 'function';
  }

  function canWrite(stream) {
    if (stream._writableState) return stream._writableState.writable !== false;
    return !stream._readableState && typeof stream.write === 'function';
  }

  function hasEnded(stream) {
    const state = stream._readableState;
    return state ? state.endEmitted : stream.readableEnded === true;
  }

  function hasFinished(stream) {
    const state = stream._writableState;
    return state ? state.finished : stream.writableFinished === true;
  }

  function errorOf(stream) {
    return stream._writableState?.errored ?? stream._readableState?.errored ?? undefined;
  }

  // Calls back once; what it returns takes the listeners off again.
  exports.finished = function finished(stream, given, calledBack) {
    const options = (typeof given === 'function' ? undefined : given) ?? { __proto__: null };
    const callback = typeof given === 'function' ? given : calledBack;
    validateFunction(callback, 'callback');
    if (!exports.isStream(stream)) {
      throw invalidArgType('stream', 'an instance of ReadableStream, WritableStream, or Stream', stream);
    }
    const reads = options.readable ?? canRead(stream);
    const writes = options.writable ?? canWrite(stream);
    let isRead = !reads || hasEnded(stream);
    let isWritten = !writes || hasFinished(stream);
    let isOver = false;
    let stopFollowing = () => {};
    const willClose = Boolean(stream._writableState ?? stream._readableState)
      && (stream._writableState?.autoDestroy ?? true) && (stream._readableState?.autoDestroy ?? true)
      && (stream._writableState ?? stream._readableState).emitClose
      && !stream._writableState === !writes && !stream._readableState === !reads;

    function end(error) {
      if (isOver) return;
      isOver = true;
      stopFollowing();
      if (error) callback(error);
      else callback();
    }
    function endWhenDone() {
      if (isRead && isWritten && (!willClose || stream.destroyed === false || stream.closed)) end();
    }
    const onFinish = () => {
      isWritten = true;
      if (stream.destroyed || !willClose) endWhenDone();
    };
    const onEnd = () => {
      isRead = true;
      if (stream.destroyed || !willClose) endWhenDone();
    };
    const onError = (error) => end(error);
    const onClose = () => {
      const error = errorOf(stream);
      if (error && typeof error !== 'boolean') end(error);
      else if ((reads && !isRead && !hasEnded(stream)) || (writes && !isWritten && !hasFinished(stream))) end(prematureClose());
      else end();
    };
    stream.on('end', onEnd);
    stream.on('finish', onFinish);
    if (options.error !== false) stream.on('error', onError);
    stream.on('close', onClose);

    const isClosed = (stream._writableState ?? stream._readableState)?.closed === true;
    if (isClosed || (stream._writableState ?? stream._readableState)?.errorEmitted) later(onClose);
    else if (isRead && isWritten && (!willClose || (stream.destroyed && isClosed))) later(() => end());

    const cleanUp = () => {
      isOver = true;
      stopFollowing();
      stream.removeListener('end', onEnd);
      stream.removeListener('finish', onFinish);
      stream.removeListener('error', onError);
      stream.removeListener('close', onClose);
    };
    if (options.signal) stopFollowing = exports.followSignal(options.signal, end);
    return cleanUp;
  };

  // Has `end` called with an error when the signal is aborted, at the earliest afterwards. Returns a function
  // that gives up waiting.
  exports.followSignal = function followSignal(signal, end) {
    const { isAbortSignal, onAbort, stateOf } = host.use('abort');
    if (!isAbortSignal(signal)) throw invalidArgType('signal', 'an instance of AbortSignal', signal);
    const abort = (reason) => end(abortError(reason));
    const { isAborted, reason } = stateOf(signal);
    if (!isAborted) return onAbort(signal, abort);
    later(() => abort(reason));
    return () => {};
  };

  exports.prematureClose = prematureClose;
})
