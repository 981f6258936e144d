// URLSearchParams: a list of names and values, which may be the query of a URL.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeSort,
    FunctionPrototypeCall,
    ObjectDefineProperty,
    ObjectGetOwnPropertyDescriptor,
    ReflectDeleteProperty,
    ReflectOwnKeys,
    StringPrototypeIndexOf,
    StringPrototypeSlice,
    StringPrototypeToWellFormed,
    SymbolIterator,
  } = primordials;
  const { ops } = host;
  const { append, createList } = host.basics;
  const { customInspect, defineInterface, defineIterator, describeItems, hide } = host.use('web_interface');
  const errors = host.use('node_errors');

  function isObject(value) {
    return (typeof value === 'object' && value !== null) || typeof value === 'function';
  }

  function textOf(value) {
    return StringPrototypeToWellFormed(`${value}`);
  }

  function decode(text) {
    const decoded = ops.formDecode(text);
    if (decoded === undefined) throw errors.stringTooLong();
    return decoded;
  }

  function encode(text) {
    const encoded = ops.formEncode(text);
    if (encoded === undefined) throw errors.stringTooLong();
    return encoded;
  }

  function pair(name, value) {
    return { __proto__: null, name, value };
  }

  function appendSegment(pairs, segment) {
    if (segment === '') return;
    const end = StringPrototypeIndexOf(segment, '=');
    if (end === -1) append(pairs, pair(decode(segment), ''));
    else append(pairs, pair(decode(StringPrototypeSlice(segment, 0, end)), decode(StringPrototypeSlice(segment, end + 1))));
  }

  // Of application/x-www-form-urlencoded text.
  function parse(text) {
    const pairs = createList();
    let start = 0;
    let end = StringPrototypeIndexOf(text, '&');
    while (end !== -1) {
      appendSegment(pairs, StringPrototypeSlice(text, start, end));
      start = end + 1;
      end = StringPrototypeIndexOf(text, '&', start);
    }
    appendSegment(pairs, StringPrototypeSlice(text, start));
    return pairs;
  }

  function serialize(pairs) {
    let text = '';
    for (let index = 0; index < pairs.length; index++) {
      const { name, value } = pairs[index];
      text += (index === 0 ? '' : '&') + encode(name) + '=' + encode(value);
    }
    return text;
  }

  function invalidTuple() {
    return errors.typeError('ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple');
  }

  function pairOfTuple(tuple) {
    if (!isObject(tuple) || typeof tuple[SymbolIterator] !== 'function') throw invalidTuple();
    const parts = createList();
    for (const part of tuple) {
      append(parts, textOf(part));
      if (parts.length > 2) throw invalidTuple();
    }
    if (parts.length !== 2) throw invalidTuple();
    return pair(parts[0], parts[1]);
  }

  function pairsOfIterable(iterable, method) {
    if (typeof method !== 'function') throw errors.typeError('ERR_ARG_NOT_ITERABLE', 'Query pairs must be iterable');
    const pairs = createList();
    const iterator = FunctionPrototypeCall(method, iterable);
    // The method was read once, as it has to be.
    for (const tuple of { __proto__: null, [SymbolIterator]: () => iterator }) append(pairs, pairOfTuple(tuple));
    return pairs;
  }

  function pairsOfRecord(record) {
    const pairs = createList();
    const keys = ReflectOwnKeys(record);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      if (!ObjectGetOwnPropertyDescriptor(record, key)?.enumerable) continue;
      const name = textOf(key);
      const value = textOf(record[key]);
      // Names that differ may become the same once they are well formed.
      const known = indexOfName(pairs, name, 0);
      if (known === -1) append(pairs, pair(name, value));
      else pairs[known].value = value;
    }
    return pairs;
  }

  function indexOfName(pairs, name, start) {
    for (let index = start; index < pairs.length; index++) {
      if (pairs[index].name === name) return index;
    }
    return -1;
  }

  function without(pairs, name, value) {
    const kept = createList();
    for (let index = 0; index < pairs.length; index++) {
      const isGone = pairs[index].name === name && (value === undefined || pairs[index].value === value);
      if (!isGone) append(kept, pairs[index]);
    }
    return kept;
  }

  function compareNames(left, right) {
    if (left.name === right.name) return 0;
    return left.name < right.name ? -1 : 1;
  }

  class URLSearchParams {
    #pairs = createList();
    // Told of every change, with the text that the pairs make; undefined where they are no URL's.
    #changed = undefined;

    constructor(init = undefined) {
      if (init === undefined || init === null) return;
      if (!isObject(init)) {
        const text = textOf(init);
        this.#pairs = parse(text[0] === '?' ? StringPrototypeSlice(text, 1) : text);
        return;
      }
      const method = init[SymbolIterator];
      const hasMethod = method !== undefined && method !== null;
      this.#pairs = hasMethod ? pairsOfIterable(init, method) : pairsOfRecord(init);
    }

    static #of(value) {
      if (!isObject(value) || !(#pairs in value)) throw errors.invalidThis('URLSearchParams');
      return value;
    }

    static #update(params, pairs) {
      params.#pairs = pairs;
      if (params.#changed !== undefined) params.#changed(serialize(pairs));
    }

    // The parameters of a URL's query; changed(text) is told when they are no longer those.
    static link(query, changed) {
      const params = new URLSearchParams();
      params.#pairs = parse(query);
      params.#changed = changed;
      return params;
    }

    // What the URL's query has become.
    static reset(params, query) {
      params.#pairs = parse(query);
    }

    static pairsOf(params) {
      return params.#pairs;
    }

    static isParams(value) {
      return isObject(value) && #pairs in value;
    }

    get size() {
      return URLSearchParams.#of(this).#pairs.length;
    }

    append(name, value) {
      const params = URLSearchParams.#of(this);
      if (arguments.length < 2) throw errors.missingArgs('name', 'value');
      append(params.#pairs, pair(textOf(name), textOf(value)));
      URLSearchParams.#update(params, params.#pairs);
    }

    delete(name, value = undefined) {
      const params = URLSearchParams.#of(this);
      if (arguments.length < 1) throw errors.missingArgs('name');
      const wanted = textOf(name);
      URLSearchParams.#update(params, without(params.#pairs, wanted, value === undefined ? undefined : textOf(value)));
    }

    get(name) {
      const params = URLSearchParams.#of(this);
      if (arguments.length < 1) throw errors.missingArgs('name');
      const index = indexOfName(params.#pairs, textOf(name), 0);
      return index === -1 ? null : params.#pairs[index].value;
    }

    getAll(name) {
      const params = URLSearchParams.#of(this);
      if (arguments.length < 1) throw errors.missingArgs('name');
      const wanted = textOf(name);
      const values = [];
      for (let index = 0; index < params.#pairs.length; index++) {
        const { name: found, value } = params.#pairs[index];
        if (found === wanted) defineIndex(values, values.length, value);
      }
      return values;
    }

    has(name, value = undefined) {
      const params = URLSearchParams.#of(this);
      if (arguments.length < 1) throw errors.missingArgs('name');
      const wanted = textOf(name);
      const wantedValue = value === undefined ? undefined : textOf(value);
      for (let index = 0; index < params.#pairs.length; index++) {
        const found = params.#pairs[index];
        if (found.name === wanted && (wantedValue === undefined || found.value === wantedValue)) return true;
      }
      return false;
    }

    set(name, value) {
      const params = URLSearchParams.#of(this);
      if (arguments.length < 2) throw errors.missingArgs('name', 'value');
      const wanted = textOf(name);
      const text = textOf(value);
      const pairs = createList();
      let isSet = false;
      for (let index = 0; index < params.#pairs.length; index++) {
        const found = params.#pairs[index];
        if (found.name !== wanted) append(pairs, found);
        else if (!isSet) append(pairs, pair(wanted, text));
        isSet ||= found.name === wanted;
      }
      if (!isSet) append(pairs, pair(wanted, text));
      URLSearchParams.#update(params, pairs);
    }

    sort() {
      const params = URLSearchParams.#of(this);
      ArrayPrototypeSort(params.#pairs, compareNames);
      URLSearchParams.#update(params, params.#pairs);
    }

    entries() {
      return makeIterator({ __proto__: null, params: URLSearchParams.#of(this), index: 0, kind: 'entries' });
    }

    forEach(callback, receiver = undefined) {
      const params = URLSearchParams.#of(this);
      if (typeof callback !== 'function') throw errors.invalidArgType('callback', 'of type function', callback);
      for (let index = 0; index < params.#pairs.length; index++) {
        const { name, value } = params.#pairs[index];
        FunctionPrototypeCall(callback, receiver, value, name, params);
      }
    }

    keys() {
      return makeIterator({ __proto__: null, params: URLSearchParams.#of(this), index: 0, kind: 'keys' });
    }

    values() {
      return makeIterator({ __proto__: null, params: URLSearchParams.#of(this), index: 0, kind: 'values' });
    }

    toString() {
      return serialize(URLSearchParams.#of(this).#pairs);
    }

    [customInspect](depth, options, inspect) {
      const pairs = URLSearchParams.#of(this).#pairs;
      if (typeof depth === 'number' && depth < 0) return '[Object]';
      if (pairs.length === 0) return 'URLSearchParams {}';
      const items = createList();
      for (let index = 0; index < pairs.length; index++) {
        append(items, inspect(pairs[index].name, options) + ' => ' + inspect(pairs[index].value, options));
      }
      return describeItems('URLSearchParams', items, options);
    }
  }

  function defineIndex(array, index, value) {
    ObjectDefineProperty(array, index, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function entryOf({ name, value }, kind) {
    if (kind === 'keys') return name;
    return kind === 'values' ? value : [name, value];
  }

  const { isParams, link, pairsOf, reset } = URLSearchParams;

  const makeIterator = defineIterator('URLSearchParams Iterator', (state) => {
    const pairs = pairsOf(state.params);
    if (state.index >= pairs.length) return { value: undefined, done: true };
    return { value: entryOf(pairs[state.index++], state.kind), done: false };
  }, (state, options, inspect) => {
    const pairs = pairsOf(state.params);
    const left = createList();
    for (let index = state.index; index < pairs.length; index++) append(left, inspect(entryOf(pairs[index], state.kind), options));
    return left;
  });

  const internals = ['isParams', 'link', 'pairsOf', 'reset'];
  for (let index = 0; index < internals.length; index++) ReflectDeleteProperty(URLSearchParams, internals[index]);
  defineInterface(URLSearchParams, 'URLSearchParams');
  hide(URLSearchParams.prototype, SymbolIterator, URLSearchParams.prototype.entries);

  exports.URLSearchParams = URLSearchParams;
  exports.isSearchParams = isParams;
  exports.linkSearchParams = link;
  exports.resetSearchParams = reset;
  // A list of { name, value }.
  exports.pairsOfSearchParams = pairsOf;
  // Such a list of application/x-www-form-urlencoded text, and the text of one.
  exports.parsePairs = parse;
  exports.serializePairs = serialize;
})
