// The module url.
(function (primordials, host, exports) {
  'use strict';

  const {
    FunctionPrototypeCall, ObjectKeys, RegExpPrototypeExec, StringPrototypeEndsWith,
    StringPrototypeSlice, StringPrototypeStartsWith, URIError, decodeURIComponent,
  } = primordials;
  const { ops } = host;
  const { isObject } = host.basics;
  const { parse, Url } = host.use('url_legacy');
  const { resolve, resolveObject } = host.use('url_resolve');
  const { URL } = host.use('url');
  const { URLSearchParams } = host.use('url_search_params');
  const { invalidArgType, missingArgs, typeError } = host.use('node_errors');
  const { validateObject, validateString } = host.use('validators');

  function isUrl(value) {
    return isObject(value) && value instanceof URL;
  }

  function formatUrl(url, options) {
    if (options) validateObject(options, 'options');
    const shows = (name, usual) => {
      const value = options?.[name];
      return value === undefined || value === null ? usual : Boolean(value);
    };
    let text = url.protocol;
    if (url.host !== '' || url.protocol === 'file:') {
      text += '//';
      if (shows('auth', true) && (url.username !== '' || url.password !== '')) {
        text += url.username + (url.password === '' ? '' : ':' + url.password) + '@';
      }
      text += shows('unicode', false) ? ops.domainToUnicode(url.hostname) + (url.port === '' ? '' : ':' + url.port) : url.host;
    }
    text += url.pathname;
    if (shows('search', true)) text += url.search;
    if (shows('fragment', true)) text += url.hash;
    return text;
  }

  function format(urlObject, options) {
    if (typeof urlObject === 'string') return parse(urlObject).format();
    if (!isObject(urlObject) || typeof urlObject === 'function') {
      throw invalidArgType('urlObject', 'one of type object or string', urlObject);
    }
    if (isUrl(urlObject)) return formatUrl(urlObject, options);
    return FunctionPrototypeCall(Url.prototype.format, urlObject);
  }

  function fileURLToPath(path) {
    const url = typeof path === 'string' ? new URL(path) : path;
    if (!isUrl(url)) throw invalidArgType('path', 'of type string or an instance of URL', path);
    if (url.protocol !== 'file:') throw typeError('ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
    if (url.hostname !== '') {
      throw typeError('ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
    }
    const { pathname } = url;
    if (RegExpPrototypeExec(/%2f/i, pathname) !== null) {
      throw typeError('ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters');
    }
    try {
      return decodeURIComponent(pathname);
    } catch {
      throw new URIError('URI malformed');
    }
  }

  const notOfFiles = { __proto__: null, '%': '%25', '\\': '%5C', '\n': '%0A', '\r': '%0D', '\t': '%09', '?': '%3F', '#': '%23' };

  function pathToFileURL(filepath) {
    validateString(filepath, 'path');
    let path = host.use('path').module.resolve(filepath);
    if (StringPrototypeEndsWith(filepath, '/') && !StringPrototypeEndsWith(path, '/')) path += '/';
    let text = '';
    for (let index = 0; index < path.length; index++) text += notOfFiles[path[index]] ?? path[index];
    return new URL('file://' + text);
  }

  function unbracketed(hostname) {
    return StringPrototypeStartsWith(hostname, '[') ? StringPrototypeSlice(hostname, 1, -1) : hostname;
  }

  function urlToHttpOptions(url) {
    const options = { __proto__: null };
    const keys = ObjectKeys(url);
    for (let index = 0; index < keys.length; index++) options[keys[index]] = url[keys[index]];
    const { hostname, pathname, port, username, password, search } = url;
    options.protocol = url.protocol;
    options.hostname = hostname && unbracketed(hostname);
    options.hash = url.hash;
    options.search = search;
    options.pathname = pathname;
    options.path = (pathname || '') + (search || '');
    options.href = url.href;
    if (port !== '') options.port = +port;
    if (username || password) options.auth = decodeURIComponent(username) + ':' + decodeURIComponent(password);
    return options;
  }

  function domainOf(values) {
    if (values.length === 0) throw missingArgs('domain');
    return `${values[0]}`;
  }

  exports.module = {
    Url,
    parse,
    resolve,
    resolveObject,
    format,
    URL,
    URLSearchParams,
    domainToASCII: (...values) => ops.domainToAscii(domainOf(values)),
    domainToUnicode: (...values) => ops.domainToUnicode(domainOf(values)),
    pathToFileURL,
    fileURLToPath,
    urlToHttpOptions,
  };
})
