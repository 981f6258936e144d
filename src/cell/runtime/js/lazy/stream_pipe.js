// Readable.prototype.pipe: what is read is written elsewhere, no faster than it is taken there.
(function (primordials, host, exports) {
  'use strict';

  const { append, removeAt } = host.basics;
  const { fail, later } = host.use('stream_base');

  function indexIn(list, value) {
    for (let index = 0; index < list.length; index++) if (list[index] === value) return index;
    return -1;
  }

  exports.pipe = function pipe(source, destination, options, flow) {
    const state = source._readableState;
    append(state.pipes, destination);
    const isOutput = destination._isStdio === true;
    const ends = (!options || options.end !== false) && !isOutput;
    const onEnd = () => (ends ? destination.end() : unpipe());
    if (state.endEmitted) later(onEnd);
    else source.once('end', onEnd);

    let hasCleanedUp = false;
    let onDrain;

    function onUnpipe(from, info) {
      if (from !== source || !info || info.hasUnpiped !== false) return;
      info.hasUnpiped = true;
      cleanUp();
    }

    function cleanUp() {
      hasCleanedUp = true;
      destination.removeListener('close', onClose);
      destination.removeListener('finish', onFinish);
      if (onDrain) destination.removeListener('drain', onDrain);
      destination.removeListener('error', onError);
      destination.removeListener('unpipe', onUnpipe);
      source.removeListener('end', onEnd);
      source.removeListener('data', onData);
      if (onDrain && indexIn(state.awaitsDrain, destination) !== -1) onDrain();
    }

    function drained() {
      const index = indexIn(state.awaitsDrain, destination);
      if (index !== -1) removeAt(state.awaitsDrain, index);
      if (state.awaitsDrain.length === 0 && source.listenerCount('data') > 0) source.resume();
    }

    function wait() {
      if (!hasCleanedUp) {
        if (indexIn(state.awaitsDrain, destination) === -1) append(state.awaitsDrain, destination);
        source.pause();
      }
      if (onDrain) return;
      onDrain = drained;
      destination.on('drain', onDrain);
    }

    function onData(chunk) {
      if (destination.write(chunk) === false) wait();
    }

    function unpipe() {
      source.unpipe(destination);
    }

    function onError(error) {
      unpipe();
      destination.removeListener('error', onError);
      if (destination.listenerCount('error') !== 0) return;
      const own = destination._writableState || destination._readableState;
      if (own && !own.errorEmitted) fail(destination, error);
      else destination.emit('error', error);
    }

    function onClose() {
      destination.removeListener('finish', onFinish);
      unpipe();
    }

    function onFinish() {
      destination.removeListener('close', onClose);
      unpipe();
    }

    destination.on('unpipe', onUnpipe);
    source.on('data', onData);
    destination.prependListener('error', onError);
    destination.once('close', onClose);
    destination.once('finish', onFinish);
    destination.emit('pipe', source);
    if (destination.writableNeedDrain === true) wait();
    else if (!state.flowing) source.resume();
    return destination;
  };
})
