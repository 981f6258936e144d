// Puts the arguments of a console method into one text, as Node's util.format does.
(function (primordials, host, exports) {
  'use strict';

  const {
    JSONStringify,
    Number,
    NumberParseFloat,
    NumberParseInt,
    ObjectPrototypeHasOwnProperty,
    String,
    StringPrototypeIndexOf,
    StringPrototypeSlice,
    SymbolToPrimitive,
  } = primordials;
  const { isObject } = host.basics;
  const { limitText, LONGEST_TEXT, showPrimitive } = host.use('text');
  const { lineageOf, messageOf, ownDescriptor, readProperty, unwrapProxy } = host.use('inspect_reading');
  const { formatBigInt, formatNumber } = host.use('inspect_text');
  const { isBuiltinConstructor } = host.use('inspect_brands');
  const { inspect } = host.use('inspect');

  // Whether a look inside tells more than toString would, as that is nobody's own.
  function hasBuiltinToString(value) {
    const target = unwrapProxy(value);
    if (target === null) return true;
    const lineage = lineageOf(target);
    const converts = typeof readProperty(lineage, SymbolToPrimitive) === 'function';
    if (converts && !isBuiltinConversion(lineage, SymbolToPrimitive)) return false;
    if (typeof readProperty(lineage, 'toString') !== 'function') return true;
    return isBuiltinConversion(lineage, 'toString');
  }

  function isBuiltinConversion(lineage, key) {
    for (let depth = 0; depth < lineage.length; depth++) {
      if (!ObjectPrototypeHasOwnProperty(lineage[depth], key)) continue;
      return depth > 0 && isBuiltinConstructor(ownDescriptor(lineage[depth], 'constructor')?.value);
    }
    return true;
  }

  function withDepth(options, depth) {
    return { ...options, depth, colors: false, compact: 3 };
  }

  function formatAsString(options, value) {
    if (typeof value === 'number') return formatNumber(value, false);
    if (typeof value === 'bigint') return formatBigInt(value, false);
    if (typeof value !== 'object' || value === null) return textOrInspected(options, value);
    return hasBuiltinToString(value) ? inspect(value, withDepth(options, 0)) : textOrInspected(options, value);
  }

  function textOrInspected(options, value) {
    try {
      return String(value);
    } catch {
      return inspect(value, withDepth(options, 0));
    }
  }

  function formatAsJson(value) {
    try {
      return String(JSONStringify(value));
    } catch (error) {
      const message = messageOf(error);
      const isCircular = StringPrototypeIndexOf(message, 'circular structure') !== -1;
      return isCircular ? '[Circular]' : '<JSON.stringify threw: ' + message + '>';
    }
  }

  // Number, parseInt or parseFloat, for arguments that may refuse the conversion.
  function formatAsNumber(convert, value) {
    if (typeof value === 'symbol') return 'NaN';
    try {
      return formatNumber(convert(value), false);
    } catch {
      return 'NaN';
    }
  }

  // The text that replaces a placeholder, or undefined when the letter makes none.
  function formatPlaceholder(options, letter, value) {
    switch (letter) {
      case 's': return formatAsString(options, value);
      case 'j': return formatAsJson(value);
      case 'd': return typeof value === 'bigint' ? formatBigInt(value, false) : formatAsNumber(Number, value);
      case 'i': return typeof value === 'bigint' ? formatBigInt(value, false) : formatAsNumber(NumberParseInt, value);
      case 'f': return formatAsNumber(NumberParseFloat, value);
      case 'O': return inspect(value, options);
      case 'o': return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
      // Styles, which a log has no use for.
      case 'c': return '';
      default: return undefined;
    }
  }

  // Fills the placeholders of the first argument; the text, and how many arguments it took.
  function fillPlaceholders(options, values) {
    const template = values[0];
    let text = '';
    let used = 1;
    let copied = 0;
    let position = StringPrototypeIndexOf(template, '%');
    while (position !== -1 && position < template.length - 1 && text.length <= LONGEST_TEXT) {
      const letter = template[position + 1];
      let replacement;
      if (letter === '%') replacement = '%';
      else if (used < values.length) replacement = formatPlaceholder(options, letter, values[used]);
      if (replacement !== undefined) {
        text += StringPrototypeSlice(template, copied, position) + replacement;
        copied = position + 2;
        if (letter !== '%') used++;
      }
      position = StringPrototypeIndexOf(template, '%', position + 2);
    }
    return { text: text + StringPrototypeSlice(template, copied), used };
  }

  function formatArgument(options, value) {
    if (typeof value === 'string') return value;
    return options === undefined && !isObject(value) ? showPrimitive(value) : inspect(value, options);
  }

  function formatValues(options, values) {
    const { length } = values;
    if (length === 0) return '';
    let text = '';
    let next = 0;
    if (typeof values[0] === 'string') {
      if (length === 1) return limitText(values[0]);
      if (StringPrototypeIndexOf(values[0], '%') === -1) {
        text = values[0];
        next = 1;
      } else {
        const filled = fillPlaceholders(options, values);
        text = filled.text;
        next = filled.used;
      }
    }
    for (let index = next; index < length && text.length <= LONGEST_TEXT; index++) {
      const shown = formatArgument(options, values[index]);
      text += index === 0 ? shown : ' ' + shown;
    }
    return limitText(text);
  }

  // Options whose getters have run, so that they cannot throw later.
  function copyOptions(options) {
    try {
      return isObject(options) ? { ...options } : undefined;
    } catch {
      return undefined;
    }
  }

  exports.format = function format(...values) {
    return formatValues(undefined, values);
  };

  exports.formatWithOptions = function formatWithOptions(options, ...values) {
    return formatValues(copyOptions(options), values);
  };

  // format for callers that have the arguments in an array.
  exports.formatValues = formatValues;
})
