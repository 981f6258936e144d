// util.types: what a value is by its internal slots.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBufferIsView,
    AsyncFunctionPrototype,
    AsyncGeneratorFunctionPrototype,
    GeneratorFunctionPrototype,
    ObjectPrototypeIsPrototypeOf,
    TypedArrayPrototypeGetSymbolToStringTag,
  } = primordials;
  const { kinds, ops } = host;
  const { showMember } = host.use('web_interface');

  const types = {};

  function define(name, test) {
    showMember(types, name, { [name](value) { return test(value); } }[name]);
  }

  function isOneOf(...wanted) {
    return (value) => {
      const kind = ops.kindOf(value);
      for (let index = 0; index < wanted.length; index++) {
        if (kind === wanted[index]) return true;
      }
      return false;
    };
  }

  const names = [
    'Proxy', 'NativeError', 'Date', 'RegExp', 'Map', 'Set', 'Promise', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView',
    'TypedArray', 'WeakMap', 'WeakSet', 'StringObject', 'NumberObject', 'BooleanObject', 'BigIntObject', 'SymbolObject',
    'GeneratorObject', 'MapIterator', 'SetIterator', 'ArgumentsObject', 'ModuleNamespaceObject',
  ];
  for (let index = 0; index < names.length; index++) define('is' + names[index], isOneOf(kinds[names[index]]));
  define('isAnyArrayBuffer', isOneOf(kinds.ArrayBuffer, kinds.SharedArrayBuffer));
  define('isBoxedPrimitive', isOneOf(
    kinds.StringObject, kinds.NumberObject, kinds.BooleanObject, kinds.BigIntObject, kinds.SymbolObject,
  ));
  define('isArrayBufferView', (value) => ArrayBufferIsView(value));

  const arrays = [
    'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
  ];
  for (let index = 0; index < arrays.length; index++) {
    define('is' + arrays[index], (value) => TypedArrayPrototypeGetSymbolToStringTag(value) === arrays[index]);
  }

  function isFunctionOf(value, ...prototypes) {
    if (typeof value !== 'function') return false;
    for (let index = 0; index < prototypes.length; index++) {
      if (ObjectPrototypeIsPrototypeOf(prototypes[index], value)) return true;
    }
    return false;
  }
  define('isAsyncFunction', (value) => isFunctionOf(value, AsyncFunctionPrototype, AsyncGeneratorFunctionPrototype));
  define('isGeneratorFunction', (value) => isFunctionOf(value, GeneratorFunctionPrototype, AsyncGeneratorFunctionPrototype));
  define('isExternal', () => false);
  define('isCryptoKey', (value) => host.use('crypto_key').contentsOf(value) !== undefined);
  define('isKeyObject', (value) => host.use('crypto_keys').isKeyObject(value));

  exports.types = types;
  exports.module = types;
})
