// atob and btoa, as the web has them: strings in which each character stands for a byte.
(function (primordials, host, exports) {
  'use strict';

  const { ops } = host;
  const { DOMException } = host.use('dom_exception');
  const errors = host.use('node_errors');

  function finish(text, message) {
    if (text === null) throw new DOMException(message, 'InvalidCharacterError');
    if (text === undefined) throw errors.stringTooLong();
    return text;
  }

  exports.atob = function atob(input) {
    if (arguments.length === 0) throw errors.missingArgs('input');
    return finish(ops.base64Decode(`${input}`), 'The string to be decoded is not correctly encoded.');
  };

  exports.btoa = function btoa(input) {
    if (arguments.length === 0) throw errors.missingArgs('input');
    return finish(ops.base64Encode(`${input}`), 'Invalid character');
  };
})
