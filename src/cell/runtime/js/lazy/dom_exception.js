// DOMException, as the web and Node have it: an Error whose name and code are its own.
(function (primordials, host, exports) {
  'use strict';

  const { Error, ObjectDefineProperty, SymbolToStringTag } = primordials;

  // The names that have a number, in the order of their numbers from 1; holes were never used.
  const numbered = [
    ['IndexSizeError', 'INDEX_SIZE_ERR'],
    [undefined, 'DOMSTRING_SIZE_ERR'],
    ['HierarchyRequestError', 'HIERARCHY_REQUEST_ERR'],
    ['WrongDocumentError', 'WRONG_DOCUMENT_ERR'],
    ['InvalidCharacterError', 'INVALID_CHARACTER_ERR'],
    [undefined, 'NO_DATA_ALLOWED_ERR'],
    ['NoModificationAllowedError', 'NO_MODIFICATION_ALLOWED_ERR'],
    ['NotFoundError', 'NOT_FOUND_ERR'],
    ['NotSupportedError', 'NOT_SUPPORTED_ERR'],
    ['InUseAttributeError', 'INUSE_ATTRIBUTE_ERR'],
    ['InvalidStateError', 'INVALID_STATE_ERR'],
    ['SyntaxError', 'SYNTAX_ERR'],
    ['InvalidModificationError', 'INVALID_MODIFICATION_ERR'],
    ['NamespaceError', 'NAMESPACE_ERR'],
    ['InvalidAccessError', 'INVALID_ACCESS_ERR'],
    [undefined, 'VALIDATION_ERR'],
    ['TypeMismatchError', 'TYPE_MISMATCH_ERR'],
    ['SecurityError', 'SECURITY_ERR'],
    ['NetworkError', 'NETWORK_ERR'],
    ['AbortError', 'ABORT_ERR'],
    ['URLMismatchError', 'URL_MISMATCH_ERR'],
    ['QuotaExceededError', 'QUOTA_EXCEEDED_ERR'],
    ['TimeoutError', 'TIMEOUT_ERR'],
    ['InvalidNodeTypeError', 'INVALID_NODE_TYPE_ERR'],
    ['DataCloneError', 'DATA_CLONE_ERR'],
  ];

  function codeOf(name) {
    for (let index = 0; index < numbered.length; index++) {
      if (numbered[index][0] === name) return index + 1;
    }
    return 0;
  }

  class DOMException extends Error {
    #name;

    constructor(message = '', options = 'Error') {
      const isName = typeof options !== 'object' || options === null;
      super(`${message}`);
      this.#name = `${isName ? options : options.name ?? 'Error'}`;
      if (!isName && 'cause' in options) hidden(this, 'cause', options.cause);
      hidden(this, 'message', `${message}`);
    }

    get name() {
      return this.#name;
    }

    get code() {
      return codeOf(this.#name);
    }
  }

  function hidden(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: false, writable: true });
  }

  function constant(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: false, enumerable: true, writable: false });
  }

  for (let index = 0; index < numbered.length; index++) {
    constant(DOMException, numbered[index][1], index + 1);
    constant(DOMException.prototype, numbered[index][1], index + 1);
  }
  ObjectDefineProperty(DOMException.prototype, SymbolToStringTag, {
    __proto__: null,
    value: 'DOMException',
    configurable: true,
    enumerable: false,
    writable: false,
  });

  exports.DOMException = DOMException;
})
