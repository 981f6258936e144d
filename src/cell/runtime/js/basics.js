// What nearly every script needs: lists that no function can meddle with, and whether a value is an object.
(function (primordials, host) {
  'use strict';

  const { Array, ObjectSetPrototypeOf } = primordials;

  // An array that no setter on Array.prototype can intercept writes to.
  class List extends Array {
    constructor() {
      super();
    }
  }
  ObjectSetPrototypeOf(List.prototype, null);

  host.basics = {
    __proto__: null,
    createList() {
      return new List();
    },
    append(list, item) {
      list[list.length] = item;
    },
    removeAt(list, position) {
      for (let index = position + 1; index < list.length; index++) list[index - 1] = list[index];
      list.length--;
    },
    isObject(value) {
      return (typeof value === 'object' && value !== null) || typeof value === 'function';
    },
  };
})
