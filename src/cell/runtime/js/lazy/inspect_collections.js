// The entries of built-in collections: arrays, maps, sets, buffers, iterators, promises and module namespaces.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeSort,
    DataViewPrototypeGetBuffer,
    DataViewPrototypeGetByteLength,
    DataViewPrototypeGetByteOffset,
    MapIteratorPrototypeNext,
    MapPrototypeEntries,
    MathMax,
    MathMin,
    NumberPrototypeToString,
    ObjectKeys,
    ObjectPrototypeHasOwnProperty,
    SetIteratorPrototypeNext,
    SetPrototypeValues,
    TypedArrayPrototypeGetBuffer,
    TypedArrayPrototypeGetByteLength,
    TypedArrayPrototypeGetByteOffset,
    TypedArrayPrototypeGetLength,
    TypedArrayPrototypeGetSymbolToStringTag,
    Uint8Array,
  } = primordials;
  const { ops } = host;
  const { append, createList } = host.basics;
  const { isArrayIndex, ownDescriptor } = host.use('inspect_reading');
  const { formatBigInt, formatNumber, pluralEnding } = host.use('inspect_text');
  const { formatDescriptor, formatKey, formatProperty } = host.use('inspect_properties');
  const { joinEntries } = host.use('inspect_layout');

  const PENDING = 0;
  const REJECTED = 2;

  function moreItems(remaining) {
    return '... ' + remaining + ' more item' + pluralEnding(remaining);
  }

  function emptyItems(count) {
    return '<' + count + ' empty item' + pluralEnding(count) + '>';
  }

  function shownCount(context, length) {
    return MathMin(MathMax(0, context.maxArrayLength), length);
  }

  // Appends formatEntry(index) for the entries to show and says how many there are more.
  function appendEntries(context, output, length, formatEntry) {
    const shown = shownCount(context, length);
    for (let index = 0; index < shown; index++) {
      if (context.remaining <= 0) {
        append(output, '...');
        return;
      }
      append(output, formatEntry(index));
    }
    if (length > shown) append(output, moreItems(length - shown));
  }

  function formatElement(context, array, key, level) {
    const descriptor = ownDescriptor(array, key);
    return formatDescriptor(context, descriptor, array, level, 2);
  }

  // Runs of holes count as one entry each. first is the index of the first hole.
  function appendSparse(context, array, level, output, first) {
    const keys = ObjectKeys(array);
    const most = shownCount(context, array.length);
    let next = first;
    for (let position = first; position < keys.length && output.length < most && context.remaining > 0; position++) {
      if (!isArrayIndex(keys[position])) break;
      const index = +keys[position];
      if (index > next) {
        append(output, emptyItems(index - next));
        next = index;
        if (output.length === most) break;
      }
      append(output, formatElement(context, array, keys[position], level));
      next++;
    }
    const remaining = array.length - next;
    const isAllHoles = output.length < most && context.remaining > 0;
    if (remaining > 0) append(output, isAllHoles ? emptyItems(remaining) : moreItems(remaining));
  }

  function formatArray(context, { value }, level) {
    const output = createList();
    const shown = shownCount(context, value.length);
    for (let index = 0; index < shown && context.remaining > 0; index++) {
      if (!ObjectPrototypeHasOwnProperty(value, index)) {
        appendSparse(context, value, level, output, index);
        return output;
      }
      append(output, formatElement(context, value, index, level));
    }
    if (value.length > output.length) append(output, moreItems(value.length - output.length));
    return output;
  }

  function formatTypedArray(context, { value }, level) {
    const output = createList();
    const length = TypedArrayPrototypeGetLength(value);
    const format = typeof value[0] === 'bigint' ? formatBigInt : formatNumber;
    appendEntries(context, output, length, (index) => {
      const text = format(value[index], context.numericSeparator);
      context.remaining -= text.length + 2;
      return text;
    });
    if (!context.showHidden) return output;
    const className = TypedArrayPrototypeGetSymbolToStringTag(value);
    // A property of the class that nobody can change.
    append(output, '[BYTES_PER_ELEMENT]: ' + primordials[className].BYTES_PER_ELEMENT);
    append(output, '[length]: ' + length);
    append(output, '[byteLength]: ' + TypedArrayPrototypeGetByteLength(value));
    append(output, '[byteOffset]: ' + TypedArrayPrototypeGetByteOffset(value));
    append(output, '[buffer]: ' + formatIndented(context, TypedArrayPrototypeGetBuffer(value), level, true));
    return output;
  }

  function formatIndented(context, value, level, withoutContents) {
    context.indentation += 2;
    const text = context.formatValue(context, value, level, withoutContents);
    context.indentation -= 2;
    return text;
  }

  function formatSet(context, { value }, level, size) {
    const output = createList();
    const iterator = SetPrototypeValues(value);
    appendEntries(context, output, size, () =>
      formatIndented(context, SetIteratorPrototypeNext(iterator).value, level));
    return output;
  }

  function formatPair(context, key, value, level) {
    return formatIndented(context, key, level) + ' => ' + formatIndented(context, value, level);
  }

  function formatMap(context, { value }, level, size) {
    const output = createList();
    const iterator = MapPrototypeEntries(value);
    appendEntries(context, output, size, () => {
      const entry = MapIteratorPrototypeNext(iterator).value;
      return formatPair(context, entry[0], entry[1], level);
    });
    return output;
  }

  // Weak collections have no order of their own.
  function sortUnlessSorted(context, output) {
    return context.sorted ? output : ArrayPrototypeSort(output);
  }

  function formatWeakSet(context, { value }, level) {
    const output = createList();
    const entries = ops.previewEntries(value)[0];
    appendEntries(context, output, entries.length, (index) => formatIndented(context, entries[index], level));
    return sortUnlessSorted(context, output);
  }

  function formatWeakMap(context, { value }, level) {
    const output = createList();
    const entries = ops.previewEntries(value)[0];
    appendEntries(context, output, entries.length / 2, (index) =>
      formatPair(context, entries[index * 2], entries[index * 2 + 1], level));
    return sortUnlessSorted(context, output);
  }

  function formatIterator(context, { value }, level) {
    const output = createList();
    const preview = ops.previewEntries(value);
    const entries = preview[0];
    if (!preview[1]) {
      appendEntries(context, output, entries.length, (index) => formatIndented(context, entries[index], level));
      return output;
    }
    appendEntries(context, output, entries.length / 2, (index) => {
      const pair = createList();
      append(pair, formatIndented(context, entries[index * 2], level));
      append(pair, formatIndented(context, entries[index * 2 + 1], level));
      context.indentation += 2;
      const text = joinEntries(context, pair, '', ['[', ']'], true, level);
      context.indentation -= 2;
      return text;
    });
    return output;
  }

  function hexOf(bytes, count) {
    let text = '';
    for (let index = 0; index < count; index++) {
      const digits = NumberPrototypeToString(bytes[index], 16);
      text += (index === 0 ? '' : ' ') + (digits.length === 1 ? '0' : '') + digits;
    }
    return text;
  }

  function formatArrayBuffer(context, { value }, level, withoutContents) {
    const output = createList();
    let bytes;
    try {
      bytes = new Uint8Array(value);
    } catch {
      append(output, '(detached)');
      append(output, 'byteLength: 0');
      return output;
    }
    const length = TypedArrayPrototypeGetLength(bytes);
    if (!withoutContents) {
      const shown = shownCount(context, length);
      const more = length > shown ? ' ... ' + (length - shown) + ' more byte' + pluralEnding(length - shown) : '';
      append(output, '[Uint8Contents]: <' + hexOf(bytes, shown) + more + '>');
    }
    append(output, 'byteLength: ' + formatNumber(length, context.numericSeparator));
    return output;
  }

  function formatDataView(context, { value }, level) {
    const output = createList();
    append(output, 'byteLength: ' + formatNumber(DataViewPrototypeGetByteLength(value), context.numericSeparator));
    append(output, 'byteOffset: ' + formatNumber(DataViewPrototypeGetByteOffset(value), context.numericSeparator));
    append(output, 'buffer: ' + formatIndented(context, DataViewPrototypeGetBuffer(value), level));
    return output;
  }

  function formatPromise(context, { value }, level) {
    const output = createList();
    const details = ops.promiseDetails(value);
    if (details[0] === PENDING) {
      append(output, '<pending>');
      return output;
    }
    const result = formatIndented(context, details[1], level);
    append(output, details[0] === REJECTED ? '<rejected> ' + result : result);
    return output;
  }

  // Bindings that a module has not initialised yet throw when they are read.
  function canRead(namespace, key) {
    try {
      return ownDescriptor(namespace, key) !== undefined;
    } catch {
      return false;
    }
  }

  function formatNamespace(context, { value, keys }, level) {
    const output = createList();
    for (let index = 0; index < keys.length; index++) {
      const isInitialized = canRead(value, keys[index]);
      append(output, isInitialized
        ? formatProperty(context, value, keys[index], level, false)
        : formatKey(keys[index], true) + ': <uninitialized>');
    }
    keys.length = 0;
    return output;
  }

  exports.formatArray = formatArray;
  exports.formatTypedArray = formatTypedArray;
  exports.formatSet = formatSet;
  exports.formatMap = formatMap;
  exports.formatWeakSet = formatWeakSet;
  exports.formatWeakMap = formatWeakMap;
  exports.formatIterator = formatIterator;
  exports.formatArrayBuffer = formatArrayBuffer;
  exports.formatDataView = formatDataView;
  exports.formatPromise = formatPromise;
  exports.formatNamespace = formatNamespace;
})
