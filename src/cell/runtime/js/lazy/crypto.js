// The module crypto, which is also the global of that name.
(function (primordials, host, exports) {
  'use strict';

  const { ObjectDefineProperty } = primordials;
  const ciphers = host.use('crypto_ciphers');
  const derivation = host.use('crypto_kdf');
  const hashes = host.use('crypto_hash');
  const keys = host.use('crypto_keys');
  const random = host.use('crypto_random');
  const { defineInterface } = host.use('web_interface');
  const { invalidThis, typeError } = host.use('node_errors');

  const TOKEN = { __proto__: null };

  class Crypto {
    #isCrypto = true;

    constructor(token) {
      if (token !== TOKEN) throw typeError('ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    }

    get subtle() {
      Crypto.#check(this);
      return host.use('crypto_subtle').subtle;
    }

    getRandomValues(array) {
      Crypto.#check(this);
      return random.getRandomValues(array);
    }

    randomUUID(options) {
      Crypto.#check(this);
      return random.randomUUID(options);
    }

    static #check(value) {
      if (typeof value !== 'object' || value === null || !(#isCrypto in value)) throw invalidThis('Crypto');
    }
  }
  const webcrypto = new Crypto(TOKEN);
  defineInterface(Crypto, 'Crypto');

  const module = {
    createCipheriv: ciphers.createCipheriv,
    createDecipheriv: ciphers.createDecipheriv,
    createHash: hashes.createHash,
    createHmac: hashes.createHmac,
    createSecretKey: keys.createSecretKey,
    getCiphers: ciphers.getCiphers,
    getCipherInfo: ciphers.getCipherInfo,
    getHashes: hashes.getHashes,
    hkdf: derivation.hkdf,
    hkdfSync: derivation.hkdfSync,
    pbkdf2: derivation.pbkdf2,
    pbkdf2Sync: derivation.pbkdf2Sync,
    randomBytes: random.randomBytes,
    randomFill: random.randomFill,
    randomFillSync: random.randomFillSync,
    randomInt: random.randomInt,
    randomUUID: random.randomUUID,
    scrypt: derivation.scrypt,
    scryptSync: derivation.scryptSync,
    timingSafeEqual: random.timingSafeEqual,
    hash: hashes.hash,
    Cipheriv: ciphers.Cipheriv,
    Decipheriv: ciphers.Decipheriv,
    Hash: hashes.Hash,
    Hmac: hashes.Hmac,
    KeyObject: keys.KeyObject,
  };

  // What is made of an export of another script, once it is asked for: most functions only hash.
  function defineLazy(name, script) {
    const define = (value) => {
      ObjectDefineProperty(module, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
    };
    ObjectDefineProperty(module, name, {
      __proto__: null,
      get() {
        const value = host.use(script)[name];
        define(value);
        return value;
      },
      set: define,
      configurable: true,
      enumerable: true,
    });
  }
  const lazy = {
    __proto__: null,
    crypto_constants: ['constants'],
    crypto_curves: ['createECDH', 'diffieHellman', 'getCurves', 'ECDH'],
    crypto_generate: ['generateKey', 'generateKeyPair', 'generateKeyPairSync', 'generateKeySync'],
    crypto_key_input: ['createPrivateKey', 'createPublicKey'],
    crypto_rsa: ['privateDecrypt', 'privateEncrypt', 'publicDecrypt', 'publicEncrypt'],
    crypto_sign: ['createSign', 'createVerify', 'sign', 'verify', 'Sign', 'Verify'],
  };
  for (const script in lazy) {
    const names = lazy[script];
    for (let index = 0; index < names.length; index++) defineLazy(names[index], script);
  }

  function defineGetter(name, get) {
    ObjectDefineProperty(module, name, { __proto__: null, get, set: undefined, configurable: false, enumerable: true });
  }
  defineGetter('webcrypto', () => webcrypto);
  defineGetter('subtle', () => host.use('crypto_subtle').subtle);
  defineGetter('getRandomValues', () => random.getRandomValues);

  exports.module = module;
  exports.crypto = module;
})
