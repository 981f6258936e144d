// The intrinsics as they were before any customer code ran, under names of the form ArrayPrototypePush: all classes,
// and of what they have as much as the runtime's scripts name, as each isolate has to keep it.
(function (isNamed) {
  'use strict';

  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { bind, call } = Function.prototype;

  // uncurryThis(method) is a function that takes the receiver as its first argument.
  const uncurryThis = bind.bind(call);
  const primordials = { __proto__: null };

  function nameOf(key) {
    if (typeof key === 'symbol') return 'Symbol' + upperFirst(key.description.slice('Symbol.'.length));
    return upperFirst(key);
  }

  function upperFirst(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  function isWellKnown(key) {
    return typeof key === 'string' || (key.description !== undefined && key.description.startsWith('Symbol.'));
  }

  function keep(name, value) {
    if (isNamed(name)) primordials[name] = value;
  }

  // What every class has of its own.
  const ownFields = ['prototype', 'name', 'length'];

  // JSON.parse becomes JSONParse, Number.isInteger NumberIsInteger; accessors such as RegExp.$1 are left out.
  function captureStatics(prefix, holder, receiver) {
    for (const key of ownKeys(holder)) {
      const { value } = getOwnPropertyDescriptor(holder, key);
      if (ownFields.includes(key) || value === undefined || !isWellKnown(key)) continue;
      const bound = receiver !== undefined && typeof value === 'function';
      keep(prefix + nameOf(key), bound ? bind.call(value, receiver) : value);
    }
  }

  // Methods become MapPrototypeSet(map, key, value), accessors MapPrototypeGetSize(map).
  function capturePrototype(prefix, prototype) {
    keep(prefix, prototype);
    for (const key of ownKeys(prototype)) {
      if (key === 'constructor' || !isWellKnown(key)) continue;
      const { value, get, set } = getOwnPropertyDescriptor(prototype, key);
      if (typeof value === 'function') keep(prefix + nameOf(key), uncurryThis(value));
      if (get !== undefined) keep(prefix + 'Get' + nameOf(key), uncurryThis(get));
      if (set !== undefined) keep(prefix + 'Set' + nameOf(key), uncurryThis(set));
    }
  }

  function captureClass(name, constructor) {
    // A class that this engine was configured without.
    if (constructor === undefined) return;
    primordials[name] = constructor;
    // The statics of Promise are of use only with Promise as their receiver.
    captureStatics(name, constructor, constructor === Promise ? Promise : undefined);
    capturePrototype(name + 'Prototype', constructor.prototype);
  }

  captureStatics('JSON', JSON);
  captureStatics('Math', Math);
  captureStatics('Reflect', Reflect);

  const classNames = [
    'Object', 'Function', 'Boolean', 'Symbol', 'Number', 'BigInt', 'String', 'RegExp', 'Date', 'Promise', 'Proxy',
    'Array', 'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry',
    'ArrayBuffer', 'SharedArrayBuffer', 'DataView',
    'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
    'Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError',
  ];
  for (const name of classNames) {
    // Proxy alone has no prototype.
    if (name === 'Proxy') primordials.Proxy = Proxy;
    else captureClass(name, globalThis[name]);
  }

  // Intrinsics that no global name leads to.
  captureClass('TypedArray', getPrototypeOf(Uint8Array));
  captureClass('AsyncFunction', getPrototypeOf(async function () {}).constructor);
  captureClass('GeneratorFunction', getPrototypeOf(function* () {}).constructor);
  captureClass('AsyncGeneratorFunction', getPrototypeOf(async function* () {}).constructor);
  capturePrototype('IteratorPrototype', getPrototypeOf(getPrototypeOf([][Symbol.iterator]())));
  capturePrototype('ArrayIteratorPrototype', getPrototypeOf([][Symbol.iterator]()));
  capturePrototype('MapIteratorPrototype', getPrototypeOf(new Map()[Symbol.iterator]()));
  capturePrototype('SetIteratorPrototype', getPrototypeOf(new Set()[Symbol.iterator]()));

  primordials.AsyncIteratorPrototype = getPrototypeOf(getPrototypeOf((async function* () {}).prototype));

  // Collections whose own methods stay what they were: safe to call as map.get(key).
  function safeCollection(Collection) {
    class SafeCollection extends Collection {
      // Without a parameter, so that no iterable is read through a replaced Symbol.iterator.
      constructor() {
        super();
      }
    }
    const { prototype } = SafeCollection;
    for (const key of ownKeys(Collection.prototype)) {
      if (key === 'constructor') continue;
      defineProperty(prototype, key, getOwnPropertyDescriptor(Collection.prototype, key));
    }
    Object.setPrototypeOf(prototype, null);
    Object.freeze(prototype);
    return Object.freeze(SafeCollection);
  }

  primordials.SafeMap = safeCollection(Map);
  primordials.SafeSet = safeCollection(Set);
  primordials.SafeWeakMap = safeCollection(WeakMap);
  primordials.SafeWeakSet = safeCollection(WeakSet);

  // Whose names and globals a function may change.
  primordials.builtinConstructors = [];
  for (const name of classNames) {
    if (primordials[name] !== undefined) primordials.builtinConstructors.push(primordials[name]);
  }
  // Some versions of V8 make the stack of an error an accessor, though of none where a function forbids stacks.
  primordials.nativeStackGetter = getOwnPropertyDescriptor(new Error(), 'stack').get;

  primordials.decodeURIComponent = decodeURIComponent;
  primordials.encodeURIComponent = encodeURIComponent;
  primordials.uncurryThis = uncurryThis;
  primordials.globalThis = globalThis;

  // What is made here would keep it, and no snapshot can.
  isNamed = undefined;
  return Object.freeze(primordials);
})
