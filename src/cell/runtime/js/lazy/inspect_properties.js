// Properties as entries of their object: keys, values, accessors, and what showHidden adds from prototypes.
(function (primordials, host, exports) {
  'use strict';

  const {
    ObjectPrototypeHasOwnProperty,
    ReflectApply,
    ReflectOwnKeys,
    SetPrototypeAdd,
    SetPrototypeDelete,
    SetPrototypeHas,
    StringPrototypeCharCodeAt,
    StringPrototypeRepeat,
    SymbolPrototypeToString,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { textOf } = host.use('text');
  const { indexOfKey, lineageOf, messageOf, ownDescriptor, readProperty, threw } = host.use('inspect_reading');
  const { charge, escapeText, formatPrimitive, quote, textWidth } = host.use('inspect_text');
  const { isBuiltinConstructor } = host.use('inspect_brands');

  // Levels of prototypes whose accessors showHidden adds.
  const MOST_PROTOTYPES = 3;

  // Accessors and values that the prototypes up to the first built-in class hold.
  function formatInherited(context, { lineage, found }, level) {
    const output = createList();
    if (found === undefined || (found.depth === 1 && isBuiltinConstructor(found.constructor))) return output;
    const isNew = !SetPrototypeHas(context.seen, lineage[0]);
    SetPrototypeAdd(context.seen, lineage[0]);
    const names = createList();
    const start = found.depth === 0 ? 0 : 1;
    for (let depth = start; depth < lineage.length && depth < start + MOST_PROTOTYPES; depth++) {
      const constructor = ownDescriptor(lineage[depth], 'constructor')?.value;
      if (depth > start && isBuiltinConstructor(constructor)) break;
      appendInherited(context, output, lineage, depth, names, level);
    }
    if (isNew) SetPrototypeDelete(context.seen, lineage[0]);
    return output;
  }

  function appendInherited(context, output, lineage, depth, names, level) {
    const keys = ReflectOwnKeys(lineage[depth]);
    for (let index = 0; index < keys.length && context.remaining > 0; index++) {
      const key = keys[index];
      const isShown = ObjectPrototypeHasOwnProperty(lineage[0], key) || indexOfKey(names, key) !== -1;
      if (isShown || key === 'constructor') continue;
      append(names, key);
      const descriptor = ownDescriptor(lineage[depth], key);
      if (typeof descriptor.value === 'function') continue;
      const text = formatDescriptor(context, descriptor, lineage[0], level, 2);
      append(output, formatKey(key, descriptor.enumerable) + ': ' + text);
    }
  }

  function isIdentifier(key) {
    for (let index = 0; index < key.length; index++) {
      const code = StringPrototypeCharCodeAt(key, index);
      const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
      if (!isLetter && !(index > 0 && code >= 48 && code <= 57)) return false;
    }
    return key.length > 0;
  }

  function formatKey(key, isEnumerable) {
    if (typeof key === 'symbol') return '[' + escapeText(SymbolPrototypeToString(key), true) + ']';
    if (key === '__proto__') return "['__proto__']";
    if (!isEnumerable) return '[' + escapeText(key, true) + ']';
    return isIdentifier(key) ? key : quote(key);
  }

  function formatProperty(context, object, key, level, isArrayLike) {
    let descriptor;
    try {
      descriptor = ownDescriptor(object, key) ?? readInherited(object, key);
    } catch (error) {
      return charge(context, formatKey(key, true) + ': ' + threw(error));
    }
    const name = charge(context, formatKey(key, descriptor.enumerable));
    context.remaining -= context.indentation + 4;
    const indentation = context.compact === true && !isArrayLike ? 3 : 2;
    const text = formatDescriptor(context, descriptor, object, level, indentation);
    // Entries of the dense layout that are too long for their line move to the next.
    if (indentation === 3 && descriptor.value !== undefined && context.breakLength < textWidth(text)) {
      return name + ':\n' + StringPrototypeRepeat(' ', context.indentation + 3) + text;
    }
    return name + ': ' + text;
  }

  // Errors show a cause and errors that they only inherit.
  function readInherited(object, key) {
    const value = readProperty(lineageOf(object), key);
    return { value, get: undefined, set: undefined, enumerable: true, writable: true };
  }

  function formatDescriptor(context, descriptor, object, level, indentation) {
    if (descriptor.get !== undefined) return formatAccessor(context, descriptor, object, level);
    if (descriptor.set !== undefined) return '[Setter]';
    if (descriptor.value === undefined) return 'undefined';
    context.indentation += indentation;
    const text = context.formatValue(context, descriptor.value, level, false);
    context.indentation -= indentation;
    return text;
  }

  function callsGetter({ getters }, { set }) {
    return getters === true || (getters === 'get' && set === undefined) || (getters === 'set' && set !== undefined);
  }

  function formatAccessor(context, descriptor, object, level) {
    const label = descriptor.set === undefined ? 'Getter' : 'Getter/Setter';
    if (!callsGetter(context, descriptor)) return charge(context, '[' + label + ']');
    let value;
    try {
      value = ReflectApply(descriptor.get, object, []);
    } catch (error) {
      return charge(context, '[' + label + ': <Inspection threw (' + messageOf(error) + ')>]');
    }
    if (!isObject(value) || typeof value === 'function') {
      const text = typeof value === 'function' ? textOf(value) : formatPrimitive(context, value);
      return charge(context, '[' + label + ': ' + text + ']');
    }
    context.indentation += 2;
    const text = context.formatValue(context, value, level, false);
    context.indentation -= 2;
    return '[' + label + '] ' + text;
  }

  exports.formatInherited = formatInherited;
  exports.formatKey = formatKey;
  exports.formatDescriptor = formatDescriptor;
  exports.formatProperty = formatProperty;
})
