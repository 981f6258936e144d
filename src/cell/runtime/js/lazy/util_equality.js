// Deep equality, as assert and util.isDeepStrictEqual have it.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    BigIntPrototypeValueOf,
    BooleanPrototypeValueOf,
    DatePrototypeGetTime,
    ErrorPrototype,
    MapIteratorPrototypeNext,
    MapPrototypeDelete,
    MapPrototypeEntries,
    MapPrototypeGet,
    MapPrototypeGetSize,
    MapPrototypeHas,
    MapPrototypeSet,
    NumberPrototypeValueOf,
    ObjectGetPrototypeOf,
    ObjectIs,
    ObjectKeys,
    ObjectPrototypeHasOwnProperty,
    ObjectPrototypeIsPrototypeOf,
    ObjectPrototypePropertyIsEnumerable,
    ObjectPrototypeToString,
    RegExpPrototypeGetSource,
    ReflectOwnKeys,
    SafeMap,
    SetIteratorPrototypeNext,
    SetPrototypeGetSize,
    SetPrototypeHas,
    SetPrototypeValues,
    StringPrototypeValueOf,
    SymbolPrototypeValueOf,
    TypedArrayPrototypeGetLength,
    Uint8Array,
  } = primordials;
  const { kinds, ops } = host;
  const { append, createList, removeAt } = host.basics;
  const { flagsOf } = host.use('regexp_flags');

  // Where two values are being compared already, further up: equal if it is with each other.
  class Comparison {
    isStrict;
    left = new SafeMap();
    right = new SafeMap();
    depth = 0;

    constructor(isStrict) {
      this.isStrict = isStrict;
    }
  }

  function isPrimitive(value) {
    return typeof value !== 'object' || value === null;
  }

  function equalPrimitives(comparison, left, right) {
    if (comparison.isStrict) return ObjectIs(left, right);
    return left == right || (left !== left && right !== right);
  }

  function equal(comparison, left, right) {
    if (left === right) return left !== 0 || !comparison.isStrict || ObjectIs(left, right);
    if (isPrimitive(left) || isPrimitive(right)) {
      return isPrimitive(left) && isPrimitive(right) && equalPrimitives(comparison, left, right);
    }
    if (comparison.isStrict && ObjectGetPrototypeOf(left) !== ObjectGetPrototypeOf(right)) return false;
    if (ObjectPrototypeToString(left) !== ObjectPrototypeToString(right)) return false;
    const kind = ops.kindOf(left);
    if (kind !== ops.kindOf(right) || ArrayIsArray(left) !== ArrayIsArray(right)) return false;
    const leftPlace = MapPrototypeGet(comparison.left, left);
    if (leftPlace !== undefined) {
      const rightPlace = MapPrototypeGet(comparison.right, right);
      if (rightPlace !== undefined) return leftPlace === rightPlace;
    }
    comparison.depth++;
    MapPrototypeSet(comparison.left, left, comparison.depth);
    MapPrototypeSet(comparison.right, right, comparison.depth);
    const isEqual = equalSlots(comparison, kind, left, right) && equalProperties(comparison, left, right);
    MapPrototypeDelete(comparison.left, left);
    MapPrototypeDelete(comparison.right, right);
    return isEqual;
  }

  // What is not a property.
  function equalSlots(comparison, kind, left, right) {
    switch (kind) {
      case kinds.Date: return ObjectIs(DatePrototypeGetTime(left), DatePrototypeGetTime(right));
      case kinds.RegExp: return equalRegExps(left, right);
      case kinds.Map: return equalMaps(comparison, left, right);
      case kinds.Set: return equalSets(comparison, left, right);
      case kinds.ArrayBuffer: return equalBytes(new Uint8Array(left), new Uint8Array(right));
      case kinds.DataView: return equalBytes(viewBytes(left), viewBytes(right));
      case kinds.TypedArray: return TypedArrayPrototypeGetLength(left) === TypedArrayPrototypeGetLength(right) &&
        equalItems(comparison, left, right, TypedArrayPrototypeGetLength(left));
      case kinds.StringObject: return StringPrototypeValueOf(left) === StringPrototypeValueOf(right);
      case kinds.NumberObject: return ObjectIs(NumberPrototypeValueOf(left), NumberPrototypeValueOf(right));
      case kinds.BooleanObject: return BooleanPrototypeValueOf(left) === BooleanPrototypeValueOf(right);
      case kinds.BigIntObject: return BigIntPrototypeValueOf(left) === BigIntPrototypeValueOf(right);
      case kinds.SymbolObject: return SymbolPrototypeValueOf(left) === SymbolPrototypeValueOf(right);
      default: break;
    }
    if (kind === kinds.NativeError || ObjectPrototypeIsPrototypeOf(ErrorPrototype, left)) {
      return equalErrors(comparison, left, right);
    }
    return !ArrayIsArray(left) || (left.length === right.length && equalElements(comparison, left, right));
  }

  function viewBytes(view) {
    return host.use('encoding').bytesOf(view);
  }

  function equalBytes(left, right) {
    return TypedArrayPrototypeGetLength(left) === TypedArrayPrototypeGetLength(right) && ops.bytesCompare(left, right) === 0;
  }

  function equalItems(comparison, left, right, length) {
    for (let index = 0; index < length; index++) {
      if (!equalPrimitives(comparison, left[index], right[index])) return false;
    }
    return true;
  }

  function equalRegExps(left, right) {
    return RegExpPrototypeGetSource(left) === RegExpPrototypeGetSource(right) && flagsOf(left) === flagsOf(right) &&
      left.lastIndex === right.lastIndex;
  }

  function equalErrors(comparison, left, right) {
    if (left.message !== right.message || left.name !== right.name) return false;
    const hasCause = ObjectPrototypeHasOwnProperty(left, 'cause');
    if (hasCause !== ObjectPrototypeHasOwnProperty(right, 'cause')) return false;
    return !hasCause || equal(comparison, left.cause, right.cause);
  }

  // Holes are equal to holes alone, where that is looked at.
  function equalElements(comparison, left, right) {
    for (let index = 0; index < left.length; index++) {
      const isThere = ObjectPrototypeHasOwnProperty(left, index);
      if (isThere !== ObjectPrototypeHasOwnProperty(right, index)) return comparison.isStrict ? false : left[index] === right[index];
      if (isThere && !equal(comparison, left[index], right[index])) return false;
      // An array that is mostly holes has its elements among its keys.
      if (!isThere) return equalKeys(comparison, left, right, ObjectKeys(left), ObjectKeys(right));
    }
    return true;
  }

  function shownKeys(comparison, value) {
    const found = ops.nonIndexKeys(value, true);
    const keys = createList();
    for (let index = 0; index < found.length; index++) {
      if (typeof found[index] === 'string' || comparison.isStrict) append(keys, found[index]);
    }
    return keys;
  }

  function allKeys(comparison, value) {
    const found = ReflectOwnKeys(value);
    const keys = createList();
    for (let index = 0; index < found.length; index++) {
      const key = found[index];
      const isWanted = typeof key === 'string' || comparison.isStrict;
      if (isWanted && ObjectPrototypePropertyIsEnumerable(value, key)) append(keys, key);
    }
    return keys;
  }

  function equalProperties(comparison, left, right) {
    const kind = ops.kindOf(left);
    const hasElements = ArrayIsArray(left) || kind === kinds.TypedArray || kind === kinds.StringObject;
    const keysOf = hasElements ? shownKeys : allKeys;
    return equalKeys(comparison, left, right, keysOf(comparison, left), keysOf(comparison, right));
  }

  function equalKeys(comparison, left, right, leftKeys, rightKeys) {
    if (leftKeys.length !== rightKeys.length) return false;
    for (let index = 0; index < leftKeys.length; index++) {
      if (!ObjectPrototypePropertyIsEnumerable(right, leftKeys[index])) return false;
    }
    for (let index = 0; index < leftKeys.length; index++) {
      const key = leftKeys[index];
      if (!equal(comparison, left[key], right[key])) return false;
    }
    return true;
  }

  // Takes the first of the candidates that is equal out of their list.
  function takeMatch(candidates, isMatch) {
    for (let index = 0; index < candidates.length; index++) {
      if (!isMatch(candidates[index])) continue;
      removeAt(candidates, index);
      return true;
    }
    return false;
  }

  function membersOf(set, isWanted) {
    const members = createList();
    const iterator = SetPrototypeValues(set);
    for (let step = SetIteratorPrototypeNext(iterator); !step.done; step = SetIteratorPrototypeNext(iterator)) {
      if (isWanted(step.value)) append(members, step.value);
    }
    return members;
  }

  function equalSets(comparison, left, right) {
    if (SetPrototypeGetSize(left) !== SetPrototypeGetSize(right)) return false;
    const missing = membersOf(left, (member) => !SetPrototypeHas(right, member));
    const candidates = membersOf(right, (member) => !SetPrototypeHas(left, member));
    for (let index = 0; index < missing.length; index++) {
      if (comparison.isStrict && isPrimitive(missing[index])) return false;
      if (!takeMatch(candidates, (candidate) => equal(comparison, missing[index], candidate))) return false;
    }
    return true;
  }

  function entriesOf(map, isWanted) {
    const entries = createList();
    const iterator = MapPrototypeEntries(map);
    for (let step = MapIteratorPrototypeNext(iterator); !step.done; step = MapIteratorPrototypeNext(iterator)) {
      if (isWanted(step.value)) append(entries, step.value);
    }
    return entries;
  }

  function equalMaps(comparison, left, right) {
    if (MapPrototypeGetSize(left) !== MapPrototypeGetSize(right)) return false;
    const missing = entriesOf(left, (entry) => !MapPrototypeHas(right, entry[0]));
    const shared = entriesOf(left, (entry) => MapPrototypeHas(right, entry[0]));
    const candidates = entriesOf(right, (entry) => !MapPrototypeHas(left, entry[0]));
    for (let index = 0; index < shared.length; index++) {
      if (!equal(comparison, shared[index][1], MapPrototypeGet(right, shared[index][0]))) return false;
    }
    for (let index = 0; index < missing.length; index++) {
      const entry = missing[index];
      if (comparison.isStrict && isPrimitive(entry[0])) return false;
      const isMatch = (other) => equal(comparison, entry[0], other[0]) && equal(comparison, entry[1], other[1]);
      if (!takeMatch(candidates, isMatch)) return false;
    }
    return true;
  }

  exports.isDeepStrictEqual = function isDeepStrictEqual(left, right) {
    return equal(new Comparison(true), left, right);
  };

  exports.isDeepLooselyEqual = function isDeepLooselyEqual(left, right) {
    return equal(new Comparison(false), left, right);
  };
})
