// Headers, as the web has them, with node-fetch's raw().
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayFrom, ArrayPrototypeSort, FunctionPrototypeCall, MapPrototypeDelete, MapPrototypeForEach, MapPrototypeGet,
    MapPrototypeHas, MapPrototypeSet, ReflectGetOwnPropertyDescriptor, ReflectOwnKeys, SafeMap,
    StringPrototypeCharCodeAt, StringPrototypeSlice, StringPrototypeToLowerCase, SymbolIterator, TypeError,
  } = primordials;
  const { append, createList, isObject } = host.basics;
  const { invalidThis } = host.use('node_errors');
  const { defineInterface, defineIterator, hide } = host.use('web_interface');
  const { byteString, itemsOf, requireArguments, showAs } = host.use('web_types');

  const TOKEN_MARKS = "!#$%&'*+-.^_`|~";

  function isTokenCode(code) {
    if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)) return true;
    for (let index = 0; index < TOKEN_MARKS.length; index++) {
      if (StringPrototypeCharCodeAt(TOKEN_MARKS, index) === code) return true;
    }
    return false;
  }

  exports.isToken = function isToken(text) {
    for (let index = 0; index < text.length; index++) {
      if (!isTokenCode(StringPrototypeCharCodeAt(text, index))) return false;
    }
    return text.length > 0;
  };

  function isSpace(code) {
    return code === 32 || code === 9 || code === 10 || code === 13;
  }

  function trimSpace(text) {
    let start = 0;
    let end = text.length;
    while (start < end && isSpace(StringPrototypeCharCodeAt(text, start))) start++;
    while (end > start && isSpace(StringPrototypeCharCodeAt(text, end - 1))) end--;
    return StringPrototypeSlice(text, start, end);
  }

  function nameFrom(value, what) {
    const name = byteString(value, what);
    if (!exports.isToken(name)) throw new TypeError(host.inspect(name) + ' is not a legal HTTP header name');
    return name;
  }

  function valueFrom(value, what) {
    const text = trimSpace(byteString(value, what));
    for (let index = 0; index < text.length; index++) {
      const code = StringPrototypeCharCodeAt(text, index);
      if (code === 0 || code === 10 || code === 13) {
        throw new TypeError(host.inspect(text) + ' is not a legal HTTP header value');
      }
    }
    return text;
  }

  // Header fields by lower-cased name, each with the name as it came first and its values. What was sorted
  // for an iteration is kept until something changes.
  class HeaderList {
    fields = new SafeMap();
    isImmutable = false;
    sorted = undefined;
  }

  function requireMutable(list) {
    if (list.isImmutable) throw new TypeError('Headers are immutable');
  }

  function appendField(list, name, value) {
    const key = StringPrototypeToLowerCase(name);
    const field = MapPrototypeGet(list.fields, key);
    list.sorted = undefined;
    if (field !== undefined) {
      append(field.values, value);
      return;
    }
    const values = createList();
    append(values, value);
    MapPrototypeSet(list.fields, key, { name, values });
  }

  function setField(list, name, value) {
    const key = StringPrototypeToLowerCase(name);
    const values = createList();
    append(values, value);
    list.sorted = undefined;
    const known = MapPrototypeGet(list.fields, key);
    if (known === undefined) MapPrototypeSet(list.fields, key, { name, values });
    else known.values = values;
  }

  function combine(values) {
    let text = values[0];
    for (let index = 1; index < values.length; index++) text += ', ' + values[index];
    return text;
  }

  function compareNames(left, right) {
    if (left.name === right.name) return 0;
    return left.name < right.name ? -1 : 1;
  }

  // By name, values of a name in one, but for cookies, which don't bear it.
  function sortedOf(list) {
    if (list.sorted !== undefined) return list.sorted;
    const sorted = createList();
    MapPrototypeForEach(list.fields, ({ values }, key) => {
      if (key !== 'set-cookie') {
        append(sorted, { name: key, value: combine(values) });
        return;
      }
      for (let index = 0; index < values.length; index++) append(sorted, { name: key, value: values[index] });
    });
    list.sorted = ArrayPrototypeSort(sorted, compareNames);
    return list.sorted;
  }

  function fill(list, init) {
    const iterate = init[SymbolIterator];
    if (iterate !== undefined && iterate !== null) {
      if (typeof iterate !== 'function') throw new TypeError('Header pairs must be iterable');
      fillFromPairs(list, itemsOf(init, iterate));
      return;
    }
    const keys = ReflectOwnKeys(init);
    const found = createList();
    for (let index = 0; index < keys.length; index++) {
      const descriptor = ReflectGetOwnPropertyDescriptor(init, keys[index]);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      if (typeof keys[index] === 'symbol') throw new TypeError('Headers: a symbol is no header name');
      const name = byteString(keys[index], 'Headers');
      append(found, { name, value: byteString(init[keys[index]], 'Headers') });
    }
    for (let index = 0; index < found.length; index++) {
      const { name, value } = found[index];
      appendField(list, nameFrom(name, 'Headers'), valueFrom(value, 'Headers'));
    }
  }

  function fillFromPairs(list, pairs) {
    for (let index = 0; index < pairs.length; index++) {
      const pair = pairs[index];
      const iterate = isObject(pair) ? pair[SymbolIterator] : undefined;
      if (typeof iterate !== 'function') throw new TypeError('Each header pair must be iterable');
      const parts = itemsOf(pair, iterate);
      if (parts.length !== 2) throw new TypeError('Each header pair must be a name/value tuple');
      appendField(list, nameFrom(parts[0], 'Headers'), valueFrom(parts[1], 'Headers'));
    }
  }

  let listOf;
  let createHeaders;

  class Headers {
    #list = new HeaderList();

    constructor(init = undefined) {
      // node-fetch takes null for none.
      if (init === undefined || init === null) return;
      if (!isObject(init)) {
        throw new TypeError("Failed to construct 'Headers': the init is neither an object nor a sequence of pairs");
      }
      const isPlain = #list in init && init[SymbolIterator] === Headers.prototype[SymbolIterator];
      if (isPlain) copyFields(init.#list, this.#list);
      else fill(this.#list, init);
    }

    static {
      listOf = (headers) => {
        if (!isObject(headers) || !(#list in headers)) throw invalidThis('Headers');
        return headers.#list;
      };
      createHeaders = (list) => {
        const headers = new Headers();
        headers.#list = list;
        return headers;
      };
      exports.isHeaders = (value) => isObject(value) && #list in value;
    }

    append(name, value) {
      const list = listOf(this);
      requireArguments(arguments.length, 2, 'Headers.append');
      const checkedName = nameFrom(name, 'Headers.append');
      const checkedValue = valueFrom(value, 'Headers.append');
      requireMutable(list);
      appendField(list, checkedName, checkedValue);
    }

    delete(name) {
      const list = listOf(this);
      requireArguments(arguments.length, 1, 'Headers.delete');
      const key = StringPrototypeToLowerCase(nameFrom(name, 'Headers.delete'));
      requireMutable(list);
      list.sorted = undefined;
      MapPrototypeDelete(list.fields, key);
    }

    get(name) {
      const list = listOf(this);
      requireArguments(arguments.length, 1, 'Headers.get');
      const field = MapPrototypeGet(list.fields, StringPrototypeToLowerCase(nameFrom(name, 'Headers.get')));
      return field === undefined ? null : combine(field.values);
    }

    has(name) {
      const list = listOf(this);
      requireArguments(arguments.length, 1, 'Headers.has');
      return MapPrototypeHas(list.fields, StringPrototypeToLowerCase(nameFrom(name, 'Headers.has')));
    }

    set(name, value) {
      const list = listOf(this);
      requireArguments(arguments.length, 2, 'Headers.set');
      const checkedName = nameFrom(name, 'Headers.set');
      const checkedValue = valueFrom(value, 'Headers.set');
      requireMutable(list);
      setField(list, checkedName, checkedValue);
    }

    getSetCookie() {
      const field = MapPrototypeGet(listOf(this).fields, 'set-cookie');
      return field === undefined ? [] : ArrayFrom(field.values);
    }

    // node-fetch's: an object of arrays, by the names as they were first given.
    raw() {
      const raw = { __proto__: null };
      MapPrototypeForEach(listOf(this).fields, ({ name, values }) => {
        raw[name] = ArrayFrom(values);
      });
      return raw;
    }

    forEach(callback, receiver = undefined) {
      const list = listOf(this);
      requireArguments(arguments.length, 1, 'Headers.forEach');
      if (typeof callback !== 'function') throw new TypeError('Headers.forEach: the callback is not a function');
      for (let index = 0; index < sortedOf(list).length; index++) {
        const { name, value } = sortedOf(list)[index];
        FunctionPrototypeCall(callback, receiver, value, name, this);
      }
    }

    entries() { return iterate(this, 'entry'); }
    keys() { return iterate(this, 'key'); }
    values() { return iterate(this, 'value'); }
  }
  defineInterface(Headers, 'Headers');
  hide(Headers.prototype, SymbolIterator, Headers.prototype.entries);
  showAs(Headers, 'Headers', (headers) => {
    const shown = { __proto__: null };
    MapPrototypeForEach(listOf(headers).fields, ({ values }, key) => {
      shown[key] = key === 'set-cookie' && values.length > 1 ? ArrayFrom(values) : combine(values);
    });
    return { ...shown };
  });

  function iterate(headers, kind) {
    return createIterator({ __proto__: null, list: listOf(headers), kind, index: 0 });
  }

  function itemOf({ name, value }, kind) {
    if (kind === 'key') return name;
    return kind === 'value' ? value : [name, value];
  }

  const createIterator = defineIterator('Headers Iterator', (state) => {
    const sorted = sortedOf(state.list);
    if (state.index >= sorted.length) return { value: undefined, done: true };
    return { value: itemOf(sorted[state.index++], state.kind), done: false };
  }, (state, options, inspect) => {
    const sorted = sortedOf(state.list);
    const left = createList();
    for (let index = state.index; index < sorted.length; index++) {
      append(left, inspect(itemOf(sorted[index], state.kind), options));
    }
    return left;
  });

  function copyFields(source, target) {
    MapPrototypeForEach(source.fields, ({ name, values }) => {
      for (let index = 0; index < values.length; index++) appendField(target, name, values[index]);
    });
  }

  // Headers of [name, value, ...] as they came from a server; what is no legal field is left out.
  exports.headersFromFlat = function headersFromFlat(flat) {
    const list = new HeaderList();
    for (let index = 0; index + 1 < flat.length; index += 2) appendField(list, flat[index], flat[index + 1]);
    return createHeaders(list);
  };

  // [name, value, ...], values of a name one by one, to be sent.
  exports.flatOf = function flatOf(headers) {
    const flat = createList();
    MapPrototypeForEach(listOf(headers).fields, ({ name, values }) => {
      for (let index = 0; index < values.length; index++) {
        append(flat, name);
        append(flat, values[index]);
      }
    });
    return ArrayFrom(flat);
  };

  exports.getHeader = function getHeader(headers, name) {
    const field = MapPrototypeGet(listOf(headers).fields, name);
    return field === undefined ? undefined : combine(field.values);
  };

  exports.setHeader = function setHeader(headers, name, value) {
    setField(listOf(headers), name, valueFrom(value, 'Headers'));
  };

  exports.makeImmutable = function makeImmutable(headers) {
    listOf(headers).isImmutable = true;
  };

  exports.Headers = Headers;
})
