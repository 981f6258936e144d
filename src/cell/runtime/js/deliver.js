// What a handler returned for an event, on its way out: the event, nothing, or what can be no event.
(function (primordials, host) {
  'use strict';

  const { ArrayIsArray, JSONStringify } = primordials;
  const { codes, ops, filterReasons } = host;

  // Ends the event with what `handlerName` returned for it; `place` is where in the result it is.
  host.deliver = function deliver(event, value, handlerName, place) {
    if (value === undefined || value === null) {
      ops.filter(event, filterReasons.NO_RETURN, '');
      return;
    }
    if (typeof value !== 'object' || ArrayIsArray(value)) {
      host.failResult(event, handlerName, place, 'is ' + nameOfKind(value) + ', not an object');
      return;
    }
    let text;
    try {
      text = JSONStringify(value);
    } catch (error) {
      const fault = host.locateFault(value, place, error);
      host.failResult(event, handlerName, fault.path, fault.description);
      return;
    }
    if (typeof text !== 'string' || text[0] !== '{') {
      host.failResult(event, handlerName, place, 'becomes ' + (text ?? 'nothing') + ' as JSON, not an object');
      return;
    }
    ops.deliver(event, text);
  };

  function nameOfKind(value) {
    if (ArrayIsArray(value)) return 'an array';
    return (typeof value === 'object' ? 'an ' : 'a ') + typeof value;
  }
  host.nameOfKind = nameOfKind;

  const onBatchMust = 'onBatch must return an array of events, objects that JSON can carry: ';

  // Ends the event, or all with -1, for what is wrong with the result.
  host.failResult = function failResult(event, handlerName, path, description) {
    const must = handlerName === 'onBatch'
      ? onBatchMust
      : handlerName + ' must return the event, an object that JSON can carry: ';
    ops.fail(event, codes.INVALID_RESULT, '', must + path + ' ' + description, '', undefined, path, description);
  };
})
