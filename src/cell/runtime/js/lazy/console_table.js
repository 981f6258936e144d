// Draws tabular data in boxes, as Node's console.table does.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    MapIteratorPrototypeNext,
    MapPrototypeEntries,
    MapPrototypeGetSize,
    MathMax,
    ObjectKeys,
    SetIteratorPrototypeNext,
    SetPrototypeGetSize,
    SetPrototypeValues,
    String,
    StringPrototypeRepeat,
  } = primordials;
  const { ops } = host;
  const { append, createList, isObject } = host.basics;
  const { LONGEST_TEXT, textOf } = host.use('text');
  const { lineageOf, ownDescriptor, readProperty, unwrapProxy } = host.use('inspect_reading');
  const { textWidth } = host.use('inspect_text');
  const { brandOf, findConstructor } = host.use('inspect_brands');
  const { inspect } = host.use('inspect');

  const ITERATION_INDEX = '(iteration index)';
  const INDEX = '(index)';
  const VALUES = 'Values';
  // A cell with more keys than this shows only what it is.
  const MOST_KEYS = 2;

  function formatCell(value) {
    const target = isObject(value) ? unwrapProxy(value) : null;
    const isPlain = target !== null && typeof target === 'object' && !ArrayIsArray(target);
    const depth = isPlain && ObjectKeys(target).length > MOST_KEYS ? -1 : 0;
    return inspect(value, { depth, maxArrayLength: 3, breakLength: Infinity });
  }

  // A column is its heading and its cells by row; rows that have none stay empty.
  function createColumn(heading) {
    return { heading, cells: { __proto__: null }, width: textWidth(heading) };
  }

  // Returns what the cell takes of the text that a table may become; empty ones take space too.
  function setCell(column, row, text) {
    column.cells[row] = text;
    column.width = MathMax(column.width, textWidth(text));
    return text.length + 1;
  }

  function drawLine(columns, start, joint, end) {
    let line = start;
    for (let index = 0; index < columns.length; index++) {
      line += (index === 0 ? '' : joint) + StringPrototypeRepeat('\u2500', columns[index].width + 2);
    }
    return line + end;
  }

  function drawRow(columns, textAt) {
    let line = '\u2502';
    for (let index = 0; index < columns.length; index++) {
      const text = textAt(columns[index]);
      line += ' ' + text + StringPrototypeRepeat(' ', columns[index].width - textWidth(text)) + ' \u2502';
    }
    return line;
  }

  function drawColumns(columns, rowCount) {
    let text = drawLine(columns, '\u250c', '\u252c', '\u2510') + '\n' + drawRow(columns, (column) => column.heading) + '\n' +
      drawLine(columns, '\u251c', '\u253c', '\u2524') + '\n';
    for (let row = 0; row < rowCount && text.length <= LONGEST_TEXT; row++) {
      text += drawRow(columns, (column) => column.cells[row] ?? '') + '\n';
    }
    return text + drawLine(columns, '\u2514', '\u2534', '\u2518');
  }

  // Rows of a map, a set or an iterator: valueAt(row, column) is asked in order.
  function drawEntries(headings, rowCount, valueAt) {
    const columns = createList();
    append(columns, createColumn(ITERATION_INDEX));
    for (let index = 0; index < headings.length; index++) append(columns, createColumn(headings[index]));
    let written = 0;
    let row = 0;
    for (; row < rowCount && written <= LONGEST_TEXT; row++) {
      written += setCell(columns[0], row, String(row));
      for (let index = 0; index < headings.length; index++) {
        written += setCell(columns[index + 1], row, formatCell(valueAt(row, index)));
      }
    }
    return drawColumns(columns, row);
  }

  function drawMap(map) {
    const iterator = MapPrototypeEntries(map);
    let entry;
    return drawEntries(['Key', VALUES], MapPrototypeGetSize(map), (row, column) => {
      if (column === 0) entry = MapIteratorPrototypeNext(iterator).value;
      return entry[column];
    });
  }

  function drawSet(set) {
    const iterator = SetPrototypeValues(set);
    return drawEntries([VALUES], SetPrototypeGetSize(set), () => SetIteratorPrototypeNext(iterator).value);
  }

  function drawIterator(iterator, brand) {
    const preview = ops.previewEntries(iterator);
    const entries = preview[0];
    if (brand === 'Set Iterator' || !preview[1]) return drawEntries([VALUES], entries.length, (row) => entries[row]);
    return drawEntries(['Key', VALUES], entries.length / 2, (row, column) => entries[row * 2 + column]);
  }

  // Writes one row and returns the length of its cells; byKey holds the columns made so far.
  function setRow(byKey, row, item, properties) {
    const target = isObject(item) ? unwrapProxy(item) : null;
    const keys = properties ?? (target === null ? createList() : ObjectKeys(target));
    const lineage = target === null ? undefined : lineageOf(target);
    let written = 0;
    for (let index = 0; index < keys.length && written <= LONGEST_TEXT; index++) {
      const key = keys[index];
      byKey[key] ??= createColumn(key);
      const isOwn = target !== null && ownDescriptor(target, key) !== undefined;
      written += setCell(byKey[key], row, isOwn ? formatCell(readProperty(lineage, key)) : '');
    }
    return written;
  }

  function drawObject(object, properties) {
    const lineage = lineageOf(object);
    const rows = ObjectKeys(object);
    const byKey = { __proto__: null };
    const indices = createColumn(INDEX);
    const values = createColumn(VALUES);
    let hasValues = false;
    let written = 0;
    let row = 0;
    for (; row < rows.length && written <= LONGEST_TEXT; row++) {
      const item = readProperty(lineage, rows[row]);
      written += setCell(indices, row, rows[row]);
      if (!isObject(item) && properties === undefined) {
        written += setCell(values, row, formatCell(item));
        hasValues = true;
      } else {
        written += setRow(byKey, row, item, properties);
      }
    }
    const columns = createList();
    append(columns, indices);
    const keys = ObjectKeys(byKey);
    for (let index = 0; index < keys.length; index++) append(columns, byKey[keys[index]]);
    if (hasValues) append(columns, values);
    return drawColumns(columns, row);
  }

  // The names in a customer's list of columns, or undefined where it is none.
  function namesIn(properties) {
    const list = isObject(properties) ? unwrapProxy(properties) : null;
    if (list === null || !ArrayIsArray(list)) return undefined;
    const names = createList();
    const lineage = lineageOf(list);
    for (let index = 0; index < list.length && index < LONGEST_TEXT; index++) {
      const name = readProperty(lineage, String(index));
      if (typeof name !== 'symbol') append(names, textOf(name));
    }
    return names;
  }

  function drawData(data, properties) {
    const target = isObject(data) && typeof data !== 'function' ? unwrapProxy(data) : null;
    if (target === null) return undefined;
    const lineage = lineageOf(target);
    const brand = brandOf(lineage, findConstructor(lineage)?.name ?? null);
    switch (brand) {
      case 'Map': return drawMap(target);
      case 'Set': return drawSet(target);
      case 'Map Iterator':
      case 'Set Iterator': return drawIterator(target, brand);
      default: return drawObject(target, namesIn(properties));
    }
  }

  // The table as text, or undefined for data that has no rows.
  exports.drawTable = function drawTable(data, properties) {
    try {
      return drawData(data, properties);
    } catch {
      // What a table cannot show, inspect can, if only in part.
      return undefined;
    }
  };
})
