// Which event of a batch each element of onBatch's result belongs to.
(function (primordials, host) {
  'use strict';

  const {
    ArrayIsArray,
    MapPrototypeGet,
    MapPrototypeSet,
    NumberIsInteger,
    ObjectPrototypeHasOwnProperty,
    SafeMap,
  } = primordials;
  const { codes } = host;

  // The events as they were given to onBatch, which may change the array and what is in it.
  host.BatchInputs = class BatchInputs {
    length;
    // By number; without a prototype, on which a function could put setters.
    #events = { __proto__: null };
    #numbers = new SafeMap();
    // Of each messageId the first event that has it, and by number the next with the same.
    #firstWithId = new SafeMap();
    #nextWithSameId = { __proto__: null };

    constructor(events) {
      this.length = events.length;
      for (let number = events.length - 1; number >= 0; number--) {
        const event = events[number];
        this.#events[number] = event;
        MapPrototypeSet(this.#numbers, event, number);
        const id = messageId(event);
        if (id === undefined) continue;
        this.#nextWithSameId[number] = MapPrototypeGet(this.#firstWithId, id);
        MapPrototypeSet(this.#firstWithId, id, number);
      }
    }

    // `outputs` by number: each a `value` at a `place` in the result, or a `code` and `message` to fail
    // with. Or the `fault` at a `place` of a result that can't be matched. Throws what the result's
    // getters throw.
    match(result) {
      if (!ArrayIsArray(result)) return faultAt('result', 'is ' + host.nameOfKind(result) + ', not an array');
      const matched = { __proto__: null, outputs: { __proto__: null }, fault: undefined, place: undefined };
      const others = this.#matchKnown(result, matched);
      for (let other = 0; matched.fault === undefined && other < others.length; other++) {
        this.#matchOther(result, others[other], matched);
      }
      return matched;
    }

    // Takes the elements that are events of the batch or a status; returns the others.
    #matchKnown(result, matched) {
      const others = { __proto__: null, length: 0 };
      for (let index = 0; index < result.length; index++) {
        const value = result[index];
        if (value === undefined || value === null) continue;
        const place = 'result[' + index + ']';
        if (typeof value !== 'object' || ArrayIsArray(value)) {
          return fail(matched, place, 'is ' + host.nameOfKind(value) + ', not an object');
        }
        const number = MapPrototypeGet(this.#numbers, value);
        if (number !== undefined) put(matched, number, { __proto__: null, value, place });
        else if (isStatus(value)) this.#matchStatus(result, index, place, matched);
        else others[others.length++] = { __proto__: null, value, place, index };
        if (matched.fault !== undefined) return others;
      }
      return others;
    }

    #matchStatus(result, index, place, matched) {
      const { status } = result[index];
      if (result.length !== this.length) {
        fail(matched, place, 'is a status, but the result has ' + result.length + ' elements for ' + this.length + ' events');
      } else if (status >= 200 && status <= 299) {
        put(matched, index, { __proto__: null, value: this.#events[index], place });
      } else if (status === 429 || (status >= 400 && status <= 599)) {
        const code = status === 429 || status >= 500 ? codes.RETRY : codes.BAD_REQUEST;
        const { errormessage } = result[index];
        const message = typeof errormessage === 'string' ? errormessage : 'status ' + status;
        put(matched, index, { __proto__: null, code, message, place });
      } else {
        fail(matched, place, 'has status ' + status + ', which is none of 2xx, 4xx and 5xx');
      }
    }

    // An element that is no object of the batch: by its messageId, else by its place.
    #matchOther(result, other, matched) {
      const id = messageId(other.value);
      if (id !== undefined) {
        const number = this.#numberWithId(id, matched.outputs);
        if (number === undefined) fail(matched, other.place, 'has messageId ' + host.inspect(id) + ', which no event of the batch has');
        else put(matched, number, other);
      } else if (result.length !== this.length) {
        fail(matched, other.place, 'belongs to no event: it is none of them and has no messageId, and the result has '
          + result.length + ' elements for ' + this.length + ' events');
      } else if (someHaveId(result)) {
        fail(matched, other.place, 'belongs to no event: it is none of them and has no messageId, though others have');
      } else {
        put(matched, other.index, other);
      }
    }

    // Of several events with one id the first that nothing was matched with.
    #numberWithId(id, outputs) {
      const first = MapPrototypeGet(this.#firstWithId, id);
      for (let number = first; number !== undefined; number = this.#nextWithSameId[number]) {
        if (outputs[number] === undefined) return number;
      }
      return first;
    }
  };

  function put(matched, number, output) {
    const before = matched.outputs[number];
    if (before === undefined) matched.outputs[number] = output;
    else fail(matched, output.place, 'is for the same event as ' + before.place);
  }

  function fail(matched, place, fault) {
    matched.place = place;
    matched.fault = fault;
    return { __proto__: null, length: 0 };
  }

  function faultAt(place, fault) {
    return { __proto__: null, outputs: undefined, place, fault };
  }

  function messageId(event) {
    if (!ObjectPrototypeHasOwnProperty(event, 'messageId')) return undefined;
    const id = event.messageId;
    return typeof id === 'string' || typeof id === 'number' ? id : undefined;
  }

  // An answer of the kind {status, errormessage}, as opposed to an event that happens to have a status.
  function isStatus(value) {
    return NumberIsInteger(value.status)
      && !ObjectPrototypeHasOwnProperty(value, 'type')
      && !ObjectPrototypeHasOwnProperty(value, 'messageId');
  }

  function someHaveId(result) {
    for (let index = 0; index < result.length; index++) {
      const value = result[index];
      if (typeof value === 'object' && value !== null && messageId(value) !== undefined) return true;
    }
    return false;
  }
})
