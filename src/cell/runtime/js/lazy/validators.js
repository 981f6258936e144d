// Checks of arguments that throw as Node's do.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    NumberIsInteger,
    NumberIsNaN,
    NumberMAX_SAFE_INTEGER,
    NumberMIN_SAFE_INTEGER,
    TypedArrayPrototypeGetSymbolToStringTag,
  } = primordials;
  const { invalidArgType, outOfRange } = host.use('node_errors');

  function rangeOf(min, max) {
    if (max === undefined) return '>= ' + min;
    return (min === undefined ? '' : '>= ' + min + ' && ') + '<= ' + max;
  }

  exports.validateNumber = function validateNumber(value, name, min = undefined, max = undefined) {
    if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
    const isOutside = (min !== undefined && value < min) || (max !== undefined && value > max);
    const hasBounds = min !== undefined || max !== undefined;
    if (isOutside || (hasBounds && NumberIsNaN(value))) throw outOfRange(name, rangeOf(min, max), value);
  };

  exports.validateInteger = function validateInteger(
    value, name, min = NumberMIN_SAFE_INTEGER, max = NumberMAX_SAFE_INTEGER,
  ) {
    if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
    if (!NumberIsInteger(value)) throw outOfRange(name, 'an integer', value);
    if (value < min || value > max) throw outOfRange(name, rangeOf(min, max), value);
  };

  exports.validateString = function validateString(value, name) {
    if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  };

  exports.validateBoolean = function validateBoolean(value, name) {
    if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value);
  };

  exports.validateFunction = function validateFunction(value, name) {
    if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
  };

  exports.validateObject = function validateObject(value, name) {
    if (typeof value !== 'object' || value === null || ArrayIsArray(value)) {
      throw invalidArgType(name, 'of type object', value);
    }
  };

  exports.validateArray = function validateArray(value, name) {
    if (!ArrayIsArray(value)) throw invalidArgType(name, 'an instance of Array', value);
  };

  exports.isUint8Array = function isUint8Array(value) {
    return typeof value === 'object' && value !== null && TypedArrayPrototypeGetSymbolToStringTag(value) === 'Uint8Array';
  };
})
