// Errors as Node's own code throws them: with a code, which their stack shows beside the name.
(function (primordials, host, exports) {
  'use strict';

  const {
    Error,
    ErrorCaptureStackTrace,
    MathAbs,
    NumberIsInteger,
    ObjectDefineProperty,
    RangeError,
    ReflectDeleteProperty,
    String,
    StringPrototypeEndsWith,
    StringPrototypeIncludes,
    StringPrototypeSlice,
    TypeError,
    URIError,
  } = primordials;

  function define(target, key, value, enumerable) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable, writable: true });
  }

  // A stack is written when it is first read, with the name that the error has then.
  function writeStack(error, name, code) {
    define(error, 'name', name + ' [' + code + ']', false);
    try {
      error.stack;
    } catch {
      // Error.prepareStackTrace is the function's own.
    }
    ReflectDeleteProperty(error, 'name');
  }

  // The stack begins with the caller of `creator`.
  function create(Base, name, code, message, creator) {
    const error = new Base(message);
    ErrorCaptureStackTrace(error, creator);
    writeStack(error, name, code);
    define(error, 'code', code, true);
    define(error, 'toString', function toString() {
      return this.name + ' [' + code + ']: ' + this.message;
    }, false);
    return error;
  }

  function withCode(code, message) {
    return create(Error, 'Error', code, message, withCode);
  }

  function typeError(code, message) {
    return create(TypeError, 'TypeError', code, message, typeError);
  }

  function rangeError(code, message) {
    return create(RangeError, 'RangeError', code, message, rangeError);
  }

  function uriError(code, message) {
    return create(URIError, 'URIError', code, message, uriError);
  }

  // What ends an operation of Node's whose signal is aborted for that reason.
  function abortError(reason) {
    const error = create(Error, 'Error', 'ABORT_ERR', 'The operation was aborted', abortError);
    define(error, 'name', 'AbortError', false);
    define(error, 'cause', reason, false);
    return error;
  }

  function describeReceived(value) {
    if (value === null || value === undefined) return String(value);
    if (typeof value === 'function') {
      const { name } = value;
      return typeof name === 'string' && name !== '' ? 'function ' + name : 'function ';
    }
    if (typeof value === 'object') {
      const name = classNameOf(value);
      return name === undefined ? host.inspect(value, { depth: -1 }) : 'an instance of ' + name;
    }
    const text = host.inspect(value);
    return 'type ' + typeof value + ' (' + (text.length > 28 ? StringPrototypeSlice(text, 0, 25) + '...' : text) + ')';
  }

  function classNameOf(value) {
    try {
      const { name } = value.constructor;
      return typeof name === 'string' && name !== '' ? name : undefined;
    } catch {
      return undefined;
    }
  }

  // expected continues 'must be', such as 'of type string'.
  function invalidArgType(name, expected, actual) {
    const isProperty = StringPrototypeIncludes(name, '.');
    const subject = StringPrototypeEndsWith(name, ' argument')
      ? 'The ' + name
      : 'The "' + name + '" ' + (isProperty ? 'property' : 'argument');
    return typeError('ERR_INVALID_ARG_TYPE', subject + ' must be ' + expected + '. Received ' + describeReceived(actual));
  }

  function invalidArgValue(name, value, reason = 'is invalid') {
    const text = host.inspect(value);
    const shown = text.length > 128 ? StringPrototypeSlice(text, 0, 128) + '...' : text;
    const kind = StringPrototypeIncludes(name, '.') ? 'property' : 'argument';
    return typeError('ERR_INVALID_ARG_VALUE', 'The ' + kind + " '" + name + "' " + reason + '. Received ' + shown);
  }

  function describeNumber(value) {
    const isLarge = typeof value === 'bigint'
      ? value > 2n ** 32n || value < -(2n ** 32n)
      : NumberIsInteger(value) && MathAbs(value) > 2 ** 32;
    if (!isLarge) return host.inspect(value);
    return addSeparators(String(value)) + (typeof value === 'bigint' ? 'n' : '');
  }

  function addSeparators(digits) {
    let text = '';
    let end = digits.length;
    const first = digits[0] === '-' ? 1 : 0;
    for (; end >= first + 4; end -= 3) text = '_' + StringPrototypeSlice(digits, end - 3, end) + text;
    return StringPrototypeSlice(digits, 0, end) + text;
  }

  // range continues 'It must be'.
  function outOfRange(name, range, received) {
    const message = 'The value of "' + name + '" is out of range. It must be ' + range + '. Received ';
    return rangeError('ERR_OUT_OF_RANGE', message + describeNumber(received));
  }

  function invalidThis(name) {
    return typeError('ERR_INVALID_THIS', 'Value of "this" must be of type ' + name);
  }

  // names are those of the arguments that a call needs.
  function missingArgs(...names) {
    let text = '';
    for (let index = 0; index < names.length; index++) {
      const isLast = index === names.length - 1;
      if (index > 0) text += names.length === 2 ? ' and ' : isLast ? ', and ' : ', ';
      text += '"' + names[index] + '"';
    }
    const noun = names.length === 1 ? ' argument' : ' arguments';
    return typeError('ERR_MISSING_ARGS', 'The ' + text + noun + ' must be specified');
  }

  function stringTooLong() {
    return withCode('ERR_STRING_TOO_LONG', 'Cannot create a string longer than 0x1fffffe8 characters');
  }

  exports.abortError = abortError;
  exports.describeReceived = describeReceived;
  exports.withCode = withCode;
  exports.typeError = typeError;
  exports.rangeError = rangeError;
  exports.uriError = uriError;
  exports.invalidThis = invalidThis;
  exports.missingArgs = missingArgs;
  exports.stringTooLong = stringTooLong;
  exports.invalidArgType = invalidArgType;
  exports.invalidArgValue = invalidArgValue;
  exports.outOfRange = outOfRange;
})
