// A request made ready for the cell: what a URL's user name means, and which headers are not the function's to set.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayFrom, StringFromCharCode, StringPrototypeToLowerCase, TypeError, decodeURIComponent } = primordials;
  const { append, createList } = host.inspection;
  const { encodeUtf8 } = host.use('encoding');
  const { lengthOf } = host.use('byte_parts');

  const redirects = { __proto__: null, follow: 0, error: 1, manual: 2 };

  // The way a body is framed on its connection is known by who holds the connection.
  const dropped = {
    __proto__: null, connection: true, 'content-length': true, 'keep-alive': true, 'proxy-connection': true, te: true,
    trailer: true, 'transfer-encoding': true, upgrade: true, expect: true,
  };

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  // The value of an Authorization header.
  exports.basicAuthorization = function basicAuthorization(credentials) {
    const bytes = encodeUtf8(credentials);
    let binary = '';
    for (let index = 0; index < lengthOf(bytes); index++) binary += StringFromCharCode(bytes[index]);
    return 'Basic ' + host.use('base64').btoa(binary);
  };

  function headersToSend(flat, { username, password }) {
    const sent = createList();
    let isAuthorized = false;
    for (let index = 0; index + 1 < flat.length; index += 2) {
      const name = StringPrototypeToLowerCase(flat[index]);
      if (dropped[name] === true) continue;
      if (name === 'authorization') isAuthorized = true;
      append(sent, flat[index]);
      append(sent, flat[index + 1]);
    }
    if (!isAuthorized && (username !== '' || password !== '')) {
      append(sent, 'Authorization');
      append(sent, exports.basicAuthorization(decoded(username) + ':' + decoded(password)));
    }
    return ArrayFrom(sent);
  }

  // Sends a request: an object of method, parts (of its URL), headers (flat), body (bytes or undefined),
  // redirect, follow, compress, size and timeout. Calls one of the callbacks, unless the function that is
  // returned was called before. Throws a RangeError at the limit of requests.
  exports.send = function send(request, succeeded, failed) {
    const { parts, method, headers, body, redirect, follow, compress, size, timeout } = request;
    const { protocol, host: authority, pathname, search } = parts;
    if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError('Only HTTP(S) protocols are supported');
    const id = host.startFetch({
      __proto__: null,
      method,
      url: protocol + '//' + authority + pathname + search,
      headers: headersToSend(headers, parts),
      body,
      redirect: redirects[redirect],
      follow,
      compress,
      size,
      timeout,
    }, succeeded, failed);
    return () => host.cancelFetch(id);
  };
})
