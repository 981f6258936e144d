// Ciphers of the module crypto: AES in the modes ECB, CBC, CTR and GCM.
(function (primordials, host, exports) {
  'use strict';

  const { Error, StringPrototypeToLowerCase, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeSet } = primordials;
  const { ops } = host;
  const { allocate } = host.use('encoding');
  const { concatenate, copyOf, partOf } = host.use('byte_parts');
  const { anyBytesOf, createTextParts, dataOf, inSlices, opensslError, result } = host.use('crypto_bytes');
  const { addExtra, finishTag, startGcm, transform } = host.use('crypto_gcm');
  const { keyBytesOf } = host.use('crypto_keys');
  const encodings = host.use('buffer_encodings');
  const errors = host.use('node_errors');
  const { validateInteger, validateObject, validateString } = host.use('validators');
  const { showMember } = host.use('web_interface');

  const lengthOf = TypedArrayPrototypeGetByteLength;

  // Every cipher by its names in small letters.
  const ciphers = { __proto__: null };
  const numbers = {
    __proto__: null,
    128: { __proto__: null, ecb: 418, cbc: 419, ctr: 904, gcm: 895 },
    192: { __proto__: null, ecb: 422, cbc: 423, ctr: 905, gcm: 898 },
    256: { __proto__: null, ecb: 426, cbc: 427, ctr: 906, gcm: 901 },
  };
  const sizes = ['128', '192', '256'];
  const modes = ['cbc', 'ctr', 'ecb', 'gcm'];
  const listed = [];
  for (let index = 0; index < sizes.length; index++) {
    for (let other = 0; other < modes.length; other++) {
      const size = sizes[index];
      const mode = modes[other];
      const plain = 'aes-' + size + '-' + mode;
      const cipher = {
        __proto__: null,
        name: mode === 'gcm' ? 'id-aes' + size + '-gcm' : plain,
        mode,
        number: numbers[size][mode],
        keyLength: +size / 8,
        ivLength: mode === 'ecb' ? 0 : mode === 'gcm' ? 12 : 16,
        blockSize: mode === 'ctr' || mode === 'gcm' ? 1 : 16,
      };
      ciphers[plain] = cipher;
      ciphers[cipher.name] = cipher;
      if (mode === 'cbc') ciphers['aes' + size] = cipher;
      showMember(listed, listed.length, plain);
    }
  }

  function isTagLength(length) {
    return length === 4 || length === 8 || (length >= 12 && length <= 16);
  }

  function invalidTag(length) {
    return errors.typeError('ERR_CRYPTO_INVALID_AUTH_TAG', 'Invalid authentication tag length: ' + length);
  }

  function invalidState(operation) {
    const suffix = operation === undefined ? '' : ' for operation ' + operation;
    return errors.withCode('ERR_CRYPTO_INVALID_STATE', 'Invalid state' + suffix);
  }

  function tagLengthOf(options) {
    const length = options === undefined || options === null ? undefined : options.authTagLength;
    if (length === undefined || length === null) return undefined;
    if (length >>> 0 !== length) throw errors.invalidArgValue('options.authTagLength', length);
    return length;
  }

  function checkIv(cipher, iv) {
    const length = iv === null ? 0 : lengthOf(iv);
    const fits = cipher.mode === 'gcm' ? length > 0 && length <= 128 : length === cipher.ivLength;
    if (!fits) throw errors.typeError('ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
  }

  // What a cipher has to know from one call to the next.
  function start(name, key, iv, options, decrypts) {
    validateString(name, 'cipher');
    const tagLength = tagLengthOf(options);
    const secret = copyOf(keyBytesOf(key, 'key'));
    const vector = iv === null ? null : copyOf(anyBytesOf(iv, 'iv'));
    const cipher = ciphers[StringPrototypeToLowerCase(name)];
    if (cipher === undefined) throw errors.withCode('ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    if (lengthOf(secret) !== cipher.keyLength) throw errors.rangeError('ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    checkIv(cipher, vector);
    const isGcm = cipher.mode === 'gcm';
    if (isGcm && tagLength !== undefined && !isTagLength(tagLength)) throw invalidTag(tagLength);
    return {
      __proto__: null, mode: cipher.mode, decrypts, key: secret, iv: vector, tagLength,
      message: isGcm ? startGcm(secret, vector) : undefined,
      pads: true, pending: allocate(0), position: 0, hasBegun: false, isFinished: false, tag: undefined, text: undefined,
      encoding: undefined,
    };
  }

  function runBlocks(state, blocks) {
    inSlices(blocks, (slice) => {
      if (state.mode === 'ecb') ops.aesEcb(state.key, slice, state.decrypts);
      else ops.aesCbc(state.key, state.iv, slice, state.decrypts);
    });
    return blocks;
  }

  // Whole blocks of what has come; the last of what is decrypted waits, as it may be padding.
  function takeBlocks(state, bytes) {
    const all = concatenate([state.pending, bytes]);
    const length = lengthOf(all);
    let whole = length - (length % 16);
    if (state.decrypts && state.pads && whole === length && whole > 0) whole -= 16;
    state.pending = copyOf(partOf(all, whole, length));
    return runBlocks(state, partOf(all, 0, whole));
  }

  function take(state, bytes) {
    state.hasBegun = true;
    if (state.mode === 'gcm') return transform(state.message, bytes, state.decrypts);
    if (state.mode !== 'ctr') return takeBlocks(state, bytes);
    const data = copyOf(bytes);
    inSlices(data, (slice, at) => ops.aesCtr(state.key, state.iv, state.position + at, slice, false));
    state.position += lengthOf(data);
    return data;
  }

  function wrongLength() {
    return opensslError('1C80006B', 'Provider routines', 'wrong final block length');
  }

  function padded(pending) {
    const count = 16 - lengthOf(pending);
    const block = allocate(16);
    TypedArrayPrototypeSet(block, pending);
    for (let index = 16 - count; index < 16; index++) block[index] = count;
    return block;
  }

  function withoutPadding(block) {
    const count = block[15];
    let isRight = count >= 1 && count <= 16;
    for (let index = 16 - count; isRight && index < 16; index++) isRight = block[index] === count;
    if (!isRight) throw opensslError('1C800064', 'Provider routines', 'bad decrypt');
    return partOf(block, 0, 16 - count);
  }

  function endBlocks(state) {
    const left = lengthOf(state.pending);
    if (!state.pads) {
      if (left > 0) throw wrongLength();
      return allocate(0);
    }
    if (!state.decrypts) return runBlocks(state, padded(state.pending));
    if (left !== 16) throw wrongLength();
    return withoutPadding(runBlocks(state, copyOf(state.pending)));
  }

  function endGcm(state) {
    const tag = finishTag(state.message);
    if (!state.decrypts) {
      state.tag = partOf(tag, 0, state.tagLength ?? 16);
      return allocate(0);
    }
    const isRight = state.tag !== undefined && ops.timingSafeEqual(state.tag, partOf(tag, 0, lengthOf(state.tag)));
    if (!isRight) throw new Error('Unsupported state or unable to authenticate data');
    return allocate(0);
  }

  function end(state) {
    if (state.isFinished) throw invalidState();
    state.isFinished = true;
    if (state.mode === 'gcm') return endGcm(state);
    return state.mode === 'ctr' ? allocate(0) : endBlocks(state);
  }

  // What is given back: text where an encoding is named, the same one in all calls.
  function give(state, bytes, encodingName, isLast) {
    if (!encodingName || encodingName === 'buffer') return result(bytes);
    const encoding = encodings.findEncoding(encodingName);
    if (encoding === undefined) throw encodings.unknownEncoding(encodingName);
    if (state.encoding !== undefined && state.encoding !== encoding) {
      throw errors.withCode('ERR_INTERNAL_ASSERTION', 'Cannot change encoding');
    }
    state.encoding = encoding;
    state.text ??= createTextParts(encoding);
    return state.text(bytes, isLast);
  }

  function update(state, data, inputEncoding, outputEncoding) {
    const bytes = dataOf(data, inputEncoding, 'data');
    if (state.isFinished) throw new Error('Trying to add data in unsupported state');
    return give(state, take(state, bytes), outputEncoding, false);
  }

  function final(state, outputEncoding) {
    return give(state, end(state), outputEncoding, true);
  }

  function setAutoPadding(state, pads) {
    if (state.isFinished) throw invalidState('setAutoPadding');
    state.pads = pads === undefined || !!pads;
  }

  function setAAD(state, data, options) {
    const encoding = options === undefined || options === null ? undefined : options.encoding;
    const bytes = anyBytesOf(data, 'aadbuf', encoding ?? 'utf8');
    if (state.mode !== 'gcm' || state.hasBegun || state.isFinished) throw invalidState('setAAD');
    addExtra(state.message, bytes);
  }

  class Cipheriv {
    #state;

    constructor(cipher, key, iv, options) {
      this.#state = start(cipher, key, iv, options, false);
    }

    update(data, inputEncoding, outputEncoding) {
      return update(this.#state, data, inputEncoding, outputEncoding);
    }

    final(outputEncoding) {
      return final(this.#state, outputEncoding);
    }

    setAutoPadding(autoPadding) {
      setAutoPadding(this.#state, autoPadding);
      return this;
    }

    setAAD(buffer, options) {
      setAAD(this.#state, buffer, options);
      return this;
    }

    getAuthTag() {
      if (this.#state.tag === undefined) throw invalidState('getAuthTag');
      return result(copyOf(this.#state.tag));
    }
  }

  class Decipheriv {
    #state;

    constructor(cipher, key, iv, options) {
      this.#state = start(cipher, key, iv, options, true);
    }

    update(data, inputEncoding, outputEncoding) {
      return update(this.#state, data, inputEncoding, outputEncoding);
    }

    final(outputEncoding) {
      return final(this.#state, outputEncoding);
    }

    setAutoPadding(autoPadding) {
      setAutoPadding(this.#state, autoPadding);
      return this;
    }

    setAAD(buffer, options) {
      setAAD(this.#state, buffer, options);
      return this;
    }

    setAuthTag(tag, encoding) {
      const state = this.#state;
      const bytes = copyOf(anyBytesOf(tag, 'buffer', encoding ?? 'utf8'));
      if (state.mode !== 'gcm' || state.tag !== undefined || state.isFinished) throw invalidState('setAuthTag');
      const length = lengthOf(bytes);
      const fits = state.tagLength === undefined ? isTagLength(length) : length === state.tagLength;
      if (!fits) throw invalidTag(length);
      state.tag = bytes;
      return this;
    }
  }

  function infoOf(nameOrNumber) {
    if (typeof nameOrNumber === 'string') return ciphers[StringPrototypeToLowerCase(nameOrNumber)];
    if (typeof nameOrNumber !== 'number') {
      throw errors.invalidArgType('nameOrNid', 'one of type string or number', nameOrNumber);
    }
    for (let index = 0; index < listed.length; index++) {
      if (ciphers[listed[index]].number === nameOrNumber) return ciphers[listed[index]];
    }
    return undefined;
  }

  exports.getCipherInfo = function getCipherInfo(nameOrNid, options) {
    const cipher = infoOf(nameOrNid);
    let { keyLength, ivLength } = cipher ?? { __proto__: null };
    if (options !== undefined) {
      validateObject(options, 'options');
      if (options.keyLength !== undefined) validateInteger(options.keyLength, 'options.keyLength', 0, 2147483647);
      if (options.ivLength !== undefined) validateInteger(options.ivLength, 'options.ivLength', 0, 2147483647);
      if (options.keyLength !== undefined && options.keyLength !== keyLength) return undefined;
      const isGcm = cipher?.mode === 'gcm';
      if (options.ivLength !== undefined) {
        if (!isGcm && options.ivLength !== ivLength) return undefined;
        ivLength = options.ivLength;
      }
    }
    if (cipher === undefined) return undefined;
    const info = { mode: cipher.mode, name: cipher.name, nid: cipher.number };
    showMember(info, 'blockSize', cipher.blockSize);
    if (ivLength > 0) showMember(info, 'ivLength', ivLength);
    showMember(info, 'keyLength', keyLength);
    return info;
  };

  exports.getCiphers = function getCiphers() {
    const list = [];
    for (let index = 0; index < listed.length; index++) showMember(list, index, listed[index]);
    return list;
  };

  exports.createCipheriv = function createCipheriv(cipher, key, iv, options) {
    return new Cipheriv(cipher, key, iv, options);
  };
  exports.createDecipheriv = function createDecipheriv(cipher, key, iv, options) {
    return new Decipheriv(cipher, key, iv, options);
  };
  exports.Cipheriv = Cipheriv;
  exports.Decipheriv = Decipheriv;
})
