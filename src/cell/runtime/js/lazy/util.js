// The module util.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    ErrorPrototype,
    FunctionPrototypeCall,
    ObjectDefineProperties,
    ObjectDefineProperty,
    ObjectGetOwnPropertyDescriptors,
    ObjectGetPrototypeOf,
    ObjectKeys,
    ObjectPrototypeIsPrototypeOf,
    ObjectSetPrototypeOf,
    Promise,
    PromisePrototypeThen,
    ReflectApply,
    ReflectConstruct,
    ReflectOwnKeys,
    SafeSet,
    StringPrototypeSlice,
    StringPrototypeToWellFormed,
    SymbolFor,
  } = primordials;
  const { kinds, ops } = host;
  const errors = host.use('node_errors');
  const { types } = host.use('types');
  const { isDeepStrictEqual } = host.use('util_equality');
  const { isBuffer } = host.use('buffer');
  const { TextDecoder, TextEncoder } = host.use('encoding');
  const { validateFunction, validateString } = host.use('validators');

  const WARN = 3;
  const customPromisify = SymbolFor('nodejs.util.promisify.custom');

  function define(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: false, writable: true });
  }

  function promisify(original) {
    validateFunction(original, 'original');
    const custom = original[customPromisify];
    if (custom) {
      validateFunction(custom, 'The [util.promisify.custom] property');
      define(custom, customPromisify, custom);
      return custom;
    }
    function promisified(...parameters) {
      return new Promise((resolve, reject) => {
        const callback = (error, value) => {
          if (error) reject(error);
          else resolve(value);
        };
        ObjectDefineProperty(parameters, parameters.length, {
          __proto__: null, value: callback, configurable: true, enumerable: true, writable: true,
        });
        ReflectApply(original, this, parameters);
      });
    }
    ObjectSetPrototypeOf(promisified, ObjectGetPrototypeOf(original));
    define(promisified, customPromisify, promisified);
    return ObjectDefineProperties(promisified, ownDescriptors(original));
  }

  // Descriptors that inherit nothing.
  function ownDescriptors(value) {
    const descriptors = ObjectGetOwnPropertyDescriptors(value);
    const keys = ReflectOwnKeys(descriptors);
    for (let index = 0; index < keys.length; index++) ObjectSetPrototypeOf(descriptors[keys[index]], null);
    return descriptors;
  }

  function callbackify(original) {
    validateFunction(original, 'original');
    function callbackified(...parameters) {
      const callback = parameters[parameters.length - 1];
      validateFunction(callback, 'last argument');
      parameters.length--;
      const finish = (error, value) => host.use('process').process.nextTick(() => {
        FunctionPrototypeCall(callback, this, error, value);
      });
      PromisePrototypeThen(ReflectApply(original, this, parameters), (value) => finish(null, value), (reason) => {
        if (reason) return finish(reason);
        const error = errors.withCode('ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value');
        error.reason = reason;
        return finish(error);
      });
    }
    const descriptors = ownDescriptors(original);
    if (typeof descriptors.length.value === 'number') descriptors.length.value++;
    if (typeof descriptors.name.value === 'string') descriptors.name.value += 'Callbackified';
    return ObjectDefineProperties(callbackified, descriptors);
  }

  function inherits(constructor, superConstructor) {
    if (typeof constructor !== 'function') throw errors.invalidArgType('ctor', 'of type function', constructor);
    if (typeof superConstructor !== 'function') throw errors.invalidArgType('superCtor', 'of type function', superConstructor);
    if (superConstructor.prototype === undefined) {
      throw errors.invalidArgType('superCtor.prototype', 'of type object', superConstructor.prototype);
    }
    define(constructor, 'super_', superConstructor);
    ObjectSetPrototypeOf(constructor.prototype, superConstructor.prototype);
  }

  const told = new SafeSet();

  function deprecate(original, message, code) {
    validateFunction(original, 'fn');
    let isTold = false;
    function deprecated(...parameters) {
      if (!isTold && (code === undefined || !told.has(code))) {
        ops.log(WARN, (code === undefined ? '' : '[' + code + '] ') + 'DeprecationWarning: ' + message);
        if (code !== undefined) told.add(code);
      }
      isTold = true;
      return new.target ? ReflectConstruct(original, parameters, new.target) : ReflectApply(original, this, parameters);
    }
    ObjectSetPrototypeOf(deprecated, original);
    if (original.prototype) deprecated.prototype = original.prototype;
    return deprecated;
  }

  // As it was called before it took options.
  function inspect(value, options, depth, colors) {
    if (typeof options !== 'boolean') return host.inspect(value, options);
    return host.inspect(value, { showHidden: options, depth: depth === undefined ? 2 : depth, colors: !!colors });
  }
  ObjectDefineProperty(inspect, 'custom', {
    __proto__: null, value: SymbolFor('nodejs.util.inspect.custom'), configurable: false, enumerable: true, writable: false,
  });
  inspect.defaultOptions = {
    showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
    maxStringLength: 10000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
  };

  // Without the sequences of ECMA-48 that terminals take for colours, links and cursors.
  function stripVTControlCharacters(text) {
    validateString(text, 'str');
    let shown = '';
    let from = 0;
    for (;;) {
      const start = findControl(text, from);
      if (start === -1) return shown + StringPrototypeSlice(text, from);
      shown += StringPrototypeSlice(text, from, start);
      from = endOfControl(text, start);
    }
  }

  function findControl(text, from) {
    for (let index = from; index < text.length; index++) if (text[index] === '\x1b' || text[index] === '\x9b') return index;
    return -1;
  }

  function endOfControl(text, start) {
    const isCommand = text[start] === '\x1b' && text[start + 1] === ']';
    let index = start + (text[start] === '\x1b' && (isCommand || text[start + 1] === '[') ? 2 : 1);
    if (isCommand) {
      while (index < text.length && text[index] !== '\x07' && text[index] !== '\x1b' && text[index] !== '\x9c') index++;
      return text[index] === '\x1b' ? index + 2 : index + 1;
    }
    while (index < text.length && text[index] >= ' ' && text[index] <= '?') index++;
    return index + 1;
  }

  function extend(target, source) {
    if (source === null || typeof source !== 'object') return target;
    const keys = ObjectKeys(source);
    for (let index = 0; index < keys.length; index++) target[keys[index]] = source[keys[index]];
    return target;
  }

  function debuglog() {
    const log = () => {};
    log.enabled = false;
    return log;
  }

  const util = {
    TextDecoder,
    TextEncoder,
    types,
    promisify,
    callbackify,
    inherits,
    deprecate,
    inspect,
    debuglog,
    debug: debuglog,
    isDeepStrictEqual,
    stripVTControlCharacters,
    _extend: extend,
    format(...values) {
      return host.use('format').formatValues(undefined, values);
    },
    formatWithOptions(options, ...values) {
      if (typeof options !== 'object' || options === null) throw errors.invalidArgType('inspectOptions', 'of type object', options);
      return host.use('format').formatValues(options, values);
    },
    toUSVString(text) {
      return StringPrototypeToWellFormed(`${text}`);
    },
    isArray: ArrayIsArray,
    isBoolean: (value) => typeof value === 'boolean',
    isBuffer,
    isNull: (value) => value === null,
    isNullOrUndefined: (value) => value === null || value === undefined,
    isNumber: (value) => typeof value === 'number',
    isString: (value) => typeof value === 'string',
    isSymbol: (value) => typeof value === 'symbol',
    isUndefined: (value) => value === undefined,
    isRegExp: (value) => ops.kindOf(value) === kinds.RegExp,
    isObject: (value) => value !== null && typeof value === 'object',
    isDate: (value) => ops.kindOf(value) === kinds.Date,
    isError: (value) => ops.kindOf(value) === kinds.NativeError || ObjectPrototypeIsPrototypeOf(ErrorPrototype, value),
    isFunction: (value) => typeof value === 'function',
    isPrimitive: (value) => value === null || (typeof value !== 'object' && typeof value !== 'function'),
  };
  promisify.custom = customPromisify;

  exports.promisify = promisify;
  exports.module = util;
})
