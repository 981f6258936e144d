// structuredClone: a copy of a value and all it leads to. It is made in JavaScript, in the isolate's own memory
// and time: V8's serializer writes equal strings again and again into memory that nothing bounds.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBuffer,
    ArrayBufferPrototypeGetByteLength,
    ArrayBufferPrototypeGetDetached,
    ArrayBufferPrototypeTransfer,
    ArrayIsArray,
    BigIntPrototypeToString,
    BigIntPrototypeValueOf,
    BooleanPrototypeValueOf,
    DataView,
    DataViewPrototypeGetBuffer,
    DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset,
    Date,
    DatePrototypeGetTime,
    FinalizationRegistryPrototype,
    FunctionPrototypeToString,
    IteratorPrototype,
    Map,
    MapIteratorPrototypeNext,
    MapPrototypeEntries,
    MapPrototypeGet,
    MapPrototypeSet,
    NumberPrototypeValueOf,
    Object,
    ObjectDefineProperty,
    ObjectKeys,
    ObjectPrototypeHasOwnProperty,
    ObjectPrototypeIsPrototypeOf,
    ReflectConstruct,
    RegExp,
    RegExpPrototypeGetSource,
    SafeMap,
    Set,
    SetIteratorPrototypeNext,
    SetPrototypeAdd,
    SetPrototypeValues,
    String,
    StringPrototypeSlice,
    StringPrototypeValueOf,
    SymbolPrototypeToString,
    TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeGetLength,
    TypedArrayPrototypeGetSymbolToStringTag,
    TypedArrayPrototypeSet,
    Uint8Array,
    WeakRefPrototype,
  } = primordials;
  const { kinds, ops } = host;
  const { append, createList, isObject } = host.basics;
  const { isArrayIndex, lineageOf, ownDescriptor } = host.use('inspect_reading');
  const { findConstructor } = host.use('inspect_brands');
  const { flagsOf } = host.use('regexp_flags');
  const { DOMException } = host.use('dom_exception');
  const errors = host.use('node_errors');
  const { isArrayBuffer } = host.use('encoding');

  const LONGEST_SOURCE = 200;
  // What V8's format has for a value beside its own bytes is less than this.
  const OVERHEAD = 16;

  function refuse(message) {
    throw new DOMException(message, 'DataCloneError');
  }

  function describe(value) {
    if (typeof value === 'symbol') return SymbolPrototypeToString(value);
    if (typeof value !== 'function') return '#<' + (nameOf(value) ?? 'Object') + '>';
    const source = FunctionPrototypeToString(value);
    return source.length > LONGEST_SOURCE ? StringPrototypeSlice(source, 0, LONGEST_SOURCE) + '...' : source;
  }

  function nameOf(value) {
    return ops.kindOf(value) === kinds.Proxy ? undefined : findConstructor(lineageOf(value))?.name;
  }

  function refuseValue(value) {
    refuse(describe(value) + ' could not be cloned.');
  }

  // One copy in the making: what was copied already, and how much it may become.
  class Copy {
    copies = new SafeMap();
    // Bytes of the copy in V8's format, counted from above. Strings count wherever they occur.
    bytes = 0;
    most;

    constructor(most) {
      this.most = most;
    }
  }

  function charge(copy, bytes) {
    copy.bytes += bytes + OVERHEAD;
    if (copy.bytes > copy.most) {
      throw errors.rangeError('ERR_OUT_OF_RANGE', 'The value has more than ' + copy.most + ' bytes');
    }
  }

  function chargePrimitive(copy, value) {
    if (typeof value === 'string') charge(copy, value.length * 2);
    // Half a byte a digit.
    else if (typeof value === 'bigint') charge(copy, BigIntPrototypeToString(value, 16).length);
    else charge(copy, 0);
  }

  function cloneValue(copy, value) {
    if (!isObject(value)) {
      if (typeof value === 'symbol') refuseValue(value);
      chargePrimitive(copy, value);
      return value;
    }
    const known = MapPrototypeGet(copy.copies, value);
    if (known !== undefined) {
      charge(copy, 0);
      return known;
    }
    return typeof value === 'function' ? refuseValue(value) : cloneObject(copy, value);
  }

  function remember(copy, value, clone) {
    MapPrototypeSet(copy.copies, value, clone);
    charge(copy, 0);
    return clone;
  }

  function cloneObject(copy, value) {
    switch (ops.kindOf(value)) {
      case undefined: return clonePlain(copy, value);
      case kinds.Date: return remember(copy, value, new Date(DatePrototypeGetTime(value)));
      case kinds.RegExp: return cloneRegExp(copy, value);
      case kinds.Map: return cloneMap(copy, value);
      case kinds.Set: return cloneSet(copy, value);
      case kinds.ArrayBuffer: return cloneBuffer(copy, value);
      case kinds.DataView: return cloneDataView(copy, value);
      case kinds.TypedArray: return cloneTypedArray(copy, value);
      case kinds.NativeError: return cloneError(copy, value);
      case kinds.StringObject: return cloneBoxed(copy, value, StringPrototypeValueOf(value));
      case kinds.NumberObject: return cloneBoxed(copy, value, NumberPrototypeValueOf(value));
      case kinds.BooleanObject: return cloneBoxed(copy, value, BooleanPrototypeValueOf(value));
      case kinds.BigIntObject: return cloneBoxed(copy, value, BigIntPrototypeValueOf(value));
      default: return refuseValue(value);
    }
  }

  function cloneBoxed(copy, value, primitive) {
    chargePrimitive(copy, primitive);
    return remember(copy, value, Object(primitive));
  }

  function cloneRegExp(copy, value) {
    const source = RegExpPrototypeGetSource(value);
    chargePrimitive(copy, source);
    return remember(copy, value, new RegExp(source, flagsOf(value)));
  }

  // A property of a copy, whatever the prototypes have under its name.
  const descriptor = { __proto__: null, value: undefined, configurable: true, enumerable: true, writable: true };

  function define(target, key, value) {
    descriptor.value = value;
    ObjectDefineProperty(target, key, descriptor);
    descriptor.value = undefined;
  }

  function clonePlain(copy, value) {
    if (ArrayIsArray(value)) return cloneArray(copy, value);
    const isUncloneable = ObjectPrototypeIsPrototypeOf(IteratorPrototype, value) ||
      ObjectPrototypeIsPrototypeOf(WeakRefPrototype, value) ||
      ObjectPrototypeIsPrototypeOf(FinalizationRegistryPrototype, value);
    return isUncloneable ? refuseValue(value) : cloneProperties(copy, value, remember(copy, value, {}));
  }

  function cloneProperties(copy, value, clone) {
    const keys = ObjectKeys(value);
    for (let index = 0; index < keys.length; index++) cloneProperty(copy, value, clone, keys[index]);
    return clone;
  }

  function cloneProperty(copy, value, clone, key) {
    // A getter may have removed it.
    if (!ObjectPrototypeHasOwnProperty(value, key)) return;
    chargePrimitive(copy, key);
    define(clone, key, cloneValue(copy, value[key]));
  }

  function cloneArray(copy, value) {
    const clone = remember(copy, value, []);
    const { length } = value;
    clone.length = length;
    let index = 0;
    for (; index < length && ObjectPrototypeHasOwnProperty(value, index); index++) {
      define(clone, index, cloneValue(copy, value[index]));
    }
    // Names of all indices take more memory than the array, so only one with holes is asked for them.
    if (index < length) cloneSparse(copy, value, clone, index);
    const names = ops.nonIndexKeys(value, true);
    for (let position = 0; position < names.length; position++) {
      if (typeof names[position] === 'string') cloneProperty(copy, value, clone, names[position]);
    }
    return clone;
  }

  function cloneSparse(copy, value, clone, first) {
    // In V8's format a hole may take a byte.
    charge(copy, clone.length);
    const keys = ObjectKeys(value);
    for (let position = 0; position < keys.length && isArrayIndex(keys[position]); position++) {
      if (+keys[position] >= first && +keys[position] < clone.length) cloneProperty(copy, value, clone, keys[position]);
    }
  }

  function cloneMap(copy, value) {
    const clone = remember(copy, value, new Map());
    // Read whole before getters run, which may change the map.
    const entries = createList();
    const iterator = MapPrototypeEntries(value);
    for (let step = MapIteratorPrototypeNext(iterator); !step.done; step = MapIteratorPrototypeNext(iterator)) {
      append(entries, step.value);
    }
    for (let index = 0; index < entries.length; index++) {
      const key = cloneValue(copy, entries[index][0]);
      MapPrototypeSet(clone, key, cloneValue(copy, entries[index][1]));
    }
    return clone;
  }

  function cloneSet(copy, value) {
    const clone = remember(copy, value, new Set());
    const members = createList();
    const iterator = SetPrototypeValues(value);
    for (let step = SetIteratorPrototypeNext(iterator); !step.done; step = SetIteratorPrototypeNext(iterator)) {
      append(members, step.value);
    }
    for (let index = 0; index < members.length; index++) SetPrototypeAdd(clone, cloneValue(copy, members[index]));
    return clone;
  }

  function cloneBuffer(copy, value) {
    const known = MapPrototypeGet(copy.copies, value);
    if (known !== undefined) return known;
    if (ArrayBufferPrototypeGetDetached(value)) refuse('An ArrayBuffer is detached and could not be cloned.');
    const length = ArrayBufferPrototypeGetByteLength(value);
    charge(copy, length);
    const clone = new ArrayBuffer(length);
    TypedArrayPrototypeSet(new Uint8Array(clone), new Uint8Array(value));
    return remember(copy, value, clone);
  }

  function cloneDataView(copy, value) {
    const source = DataViewPrototypeGetBuffer(value);
    const buffer = cloneBuffer(copy, source);
    const view = new DataView(buffer, DataViewPrototypeGetByteOffset(value), DataViewPrototypeGetByteLength(value));
    return remember(copy, value, view);
  }

  function cloneTypedArray(copy, value) {
    const buffer = cloneBuffer(copy, TypedArrayPrototypeGetBuffer(value));
    const constructor = primordials[TypedArrayPrototypeGetSymbolToStringTag(value)];
    const place = [buffer, TypedArrayPrototypeGetByteOffset(value), TypedArrayPrototypeGetLength(value)];
    return remember(copy, value, ReflectConstruct(constructor, place));
  }

  function errorClassOf(name) {
    switch (name) {
      case 'EvalError':
      case 'RangeError':
      case 'ReferenceError':
      case 'SyntaxError':
      case 'TypeError':
      case 'URIError': return primordials[name];
      default: return primordials.Error;
    }
  }

  function hide(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: false, writable: true });
  }

  function cloneError(copy, value) {
    const { name } = value;
    const message = ownDescriptor(value, 'message');
    const stack = ownDescriptor(value, 'stack')?.value;
    const text = message === undefined || message.get !== undefined ? undefined : String(message.value);
    const clone = ObjectPrototypeIsPrototypeOf(DOMException.prototype, value)
      ? new DOMException(text, String(name))
      : new (errorClassOf(String(name)))(text);
    remember(copy, value, clone);
    if (text !== undefined) chargePrimitive(copy, text);
    if (typeof stack === 'string') {
      chargePrimitive(copy, stack);
      hide(clone, 'stack', stack);
    }
    const cause = ownDescriptor(value, 'cause');
    if (cause !== undefined) hide(clone, 'cause', cloneValue(copy, value.cause));
    return clone;
  }

  function invalidTransfer() {
    return errors.typeError('ERR_INVALID_TRANSFER_OBJECT', 'Found invalid object in transferList');
  }

  function readTransfers(options) {
    const transfers = createList();
    if (options === undefined || options === null) return transfers;
    if (!isObject(options)) {
      throw errors.typeError('ERR_INVALID_ARG_TYPE', 'The options argument must be either an object or undefined');
    }
    const list = options.transfer;
    if (list === undefined || list === null) return transfers;
    if (!isObject(list)) {
      throw errors.typeError('ERR_INVALID_ARG_TYPE', 'Optional transferList argument must be an iterable');
    }
    for (const item of list) {
      if (!isArrayBuffer(item)) throw invalidTransfer();
      for (let index = 0; index < transfers.length; index++) {
        if (transfers[index] === item) refuse('Transfer list contains duplicate ArrayBuffer');
      }
      append(transfers, item);
    }
    return transfers;
  }

  exports.structuredClone = function structuredClone(value, options) {
    if (arguments.length === 0) throw errors.missingArgs('value');
    const transfers = readTransfers(options);
    for (let index = 0; index < transfers.length; index++) {
      if (ArrayBufferPrototypeGetDetached(transfers[index])) {
        refuse('An ArrayBuffer is detached and could not be cloned.');
      }
    }
    const clone = cloneValue(new Copy(Infinity), value);
    // They were copied like others, since nothing may be detached before it is known that all can be cloned.
    for (let index = 0; index < transfers.length; index++) ArrayBufferPrototypeTransfer(transfers[index], 0);
    return clone;
  };
  ObjectDefineProperty(exports.structuredClone, 'length', { __proto__: null, value: 1 });

  // A copy that V8's serializer makes no more than `most` bytes of, however often it is written. It has no
  // getters and no proxies, so that nothing can change it while it is written.
  exports.cloneWithin = function cloneWithin(value, most) {
    return cloneValue(new Copy(most), value);
  };
})
