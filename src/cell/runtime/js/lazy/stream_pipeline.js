// pipeline: streams, iterables and generators one behind the other, destroyed together when one fails.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray, FunctionPrototypeCall, PromisePrototypeThen, PromiseResolve, SymbolAsyncIterator, SymbolIterator,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { invalidArgType, missingArgs, typeError } = host.use('node_errors');
  const { validateFunction } = host.use('validators');
  const { destroyAny, later } = host.use('stream_base');
  const { finished, isStream } = host.use('stream_finished');
  const { Readable } = host.use('stream_readable');
  const { PassThrough } = host.use('stream_duplex');

  function isIterable(value) {
    return typeof value === 'string'
      || (isObject(value) && (typeof value[SymbolAsyncIterator] === 'function' || typeof value[SymbolIterator] === 'function'));
  }

  function asyncIterableOf(stream) {
    return { [SymbolAsyncIterator]: () => FunctionPrototypeCall(stream[SymbolAsyncIterator], stream) };
  }

  function stageResult(value, place) {
    if (isObject(value) && (isIterable(value) || typeof value.then === 'function')) return value;
    throw typeError('ERR_INVALID_RETURN_VALUE', 'Expected Iterable, AsyncIterable or Stream to be returned from the "' +
      place + '" function but got ' + (value === undefined || value === null ? value : 'type ' + typeof value) + '.');
  }

  // Calls back with an error, or with undefined and what the last function returned.
  exports.run = function run(stages, options, callback) {
    if (stages.length < 2) throw missingArgs('streams');
    const opened = createList();
    let waitsFor = 0;
    let failure;
    let value;
    let isDone = false;

    function settle(error) {
      if (error && (!failure || failure.code === 'ERR_STREAM_PREMATURE_CLOSE')) failure = error;
      if (failure) for (let index = 0; index < opened.length; index++) destroyAny(opened[index], failure);
      waitsFor--;
      if (isDone || (waitsFor > 0 && !failure)) return;
      isDone = true;
      later(() => callback(failure, value));
    }

    function watch(stream, reads, writes) {
      waitsFor++;
      append(opened, stream);
      finished(stream, { __proto__: null, readable: reads, writable: writes }, settle);
    }

    function connect(source, destination, isLast) {
      if (isLast && options?.end === false) {
        source.pipe(destination, { end: false });
        source.once('end', () => settleOpenEnd());
        return;
      }
      source.pipe(destination);
    }
    function settleOpenEnd() {
      waitsFor++;
      settle();
    }

    let current;
    for (let index = 0; index < stages.length; index++) {
      const stage = stages[index];
      const isFirst = index === 0;
      const isLast = index === stages.length - 1;
      if (typeof stage === 'function') {
        const signal = options?.signal;
        const made = isFirst ? stage({ signal }) : stage(asyncIterableOf(current), { signal });
        if (isLast && isObject(made) && typeof made.then === 'function') {
          waitsFor++;
          PromisePrototypeThen(PromiseResolve(made), (result) => {
            value = result;
            settle();
          }, settle);
          continue;
        }
        stageResult(made, isFirst ? 'source' : 'transform [' + (index - 1) + ']');
        current = isStream(made) ? made : Readable.from(made);
        watch(current, true, false);
        if (isLast) {
          const output = new PassThrough({ __proto__: null, objectMode: true });
          current.pipe(output);
          watch(output, true, true);
          current = output;
        }
      } else if (isStream(stage)) {
        watch(stage, !isLast, !isFirst && !(isLast && options?.end === false));
        if (!isFirst) connect(current, stage, isLast);
        current = stage;
      } else if (isFirst && isIterable(stage)) {
        current = Readable.from(stage);
        watch(current, true, false);
      } else throw invalidArgType(isFirst ? 'source' : 'destination', 'of type function or an instance of Stream, Iterable, or AsyncIterable', stage);
    }
    return { __proto__: null, last: current, fail: (error) => { waitsFor++; settle(error); } };
  };

  exports.pipeline = function pipeline(...parameters) {
    const callback = parameters[parameters.length - 1];
    validateFunction(callback, 'streams[stream.length - 1]');
    const stages = createList();
    const isList = parameters.length === 2 && ArrayIsArray(parameters[0]);
    const given = isList ? parameters[0] : parameters;
    const count = isList ? given.length : given.length - 1;
    for (let index = 0; index < count; index++) append(stages, given[index]);
    return exports.run(stages, undefined, (error, value) => callback(error, value)).last;
  };
})
