//! A function that did its worst to the prototypes before it uses anything of ours.

/// To be put before a source: every method of the prototypes throws, elements of arrays and fields of
/// descriptors are caught by setters and getters of `Object.prototype`. What is left works by syntax alone.
pub const POISON: &str = "
    {
      const { ownKeys, defineProperty } = Reflect, kept = { constructor: 1, then: 1, toJSON: 1, __proto__: null }
      const { captureStackTrace } = Error
      const throws = function () {
        const at = { __proto__: null }
        captureStackTrace(at)
        throw 'poisoned ' + at.stack
      }
      const owners = [Array, String, Object, Map, Set, WeakMap, Function, RegExp, Symbol, Number, Date, Promise, Error, TypeError, RangeError,
        ArrayBuffer, DataView, Uint8Array, Object.getPrototypeOf(Uint8Array), Object.getPrototypeOf(function* () {}),
        { prototype: Object.getPrototypeOf([][Symbol.iterator]()) }, { prototype: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) }]
      const all = []
      for (let i = 0; i < owners.length; i++) all[i] = ownKeys(owners[i].prototype)
      for (let i = 0; i < owners.length; i++) {
        for (let j = 0; j < all[i].length; j++) {
          const key = all[i][j]
          if (kept[key] || key === '__proto__') continue
          try { defineProperty(owners[i].prototype, key, { value: throws, configurable: true, writable: true }) } catch {}
        }
      }
      for (let index = 0; index < 8; index++) defineProperty(Array.prototype, index, { get: throws, set: throws, configurable: true })
      const fields = ['get', 'set', 'value', 'enumerable', 'configurable', 'writable', 'stream', 'code', 'cause']
      const traps = { __proto__: null, get: throws, set: throws, configurable: true }
      for (let i = 0; i < fields.length; i++) defineProperty(Object.prototype, fields[i], traps)
    }
    Array = Object = String = Map = Set = Error = TypeError = RangeError = Uint8Array = ArrayBuffer = Promise = Symbol = Reflect = Proxy = undefined
";
