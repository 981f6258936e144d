// Reads values of customers without running their proxies, and their getters only where the output needs them.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototype,
    FunctionPrototype,
    ObjectGetOwnPropertyDescriptor,
    ObjectGetPrototypeOf,
    ObjectPrototype,
    ObjectPrototypeHasOwnProperty,
    ObjectPrototypePropertyIsEnumerable,
    ReflectApply,
    ReflectOwnKeys,
    StringPrototypeCharCodeAt,
    StringPrototypeSlice,
    nativeStackGetter,
  } = primordials;
  const { ops } = host;
  const { append, createList, isObject } = host.basics;
  const { textOf } = host.use('text');

  // A chain of proxies can lead back into itself, which no rule of the language forbids.
  const LONGEST_CHAIN = 1000;
  // Naming every index of an array costs more memory than the array; without the op that skips
  // them, own properties of longer arrays are not looked for.
  const LONGEST_LISTED = 10_000;
  const LARGEST_INDEX = 2 ** 32 - 2;
  const LONGEST_REASON = 1000;
  const NO_PARAMETERS = [];

  // What a proxy stands for, through any number of proxies; null when one of them is revoked.
  function unwrapProxy(value) {
    let current = value;
    for (;;) {
      const details = ops.proxyDetails(current);
      if (details === undefined) return current;
      if (details[0] === null) return null;
      current = details[0];
    }
  }

  function isCommonPrototype(prototype) {
    return prototype === ObjectPrototype || prototype === ArrayPrototype || prototype === FunctionPrototype;
  }

  // The object and its prototypes, nearest first; mayRunTraps when ordinary reads would meet a proxy among them.
  function lineageOf(object) {
    const lineage = createList();
    lineage.mayRunTraps = false;
    let current = object;
    while (current !== null && lineage.length < LONGEST_CHAIN) {
      append(lineage, current);
      const prototype = ObjectGetPrototypeOf(current);
      current = prototype === null || isCommonPrototype(prototype) ? prototype : unwrapProxy(prototype);
      if (current !== prototype) lineage.mayRunTraps = true;
    }
    if (current !== null) lineage.mayRunTraps = true;
    return lineage;
  }

  function inheritsFrom(lineage, prototype) {
    for (let index = 1; index < lineage.length; index++) {
      if (lineage[index] === prototype) return true;
    }
    return false;
  }

  function ownDescriptor(object, key) {
    const found = ObjectGetOwnPropertyDescriptor(object, key);
    if (found === undefined) return undefined;
    if (ObjectPrototypeHasOwnProperty(found, 'value')) {
      const { value, enumerable, writable } = found;
      return { value, get: undefined, set: undefined, enumerable, writable };
    }
    if (nativeStackGetter !== undefined && found.get === nativeStackGetter) {
      const value = readWith(nativeStackGetter, object);
      return { value, get: undefined, set: undefined, enumerable: found.enumerable, writable: true };
    }
    return { value: undefined, get: found.get, set: found.set, enumerable: found.enumerable, writable: false };
  }

  function findDescriptor(lineage, key) {
    for (let index = 0; index < lineage.length; index++) {
      const descriptor = ownDescriptor(lineage[index], key);
      if (descriptor !== undefined) return descriptor;
    }
    return undefined;
  }

  function readWith(getter, object) {
    try {
      return ReflectApply(getter, object, NO_PARAMETERS);
    } catch {
      return undefined;
    }
  }

  // As lineage[0][key], but undefined where that throws.
  function readProperty(lineage, key) {
    let descriptor;
    try {
      descriptor = findDescriptor(lineage, key);
    } catch {
      // The stack of an error is made when it is first looked at, by code of the customer's.
    }
    if (descriptor === undefined) return undefined;
    return descriptor.get === undefined ? descriptor.value : readWith(descriptor.get, lineage[0]);
  }

  function isArrayIndex(key) {
    if (typeof key !== 'string' || key.length === 0 || key.length > 10) return false;
    if (key.length > 1 && StringPrototypeCharCodeAt(key, 0) === 48) return false;
    for (let index = 0; index < key.length; index++) {
      const code = StringPrototypeCharCodeAt(key, index);
      if (code < 48 || code > 57) return false;
    }
    return +key <= LARGEST_INDEX;
  }

  // Own keys to show: strings, then symbols; those that are not enumerable only with showHidden.
  function ownKeys(object, showHidden) {
    const found = ReflectOwnKeys(object);
    const keys = createList();
    for (let index = 0; index < found.length; index++) {
      const key = found[index];
      if (showHidden || ObjectPrototypePropertyIsEnumerable(object, key)) append(keys, key);
    }
    return keys;
  }

  function nonIndexKeys(object, length, showHidden) {
    const keys = createList();
    let found;
    if (ObjectPrototypeHasOwnProperty(ops, 'nonIndexKeys')) found = ops.nonIndexKeys(object, !showHidden);
    else if (length > LONGEST_LISTED) found = showHidden ? ['length'] : [];
    else found = ownKeys(object, showHidden);
    for (let index = 0; index < found.length; index++) {
      if (!isArrayIndex(found[index])) append(keys, found[index]);
    }
    return keys;
  }

  function indexOfKey(keys, key) {
    for (let index = 0; index < keys.length; index++) {
      if (keys[index] === key) return index;
    }
    return -1;
  }

  // The message of something thrown, which customers may throw to harm whoever reads it.
  function messageOf(thrown) {
    if (!isObject(thrown)) return textOf(thrown);
    const target = unwrapProxy(thrown);
    return target === null ? '' : textOf(readProperty(lineageOf(target), 'message'));
  }

  // Stands for what could not be shown.
  function threw(error) {
    const reason = messageOf(error);
    const shown = reason.length > LONGEST_REASON ? StringPrototypeSlice(reason, 0, LONGEST_REASON) + '\u2026' : reason;
    return '<inspection threw: ' + shown + '>';
  }

  exports.unwrapProxy = unwrapProxy;
  exports.lineageOf = lineageOf;
  exports.inheritsFrom = inheritsFrom;
  exports.ownDescriptor = ownDescriptor;
  exports.findDescriptor = findDescriptor;
  exports.readProperty = readProperty;
  exports.isArrayIndex = isArrayIndex;
  exports.ownKeys = ownKeys;
  exports.nonIndexKeys = nonIndexKeys;
  exports.indexOfKey = indexOfKey;
  exports.messageOf = messageOf;
  exports.threw = threw;
})
