// The way into a function and out of it: parse, call the handler, tell the cell how it ended.
(function (primordials, host) {
  'use strict';

  const {
    ArrayIsArray,
    ArrayPrototypeJoin,
    ArrayPrototypePush,
    FunctionPrototypeBind,
    JSONParse,
    JSONStringify,
    StringPrototypeToLowerCase,
  } = primordials;
  const { codes, ops, filterReasons } = host;

  // In the cell's order of event types; onBatch last.
  const handlerNames = [
    'onIdentify', 'onTrack', 'onPage', 'onScreen', 'onGroup', 'onAlias', 'onDelete', 'onBatch',
  ];
  const handlers = [
    undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined,
  ];

  // Keeps what the source defined, in the order of handlerNames, and returns how many there are.
  host.setHandlers = function setHandlers(receiver, ...found) {
    let defined = 0;
    for (let index = 0; index < handlerNames.length; index++) {
      const handler = found[index];
      if (typeof handler !== 'function') continue;
      handlers[index] = receiver === undefined ? handler : FunctionPrototypeBind(handler, receiver);
      defined++;
    }
    return defined;
  };

  // Entered by the cell once per invocation; index is -1 for a type that has no handler name.
  host.begin = function begin(index, typeName, eventText, settingsText) {
    host.resetConsole();
    host.resetTimers();
    host.resetFetches();
    const handler = index < 0 ? undefined : handlers[index];
    if (handler === undefined) {
      failUnsupported(index, typeName);
      return;
    }
    let result;
    let pending;
    try {
      result = handler(JSONParse(eventText), JSONParse(settingsText));
      pending = typeof result === 'object' && result !== null && typeof result.then === 'function';
    } catch (error) {
      host.fail(error);
      return;
    }
    if (pending) settle(result, handlerNames[index]);
    else deliver(result, handlerNames[index]);
  };

  async function settle(promise, handlerName) {
    let value;
    try {
      value = await promise;
    } catch (error) {
      host.fail(error);
      return;
    }
    deliver(value, handlerName);
  }

  function deliver(value, handlerName) {
    if (value === undefined || value === null) {
      ops.filter(filterReasons.NO_RETURN, '');
      return;
    }
    if (typeof value !== 'object' || ArrayIsArray(value)) {
      failResult(handlerName, 'result', 'is ' + nameOfKind(value) + ', not an object');
      return;
    }
    let text;
    try {
      text = JSONStringify(value);
    } catch (error) {
      const fault = host.locateFault(value, error);
      failResult(handlerName, fault.path, fault.description);
      return;
    }
    if (typeof text !== 'string' || text[0] !== '{') {
      failResult(handlerName, 'result', 'becomes ' + (text ?? 'nothing') + ' as JSON, not an object');
      return;
    }
    ops.deliver(text);
  }

  function nameOfKind(value) {
    if (ArrayIsArray(value)) return 'an array';
    return (typeof value === 'object' ? 'an ' : 'a ') + typeof value;
  }

  function failResult(handlerName, path, description) {
    const message = handlerName + ' must return the event, an object that JSON can carry: ' + path + ' ' + description;
    ops.fail(codes.INVALID_RESULT, '', message, '', undefined, path, description);
  }

  function failUnsupported(index, typeName) {
    const defined = [];
    for (let other = 0; other < handlerNames.length; other++) {
      if (handlers[other] !== undefined) ArrayPrototypePush(defined, handlerNames[other]);
    }
    const what = index < 0
      ? 'event.type "' + typeName + '" is none of identify, track, page, screen, group, alias, delete'
      : 'no ' + handlerNames[index] + ' for event.type "' + StringPrototypeToLowerCase(typeName) + '"';
    const message = what + '; this function defines ' + ArrayPrototypeJoin(defined, ', ');
    ops.fail(codes.UNSUPPORTED_EVENT_TYPE, '', message, '', undefined, '', '');
  }
})
