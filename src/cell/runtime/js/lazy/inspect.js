// Shows any value as text the way Node's util.inspect does, and never throws, whatever the value.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeSort,
    MapPrototypeGet,
    MapPrototypeGetSize,
    MapPrototypeHas,
    MapPrototypeSet,
    NumberIsNaN,
    ObjectDefineProperty,
    ObjectPrototypeHasOwnProperty,
    ReflectApply,
    ReflectOwnKeys,
    SafeMap,
    SafeSet,
    SetPrototypeAdd,
    SetPrototypeDelete,
    SetPrototypeHas,
    StringPrototypeRepeat,
    StringPrototypeSlice,
    StringPrototypeValueOf,
    SymbolFor,
    TypedArrayPrototypeGetLength,
    TypedArrayPrototypeGetSymbolToStringTag,
  } = primordials;
  const { ops } = host;
  const { append, createList, isObject } = host.basics;
  const { indentLines, limitText, LONGEST_TEXT, textOf } = host.use('text');
  const {
    lineageOf, messageOf, nonIndexKeys, ownDescriptor, ownKeys, readProperty, threw, unwrapProxy,
  } = host.use('inspect_reading');
  const { charge, formatPrimitive } = host.use('inspect_text');
  const { brandOf, findConstructor, prefixOf, tagOf } = host.use('inspect_brands');
  const { formatInherited, formatProperty } = host.use('inspect_properties');
  const { layoutOf } = host.use('inspect_shapes');
  const { joinEntries } = host.use('inspect_layout');

  const customInspect = SymbolFor('nodejs.util.inspect.custom');

  // Prototypes to name for an object that no constructor made.
  const MOST_NAMED = 8;

  const NOTHING = createList();

  function stylize(text) {
    return text;
  }

  const defaults = {
    showHidden: false,
    depth: 2,
    colors: false,
    customInspect: true,
    showProxy: false,
    maxArrayLength: 100,
    maxStringLength: 10000,
    breakLength: 80,
    compact: 3,
    sorted: false,
    getters: false,
    numericSeparator: false,
  };

  function ownOption(options, name) {
    const has = isObject(options) && ObjectPrototypeHasOwnProperty(options, name);
    return has ? options[name] : defaults[name];
  }

  function numberOption(options, name) {
    const value = ownOption(options, name);
    if (value === null) return Infinity;
    return typeof value === 'number' && !NumberIsNaN(value) ? value : defaults[name];
  }

  // What one call of inspect knows: its options, then where in the value it is.
  function createContext(options) {
    const depth = ownOption(options, 'depth');
    const compact = ownOption(options, 'compact');
    return {
      showHidden: ownOption(options, 'showHidden') === true,
      depth: depth === null || depth === undefined ? Infinity : numberOption(options, 'depth'),
      customInspect: ownOption(options, 'customInspect') !== false,
      showProxy: ownOption(options, 'showProxy') === true,
      maxArrayLength: numberOption(options, 'maxArrayLength'),
      maxStringLength: numberOption(options, 'maxStringLength'),
      breakLength: numberOption(options, 'breakLength'),
      compact: typeof compact === 'boolean' ? compact : numberOption(options, 'compact'),
      sorted: ownOption(options, 'sorted'),
      getters: ownOption(options, 'getters'),
      numericSeparator: ownOption(options, 'numericSeparator') === true,
      userOptions: isObject(options) ? options : undefined,
      indentation: 0,
      deepestLevel: 0,
      seen: new SafeSet(),
      circular: new SafeMap(),
      // Called back for what is inside a value, by scripts that this one uses.
      formatValue,
      // Characters left to write; nothing more is looked at once they are used up.
      remaining: LONGEST_TEXT,
    };
  }

  // Options as a custom inspect function expects them, to hand on to inspect.
  function createUserOptions(context) {
    const { showHidden, depth, maxArrayLength, maxStringLength, breakLength, compact, sorted, getters } = context;
    return {
      stylize,
      showHidden,
      depth,
      colors: false,
      customInspect: context.customInspect,
      showProxy: context.showProxy,
      maxArrayLength,
      maxStringLength,
      breakLength,
      compact,
      sorted,
      getters,
      numericSeparator: context.numericSeparator,
      ...context.userOptions,
    };
  }

  function isStackOverflow(error) {
    return isObject(error) && messageOf(error) === 'Maximum call stack size exceeded';
  }

  // Entries of a value are one level deeper than the value; withoutContents leaves a buffer's bytes out.
  function formatValue(context, value, level, withoutContents) {
    if (!isObject(value)) return charge(context, formatPrimitive(context, value));
    if (context.remaining <= 0) return '...';
    const details = context.showProxy ? ops.proxyDetails(value) : undefined;
    if (details !== undefined && details[0] !== null) return formatProxy(context, details, level);
    const target = unwrapProxy(value);
    if (target === null) return charge(context, '<Revoked Proxy>');
    const indentation = context.indentation;
    try {
      const lineage = lineageOf(target);
      const custom = context.customInspect ? formatCustom(context, value, lineage, level) : undefined;
      if (custom !== undefined) return custom;
      if (SetPrototypeHas(context.seen, target)) return markCircular(context, target);
      return formatObject(context, lineage, level, withoutContents);
    } catch (error) {
      context.indentation = indentation;
      SetPrototypeDelete(context.seen, target);
      return charge(context, describeInterruption(error, target));
    }
  }

  function describeInterruption(error, target) {
    if (!isStackOverflow(error)) return threw(error);
    const name = findConstructor(lineageOf(target))?.name ?? 'Object: null prototype';
    return '[' + name + ': Inspection interrupted prematurely. Maximum call stack size exceeded.]';
  }

  function markCircular(context, target) {
    if (!MapPrototypeHas(context.circular, target)) {
      MapPrototypeSet(context.circular, target, MapPrototypeGetSize(context.circular) + 1);
    }
    return charge(context, '[Circular *' + MapPrototypeGet(context.circular, target) + ']');
  }

  function formatProxy(context, details, level) {
    if (level > context.depth) return charge(context, 'Proxy [Array]');
    const parts = createList();
    context.indentation += 2;
    append(parts, formatValue(context, details[0], level + 1, false));
    append(parts, formatValue(context, details[1], level + 1, false));
    context.indentation -= 2;
    return joinEntries(context, parts, '', ['Proxy [', ']'], true, level + 1);
  }

  function isPrototypeObject(object) {
    const constructor = ownDescriptor(object, 'constructor')?.value;
    return typeof constructor === 'function' && ownDescriptor(constructor, 'prototype')?.value === object;
  }

  // What the value's own inspect function says, or undefined where there is none to ask.
  function formatCustom(context, value, lineage, level) {
    const inspectValue = readProperty(lineage, customInspect);
    if (typeof inspectValue !== 'function' || inspectValue === inspect || isPrototypeObject(lineage[0])) return undefined;
    let result;
    try {
      result = ReflectApply(inspectValue, value, [context.depth - level, createUserOptions(context), inspect]);
    } catch (error) {
      return charge(context, threw(error));
    }
    if (result === value) return undefined;
    if (isObject(result)) return formatValue(context, result, level, false);
    return charge(context, indentLines(limitText(textOf(result)), StringPrototypeRepeat(' ', context.indentation)));
  }

  // Everything about one object that is known before its entries are formatted.
  function createSubject(context, lineage, level) {
    const found = findConstructor(lineage);
    const constructorName = found === undefined ? nameWithoutConstructor(context, lineage, level, level) : found.name;
    const brand = brandOf(lineage, constructorName);
    return {
      lineage,
      value: lineage[0],
      found,
      constructorName,
      brand,
      tag: tagOf(lineage, context.showHidden),
      keys: keysOf(context, lineage[0], brand),
    };
  }

  // null for objects without prototype; others inherit from objects that no constructor made.
  function nameWithoutConstructor(context, lineage, level, startLevel) {
    if (lineage.length === 1) return null;
    const brand = brandOf(lineage, null);
    const name = nameOfBrand(lineage[0], brand);
    if (level > context.depth || level > startLevel + MOST_NAMED) return name + ' <Complex prototype>';
    const parent = lineageOf(lineage[1]);
    if (parent.length > 1) return name + ' <' + nameWithoutConstructor(context, parent, level + 1, startLevel) + '>';
    const options = { ...createUserOptions(context), customInspect: false, depth: -1 };
    return name + ' <' + inspect(lineage[1], options) + '>';
  }

  function nameOfBrand(value, brand) {
    return brand === 'TypedArray' ? TypedArrayPrototypeGetSymbolToStringTag(value) : brand;
  }

  function keysOf(context, value, brand) {
    const { showHidden } = context;
    switch (brand) {
      case 'Array': return nonIndexKeys(value, value.length, showHidden);
      case 'TypedArray': return nonIndexKeys(value, TypedArrayPrototypeGetLength(value), showHidden);
      case 'String': return nonIndexKeys(value, StringPrototypeValueOf(value).length, showHidden);
      case 'Module': return namespaceKeys(value, showHidden);
      default: return ownKeys(value, showHidden);
    }
  }

  // A namespace throws when asked whether a binding is enumerable that is not initialised yet.
  function namespaceKeys(value, showHidden) {
    const found = ReflectOwnKeys(value);
    const keys = createList();
    for (let index = 0; index < found.length; index++) {
      if (showHidden || typeof found[index] === 'string') append(keys, found[index]);
    }
    return keys;
  }

  function formatObject(context, lineage, level, withoutContents) {
    const subject = createSubject(context, lineage, level);
    const inherited = context.showHidden && level <= context.depth ? formatInherited(context, subject, level) : NOTHING;
    const shape = layoutOf(context, subject);
    const isEmpty = shape.size === 0 && subject.keys.length === 0 && inherited.length === 0;
    if (isEmpty && !(subject.brand === 'TypedArray' && context.showHidden)) {
      return charge(context, shape.base === '' ? shape.start + shape.end : shape.base);
    }
    if (level > context.depth && !withoutContents) return charge(context, describeTooDeep(subject, shape));
    return formatEntries(context, subject, shape, inherited, level + 1, withoutContents);
  }

  function describeTooDeep({ value, brand, constructorName, tag }, shape) {
    if (brand === 'RegExp') return shape.base;
    const name = StringPrototypeSlice(prefixOf(constructorName, tag, nameOfBrand(value, brand)), 0, -1);
    return constructorName === null ? name : '[' + name + ']';
  }

  function formatEntries(context, subject, shape, inherited, level, withoutContents) {
    const { value, keys } = subject;
    SetPrototypeAdd(context.seen, value);
    context.deepestLevel = level;
    context.remaining -= shape.base.length + shape.start.length + shape.end.length;
    const output = shape.formatEntries === undefined
      ? createList()
      : shape.formatEntries(context, subject, level, shape.size ?? withoutContents);
    const firstProperty = output.length;
    for (let index = 0; index < keys.length; index++) {
      if (context.remaining <= 0) {
        append(output, '...');
        break;
      }
      append(output, formatProperty(context, value, keys[index], level, shape.isArrayLike));
    }
    for (let index = 0; index < inherited.length; index++) append(output, inherited[index]);
    SetPrototypeDelete(context.seen, value);
    const entries = context.sorted ? sortProperties(context, output, shape.isArrayLike ? firstProperty : 0) : output;
    const reference = MapPrototypeGet(context.circular, value);
    const array = subject.brand === 'Array' || subject.brand === 'TypedArray' ? value : undefined;
    const { base, braces } = withReference(context, shape, reference);
    return joinEntries(context, entries, base, braces, shape.isArrayLike, level, array);
  }

  function withReference(context, { base, start, end }, index) {
    if (index === undefined) return { base, braces: [start, end] };
    const reference = '<ref *' + index + '>';
    if (context.compact === true) return { base, braces: [reference + ' ' + start, end] };
    return { base: base === '' ? reference : reference + ' ' + base, braces: [start, end] };
  }

  function sortProperties(context, output, first) {
    const properties = createList();
    for (let index = first; index < output.length; index++) append(properties, output[index]);
    ArrayPrototypeSort(properties, typeof context.sorted === 'function' ? context.sorted : undefined);
    for (let index = first; index < output.length; index++) output[index] = properties[index - first];
    return output;
  }

  function inspect(value, options) {
    try {
      return limitText(formatValue(createContext(options), value, 0, false));
    } catch (error) {
      // Out of stack before there was a level to stop at, or options that throw.
      return threw(error);
    }
  }

  // As inspect, but asks values how they want to be shown only where the options say so.
  exports.inspectPlainly = function inspectPlainly(value, options) {
    try {
      const context = createContext(options);
      context.customInspect = isObject(options) && ownOption(options, 'customInspect') === true &&
        ObjectPrototypeHasOwnProperty(options, 'customInspect');
      return limitText(formatValue(context, value, 0, false));
    } catch (error) {
      return threw(error);
    }
  };

  ObjectDefineProperty(inspect, 'custom', {
    __proto__: null, value: customInspect, configurable: false, enumerable: true, writable: false,
  });

  exports.inspect = inspect;
})
