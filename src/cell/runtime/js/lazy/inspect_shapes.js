// The outline of each kind of object: what stands before its braces, which braces, and what fills them.
(function (primordials, host, exports) {
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
    RegExpPrototypeGetSource,
    SetPrototypeGetSize,
    StringPrototypeSlice,
    StringPrototypeValueOf,
    SymbolPrototypeValueOf,
    TypedArrayPrototypeGetLength,
    TypedArrayPrototypeGetSymbolToStringTag,
  } = primordials;
  const { ops } = host;
  const { append, createList } = host.basics;
  const { formatPrimitive } = host.use('inspect_text');
  const { describeFunction, prefixOf } = host.use('inspect_brands');
  const { flagsOf } = host.use('regexp_flags');
  const { formatError } = host.use('inspect_errors');
  const {
    formatArray, formatArrayBuffer, formatDataView, formatIterator, formatMap, formatNamespace,
    formatPromise, formatSet, formatTypedArray, formatWeakMap, formatWeakSet,
  } = host.use('inspect_collections');

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
    return layout('', prefix + '[', ']', formatArray, value.length);
  }

  function typedArrayLayout({ value, constructorName, tag }) {
    const length = TypedArrayPrototypeGetLength(value);
    const fallback = TypedArrayPrototypeGetSymbolToStringTag(value);
    const prefix = prefixOf(constructorName, tag, fallback, '(' + length + ')');
    return layout('', prefix + '[', ']', formatTypedArray, length);
  }

  function iteratorLayout({ value, brand, tag }) {
    const isPairs = ops.previewEntries(value)[1];
    const name = isPairs ? StringPrototypeSlice(brand, 0, 3) + ' Entries' : brand;
    const tagged = tag === '' || tag === brand ? name : tag + '] [' + name;
    return layout('', '[' + tagged + '] {', '}', formatIterator, undefined);
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
      case 'Set': return collectionLayout(subject, 'Set', formatSet, SetPrototypeGetSize(subject.value));
      case 'Map': return collectionLayout(subject, 'Map', formatMap, MapPrototypeGetSize(subject.value));
      case 'Error': return baseLayout(formatError(context, subject));
      case 'Date': return baseLayout(describeDate(subject));
      case 'RegExp': return baseLayout(describeRegExp(subject));
      case 'Promise': return collectionLayout(subject, 'Promise', formatPromise);
      case 'Arguments': return layout('', '[Arguments] {', '}', undefined, 0);
      case 'Map Iterator':
      case 'Set Iterator': return iteratorLayout(subject);
      case 'ArrayBuffer':
      case 'SharedArrayBuffer': return collectionLayout(subject, subject.brand, formatArrayBuffer);
      case 'DataView': return collectionLayout(subject, 'DataView', formatDataView);
      case 'WeakSet': return weakLayout(context, subject, formatWeakSet);
      case 'WeakMap': return weakLayout(context, subject, formatWeakMap);
      case 'Module': return collectionLayout(subject, 'Module', formatNamespace);
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

  exports.layoutOf = layoutOf;
})
