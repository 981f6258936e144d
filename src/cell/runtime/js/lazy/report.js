// What is thrown, put into words: class, message and stack of errors.
(function (primordials, host, exports) {
  'use strict';

  const { ObjectPrototypeHasOwnProperty, StringPrototypeSlice } = primordials;
  const { codes, ops, filterReasons } = host;
  const { isObject } = host.basics;
  const { withoutRuntimeFrames } = host.use('frames');
  const { codeByIdentity, codeByName } = host.use('errors');

  const LONGEST_MESSAGE = 8192;
  const LONGEST_STACK = 16384;
  const LONGEST_NAME = 256;

  function cut(text, length) {
    return text.length > length ? StringPrototypeSlice(text, 0, length) + '\u2026' : text;
  }

  // A property of a thrown value, which may be a getter or a proxy that throws.
  function read(value, key) {
    try {
      return value[key];
    } catch {
      return undefined;
    }
  }

  // Its own name, else its class's: a subclass inherits the name of its parent.
  function className(error) {
    const name = read(error, 'name');
    const named = typeof name === 'string' ? cut(name, LONGEST_NAME) : '';
    if (hasOwn(error, 'name')) return named;
    const constructor = read(error, 'constructor');
    const constructed = typeof constructor === 'function' ? read(constructor, 'name') : undefined;
    return typeof constructed === 'string' && constructed !== '' && constructed !== 'Object'
      ? cut(constructed, LONGEST_NAME)
      : named;
  }

  function hasOwn(value, key) {
    try {
      return ObjectPrototypeHasOwnProperty(value, key);
    } catch {
      return false;
    }
  }

  function describe(error) {
    if (!isObject(error)) {
      const message = typeof error === 'string' ? error : host.inspect(error);
      return { __proto__: null, name: '', message: cut(message, LONGEST_MESSAGE), stack: '' };
    }
    const message = read(error, 'message');
    const stack = read(error, 'stack');
    return {
      __proto__: null,
      name: className(error),
      message: cut(typeof message === 'string' ? message : host.inspect(error), LONGEST_MESSAGE),
      stack: typeof stack === 'string' ? withoutRuntimeFrames(cut(stack, LONGEST_STACK)) : '',
    };
  }

  function codeOf(error) {
    if (!isObject(error)) return codes.BAD_REQUEST;
    let code;
    try {
      code = codeByIdentity(error);
    } catch {
      // A proxy that does not tell its prototype is no error of ours.
    }
    return code ?? codeByName(read(error, 'name')) ?? codes.BAD_REQUEST;
  }

  function retryAfter(error) {
    const milliseconds = read(error, 'retryAfter');
    return typeof milliseconds === 'number' && milliseconds >= 0 ? milliseconds : undefined;
  }

  // Ends an event with what was thrown; all that have no outcome yet with -1.
  exports.fail = function fail(event, error) {
    const { name, message, stack } = describe(error);
    const code = codeOf(error);
    if (code === codes.DROP_EVENT) {
      ops.filter(event, filterReasons.DROP_EVENT, message);
      return;
    }
    const delay = code === codes.RETRY ? retryAfter(error) : undefined;
    ops.fail(event, code, name, message, stack, delay, '', '');
  };

  // Ends an event with an error that nobody threw.
  exports.failWith = function failWith(event, code, message) {
    ops.fail(event, code, '', cut(message, LONGEST_MESSAGE), '', undefined, '', '');
  };

  // Ends the invocation with what the source threw before any handler could be called.
  exports.failLoad = function failLoad(error) {
    const { name, message, stack } = describe(error);
    ops.fail(-1, codes.INVALID_FUNCTION, name, message, stack, undefined, '', '');
  };

  exports.reportRejection = function reportRejection(reason) {
    ops.log(4, 'Unhandled promise rejection: ' + withoutRuntimeFrames(host.inspect(reason)));
  };

  exports.LONGEST_MESSAGE = LONGEST_MESSAGE;
  exports.cut = cut;
  exports.describe = describe;
})
