// IncomingMessage: a response as Node's http hands it out.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayFrom, ObjectDefineProperty, StringPrototypeToLowerCase } = primordials;
  const { append, createList } = host.basics;
  const { BodyStream, sourceOfBody } = host.use('body_stream');
  const { receivedBody } = host.use('body');
  const { hide } = host.use('web_interface');

  // Fields of which the first counts, as in Node; others are joined.
  const single = {
    __proto__: null, age: true, authorization: true, 'content-length': true, 'content-type': true, etag: true,
    expires: true, from: true, host: true, 'if-modified-since': true, 'if-unmodified-since': true,
    'last-modified': true, location: true, 'max-forwards': true, 'proxy-authorization': true, referer: true,
    'retry-after': true, server: true, 'user-agent': true,
  };

  function set(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  // Lists of values by lower-cased name, in the order of the names.
  function valuesByName(flat) {
    const found = { __proto__: null };
    const names = createList();
    for (let index = 0; index + 1 < flat.length; index += 2) {
      const name = StringPrototypeToLowerCase(flat[index]);
      if (found[name] === undefined) {
        found[name] = createList();
        append(names, name);
      }
      append(found[name], flat[index + 1]);
    }
    return { __proto__: null, found, names };
  }

  function joinValues(name, values) {
    if (name === 'set-cookie') return ArrayFrom(values);
    let text = values[0];
    if (single[name] === true) return text;
    const separator = name === 'cookie' ? '; ' : ', ';
    for (let index = 1; index < values.length; index++) text += separator + values[index];
    return text;
  }

  class IncomingMessage extends BodyStream {
    constructor(answer, error, request) {
      super(sourceOfBody(receivedBody(answer.body, error)));
      const { found, names } = valuesByName(answer.headers);
      const headers = {};
      const headersDistinct = { __proto__: null };
      for (let index = 0; index < names.length; index++) {
        set(headers, names[index], joinValues(names[index], found[names[index]]));
        headersDistinct[names[index]] = ArrayFrom(found[names[index]]);
      }
      set(this, 'statusCode', answer.status);
      set(this, 'statusMessage', answer.statusText);
      set(this, 'httpVersion', '1.1');
      set(this, 'httpVersionMajor', 1);
      set(this, 'httpVersionMinor', 1);
      set(this, 'headers', headers);
      set(this, 'headersDistinct', headersDistinct);
      set(this, 'rawHeaders', answer.headers);
      set(this, 'trailers', {});
      set(this, 'rawTrailers', []);
      // All of the body is here, or will never be.
      set(this, 'complete', error === undefined);
      set(this, 'aborted', false);
      set(this, 'method', null);
      set(this, 'url', '');
      hide(this, 'req', request);
    }

    // There is nothing left to wait for.
    setTimeout() { return this; }
  }

  exports.IncomingMessage = IncomingMessage;
})
