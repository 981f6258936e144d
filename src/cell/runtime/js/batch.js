// Many events in one invocation: all at once through onBatch, or each through its own handler.
(function (primordials, host) {
  'use strict';

  const { JSONParse } = primordials;
  const { ops, filterReasons, enterContext } = host;

  // Handlers under way at a time where events go through handlers of their own.
  const MOST_AT_ONCE = 16;

  // Stands for all events that have no outcome yet.
  const REST = -1;

  // The contexts of this invocation's events are numbered from here.
  let firstContext = 0;
  let count = 0;

  // The event that the running code belongs to; REST when that is not known.
  host.currentEvent = function currentEvent() {
    const event = host.currentContext() - firstContext;
    return event >= 0 && event < count ? event : REST;
  };

  // Ends the event that the running code belongs to, or all that have no outcome yet, with what nobody caught.
  host.failUncaught = function failUncaught(error) {
    host.fail(host.currentEvent(), error);
  };

  // Entered by the cell once per invocation of a batch.
  host.beginBatch = function beginBatch(eventsText, settingsText, contextOfFirst) {
    host.resetConsole();
    host.resetTimers();
    host.resetFetches();
    host.resetCacheWaits();
    const events = JSONParse(eventsText);
    firstContext = contextOfFirst;
    count = events.length;
    const onBatch = host.batchHandler();
    if (onBatch === undefined) fanOut(events, settingsText);
    else callOnBatch(onBatch, events, settingsText);
  };

  function fanOut(events, settingsText) {
    let next = 0;
    let underWay = 0;

    function launch() {
      while (underWay < MOST_AT_ONCE && next < events.length) {
        const number = next++;
        enterContext(firstContext + number);
        const done = host.callHandler(number, events[number], settingsText);
        if (done !== undefined) {
          underWay++;
          goOnAfter(done);
        }
      }
      enterContext(undefined);
    }

    async function goOnAfter(done) {
      await done;
      underWay--;
      launch();
    }

    launch();
  }

  function callOnBatch(onBatch, events, settingsText) {
    const inputs = new host.BatchInputs(events);
    let result;
    let pending;
    try {
      result = onBatch(events, JSONParse(settingsText));
      pending = typeof result === 'object' && result !== null && typeof result.then === 'function';
    } catch (error) {
      host.fail(REST, error);
      return;
    }
    if (pending) settle(result, inputs);
    else deliver(result, inputs);
  }

  async function settle(promise, inputs) {
    let result;
    try {
      result = await promise;
    } catch (error) {
      host.fail(REST, error);
      return;
    }
    deliver(result, inputs);
  }

  function deliver(result, inputs) {
    if (result === undefined || result === null) {
      ops.filter(REST, filterReasons.NO_RETURN, '');
      return;
    }
    let matched;
    try {
      matched = inputs.match(result);
    } catch (error) {
      // A proxy in the result, or a getter.
      host.fail(REST, error);
      return;
    }
    if (matched.fault !== undefined) {
      host.failResult(REST, 'onBatch', matched.place, matched.fault);
      return;
    }
    for (let number = 0; number < inputs.length; number++) {
      const output = matched.outputs[number];
      if (output === undefined) ops.filter(number, filterReasons.NOT_RETURNED, '');
      else if (output.code === undefined) host.deliver(number, output.value, 'onBatch', output.place);
      else host.failWith(number, output.code, output.message);
    }
  }
})
