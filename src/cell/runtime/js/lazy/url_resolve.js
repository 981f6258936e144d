// url.resolve of the module url: a link as a page of before the standard had it.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayPrototypeJoin, ObjectKeys, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeSplit } = primordials;
  const { append, createList, removeAt } = host.basics;
  const { hostless, parse, slashed, Url } = host.use('url_legacy');

  function listOf(text) {
    const list = createList();
    const parts = text ? StringPrototypeSplit(text, '/') : [];
    for (let index = 0; index < parts.length; index++) append(list, parts[index]);
    return list;
  }

  function withFirst(list, value) {
    const longer = createList();
    append(longer, value);
    for (let index = 0; index < list.length; index++) append(longer, list[index]);
    return longer;
  }

  function takeFirst(list) {
    const first = list[0];
    if (list.length > 0) removeAt(list, 0);
    return first;
  }

  function copyInto(target, source, leavesProtocol) {
    const keys = ObjectKeys(source);
    for (let index = 0; index < keys.length; index++) {
      if (leavesProtocol && keys[index] === 'protocol') continue;
      target[keys[index]] = source[keys[index]];
    }
  }

  function setPath(url) {
    if (url.pathname || url.search) url.path = (url.pathname || '') + (url.search || '');
  }

  // Whether the result is complete with a relative URL that has a protocol of its own.
  function takeOtherProtocol(result, relative) {
    if (!slashed[relative.protocol]) {
      copyInto(result, relative, false);
      result.href = result.format();
      return true;
    }
    result.protocol = relative.protocol;
    const isPlain = !relative.host && relative.protocol !== 'file:' && relative.protocol !== 'file' && !hostless[relative.protocol];
    if (isPlain) {
      const path = listOf(relative.pathname || '');
      while (path.length > 0 && !(relative.host = takeFirst(path)));
      if (!relative.host) relative.host = '';
      if (!relative.hostname) relative.hostname = '';
      let parts = path;
      if (parts[0] !== '') parts = withFirst(parts, '');
      if (parts.length < 2) parts = withFirst(parts, '');
      result.pathname = ArrayPrototypeJoin(parts, '/');
    } else result.pathname = relative.pathname;
    result.search = relative.search;
    result.query = relative.query;
    result.host = relative.host || '';
    result.auth = relative.auth;
    result.hostname = relative.hostname || relative.host;
    result.port = relative.port;
    setPath(result);
    result.slashes ||= relative.slashes;
    result.href = result.format();
    return true;
  }

  function splitAuth(url) {
    const text = url.host;
    const at = text ? StringPrototypeIndexOf(text, '@') : -1;
    if (at <= 0) return;
    url.auth = StringPrototypeSlice(text, 0, at);
    url.host = StringPrototypeSlice(text, at + 1);
    url.hostname = url.host;
  }

  function clean(path, dropsRest) {
    let up = 0;
    for (let index = path.length - 1; index >= 0; index--) {
      const part = path[index];
      if (part === '.') removeAt(path, index);
      else if (part === '..') {
        removeAt(path, index);
        up++;
      } else if (up > 0) {
        removeAt(path, index);
        up--;
      }
    }
    let cleaned = path;
    if (!dropsRest) while (up-- > 0) cleaned = withFirst(cleaned, '..');
    return cleaned;
  }

  function setHostOfPath(result, path, isAbsolute, usesHost) {
    if (!usesHost) return;
    result.hostname = isAbsolute ? '' : path.length > 0 ? takeFirst(path) : '';
    result.host = result.hostname;
    splitAuth(result);
  }

  function finishPath(result, relative, given, mustEndAbsolute, removesDots, usesHost) {
    let path = given;
    const last = path[path.length - 1];
    const hasTrailingSlash = ((result.host || relative.host || path.length > 1) && (last === '.' || last === '..')) || last === '';
    path = clean(path, mustEndAbsolute || removesDots);
    if (mustEndAbsolute && path[0] !== '' && (!path[0] || path[0][0] !== '/')) path = withFirst(path, '');
    if (hasTrailingSlash && StringPrototypeSlice(ArrayPrototypeJoin(path, '/'), -1) !== '/') append(path, '');
    const isAbsolute = path[0] === '' || Boolean(path[0] && path[0][0] === '/');
    setHostOfPath(result, path, isAbsolute, usesHost);
    const endsAbsolute = mustEndAbsolute || Boolean(result.host && path.length > 0);
    if (endsAbsolute && !isAbsolute) path = withFirst(path, '');
    if (path.length === 0) {
      result.pathname = null;
      result.path = null;
    } else result.pathname = ArrayPrototypeJoin(path, '/');
    if (result.pathname !== null || result.search !== null) result.path = (result.pathname || '') + (result.search || '');
    result.auth = relative.auth || result.auth;
    result.slashes ||= relative.slashes;
    result.href = result.format();
    return result;
  }

  Url.prototype.resolveObject = function resolveObject(given) {
    const relative = typeof given === 'string' ? new Url().parse(given, false, true) : given;
    const result = new Url();
    copyInto(result, this, false);
    result.hash = relative.hash;
    if (relative.href === '') {
      result.href = result.format();
      return result;
    }
    if (relative.slashes && !relative.protocol) {
      copyInto(result, relative, true);
      if (slashed[result.protocol] && result.hostname && !result.pathname) {
        result.pathname = '/';
        result.path = '/';
      }
      result.href = result.format();
      return result;
    }
    if (relative.protocol && relative.protocol !== result.protocol && takeOtherProtocol(result, relative)) return result;
    return resolvePath(result, relative);
  };

  function resolvePath(result, relative) {
    const isSourceAbsolute = Boolean(result.pathname && result.pathname[0] === '/');
    const isRelativeAbsolute = Boolean(relative.host || (relative.pathname && relative.pathname[0] === '/'));
    let mustEndAbsolute = isRelativeAbsolute || isSourceAbsolute || Boolean(result.host && relative.pathname);
    const removesDots = mustEndAbsolute;
    let path = listOf(result.pathname);
    let added = listOf(relative.pathname);
    const usesHost = Boolean(result.protocol && !slashed[result.protocol]);
    if (usesHost) {
      result.hostname = '';
      result.port = null;
      if (result.host) {
        if (path[0] === '') path[0] = result.host;
        else path = withFirst(path, result.host);
      }
      result.host = '';
      if (relative.protocol) {
        relative.hostname = null;
        relative.port = null;
        result.auth = null;
        if (relative.host) {
          if (added[0] === '') added[0] = relative.host;
          else added = withFirst(added, relative.host);
        }
        relative.host = null;
      }
      mustEndAbsolute = mustEndAbsolute && (added[0] === '' || path[0] === '');
    }
    if (isRelativeAbsolute) {
      if (relative.host || relative.host === '') {
        if (result.host !== relative.host) result.auth = null;
        result.host = relative.host;
        result.port = relative.port;
      }
      if (relative.hostname || relative.hostname === '') {
        if (result.hostname !== relative.hostname) result.auth = null;
        result.hostname = relative.hostname;
      }
      result.search = relative.search;
      result.query = relative.query;
      path = added;
    } else if (added.length > 0) {
      if (path.length > 0) path.length--;
      for (let index = 0; index < added.length; index++) append(path, added[index]);
      result.search = relative.search;
      result.query = relative.query;
    } else if (relative.search !== null && relative.search !== undefined) {
      if (usesHost) {
        result.hostname = takeFirst(path);
        result.host = result.hostname;
        splitAuth(result);
      }
      result.search = relative.search;
      result.query = relative.query;
      if (result.pathname !== null || result.search !== null) result.path = (result.pathname || '') + (result.search || '');
      result.href = result.format();
      return result;
    }
    if (path.length === 0) {
      result.pathname = null;
      result.path = result.search ? '/' + result.search : null;
      result.href = result.format();
      return result;
    }
    return finishPath(result, relative, path, mustEndAbsolute, removesDots, usesHost);
  }

  Url.prototype.resolve = function resolve(relative) {
    return this.resolveObject(parse(relative, false, true)).format();
  };

  exports.resolve = function resolve(source, relative) {
    return parse(source, false, true).resolve(relative);
  };

  exports.resolveObject = function resolveObject(source, relative) {
    return source ? parse(source, false, true).resolveObject(relative) : relative;
  };
})
