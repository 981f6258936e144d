// Numbers in Buffers: read and write of integers of 1 to 6 bytes, of BigInts, floats and doubles.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayBuffer,
    DataView,
    DataViewPrototypeGetBigInt64,
    DataViewPrototypeGetBigUint64,
    DataViewPrototypeGetFloat32,
    DataViewPrototypeGetFloat64,
    DataViewPrototypeSetBigInt64,
    DataViewPrototypeSetBigUint64,
    DataViewPrototypeSetFloat32,
    DataViewPrototypeSetFloat64,
    MathFloor,
    MathTrunc,
    NumberIsNaN,
    NumberNaN: NaN,
    ReflectOwnKeys,
    StringPrototypeIndexOf,
    StringPrototypeSlice,
    TypeError,
    TypedArrayPrototypeGetLength,
    Uint8Array,
  } = primordials;
  const { showMember } = host.use('web_interface');
  const errors = host.use('node_errors');
  const { validateNumber } = host.use('validators');

  // One number on its way between a buffer and JavaScript.
  const scratch = new ArrayBuffer(8);
  const scratchBytes = new Uint8Array(scratch);
  const scratchView = new DataView(scratch);

  function outOfBounds(value, most, name) {
    if (MathFloor(value) !== value) {
      validateNumber(value, name);
      return errors.outOfRange(name, 'an integer', value);
    }
    if (most < 0) return errors.rangeError('ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
    return errors.outOfRange(name, '>= ' + (name === 'offset' ? 0 : 1) + ' and <= ' + most, value);
  }

  // Throws unless size bytes from offset are in the buffer.
  function requireRoom(buffer, offset, size) {
    validateNumber(offset, 'offset');
    if (buffer[offset] === undefined || buffer[offset + size - 1] === undefined) {
      throw outOfBounds(offset, TypedArrayPrototypeGetLength(buffer) - size, 'offset');
    }
  }

  function requireByteLength(byteLength) {
    if (byteLength === undefined) throw errors.invalidArgType('byteLength', 'of type number', byteLength);
    const isInRange = byteLength === 1 || byteLength === 2 || byteLength === 3 || byteLength === 4 || byteLength === 5 || byteLength === 6;
    if (!isInRange) throw outOfBounds(byteLength, 6, 'byteLength');
  }

  function readUnsigned(buffer, offset, size, isLittle) {
    let value = 0;
    for (let index = 0; index < size; index++) {
      value = value * 256 + buffer[isLittle ? offset + size - 1 - index : offset + index];
    }
    return value;
  }

  function readInteger(buffer, offset, size, isLittle, isSigned) {
    requireRoom(buffer, offset, size);
    const value = readUnsigned(buffer, offset, size, isLittle);
    return isSigned && value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value;
  }

  function rangeOf(size, isSigned, suffix) {
    if (size > 4) {
      const power = '2' + suffix + ' ** ';
      if (!isSigned) return '>= 0' + suffix + ' and < ' + power + size * 8 + suffix;
      return '>= -(' + power + (size * 8 - 1) + suffix + ') and < ' + power + (size * 8 - 1) + suffix;
    }
    const min = isSigned ? -(2 ** (size * 8 - 1)) : 0;
    return '>= ' + min + suffix + ' and <= ' + (min + 2 ** (size * 8) - 1) + suffix;
  }

  function writeInteger(buffer, value, offset, size, isLittle, isSigned) {
    let rest = +value;
    validateNumber(offset, 'offset');
    const min = isSigned ? -(2 ** (size * 8 - 1)) : 0;
    if (rest < min || rest > min + 2 ** (size * 8) - 1) throw errors.outOfRange('value', rangeOf(size, isSigned, ''), rest);
    requireRoom(buffer, offset, size);
    rest = MathTrunc(rest);
    if (rest < 0) rest += 2 ** (size * 8);
    for (let index = 0; index < size; index++) {
      buffer[isLittle ? offset + index : offset + size - 1 - index] = rest;
      rest = MathFloor(rest / 256);
    }
    return offset + size;
  }

  function load(buffer, offset, size) {
    requireRoom(buffer, offset, size);
    for (let index = 0; index < size; index++) scratchBytes[index] = buffer[offset + index];
  }

  function store(buffer, offset, size) {
    requireRoom(buffer, offset, size);
    for (let index = 0; index < size; index++) buffer[offset + index] = scratchBytes[index];
    return offset + size;
  }

  function writeBig(buffer, value, offset, isLittle, isSigned) {
    const min = isSigned ? -(2n ** 63n) : 0n;
    if (value > min + 2n ** 64n - 1n || value < min) throw errors.outOfRange('value', rangeOf(8, isSigned, 'n'), value);
    // Numbers can be compared with BigInts, but are not taken for one.
    if (typeof value !== 'bigint') throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
    if (isSigned) DataViewPrototypeSetBigInt64(scratchView, 0, value, isLittle);
    else DataViewPrototypeSetBigUint64(scratchView, 0, value, isLittle);
    return store(buffer, offset, 8);
  }

  // Node has both readUInt8 and readUint8.
  function withSmallI(name) {
    const position = StringPrototypeIndexOf(name, 'UInt');
    return position === -1 ? name : StringPrototypeSlice(name, 0, position) + 'Uint' + StringPrototypeSlice(name, position + 4);
  }

  function define(prototype, methods) {
    const names = ReflectOwnKeys(methods);
    for (let index = 0; index < names.length; index++) {
      const name = names[index];
      showMember(prototype, name, methods[name]);
      showMember(prototype, withSmallI(name), methods[name]);
    }
  }

  function defineFixed(prototype, name, size, isLittle, isSigned) {
    define(prototype, {
      __proto__: null,
      ['read' + name](offset = 0) {
        return readInteger(this, offset, size, isLittle, isSigned);
      },
      ['write' + name](value, offset = 0) {
        return writeInteger(this, value, offset, size, isLittle, isSigned);
      },
    });
  }

  function defineVariable(prototype, name, isLittle, isSigned) {
    define(prototype, {
      __proto__: null,
      ['read' + name](offset, byteLength) {
        if (offset === undefined) throw errors.invalidArgType('offset', 'of type number', offset);
        requireByteLength(byteLength);
        return readInteger(this, offset, byteLength, isLittle, isSigned);
      },
      ['write' + name](value, offset, byteLength) {
        requireByteLength(byteLength);
        return writeInteger(this, value, offset, byteLength, isLittle, isSigned);
      },
    });
  }

  function defineBig(prototype, order, isLittle) {
    define(prototype, {
      __proto__: null,
      ['readBigInt64' + order](offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetBigInt64(scratchView, 0, isLittle);
      },
      ['writeBigInt64' + order](value, offset = 0) {
        return writeBig(this, value, offset, isLittle, true);
      },
      ['readBigUInt64' + order](offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetBigUint64(scratchView, 0, isLittle);
      },
      ['writeBigUInt64' + order](value, offset = 0) {
        return writeBig(this, value, offset, isLittle, false);
      },
    });
  }

  // V8 writes other bits for undefined than for NaN, which it converts to.
  function plainNumber(value) {
    const number = +value;
    return NumberIsNaN(number) ? NaN : number;
  }

  function defineFloats(prototype, order, isLittle) {
    define(prototype, {
      __proto__: null,
      ['readFloat' + order](offset = 0) {
        load(this, offset, 4);
        return DataViewPrototypeGetFloat32(scratchView, 0, isLittle);
      },
      ['readDouble' + order](offset = 0) {
        load(this, offset, 8);
        return DataViewPrototypeGetFloat64(scratchView, 0, isLittle);
      },
      ['writeFloat' + order](value, offset = 0) {
        DataViewPrototypeSetFloat32(scratchView, 0, plainNumber(value), isLittle);
        return store(this, offset, 4);
      },
      ['writeDouble' + order](value, offset = 0) {
        DataViewPrototypeSetFloat64(scratchView, 0, plainNumber(value), isLittle);
        return store(this, offset, 8);
      },
    });
  }

  exports.install = function install({ Buffer: { prototype } }) {
    defineFixed(prototype, 'UInt8', 1, true, false);
    defineFixed(prototype, 'Int8', 1, true, true);
    const orders = ['LE', 'BE'];
    for (let index = 0; index < orders.length; index++) {
      const order = orders[index];
      const isLittle = order === 'LE';
      defineFixed(prototype, 'UInt16' + order, 2, isLittle, false);
      defineFixed(prototype, 'UInt32' + order, 4, isLittle, false);
      defineFixed(prototype, 'Int16' + order, 2, isLittle, true);
      defineFixed(prototype, 'Int32' + order, 4, isLittle, true);
      defineVariable(prototype, 'UInt' + order, isLittle, false);
      defineVariable(prototype, 'Int' + order, isLittle, true);
      defineBig(prototype, order, isLittle);
      defineFloats(prototype, order, isLittle);
    }
  };
})
