// Text that neither gets too long nor throws while it is made: primitives, lines, and what is cut off.
(function (primordials, host, exports) {
  'use strict';

  const {
    ObjectIs,
    String,
    StringPrototypeCharCodeAt,
    StringPrototypeIndexOf,
    StringPrototypeSlice,
    SymbolPrototypeToString,
  } = primordials;
  const { append, createList } = host.basics;

  // The longest text one value, or one log line, may become.
  const LONGEST_TEXT = 1024 * 1024;

  function isHighSurrogate(code) {
    return code >= 0xd800 && code <= 0xdbff;
  }

  // Never ends between the halves of a surrogate pair.
  function limitText(text) {
    if (text.length <= LONGEST_TEXT) return text;
    const splitsPair = isHighSurrogate(StringPrototypeCharCodeAt(text, LONGEST_TEXT - 1));
    return StringPrototypeSlice(text, 0, splitsPair ? LONGEST_TEXT - 1 : LONGEST_TEXT) + '...';
  }

  // text with indentation after every newline, cut where it gets too long.
  function indentLines(text, indentation) {
    let indented = '';
    let start = 0;
    for (;;) {
      const newline = StringPrototypeIndexOf(text, '\n', start);
      const isLast = newline === -1 || indented.length > LONGEST_TEXT;
      if (isLast) return limitText(indented + StringPrototypeSlice(text, start));
      indented += StringPrototypeSlice(text, start, newline + 1) + indentation;
      start = newline + 1;
    }
  }

  function splitLines(text) {
    const lines = createList();
    let start = 0;
    for (;;) {
      const newline = StringPrototypeIndexOf(text, '\n', start);
      if (newline === -1) {
        append(lines, StringPrototypeSlice(text, start));
        return lines;
      }
      append(lines, StringPrototypeSlice(text, start, newline));
      start = newline + 1;
    }
  }

  // As String(value), but '' where its conversion throws.
  function textOf(value) {
    try {
      return String(value);
    } catch {
      return '';
    }
  }

  // A primitive as a log shows it where it stands on its own: strings without quotes.
  function showPrimitive(value) {
    switch (typeof value) {
      case 'number': return ObjectIs(value, -0) ? '-0' : String(value);
      case 'bigint': return String(value) + 'n';
      case 'symbol': return SymbolPrototypeToString(value);
      default: return String(value);
    }
  }

  exports.LONGEST_TEXT = LONGEST_TEXT;
  exports.isHighSurrogate = isHighSurrogate;
  exports.limitText = limitText;
  exports.indentLines = indentLines;
  exports.splitLines = splitLines;
  exports.textOf = textOf;
  exports.showPrimitive = showPrimitive;
})
