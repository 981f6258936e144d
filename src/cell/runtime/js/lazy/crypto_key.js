// CryptoKey, the key of the web's crypto.
(function (primordials, host, exports) {
  'use strict';

  const { recognizeCryptoKeys } = host.use('crypto_keys');
  const errors = host.use('node_errors');
  const { defineInterface } = host.use('web_interface');

  const TOKEN = { __proto__: null };
  let contentsOf;

  class CryptoKey {
    #contents;

    constructor(token, contents) {
      if (token !== TOKEN) throw errors.typeError('ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
      this.#contents = contents;
    }

    get type() {
      return CryptoKey.#check(this).inner.type;
    }

    get extractable() {
      return CryptoKey.#check(this).extractable;
    }

    get algorithm() {
      return CryptoKey.#check(this).algorithm;
    }

    get usages() {
      return CryptoKey.#check(this).usages;
    }

    static #check(value) {
      const contents = contentsOf(value);
      if (contents === undefined) throw errors.invalidThis('CryptoKey');
      return contents;
    }

    static contentsOf(value) {
      return typeof value === 'object' && value !== null && #contents in value ? value.#contents : undefined;
    }
  }
  contentsOf = CryptoKey.contentsOf;
  delete CryptoKey.contentsOf;
  defineInterface(CryptoKey, 'CryptoKey');
  recognizeCryptoKeys((value) => contentsOf(value)?.inner);

  // contents: `inner` as KeyObject has it; `algorithm`, `usages` and `extractable` as they are shown; `name` and `hash`
  // are what the scripts go by, as a function may change the objects that it is shown.
  exports.cryptoKeyOf = (contents) => new CryptoKey(TOKEN, contents);
  exports.contentsOf = contentsOf;
  exports.CryptoKey = CryptoKey;
})
