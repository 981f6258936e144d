// The module assert.
(function (primordials, host, exports) {
  'use strict';

  const {
    Error,
    ErrorCaptureStackTrace,
    ErrorPrototype,
    NumberIsNaN,
    ObjectAssign,
    ObjectIs,
    ObjectKeys,
    ObjectPrototypeIsPrototypeOf,
    PromisePrototypeThen,
    PromiseReject,
    PromiseResolve,
    ReflectApply,
    RegExpPrototypeExec,
    String,
    StringPrototypeIncludes,
    StringPrototypeRepeat,
  } = primordials;
  const { kinds, ops } = host;
  const { isObject } = host.basics;
  const errors = host.use('node_errors');
  const { isDeepLooselyEqual, isDeepStrictEqual } = host.use('util_equality');
  const { hide, showMember } = host.use('web_interface');
  const { validateFunction } = host.use('validators');

  // Texts up to this long together stand on one line.
  const LONGEST_LINE = 12;

  const headers = {
    __proto__: null,
    strictEqual: 'Expected values to be strictly equal:',
    deepStrictEqual: 'Expected values to be strictly deep-equal:',
    deepEqual: 'Expected values to be loosely deep-equal:',
    notStrictEqual: 'Expected "actual" to be strictly unequal to:',
    notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
    notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  };

  function inspectWhole(value) {
    return host.inspect(value, {
      __proto__: null, compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false,
      showProxy: false, sorted: true, getters: true, breakLength: Infinity,
    });
  }

  function describe(actual, expected, operator) {
    const header = headers[operator];
    const left = inspectWhole(actual);
    const right = inspectWhole(expected);
    if (header === undefined) return left + ' ' + operator + ' ' + right;
    if (operator === 'notStrictEqual' || operator === 'notDeepStrictEqual' || operator === 'notDeepEqual') {
      const isShort = !StringPrototypeIncludes(left, '\n');
      return header + (isShort ? ' ' : '\n\n') + left + (isShort ? '' : '\n');
    }
    const areLines = StringPrototypeIncludes(left, '\n') || StringPrototypeIncludes(right, '\n');
    const areObjects = isObject(actual) || isObject(expected);
    if (operator === 'strictEqual' && !areLines && !areObjects && left.length + right.length < LONGEST_LINE * 5) {
      return header + '\n\n' + left + ' !== ' + right + '\n';
    }
    return header + '\n+ actual - expected\n\n+ ' + indent(left) + '\n- ' + indent(right);
  }

  function indent(text) {
    return host.use('text').indentLines(text, StringPrototypeRepeat(' ', 2));
  }

  class AssertionError extends Error {
    constructor(options) {
      if (!isObject(options)) throw errors.invalidArgType('options', 'of type object', options);
      const { actual, expected, message, operator } = options;
      super(message !== undefined && message !== null ? String(message) : describe(actual, expected, operator));
      this.generatedMessage = message === undefined || message === null;
      this.code = 'ERR_ASSERTION';
      this.actual = actual;
      this.expected = expected;
      this.operator = operator;
      ErrorCaptureStackTrace(this, options.stackStartFn ?? options.stackStartFunction);
    }

    toString() {
      return this.name + ' [' + this.code + ']: ' + this.message;
    }
  }
  hide(AssertionError.prototype, 'name', 'AssertionError');

  function isError(value) {
    return ops.kindOf(value) === kinds.NativeError || (isObject(value) && ObjectPrototypeIsPrototypeOf(ErrorPrototype, value));
  }

  function fail(actual, expected, message, operator, stackStartFn) {
    if (isError(message)) throw message;
    throw new AssertionError({ actual, expected, message, operator, stackStartFn });
  }

  // Fails with a text of ours where the caller gave no message.
  function failWith(text, error, expected, message, operator, stackStartFn) {
    if (message !== undefined && message !== null) fail(error, expected, message, operator, stackStartFn);
    throw markGenerated(new AssertionError({ actual: error, expected, message: text, operator, stackStartFn }));
  }

  function requireBoth(count) {
    if (count < 2) throw errors.missingArgs('actual', 'expected');
  }

  function checkOk(value, count, message, stackStartFn) {
    if (value) return;
    if (count === 0) {
      const missing = 'No value argument passed to `assert.ok()`';
      throw markGenerated(new AssertionError({ actual: value, expected: true, message: missing, operator: '==', stackStartFn }));
    }
    if (isError(message)) throw message;
    const text = message ?? 'The expression evaluated to a falsy value';
    const error = new AssertionError({ actual: value, expected: true, message: text, operator: '==', stackStartFn });
    throw message === undefined || message === null ? markGenerated(error) : error;
  }

  function markGenerated(error) {
    error.generatedMessage = true;
    return error;
  }

  function ok(...parameters) {
    checkOk(parameters[0], parameters.length, parameters[1], ok);
  }

  // assert(value) and assert.strict(value) are functions that carry the others.
  function createAssert() {
    return function assert(...parameters) {
      checkOk(parameters[0], parameters.length, parameters[1], assert);
    };
  }

  function looselyEqual(left, right) {
    return left == right || (NumberIsNaN(left) && NumberIsNaN(right));
  }

  // A check of two values: holds(actual, expected) or fails with the operator's message.
  function comparison(name, operator, holds) {
    const method = {
      [name](actual, expected, message) {
        requireBoth(arguments.length);
        if (!holds(actual, expected)) fail(actual, expected, message, operator, method);
      },
    }[name];
    return method;
  }

  function matchesError(error, expected, message, operator, stackStartFn) {
    if (expected === undefined) return;
    if (typeof expected === 'function') {
      matchesFunction(error, expected, message, operator, stackStartFn);
      return;
    }
    if (ops.kindOf(expected) === kinds.RegExp) {
      if (RegExpPrototypeExec(expected, String(error)) !== null) return;
      const text = 'The input did not match the regular expression ' + host.inspect(expected) + '. Input:\n\n' +
        host.inspect(String(error)) + '\n';
      failWith(text, error, expected, message, operator, stackStartFn);
    }
    matchesObject(error, expected, message, operator, stackStartFn);
  }

  function matchesFunction(error, expected, message, operator, stackStartFn) {
    if (expected.prototype !== undefined && isObject(error) && ObjectPrototypeIsPrototypeOf(expected.prototype, error)) return;
    if (ObjectPrototypeIsPrototypeOf(Error, expected) || expected === Error) {
      const found = isError(error) ? error.constructor.name : host.inspect(error, { depth: -1 });
      const text = 'The error is expected to be an instance of "' + expected.name + '". Received ' +
        (isError(error) ? '"' + found + '"\n\nError message:\n\n' + error.message : '"' + found + '"');
      failWith(text, error, expected, message, operator, stackStartFn);
    }
    const result = ReflectApply(expected, {}, [error]);
    if (result === true) return;
    const name = expected.name ? 'The "' + expected.name + '" validation function' : 'The validation function';
    const text = name + ' is expected to return "true". Received ' + host.inspect(result) + '\n\nCaught error:\n\n' + String(error);
    failWith(text, error, expected, message, operator, stackStartFn);
  }

  function matchesObject(error, expected, message, operator, stackStartFn) {
    const keys = ObjectKeys(expected);
    if (isError(expected)) {
      host.basics.append(keys, 'name');
      host.basics.append(keys, 'message');
    } else if (keys.length === 0) {
      throw errors.invalidArgValue('error', expected, 'may not be an empty object');
    }
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      const found = isObject(error) ? error[key] : undefined;
      const isMatch = ops.kindOf(expected[key]) === kinds.RegExp && typeof found === 'string'
        ? RegExpPrototypeExec(expected[key], found) !== null
        : isObject(error) && key in error && isDeepStrictEqual(found, expected[key]);
      if (isMatch) continue;
      failWith(describe(error, expected, 'deepStrictEqual'), error, expected, message, operator, stackStartFn);
    }
  }

  function readExpectation(expected, message, name) {
    if (typeof expected === 'string') return { expected: undefined, message: expected };
    const isUsable = expected === undefined || expected === null || isObject(expected);
    if (!isUsable) {
      throw errors.invalidArgType(name, 'of type function or an instance of Error, RegExp, or Object', expected);
    }
    return { expected: expected ?? undefined, message };
  }

  function missingException(expected, message, operator, stackStartFn) {
    const kind = operator === 'rejects' ? 'rejection' : 'exception';
    const name = expected !== undefined && expected.name ? ' (' + expected.name + ')' : '';
    const text = 'Missing expected ' + kind + name + (message ? ': ' + message : '.');
    fail(undefined, expected, isError(message) ? message : text, operator, stackStartFn);
  }

  function unwantedException(error, message, operator, stackStartFn) {
    const kind = operator === 'doesNotReject' ? 'rejection' : 'exception';
    const text = 'Got unwanted ' + kind + (message ? ': ' + message : '.') + '\nActual message: "' + (error?.message ?? error) + '"';
    fail(error, undefined, text, operator, stackStartFn);
  }

  function throws(attempt, expected, message) {
    validateFunction(attempt, 'fn');
    const wanted = readExpectation(expected, message, 'error');
    let error;
    let hasThrown = false;
    try {
      attempt();
    } catch (thrown) {
      error = thrown;
      hasThrown = true;
    }
    if (!hasThrown) missingException(wanted.expected, wanted.message, 'throws', throws);
    matchesError(error, wanted.expected, wanted.message, 'throws', throws);
  }

  function doesNotThrow(attempt, expected, message) {
    validateFunction(attempt, 'fn');
    try {
      attempt();
    } catch (error) {
      unwantedException(error, typeof expected === 'string' ? expected : message, 'doesNotThrow', doesNotThrow);
    }
  }

  // What an async check waits for: a promise, or what a function returns.
  function promiseOf(promiseOrFunction) {
    if (typeof promiseOrFunction !== 'function') {
      if (isObject(promiseOrFunction) && typeof promiseOrFunction.then === 'function') return PromiseResolve(promiseOrFunction);
      const error = errors.invalidArgType('promiseFn', 'of type function or an instance of Promise', promiseOrFunction);
      return PromiseReject(error);
    }
    const result = promiseOrFunction();
    if (isObject(result) && typeof result.then === 'function') return PromiseResolve(result);
    const message = 'Expected instance of Promise to be returned from the "promiseFn" function but got ';
    throw errors.typeError('ERR_INVALID_RETURN_VALUE', message + errors.describeReceived(result) + '.');
  }

  async function rejects(promiseOrFunction, expected, message) {
    const wanted = readExpectation(expected, message, 'error');
    return PromisePrototypeThen(promiseOf(promiseOrFunction), () => {
      missingException(wanted.expected, wanted.message, 'rejects', rejects);
    }, (error) => {
      if (error?.code === 'ERR_INVALID_ARG_TYPE' && !isObject(promiseOrFunction)) throw error;
      matchesError(error, wanted.expected, wanted.message, 'rejects', rejects);
    });
  }

  async function doesNotReject(promiseOrFunction, expected, message) {
    return PromisePrototypeThen(promiseOf(promiseOrFunction), () => {}, (error) => {
      unwantedException(error, typeof expected === 'string' ? expected : message, 'doesNotReject', doesNotReject);
    });
  }

  function ifError(value) {
    if (value === null || value === undefined) return;
    const text = isObject(value) && typeof value.message === 'string'
      ? (value.message.length === 0 && value.constructor ? value.constructor.name : value.message)
      : host.inspect(value);
    const message = 'ifError got unwanted exception: ' + text;
    throw markGenerated(new AssertionError({ actual: value, expected: null, operator: 'ifError', message, stackStartFn: ifError }));
  }

  function requireRegExp(value) {
    if (ops.kindOf(value) !== kinds.RegExp) throw errors.invalidArgType('regexp', 'an instance of RegExp', value);
  }

  // For match and doesNotMatch.
  function checkMatch(text, pattern, message, isWanted, stackStartFn) {
    requireRegExp(pattern);
    const isMatch = typeof text === 'string' && RegExpPrototypeExec(pattern, text) !== null;
    if (typeof text === 'string' && isMatch === isWanted) return;
    const operator = isWanted ? 'match' : 'doesNotMatch';
    const was = isWanted ? 'The input did not match the regular expression ' : 'The input was expected to not match the regular expression ';
    const generated = typeof text === 'string'
      ? was + host.inspect(pattern) + '. Input:\n\n' + host.inspect(text) + '\n'
      : 'The "string" argument must be of type string. Received type ' + typeof text + ' (' + host.inspect(text) + ')';
    if (isError(message)) throw message;
    const error = new AssertionError({ actual: text, expected: pattern, message: message ?? generated, operator, stackStartFn });
    throw message === undefined ? markGenerated(error) : error;
  }

  function match(string, regexp, message) {
    checkMatch(string, regexp, message, true, match);
  }

  function doesNotMatch(string, regexp, message) {
    checkMatch(string, regexp, message, false, doesNotMatch);
  }

  function failAlways(message = 'Failed') {
    if (isError(message)) throw message;
    const error = new AssertionError({ message, operator: 'fail', stackStartFn: failAlways });
    throw message === 'Failed' ? markGenerated(error) : error;
  }

  const shared = {
    __proto__: null,
    ok,
    fail: failAlways,
    strictEqual: comparison('strictEqual', 'strictEqual', ObjectIs),
    notStrictEqual: comparison('notStrictEqual', 'notStrictEqual', (left, right) => !ObjectIs(left, right)),
    deepStrictEqual: comparison('deepStrictEqual', 'deepStrictEqual', isDeepStrictEqual),
    notDeepStrictEqual: comparison('notDeepStrictEqual', 'notDeepStrictEqual', (left, right) => !isDeepStrictEqual(left, right)),
    throws,
    doesNotThrow,
    rejects,
    doesNotReject,
    ifError,
    match,
    doesNotMatch,
    AssertionError,
  };
  const loose = {
    __proto__: null,
    equal: comparison('equal', '==', looselyEqual),
    notEqual: comparison('notEqual', '!=', (left, right) => !looselyEqual(left, right)),
    deepEqual: comparison('deepEqual', 'deepEqual', isDeepLooselyEqual),
    notDeepEqual: comparison('notDeepEqual', 'notDeepEqual', (left, right) => !isDeepLooselyEqual(left, right)),
  };

  const strict = ObjectAssign(createAssert(), shared, {
    equal: shared.strictEqual,
    notEqual: shared.notStrictEqual,
    deepEqual: shared.deepStrictEqual,
    notDeepEqual: shared.notDeepStrictEqual,
  });
  showMember(strict, 'strict', strict);
  const assert = ObjectAssign(createAssert(), shared, loose);
  showMember(assert, 'strict', strict);

  exports.strict = strict;
  exports.module = assert;
})
