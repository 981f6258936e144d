// What is thrown, put into words: class, message and stack of errors, and the place of a fault in a result.
(function (primordials, host) {
  'use strict';

  const {
    ArrayIsArray,
    ObjectKeys,
    ObjectPrototypeHasOwnProperty,
    RegExpPrototypeExec,
    SafeSet,
    SetPrototypeAdd,
    SetPrototypeDelete,
    SetPrototypeHas,
    StringPrototypeSlice,
  } = primordials;
  const { codes, ops, filterReasons } = host;
  const { withoutRuntimeFrames } = host.inspection;

  const LONGEST_MESSAGE = 8192;
  const LONGEST_STACK = 16384;
  const LONGEST_NAME = 256;
  // A walk for the place of a fault ends here; deeper faults are named without their path.
  const DEEPEST_PATH = 200;

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

  function isObject(value) {
    return (typeof value === 'object' && value !== null) || typeof value === 'function';
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
      code = host.codeByIdentity(error);
    } catch {
      // A proxy that does not tell its prototype is no error of ours.
    }
    return code ?? host.codeByName(read(error, 'name')) ?? codes.BAD_REQUEST;
  }

  function retryAfter(error) {
    const milliseconds = read(error, 'retryAfter');
    return typeof milliseconds === 'number' && milliseconds >= 0 ? milliseconds : undefined;
  }

  // Ends an event with what was thrown; all that have no outcome yet with -1.
  host.fail = function fail(event, error) {
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
  host.failWith = function failWith(event, code, message) {
    ops.fail(event, code, '', cut(message, LONGEST_MESSAGE), '', undefined, '', '');
  };

  // Ends the invocation with what the source threw before any handler could be called.
  host.failLoad = function failLoad(error) {
    const { name, message, stack } = describe(error);
    ops.fail(-1, codes.INVALID_FUNCTION, name, message, stack, undefined, '', '');
  };

  host.reportRejection = function reportRejection(reason) {
    ops.log(4, 'Unhandled promise rejection: ' + withoutRuntimeFrames(host.inspect(reason)));
  };

  function step(path, key, inArray) {
    if (inArray) return path + '[' + key + ']';
    return RegExpPrototypeExec(/^[A-Za-z_$][\w$]*$/, key) !== null ? path + '.' + key : path + '[' + host.inspect(key) + ']';
  }

  function faultOf(value, path, ancestors) {
    if (typeof value === 'bigint') {
      return { __proto__: null, path, description: 'is a BigInt, which JSON cannot carry; convert it with Number() or String()' };
    }
    if (typeof value !== 'object' || value === null) return undefined;
    if (SetPrototypeHas(ancestors, value)) {
      return { __proto__: null, path, description: 'is an object that contains itself' };
    }
    if (ancestors.depth >= DEEPEST_PATH) return undefined;
    SetPrototypeAdd(ancestors, value);
    ancestors.depth++;
    const keys = ObjectKeys(value);
    const inArray = ArrayIsArray(value);
    for (let index = 0; index < keys.length; index++) {
      const fault = faultOf(value[keys[index]], step(path, keys[index], inArray), ancestors);
      if (fault !== undefined) return fault;
    }
    SetPrototypeDelete(ancestors, value);
    ancestors.depth--;
    return undefined;
  }

  // Where in a result, of which `value` is at `place`, the fault lies that JSON.stringify threw about.
  host.locateFault = function locateFault(value, place, error) {
    const ancestors = new SafeSet();
    ancestors.depth = 0;
    try {
      const fault = faultOf(value, place, ancestors);
      if (fault !== undefined) return { __proto__: null, path: cut(fault.path, LONGEST_MESSAGE), description: fault.description };
    } catch {
      // A getter threw again on this walk: its error tells more than a path could.
    }
    return { __proto__: null, path: place, description: 'cannot become JSON: ' + describe(error).message };
  };
})
