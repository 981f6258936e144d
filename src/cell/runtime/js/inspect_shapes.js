// The outline of each kind of object: what stands before its braces, which braces, and what fills them.
(function (primordials, host) {
  'use strict';

  const {
    BigIntPrototypeValueOf,
    BooleanPrototypeValueOf,
    DatePrototypeGetTime,
    DatePrototypeToISOString,
    DatePrototypeToString,
    MapPrototypeGetSize,
    NumberIsNaN,
    NumberPrototypeValueOf,
    RegExpPrototypeGetDotAll,
    RegExpPrototypeGetGlobal,
    RegExpPrototypeGetHasIndices,
    RegExpPrototypeGetIgnoreCase,
    RegExpPrototypeGetMultiline,
    RegExpPrototypeGetSource,
    RegExpPrototypeGetSticky,
    RegExpPrototypeGetUnicode,
    RegExpPrototypeGetUnicodeSets,
    SetPrototypeGetSize,
    StringPrototypeSlice,
    StringPrototypeValueOf,
    SymbolPrototypeValueOf,
    TypedArrayPrototypeGetLength,
    TypedArrayPrototypeGetSymbolToStringTag,
  } = primordials;
  const { inspection, ops } = host;
  const { append, createList, describeFunction, formatError, formatPrimitive, prefixOf } = inspection;

  function boxedPrimitive(value, brand) {
    switch (brand) {
      case 'String': return StringPrototypeValueOf(value);
      case 'Number': return NumberPrototypeValueOf(value);
      case 'Boolean': return BooleanPrototypeValueOf(value);
      case 'BigInt': return BigIntPrototypeValueOf(value);
      default: return SymbolPrototypeValueOf(value);
    }
  }

  function describeBoxed(context, { value, brand, constructorName, tag }) {
    let text = '[' + brand;
    if (constructorName === null) text += ' (null prototype)';
    else if (constructorName !== brand) text += ' (' + constructorName + ')';
    text += ': ' + formatPrimitive(context, boxedPrimitive(value, brand)) + ']';
    return tag !== '' && tag !== constructorName ? text + ' [' + tag + ']' : text;
  }

  function describeDate({ value, constructorName, tag }) {
    const isInvalid = NumberIsNaN(DatePrototypeGetTime(value));
    const text = isInvalid ? DatePrototypeToString(value) : DatePrototypeToISOString(value);
    const prefix = prefixOf(constructorName, tag, 'Date');
    return prefix === 'Date ' ? text : prefix + text;
  }

  // In the order in which the accessor flags puts them.
  const flagGetters = [
    { letter: 'd', isSet: RegExpPrototypeGetHasIndices },
    { letter: 'g', isSet: RegExpPrototypeGetGlobal },
    { letter: 'i', isSet: RegExpPrototypeGetIgnoreCase },
    { letter: 'm', isSet: RegExpPrototypeGetMultiline },
    { letter: 's', isSet: RegExpPrototypeGetDotAll },
    { letter: 'u', isSet: RegExpPrototypeGetUnicode },
    { letter: 'v', isSet: RegExpPrototypeGetUnicodeSets },
    { letter: 'y', isSet: RegExpPrototypeGetSticky },
  ];

  // The accessor flags would read each flag through a prototype that may have been changed.
  function flagsOf(value) {
    let flags = '';
    for (let index = 0; index < flagGetters.length; index++) {
      if (flagGetters[index].isSet(value)) flags += flagGetters[index].letter;
    }
    return flags;
  }

  function describeRegExp({ value, constructorName, tag }) {
    const prefix = prefixOf(constructorName, tag, 'RegExp');
    const text = '/' + RegExpPrototypeGetSource(value) + '/' + flagsOf(value);
    return prefix === 'RegExp ' ? text : prefix + text;
  }

  // How one object is laid out: base before the braces, formatEntries for what is not a property.
  function layout(base, start, end, formatEntries, size) {
    return { base, start, end, formatEntries, size, isArrayLike: end === ']' };
  }

  function baseLayout(base) {
    return layout(base, '{', '}', undefined, 0);
  }

  function collectionLayout(subject, fallback, formatEntries, size) {
    const suffix = size === undefined ? '' : '(' + size + ')';
    const start = prefixOf(subject.constructorName, subject.tag, fallback, suffix) + '{';
    return layout('', start, '}', formatEntries, size);
  }

  function arrayLayout({ value, constructorName, tag }) {
    const isPlain = constructorName === 'Array' && tag === '';
    const prefix = isPlain ? '' : prefixOf(constructorName, tag, 'Array', '(' + value.length + ')');
    return layout('', prefix + '[', ']', inspection.formatArray, value.length);
  }

  function typedArrayLayout({ value, constructorName, tag }) {
    const length = TypedArrayPrototypeGetLength(value);
    const fallback = TypedArrayPrototypeGetSymbolToStringTag(value);
    const prefix = prefixOf(constructorName, tag, fallback, '(' + length + ')');
    return layout('', prefix + '[', ']', inspection.formatTypedArray, length);
  }

  function iteratorLayout({ value, brand, tag }) {
    const isPairs = ops.previewEntries(value)[1];
    const name = isPairs ? StringPrototypeSlice(brand, 0, 3) + ' Entries' : brand;
    const tagged = tag === '' || tag === brand ? name : tag + '] [' + name;
    return layout('', '[' + tagged + '] {', '}', inspection.formatIterator, undefined);
  }

  function objectLayout({ constructorName, tag }) {
    const isPlain = constructorName === 'Object' && tag === '';
    return layout('', isPlain ? '{' : prefixOf(constructorName, tag, 'Object') + '{', '}', undefined, 0);
  }

  function weakLayout({ showHidden }, subject, formatEntries) {
    return collectionLayout(subject, subject.brand, showHidden ? formatEntries : formatUnknown);
  }

  function layoutOf(context, subject) {
    switch (subject.brand) {
      case 'Array': return arrayLayout(subject);
      case 'TypedArray': return typedArrayLayout(subject);
      case 'Function': return baseLayout(describeFunction(subject.lineage, subject.constructorName, subject.tag));
      case 'Set': return collectionLayout(subject, 'Set', inspection.formatSet, SetPrototypeGetSize(subject.value));
      case 'Map': return collectionLayout(subject, 'Map', inspection.formatMap, MapPrototypeGetSize(subject.value));
      case 'Error': return baseLayout(formatError(context, subject));
      case 'Date': return baseLayout(describeDate(subject));
      case 'RegExp': return baseLayout(describeRegExp(subject));
      case 'Promise': return collectionLayout(subject, 'Promise', inspection.formatPromise);
      case 'Arguments': return layout('', '[Arguments] {', '}', undefined, 0);
      case 'Map Iterator':
      case 'Set Iterator': return iteratorLayout(subject);
      case 'ArrayBuffer':
      case 'SharedArrayBuffer': return collectionLayout(subject, subject.brand, inspection.formatArrayBuffer);
      case 'DataView': return collectionLayout(subject, 'DataView', inspection.formatDataView);
      case 'WeakSet': return weakLayout(context, subject, inspection.formatWeakSet);
      case 'WeakMap': return weakLayout(context, subject, inspection.formatWeakMap);
      case 'Module': return collectionLayout(subject, 'Module', inspection.formatNamespace);
      case 'String':
      case 'Number':
      case 'Boolean':
      case 'BigInt':
      case 'Symbol': return baseLayout(describeBoxed(context, subject));
      default: return objectLayout(subject);
    }
  }

  function formatUnknown() {
    const output = createList();
    append(output, '<items unknown>');
    return output;
  }

  inspection.flagsOf = flagsOf;
  inspection.layoutOf = layoutOf;
})
