// Lays out the entries of one object: on one line, in columns, or one entry a line.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeJoin,
    MathFloor,
    MathMax,
    MathMin,
    MathRound,
    MathSqrt,
    StringPrototypeIncludes,
    StringPrototypePadEnd,
    StringPrototypePadStart,
    StringPrototypeRepeat,
  } = primordials;
  const { append, createList } = host.basics;
  const { ownDescriptor } = host.use('inspect_reading');
  const { textWidth } = host.use('inspect_text');

  // Fewer entries than this are never put into columns.
  const FEWEST_GROUPED = 7;
  const MOST_COLUMNS = 15;
  const SEPARATOR_WIDTH = 2;
  // A character is this many times as high as it is wide, which makes a square block of columns.
  const CHARACTER_HEIGHT = 2.5;

  function measure(output, count) {
    const widths = createList();
    let total = 0;
    let widest = 0;
    for (let index = 0; index < count; index++) {
      const width = textWidth(output[index]);
      append(widths, width);
      total += width + SEPARATOR_WIDTH;
      if (width > widest) widest = width;
    }
    return { widths, total, widest };
  }

  function countColumns(context, measured, entries, counted) {
    const cell = measured.widest + SEPARATOR_WIDTH;
    const fits = cell * 3 + context.indentation < context.breakLength;
    // Columns of which one is far wider than the rest would be mostly blank.
    const isEven = measured.total / cell > 5 || measured.widest <= 6;
    if (!fits || !isEven) return 1;
    const bias = MathSqrt(cell - measured.total / entries);
    const biasedCell = MathMax(cell - 3 - bias, 1);
    return MathMin(
      MathRound(MathSqrt(CHARACTER_HEIGHT * biasedCell * counted) / biasedCell),
      MathFloor((context.breakLength - context.indentation) / cell),
      context.compact * 4,
      MOST_COLUMNS,
    );
  }

  function columnWidths(widths, columns) {
    const result = createList();
    for (let column = 0; column < columns; column++) {
      let widest = 0;
      for (let index = column; index < widths.length; index += columns) {
        if (widths[index] > widest) widest = widths[index];
      }
      append(result, widest + SEPARATOR_WIDTH);
    }
    return result;
  }

  // Numbers align at their ends, everything else at its start.
  function holdsOnlyNumbers(array, count) {
    if (array === undefined) return true;
    for (let index = 0; index < count; index++) {
      const descriptor = ownDescriptor(array, index);
      const type = descriptor === undefined ? 'undefined' : typeof descriptor.value;
      if (type !== 'number' && type !== 'bigint') return false;
    }
    return true;
  }

  function joinRow(output, measured, columns, start, end, alignsEnds) {
    let row = '';
    for (let index = start; index < end; index++) {
      const isLast = index === end - 1;
      const text = isLast ? output[index] : output[index] + ', ';
      if (isLast && !alignsEnds) return row + text;
      // padStart counts code units, of which a wide text has fewer or more than columns.
      const excess = output[index].length - measured.widths[index];
      const width = columns[index - start] + excess - (isLast ? SEPARATOR_WIDTH : 0);
      row += alignsEnds ? StringPrototypePadStart(text, width, ' ') : StringPrototypePadEnd(text, width, ' ');
    }
    return row;
  }

  // Rows of columns, or output itself where columns do not help.
  function groupEntries(context, output, array) {
    const hasRemainder = context.maxArrayLength < output.length;
    const counted = hasRemainder ? output.length - 1 : output.length;
    const measured = measure(output, counted);
    const columnCount = countColumns(context, measured, output.length, counted);
    if (columnCount <= 1) return output;
    const columns = columnWidths(measured.widths, columnCount);
    const alignsEnds = holdsOnlyNumbers(array, output.length);
    const rows = createList();
    for (let start = 0; start < counted; start += columnCount) {
      append(rows, joinRow(output, measured, columns, start, MathMin(start + columnCount, counted), alignsEnds));
    }
    if (hasRemainder) append(rows, output[counted]);
    return rows;
  }

  function fitsOnOneLine(context, output, start, base) {
    let total = output.length + start;
    if (total + output.length > context.breakLength) return false;
    for (let index = 0; index < output.length; index++) {
      total += output[index].length;
      if (total > context.breakLength) return false;
    }
    return base === '' || !StringPrototypeIncludes(base, '\n');
  }

  function joinDensely(context, output, base, braces) {
    const start = braces[0];
    const spacedBase = base === '' ? '' : ' ' + base;
    if (fitsOnOneLine(context, output, 0, base)) {
      return start + spacedBase + ' ' + ArrayPrototypeJoin(output, ', ') + ' ' + braces[1];
    }
    const newline = '\n' + StringPrototypeRepeat(' ', context.indentation);
    const lead = base === '' && start.length === 1 ? ' ' : spacedBase + newline + '  ';
    return start + lead + ArrayPrototypeJoin(output, ',' + newline + '  ') + ' ' + braces[1];
  }

  // A short object without long offspring goes on one line; undefined where it does not fit.
  function joinOnOneLine(context, output, base, braces, level) {
    if (context.deepestLevel - level >= context.compact) return undefined;
    const start = output.length + context.indentation + braces[0].length + base.length + 10;
    if (!fitsOnOneLine(context, output, start, base)) return undefined;
    const joined = ArrayPrototypeJoin(output, ', ');
    if (StringPrototypeIncludes(joined, '\n')) return undefined;
    return (base === '' ? '' : base + ' ') + braces[0] + ' ' + joined + ' ' + braces[1];
  }

  // isArrayLike tells whether many entries may become columns; array, whether those are numbers.
  exports.joinEntries = function joinEntries(context, entries, base, braces, isArrayLike, level, array) {
    if (context.compact === true) return joinDensely(context, entries, base, braces);
    let output = entries;
    if (context.compact >= 1) {
      if (isArrayLike && entries.length >= FEWEST_GROUPED) output = groupEntries(context, entries, array);
      if (output === entries) {
        const line = joinOnOneLine(context, output, base, braces, level);
        if (line !== undefined) return line;
      }
    }
    const newline = '\n' + StringPrototypeRepeat(' ', context.indentation);
    const body = ArrayPrototypeJoin(output, ',' + newline + '  ');
    return (base === '' ? '' : base + ' ') + braces[0] + newline + '  ' + body + newline + braces[1];
  };
})
