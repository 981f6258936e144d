// Tells what a value is and what to call it, by its internal slots and constructors and not by what it claims.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBufferIsView,
    ArrayBufferPrototypeGetByteLength,
    ArrayIsArray,
    BigIntPrototypeValueOf,
    BooleanPrototypeValueOf,
    DatePrototypeGetTime,
    FunctionPrototypeToString,
    MapPrototypeGetSize,
    NumberPrototypeValueOf,
    ObjectIsExtensible,
    ObjectPrototypeHasOwnProperty,
    ObjectPrototypePropertyIsEnumerable,
    ObjectPrototypeToString,
    RegExpPrototypeGetGlobal,
    SetPrototypeGetSize,
    SharedArrayBufferPrototypeGetByteLength,
    StringPrototypeSlice,
    StringPrototypeStartsWith,
    StringPrototypeValueOf,
    SymbolPrototypeValueOf,
    SymbolToStringTag,
    TypedArrayPrototypeGetSymbolToStringTag,
    WeakMapPrototypeHas,
    WeakSetPrototypeHas,
    builtinConstructors,
  } = primordials;
  const { ops } = host;
  const { append, createList, isObject } = host.basics;
  const { textOf } = host.use('text');
  const {
    findDescriptor, indexOfKey, inheritsFrom, lineageOf, ownDescriptor, readProperty, unwrapProxy,
  } = host.use('inspect_reading');

  function brand(name, prototype, hasSlots) {
    return { name, prototype, hasSlots };
  }

  // hasSlots answers false or throws for objects that only inherit from the prototype.
  const candidates = [
    brand('Error', primordials.ErrorPrototype, () => true),
    brand('Map', primordials.MapPrototype, (value) => MapPrototypeGetSize(value) >= 0),
    brand('Set', primordials.SetPrototype, (value) => SetPrototypeGetSize(value) >= 0),
    brand('Promise', primordials.PromisePrototype, (value) => ops.promiseDetails(value) !== undefined),
    brand('Date', primordials.DatePrototype, (value) => DatePrototypeGetTime(value) !== undefined),
    // RegExp.prototype itself answers, with undefined.
    brand('RegExp', primordials.RegExpPrototype, (value) => RegExpPrototypeGetGlobal(value) !== undefined),
    brand('WeakMap', primordials.WeakMapPrototype, (value) => WeakMapPrototypeHas(value, value) !== undefined),
    brand('WeakSet', primordials.WeakSetPrototype, (value) => WeakSetPrototypeHas(value, value) !== undefined),
    // Entries of weak collections can be previewed too: these come after them.
    brand('Map Iterator', primordials.MapIteratorPrototype, (value) => ops.previewEntries(value) !== undefined),
    brand('Set Iterator', primordials.SetIteratorPrototype, (value) => ops.previewEntries(value) !== undefined),
    brand('ArrayBuffer', primordials.ArrayBufferPrototype, (value) => ArrayBufferPrototypeGetByteLength(value) >= 0),
    brand('DataView', primordials.DataViewPrototype, (value) => ArrayBufferIsView(value)),
    brand('String', primordials.StringPrototype, (value) => StringPrototypeValueOf(value) !== undefined),
    brand('Number', primordials.NumberPrototype, (value) => NumberPrototypeValueOf(value) !== undefined),
    brand('Boolean', primordials.BooleanPrototype, (value) => BooleanPrototypeValueOf(value) !== undefined),
    brand('BigInt', primordials.BigIntPrototype, (value) => BigIntPrototypeValueOf(value) !== undefined),
    brand('Symbol', primordials.SymbolPrototype, (value) => SymbolPrototypeValueOf(value) !== undefined),
  ];
  if (SharedArrayBufferPrototypeGetByteLength !== undefined) {
    append(candidates, brand(
      'SharedArrayBuffer',
      primordials.SharedArrayBufferPrototype,
      (value) => SharedArrayBufferPrototypeGetByteLength(value) >= 0,
    ));
  }

  function matches(candidate, value) {
    try {
      return candidate.hasSlots(value);
    } catch {
      return false;
    }
  }

  function brandByLineage(lineage) {
    for (let depth = 1; depth < lineage.length; depth++) {
      for (let index = 0; index < candidates.length; index++) {
        const candidate = candidates[index];
        if (candidate.prototype === lineage[depth] && matches(candidate, lineage[0])) return candidate.name;
      }
    }
    return undefined;
  }

  // Object.prototype.toString sees internal slots, unless a tag would make it run a getter.
  function brandByBuiltinTag(lineage) {
    if (lineage.mayRunTraps || findDescriptor(lineage, SymbolToStringTag) !== undefined) return undefined;
    const name = StringPrototypeSlice(ObjectPrototypeToString(lineage[0]), 8, -1);
    return name === 'Object' ? undefined : name;
  }

  // For objects that lost their prototype every kind has to be tried; all but errors can tell.
  function brandByTrial(value) {
    for (let index = 1; index < candidates.length; index++) {
      if (matches(candidates[index], value)) return candidates[index].name;
    }
    return undefined;
  }

  function isModuleNamespace(value) {
    const tag = ownDescriptor(value, SymbolToStringTag);
    return tag !== undefined && tag.value === 'Module' && !tag.writable && !tag.enumerable && !ObjectIsExtensible(value);
  }

  // One of the names above, 'Array', 'TypedArray', 'Function', 'Arguments', 'Module', or 'Object' for all else.
  function brandOf(lineage, constructorName) {
    const value = lineage[0];
    if (typeof value === 'function') return 'Function';
    if (ArrayIsArray(value)) return 'Array';
    if (TypedArrayPrototypeGetSymbolToStringTag(value) !== undefined) return 'TypedArray';
    if (constructorName === null) {
      return isModuleNamespace(value) ? 'Module' : brandByBuiltinTag(lineage) ?? brandByTrial(value) ?? 'Object';
    }
    const found = brandByLineage(lineage);
    if (found !== undefined) return found;
    const name = brandByBuiltinTag(lineage) ?? 'Object';
    // What was given the prototype of plain objects is shown as one.
    return constructorName === 'Object' && name !== 'Arguments' ? 'Object' : name;
  }

  function nameOfFunction(constructor) {
    const own = ownDescriptor(constructor, 'name');
    if (own !== undefined && own.get === undefined) return textOf(own.value);
    return textOf(readProperty(lineageOf(constructor), 'name') ?? '');
  }

  // As instanceof, but without a look at Symbol.hasInstance.
  function isInstance(lineage, constructor) {
    const descriptor = ownDescriptor(constructor, 'prototype');
    if (descriptor === undefined || !isObject(descriptor.value)) return false;
    const prototype = unwrapProxy(descriptor.value);
    return prototype !== null && inheritsFrom(lineage, prototype);
  }

  function constructorAt(lineage, depth) {
    const descriptor = ownDescriptor(lineage[depth], 'constructor');
    if (descriptor === undefined || typeof descriptor.value !== 'function') return undefined;
    const constructor = unwrapProxy(descriptor.value);
    return constructor === null || !isInstance(lineage, constructor) ? undefined : constructor;
  }

  // The constructor that an object names itself after, its name, and where it was found; undefined where there is none.
  function findConstructor(lineage) {
    for (let depth = 0; depth < lineage.length; depth++) {
      const constructor = constructorAt(lineage, depth);
      if (constructor === undefined) continue;
      const name = nameOfFunction(constructor);
      if (name !== '') return { name, constructor, depth };
    }
    return undefined;
  }

  function isBuiltinConstructor(constructor) {
    return indexOfKey(builtinConstructors, constructor) !== -1;
  }

  // The tag, unless it is a property that is shown anyway.
  function tagOf(lineage, showHidden) {
    const tag = readProperty(lineage, SymbolToStringTag);
    if (typeof tag !== 'string' || tag === '') return '';
    const isShown = showHidden ? ObjectPrototypeHasOwnProperty : ObjectPrototypePropertyIsEnumerable;
    return isShown(lineage[0], SymbolToStringTag) ? '' : tag;
  }

  // 'Foo(2) [tag] ', where constructorName null stands for an object without prototype.
  function prefixOf(constructorName, tag, fallback, size = '') {
    if (constructorName === null) {
      const tagged = tag !== '' && tag !== fallback ? '[' + tag + '] ' : '';
      return '[' + fallback + size + ': null prototype] ' + tagged;
    }
    const tagged = tag !== '' && tag !== constructorName ? '[' + tag + '] ' : '';
    return constructorName + size + ' ' + tagged;
  }

  function isClass(value) {
    const prototype = ownDescriptor(value, 'prototype');
    // A method may be named class, but has no prototype.
    if (prototype === undefined || prototype.writable) return false;
    return StringPrototypeStartsWith(FunctionPrototypeToString(value), 'class');
  }

  function kindOfFunction(lineage) {
    if (inheritsFrom(lineage, primordials.AsyncGeneratorFunctionPrototype)) return 'AsyncGeneratorFunction';
    if (inheritsFrom(lineage, primordials.GeneratorFunctionPrototype)) return 'GeneratorFunction';
    if (inheritsFrom(lineage, primordials.AsyncFunctionPrototype)) return 'AsyncFunction';
    return 'Function';
  }

  function describeClass(lineage, constructorName, tag) {
    const hasName = ObjectPrototypeHasOwnProperty(lineage[0], 'name');
    let text = '[class ' + ((hasName && textOf(readProperty(lineage, 'name') ?? '')) || '(anonymous)');
    if (constructorName !== 'Function' && constructorName !== null) text += ' [' + constructorName + ']';
    if (tag !== '' && tag !== constructorName) text += ' [' + tag + ']';
    if (constructorName === null) return text + ' extends [null prototype]]';
    const parentName = textOf(readProperty(lineageOf(lineage[1]), 'name') ?? '');
    return text + (parentName === '' ? '' : ' extends ' + parentName) + ']';
  }

  // '[Function: name]' or '[class Name extends Parent]'.
  function describeFunction(lineage, constructorName, tag) {
    if (isClass(lineage[0])) return describeClass(lineage, constructorName, tag);
    const kind = kindOfFunction(lineage);
    const name = textOf(readProperty(lineage, 'name'));
    let text = '[' + kind;
    if (constructorName === null) text += ' (null prototype)';
    text += (name === '' ? ' (anonymous)' : ': ' + name) + ']';
    if (constructorName !== kind && constructorName !== null) text += ' ' + constructorName;
    if (tag !== '' && tag !== constructorName) text += ' [' + tag + ']';
    return text;
  }

  exports.brandOf = brandOf;
  exports.findConstructor = findConstructor;
  exports.tagOf = tagOf;
  exports.prefixOf = prefixOf;
  exports.describeFunction = describeFunction;
  exports.isBuiltinConstructor = isBuiltinConstructor;
})
