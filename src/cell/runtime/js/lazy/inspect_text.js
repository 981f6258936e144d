// Primitives as text: quoted strings, numbers, and how many columns a text takes on a terminal.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeJoin,
    MathTrunc,
    NumberIsFinite,
    NumberIsNaN,
    NumberPrototypeToString,
    ObjectIs,
    String,
    StringPrototypeCharCodeAt,
    StringPrototypeCodePointAt,
    StringPrototypeIncludes,
    StringPrototypeIndexOf,
    StringPrototypeNormalize,
    StringPrototypePadStart,
    StringPrototypeRepeat,
    StringPrototypeSlice,
    StringPrototypeStartsWith,
    StringPrototypeToUpperCase,
    SymbolPrototypeToString,
  } = primordials;
  const { append, createList } = host.basics;
  const { isHighSurrogate, LONGEST_TEXT } = host.use('text');

  // Strings up to this long stay on one line whatever the width.
  const SHORTEST_SPLIT = 16;
  const SINGLE_QUOTE = 39;
  const BACKSLASH = 92;

  // Counts text against what the context may still write.
  function charge(context, text) {
    context.remaining -= text.length;
    return text;
  }

  function pluralEnding(count) {
    return count > 1 ? 's' : '';
  }

  function isLowSurrogate(code) {
    return code >= 0xdc00 && code <= 0xdfff;
  }

  function isLoneSurrogate(text, index, code) {
    if (isHighSurrogate(code)) {
      return index + 1 === text.length || !isLowSurrogate(StringPrototypeCharCodeAt(text, index + 1));
    }
    return isLowSurrogate(code) && (index === 0 || !isHighSurrogate(StringPrototypeCharCodeAt(text, index - 1)));
  }

  function escapeCode(code) {
    switch (code) {
      case 8: return '\\b';
      case 9: return '\\t';
      case 10: return '\\n';
      case 12: return '\\f';
      case 13: return '\\r';
      case SINGLE_QUOTE: return "\\'";
      case BACKSLASH: return '\\\\';
      default: {
        const digits = NumberPrototypeToString(code, 16);
        if (code > 0xff) return '\\u' + digits;
        return '\\x' + StringPrototypePadStart(StringPrototypeToUpperCase(digits), 2, '0');
      }
    }
  }

  function needsEscape(text, index, code, escapesQuote) {
    if (code === SINGLE_QUOTE) return escapesQuote;
    if (code < 127) return code < 32 || code === BACKSLASH;
    return code < 160 || (code >= 0xd800 && code <= 0xdfff && isLoneSurrogate(text, index, code));
  }

  function escapeText(text, escapesQuote) {
    let escaped = '';
    let copied = 0;
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (!needsEscape(text, index, code, escapesQuote)) continue;
      escaped += StringPrototypeSlice(text, copied, index) + escapeCode(code);
      copied = index + 1;
    }
    return copied === 0 ? text : escaped + StringPrototypeSlice(text, copied);
  }

  // Between single quotes, or those quotes that need the fewest escapes.
  function quote(text) {
    if (!StringPrototypeIncludes(text, "'")) return "'" + escapeText(text, false) + "'";
    if (!StringPrototypeIncludes(text, '"')) return '"' + escapeText(text, false) + '"';
    if (!StringPrototypeIncludes(text, '`') && !StringPrototypeIncludes(text, '${')) {
      return '`' + escapeText(text, false) + '`';
    }
    return "'" + escapeText(text, true) + "'";
  }

  function quoteLines(text, indentation) {
    const lines = createList();
    let start = 0;
    while (start < text.length) {
      const newline = StringPrototypeIndexOf(text, '\n', start);
      const end = newline === -1 ? text.length : newline + 1;
      append(lines, quote(StringPrototypeSlice(text, start, end)));
      start = end;
    }
    return ArrayPrototypeJoin(lines, ' +\n' + StringPrototypeRepeat(' ', indentation + 2));
  }

  function formatString(context, text) {
    let shown = text;
    let trailer = '';
    const longest = context.maxStringLength < LONGEST_TEXT ? context.maxStringLength : LONGEST_TEXT;
    if (text.length > longest) {
      const remaining = text.length - longest;
      shown = StringPrototypeSlice(text, 0, longest);
      trailer = '... ' + remaining + ' more character' + pluralEnding(remaining);
    }
    const splits = context.compact !== true && shown.length > SHORTEST_SPLIT &&
      shown.length > context.breakLength - context.indentation - 4;
    return (splits ? quoteLines(shown, context.indentation) : quote(shown)) + trailer;
  }

  function separateThousands(digits) {
    const firstDigit = StringPrototypeStartsWith(digits, '-') ? 1 : 0;
    let separated = '';
    let end = digits.length;
    for (; end >= firstDigit + 4; end -= 3) separated = '_' + StringPrototypeSlice(digits, end - 3, end) + separated;
    return StringPrototypeSlice(digits, 0, end) + separated;
  }

  function separateThousandths(digits) {
    let separated = '';
    let start = 0;
    for (; start < digits.length - 3; start += 3) separated += StringPrototypeSlice(digits, start, start + 3) + '_';
    return separated + StringPrototypeSlice(digits, start);
  }

  function formatNumber(value, separates) {
    if (ObjectIs(value, -0)) return '-0';
    const text = String(value);
    if (!separates || !NumberIsFinite(value) || NumberIsNaN(value)) return text;
    const integer = String(MathTrunc(value));
    if (StringPrototypeIncludes(text, 'e')) return text;
    if (integer === text) return separateThousands(text);
    return separateThousands(integer) + '.' + separateThousandths(StringPrototypeSlice(text, integer.length + 1));
  }

  function formatBigInt(value, separates) {
    const text = String(value);
    return (separates ? separateThousands(text) : text) + 'n';
  }

  function formatPrimitive(context, value) {
    switch (typeof value) {
      case 'string': return formatString(context, value);
      case 'number': return formatNumber(value, context.numericSeparator);
      case 'bigint': return formatBigInt(value, context.numericSeparator);
      case 'symbol': return SymbolPrototypeToString(value);
      default: return String(value);
    }
  }

  // Pairs of first and last code point: what East Asian typography and emoji draw two columns wide.
  const wideRanges = [
    0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3, 0x25fd, 0x25fe,
    0x2614, 0x2615, 0x2648, 0x2653, 0x267f, 0x267f, 0x2693, 0x2693, 0x26a1, 0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be,
    0x26c4, 0x26c5, 0x26ce, 0x26ce, 0x26d4, 0x26d4, 0x26ea, 0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa,
    0x26fd, 0x26fd, 0x2705, 0x2705, 0x270a, 0x270b, 0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755,
    0x2757, 0x2757, 0x2795, 0x2797, 0x27b0, 0x27b0, 0x27bf, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55,
    0x2e80, 0x303e, 0x3041, 0x3247, 0x3250, 0x4dbf, 0x4e00, 0xa4c6, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff,
    0xfe10, 0xfe19, 0xfe30, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18cff, 0x1b000, 0x1b2fb, 0x1f004, 0x1f004,
    0x1f0cf, 0x1f0cf, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f200, 0x1f265, 0x1f300, 0x1f320, 0x1f32d, 0x1f335,
    0x1f337, 0x1f37c, 0x1f37e, 0x1f393, 0x1f3a0, 0x1f3ca, 0x1f3cf, 0x1f3d3, 0x1f3e0, 0x1f3f0, 0x1f3f4, 0x1f3f4,
    0x1f3f8, 0x1f43e, 0x1f440, 0x1f440, 0x1f442, 0x1f4fc, 0x1f4ff, 0x1f53d, 0x1f54b, 0x1f54e, 0x1f550, 0x1f567,
    0x1f57a, 0x1f57a, 0x1f595, 0x1f596, 0x1f5a4, 0x1f5a4, 0x1f5fb, 0x1f64f, 0x1f680, 0x1f6c5, 0x1f6cc, 0x1f6cc,
    0x1f6d0, 0x1f6d2, 0x1f6d5, 0x1f6d7, 0x1f6dc, 0x1f6df, 0x1f6eb, 0x1f6ec, 0x1f6f4, 0x1f6fc, 0x1f7e0, 0x1f7eb,
    0x1f7f0, 0x1f7f0, 0x1f90c, 0x1f93a, 0x1f93c, 0x1f945, 0x1f947, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd,
  ];
  // And what they draw onto the column before: combining marks, joiners and selectors.
  const zeroWidthRanges = [
    0x7f, 0x9f, 0x300, 0x36f, 0x483, 0x489, 0x591, 0x5bd, 0x610, 0x61a, 0x64b, 0x65f, 0x6d6, 0x6dc, 0x900, 0x902,
    0x1ab0, 0x1aff, 0x1dc0, 0x1dff, 0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x2064, 0x20d0, 0x20ff, 0x302a, 0x302d,
    0x3099, 0x309a, 0xfe00, 0xfe0f, 0xfe20, 0xfe2f, 0xfeff, 0xfeff, 0xe0000, 0xe01ef,
  ];

  function isWithin(ranges, point) {
    for (let index = 0; index < ranges.length && point >= ranges[index]; index += 2) {
      if (point <= ranges[index + 1]) return true;
    }
    return false;
  }

  function pointWidth(point) {
    if (isWithin(zeroWidthRanges, point)) return 0;
    return isWithin(wideRanges, point) ? 2 : 1;
  }

  function wideTextWidth(text) {
    const composed = StringPrototypeNormalize(text, 'NFC');
    let width = 0;
    for (let index = 0; index < composed.length; index++) {
      const point = StringPrototypeCodePointAt(composed, index);
      if (point > 0xffff) index++;
      if (point >= 32) width += pointWidth(point);
    }
    return width;
  }

  function textWidth(text) {
    let width = 0;
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (code >= 127) return width + wideTextWidth(StringPrototypeSlice(text, index));
      if (code >= 32) width++;
    }
    return width;
  }

  exports.charge = charge;
  exports.pluralEnding = pluralEnding;
  exports.escapeText = escapeText;
  exports.quote = quote;
  exports.formatNumber = formatNumber;
  exports.formatBigInt = formatBigInt;
  exports.formatPrimitive = formatPrimitive;
  exports.textWidth = textWidth;
})
