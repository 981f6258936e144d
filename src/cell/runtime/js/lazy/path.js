// The module path, as Node has it on POSIX systems.
(function (primordials, host, exports) {
  'use strict';

  const {
    StringPrototypeEndsWith,
    StringPrototypeIndexOf,
    StringPrototypeLastIndexOf,
    StringPrototypeSlice,
    StringPrototypeStartsWith,
  } = primordials;
  const { append, createList } = host.basics;
  const { validateObject, validateString } = host.use('validators');

  function splitSegments(path) {
    const segments = createList();
    let start = 0;
    while (start <= path.length) {
      const found = StringPrototypeIndexOf(path, '/', start);
      const end = found === -1 ? path.length : found;
      append(segments, StringPrototypeSlice(path, start, end));
      start = end + 1;
    }
    return segments;
  }

  function joinFrom(segments, first) {
    let text = '';
    for (let index = first; index < segments.length; index++) text += (index === first ? '' : '/') + segments[index];
    return text;
  }

  // Without empty segments, `.` and the `..` that can be resolved.
  function resolveDots(path, isAbsolute) {
    const segments = splitSegments(path);
    const kept = createList();
    for (let index = 0; index < segments.length; index++) {
      const segment = segments[index];
      if (segment === '' || segment === '.') continue;
      if (segment !== '..') append(kept, segment);
      else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.length--;
      else if (!isAbsolute) append(kept, '..');
    }
    return joinFrom(kept, 0);
  }

  function normalize(path) {
    validateString(path, 'path');
    if (path.length === 0) return '.';
    const isAbsolute = path[0] === '/';
    const resolved = resolveDots(path, isAbsolute);
    const hasSlash = StringPrototypeEndsWith(path, '/');
    if (resolved === '') return isAbsolute ? '/' : hasSlash ? './' : '.';
    return (isAbsolute ? '/' : '') + resolved + (hasSlash ? '/' : '');
  }

  function resolve(...paths) {
    let resolved = '';
    for (let index = paths.length - 1; index >= 0 && resolved[0] !== '/'; index--) {
      validateString(paths[index], 'paths[' + index + ']');
      if (paths[index].length > 0) resolved = paths[index] + '/' + resolved;
    }
    // Relative to the directory that process.cwd() names.
    return '/' + resolveDots(resolved, true);
  }

  function join(...paths) {
    let joined;
    for (let index = 0; index < paths.length; index++) {
      validateString(paths[index], 'path');
      if (paths[index].length > 0) joined = joined === undefined ? paths[index] : joined + '/' + paths[index];
    }
    return joined === undefined ? '.' : normalize(joined);
  }

  function relative(from, to) {
    validateString(from, 'from');
    validateString(to, 'to');
    const origin = resolve(from);
    const target = resolve(to);
    if (from === to || origin === target) return '';
    const fromSegments = origin === '/' ? createList() : splitSegments(StringPrototypeSlice(origin, 1));
    const toSegments = target === '/' ? createList() : splitSegments(StringPrototypeSlice(target, 1));
    let common = 0;
    while (common < fromSegments.length && common < toSegments.length && fromSegments[common] === toSegments[common]) common++;
    const steps = createList();
    for (let index = common; index < fromSegments.length; index++) append(steps, '..');
    for (let index = common; index < toSegments.length; index++) append(steps, toSegments[index]);
    return joinFrom(steps, 0);
  }

  function withoutSlashes(path) {
    let end = path.length;
    while (end > 0 && path[end - 1] === '/') end--;
    return StringPrototypeSlice(path, 0, end);
  }

  function dirname(path) {
    validateString(path, 'path');
    if (path.length === 0) return '.';
    const trimmed = withoutSlashes(path);
    const slash = StringPrototypeLastIndexOf(trimmed, '/');
    if (slash === -1) return path[0] === '/' ? '/' : '.';
    if (slash === 0) return '/';
    // Two slashes at the start are a root of their own.
    return slash === 1 && path[0] === '/' ? '//' : StringPrototypeSlice(trimmed, 0, slash);
  }

  function lastSegment(path) {
    const trimmed = withoutSlashes(path);
    return StringPrototypeSlice(trimmed, StringPrototypeLastIndexOf(trimmed, '/') + 1);
  }

  function basename(path, suffix) {
    if (suffix !== undefined) validateString(suffix, 'suffix');
    validateString(path, 'path');
    if (suffix === path) return '';
    const name = lastSegment(path);
    const isCut = suffix !== undefined && suffix !== '' && name !== suffix && StringPrototypeEndsWith(name, suffix);
    return isCut ? StringPrototypeSlice(name, 0, name.length - suffix.length) : name;
  }

  function extname(path) {
    validateString(path, 'path');
    const name = lastSegment(path);
    const dot = StringPrototypeLastIndexOf(name, '.');
    return dot <= 0 || name === '..' ? '' : StringPrototypeSlice(name, dot);
  }

  function parse(path) {
    validateString(path, 'path');
    const isAbsolute = StringPrototypeStartsWith(path, '/');
    const root = isAbsolute ? '/' : '';
    const base = lastSegment(path);
    const ext = extname(base);
    const trimmed = withoutSlashes(path);
    const start = trimmed.length - base.length;
    const dir = start > 1 ? StringPrototypeSlice(trimmed, 0, start - 1) : root;
    return { root, dir, base, ext, name: StringPrototypeSlice(base, 0, base.length - ext.length) };
  }

  function format(parts) {
    validateObject(parts, 'pathObject');
    const directory = parts.dir || parts.root;
    const ext = parts.ext ? (parts.ext[0] === '.' ? '' : '.') + parts.ext : '';
    const base = parts.base || (parts.name || '') + ext;
    if (!directory) return base;
    return directory === parts.root ? directory + base : directory + '/' + base;
  }

  function isAbsolute(path) {
    validateString(path, 'path');
    return StringPrototypeStartsWith(path, '/');
  }

  const path = {
    resolve,
    normalize,
    isAbsolute,
    join,
    relative,
    toNamespacedPath: (value) => value,
    dirname,
    basename,
    extname,
    format,
    parse,
    sep: '/',
    delimiter: ':',
  };
  path.posix = path;

  exports.module = path;
})
