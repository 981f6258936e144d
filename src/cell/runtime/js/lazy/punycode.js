// The module punycode (RFC 3492).
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray, MathFloor, ObjectDefineProperty, RangeError, RegExpPrototypeExec, StringFromCharCode, StringFromCodePoint,
    StringPrototypeCharCodeAt, StringPrototypeCodePointAt, StringPrototypeIndexOf, StringPrototypeLastIndexOf,
    StringPrototypeSlice, StringPrototypeToLowerCase,
  } = primordials;
  const { append, createList } = host.basics;

  const MOST = 2147483647;
  const BASE = 36;
  const LEAST_THRESHOLD = 1;
  const MOST_THRESHOLD = 26;
  const SKEW = 38;
  const DAMPING = 700;
  const FIRST_BIAS = 72;
  const FIRST_CODE = 128;

  const separators = /[\x2E\u3002\uFF0E\uFF61]/;

  function overflow() {
    return new RangeError('Overflow: input needs wider integers to process');
  }

  function codePointsOf(text) {
    const codes = createList();
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCodePointAt(text, index);
      append(codes, code);
      if (code > 65535) index++;
    }
    return codes;
  }

  function insertAt(list, place, value) {
    append(list, value);
    for (let index = list.length - 1; index > place; index--) list[index] = list[index - 1];
    list[place] = value;
  }

  function digitOf(code) {
    if (code >= 48 && code < 58) return code - 22;
    if (code >= 65 && code < 91) return code - 65;
    if (code >= 97 && code < 123) return code - 97;
    return BASE;
  }

  function codeOf(digit) {
    return digit + (digit < 26 ? 97 : 22);
  }

  function adapt(difference, count, isFirst) {
    let delta = MathFloor(difference / (isFirst ? DAMPING : 2));
    delta += MathFloor(delta / count);
    let steps = 0;
    for (; delta > ((BASE - LEAST_THRESHOLD) * MOST_THRESHOLD) >> 1; steps += BASE) delta = MathFloor(delta / (BASE - LEAST_THRESHOLD));
    return MathFloor(steps + ((BASE - LEAST_THRESHOLD + 1) * delta) / (delta + SKEW));
  }

  function thresholdOf(position, bias) {
    if (position <= bias) return LEAST_THRESHOLD;
    return position >= bias + MOST_THRESHOLD ? MOST_THRESHOLD : position - bias;
  }

  function decode(input) {
    const output = createList();
    const basicEnd = StringPrototypeLastIndexOf(input, '-');
    for (let index = 0; index < basicEnd; index++) {
      const code = StringPrototypeCharCodeAt(input, index);
      if (code >= 128) throw new RangeError('Illegal input >= 0x80 (not a basic code point)');
      append(output, code);
    }
    let code = FIRST_CODE;
    let place = 0;
    let bias = FIRST_BIAS;
    for (let index = basicEnd > 0 ? basicEnd + 1 : 0; index < input.length;) {
      const before = place;
      for (let weight = 1, position = BASE; ; position += BASE) {
        if (index >= input.length) throw new RangeError('Invalid input');
        const digit = digitOf(StringPrototypeCharCodeAt(input, index++));
        if (digit >= BASE) throw new RangeError('Invalid input');
        if (digit > MathFloor((MOST - place) / weight)) throw overflow();
        place += digit * weight;
        const threshold = thresholdOf(position, bias);
        if (digit < threshold) break;
        if (weight > MathFloor(MOST / (BASE - threshold))) throw overflow();
        weight *= BASE - threshold;
      }
      const count = output.length + 1;
      bias = adapt(place - before, count, before === 0);
      if (MathFloor(place / count) > MOST - code) throw overflow();
      code += MathFloor(place / count);
      place %= count;
      insertAt(output, place++, code);
    }
    return textOf(output);
  }

  function textOf(codes) {
    let text = '';
    for (let index = 0; index < codes.length; index++) text += StringFromCodePoint(codes[index]);
    return text;
  }

  function encode(input) {
    const codes = codePointsOf(input);
    let output = '';
    for (let index = 0; index < codes.length; index++) if (codes[index] < 128) output += StringFromCharCode(codes[index]);
    const basicLength = output.length;
    let handled = basicLength;
    if (basicLength > 0) output += '-';
    let code = FIRST_CODE;
    let delta = 0;
    let bias = FIRST_BIAS;
    while (handled < codes.length) {
      let next = MOST;
      for (let index = 0; index < codes.length; index++) if (codes[index] >= code && codes[index] < next) next = codes[index];
      if (next - code > MathFloor((MOST - delta) / (handled + 1))) throw overflow();
      delta += (next - code) * (handled + 1);
      code = next;
      for (let index = 0; index < codes.length; index++) {
        if (codes[index] < code && ++delta > MOST) throw overflow();
        if (codes[index] !== code) continue;
        output += numberText(delta, bias);
        bias = adapt(delta, handled + 1, handled === basicLength);
        delta = 0;
        handled++;
      }
      delta++;
      code++;
    }
    return output;
  }

  function numberText(delta, bias) {
    let text = '';
    let left = delta;
    for (let position = BASE; ; position += BASE) {
      const threshold = thresholdOf(position, bias);
      if (left < threshold) return text + StringFromCharCode(codeOf(left));
      const over = left - threshold;
      text += StringFromCharCode(codeOf(threshold + (over % (BASE - threshold))));
      left = MathFloor(over / (BASE - threshold));
    }
  }

  // Each label of a domain, or of the domain of an address, by `convert`.
  function mapDomain(input, convert) {
    let domain = `${input}`;
    let mapped = '';
    const at = StringPrototypeIndexOf(domain, '@');
    if (at !== -1) {
      const next = StringPrototypeIndexOf(domain, '@', at + 1);
      mapped = StringPrototypeSlice(domain, 0, at) + '@';
      domain = StringPrototypeSlice(domain, at + 1, next === -1 ? undefined : next);
    }
    for (;;) {
      const match = RegExpPrototypeExec(separators, domain);
      if (match === null) return mapped + convert(domain);
      mapped += convert(StringPrototypeSlice(domain, 0, match.index)) + '.';
      domain = StringPrototypeSlice(domain, match.index + 1);
    }
  }

  function isAscii(label) {
    return RegExpPrototypeExec(/[^\0-\x7F]/, label) === null;
  }

  exports.module = {
    version: '2.1.0',
    ucs2: {
      decode: function ucs2decode(text) {
        const codes = codePointsOf(`${text}`);
        const array = [];
        for (let index = 0; index < codes.length; index++) {
          ObjectDefineProperty(array, index, { __proto__: null, value: codes[index], configurable: true, enumerable: true, writable: true });
        }
        return array;
      },
      encode: function ucs2encode(codes) {
        return ArrayIsArray(codes) ? textOf(codes) : '';
      },
    },
    decode: (input) => decode(`${input}`),
    encode: (input) => encode(`${input}`),
    toASCII: (input) => mapDomain(input, (label) => (isAscii(label) ? label : 'xn--' + encode(label))),
    toUnicode: (input) => mapDomain(input, (label) => (StringPrototypeSlice(label, 0, 4) === 'xn--'
      ? decode(StringPrototypeToLowerCase(StringPrototypeSlice(label, 4))) : label)),
  };
})
