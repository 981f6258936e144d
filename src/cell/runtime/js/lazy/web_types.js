// Conversions of arguments that the classes of fetch share, and how inspect shows their objects.
(function (primordials, host, exports) {
  'use strict';

  const { ReflectApply, StringPrototypeCharCodeAt, StringPrototypeToWellFormed, TypeError } = primordials;
  const { append, createList, isObject } = host.basics;
  const { customInspect, hide } = host.use('web_interface');

  exports.requireArguments = function requireArguments(given, required, what) {
    if (given >= required) return;
    const plural = required === 1 ? '1 argument' : required + ' arguments';
    throw new TypeError(what + ': ' + plural + ' required, but only ' + given + ' present.');
  };

  // Text of characters up to 255, as header fields are.
  exports.byteString = function byteString(value, what) {
    const text = `${value}`;
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (code > 255) {
        throw new TypeError(what + ': Cannot convert argument to a ByteString because the character at index ' + index +
          ' has a value of ' + code + ' which is greater than 255.');
      }
    }
    return text;
  };

  // Text without lone surrogates.
  exports.scalarText = function scalarText(value) {
    return StringPrototypeToWellFormed(`${value}`);
  };

  // An options argument, which may be missing, as something whose fields can be read.
  exports.optionsOf = function optionsOf(value, what) {
    if (value === undefined || value === null) return { __proto__: null };
    if (!isObject(value)) throw new TypeError(what + ': the options must be an object');
    return value;
  };

  // One of the texts in `allowed`, or `fallback` where there is no value.
  exports.oneOf = function oneOf(value, allowed, fallback, what) {
    if (value === undefined) return fallback;
    const text = `${value}`;
    for (let index = 0; index < allowed.length; index++) {
      if (allowed[index] === text) return text;
    }
    throw new TypeError(what + ': "' + text + '" is not one of ' + joined(allowed));
  };

  function joined(texts) {
    let all = '';
    for (let index = 0; index < texts.length; index++) all += (index === 0 ? '' : ', ') + texts[index];
    return all;
  }

  // The items of something iterable, given what its Symbol.iterator was when it was read.
  exports.itemsOf = function itemsOf(iterable, iterate) {
    const items = createList();
    const iterator = ReflectApply(iterate, iterable, []);
    if (!isObject(iterator)) throw new TypeError('The iterator is not an object');
    const { next } = iterator;
    for (;;) {
      const result = ReflectApply(next, iterator, []);
      if (!isObject(result)) throw new TypeError('Iterator result is not an object');
      if (result.done) return items;
      append(items, result.value);
    }
  };

  // inspect shows the objects of a class as its name and what `propertiesOf` returns for one.
  exports.showAs = function showAs(constructor, name, propertiesOf) {
    hide(constructor.prototype, customInspect, function inspectCustom(depth, options, inspect) {
      if (typeof depth === 'number' && depth < 0) return '[' + name + ']';
      const properties = propertiesOf(this);
      return name + ' ' + inspect(properties, { ...options, depth });
    });
  };
})
