// The way into a function: find the handler for an event, call it, and see its promise through.
(function (primordials, host) {
  'use strict';

  const {
    ArrayPrototypeJoin,
    ArrayPrototypePush,
    FunctionPrototypeBind,
    JSONParse,
    StringPrototypeToLowerCase,
  } = primordials;
  const { codes, ops } = host;

  // In the order in which the cell finds handlers in a source.
  const handlerNames = [
    'onIdentify', 'onTrack', 'onPage', 'onScreen', 'onGroup', 'onAlias', 'onDelete', 'onBatch',
  ];
  const ON_BATCH = 7;
  const handlers = [
    undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined,
  ];
  // What is defined in place of each, in words, where it looks like a slip.
  const slips = [
    undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined,
  ];
  // The handler of each type, by its place.
  const placeOfType = {
    __proto__: null, identify: 0, track: 1, page: 2, screen: 3, group: 4, alias: 5, delete: 6,
  };

  // Keeps what the source defined, in the order of handlerNames, then what there is in place of each; returns how many
  // handlers there are.
  host.setHandlers = function setHandlers(receiver, ...found) {
    let defined = 0;
    for (let index = 0; index < handlerNames.length; index++) {
      const handler = found[index];
      slips[index] = found[handlerNames.length + index];
      if (typeof handler !== 'function') continue;
      handlers[index] = receiver === undefined ? handler : FunctionPrototypeBind(handler, receiver);
      defined++;
    }
    return defined;
  };

  host.batchHandler = function batchHandler() {
    return handlers[ON_BATCH];
  };

  // Entered by the cell once per invocation of one event.
  host.begin = function begin(eventText, settingsText) {
    host.resetConsole();
    host.resetTimers();
    host.resetFetches();
    host.resetCacheWaits();
    host.callHandler(0, JSONParse(eventText), settingsText);
  };

  // Calls the handler for the event of that number. Returns a promise, which never rejects, while the handler
  // is not done; undefined when it is.
  host.callHandler = function callHandler(number, event, settingsText) {
    const place = placeOfType[event.type] ?? placeOfType[StringPrototypeToLowerCase(event.type)];
    const handler = place === undefined ? undefined : handlers[place];
    if (handler === undefined) {
      failUnsupported(number, place, event.type);
      return undefined;
    }
    let result;
    let pending;
    try {
      result = handler(event, JSONParse(settingsText));
      pending = typeof result === 'object' && result !== null && typeof result.then === 'function';
    } catch (error) {
      host.fail(number, error);
      return undefined;
    }
    if (pending) return settle(number, result, handlerNames[place]);
    host.deliver(number, result, handlerNames[place], 'result');
    return undefined;
  };

  async function settle(number, promise, handlerName) {
    let value;
    try {
      value = await promise;
    } catch (error) {
      host.fail(number, error);
      return;
    }
    host.deliver(number, value, handlerName, 'result');
  }

  function failUnsupported(number, place, typeName) {
    const defined = [];
    for (let other = 0; other < handlerNames.length; other++) {
      if (handlers[other] !== undefined) ArrayPrototypePush(defined, handlerNames[other]);
    }
    const what = place === undefined
      ? 'event.type "' + typeName + '" is none of identify, track, page, screen, group, alias, delete'
      : 'no ' + handlerNames[place] + ' for event.type "' + StringPrototypeToLowerCase(typeName) + '"';
    const slip = place === undefined || slips[place] === undefined ? '' : ', and ' + slips[place];
    const message = what + '; this function defines ' + ArrayPrototypeJoin(defined, ', ') + slip;
    ops.fail(number, codes.UNSUPPORTED_EVENT_TYPE, '', message, '', undefined, '', '');
  }
})
