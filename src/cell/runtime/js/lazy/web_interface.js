// What classes of the web platform have in common: members that are enumerable, a tag, iterators.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeJoin,
    IteratorPrototype,
    ObjectDefineProperty,
    ObjectSetPrototypeOf,
    ReflectDeleteProperty,
    ReflectGetOwnPropertyDescriptor,
    ReflectOwnKeys,
    SymbolFor,
    SymbolToStringTag,
  } = primordials;
  const { invalidThis } = host.use('node_errors');

  const customInspect = SymbolFor('nodejs.util.inspect.custom');

  function hide(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: false, writable: true });
  }

  function showMember(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  function defineTag(prototype, name) {
    ObjectDefineProperty(prototype, SymbolToStringTag, {
      __proto__: null, value: name, configurable: true, enumerable: false, writable: false,
    });
  }

  function showMembers(holder) {
    const keys = ReflectOwnKeys(holder);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      const isOfClass = key === 'prototype' || key === 'name' || key === 'length' || key === 'constructor';
      if (typeof key !== 'string' || isOfClass) continue;
      if (!ReflectGetOwnPropertyDescriptor(holder, key).configurable) continue;
      ObjectDefineProperty(holder, key, { __proto__: null, enumerable: true });
    }
  }

  // Makes a class of ours one of the web: to be called once, with the class as its body has left it.
  exports.defineInterface = function defineInterface(constructor, name) {
    showMembers(constructor);
    showMembers(constructor.prototype);
    defineTag(constructor.prototype, name);
  };

  // name { items }, on one line where that is short enough.
  exports.describeItems = function describeItems(name, items, options) {
    let length = -2;
    for (let index = 0; index < items.length; index++) length += items[index].length + 2;
    const isLong = length > (options?.breakLength ?? 80);
    return name + (isLong ? ' {\n  ' : ' { ') + ArrayPrototypeJoin(items, isLong ? ',\n  ' : ', ') + ' }';
  };

  // A class of iterators: next(state) returns the next result, describe(state, options, inspect) a list of
  // what is left to come as text. The function returned makes an iterator of a state.
  exports.defineIterator = function defineIterator(name, next, describe) {
    class Steps {
      #state;

      constructor(state) {
        this.#state = state;
      }

      next() {
        return next(Steps.#stateOf(this));
      }

      [customInspect](depth, options, inspect) {
        if (typeof depth === 'number' && depth < 0) return this;
        return exports.describeItems(name, describe(Steps.#stateOf(this), options, inspect), options);
      }

      static #stateOf(iterator) {
        if (typeof iterator !== 'object' || iterator === null || !(#state in iterator)) {
          throw invalidThis(name);
        }
        return iterator.#state;
      }
    }
    const { prototype } = Steps;
    ObjectSetPrototypeOf(prototype, IteratorPrototype);
    ReflectDeleteProperty(prototype, 'constructor');
    showMembers(prototype);
    defineTag(prototype, name);
    return (state) => new Steps(state);
  };

  exports.customInspect = customInspect;
  exports.defineTag = defineTag;
  exports.hide = hide;
  exports.showMember = showMember;
})
