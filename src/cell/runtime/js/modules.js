// require: Node's modules, as far as functions have them.
(function (primordials, host) {
  'use strict';

  const {
    MapPrototypeGet,
    MapPrototypeSet,
    ObjectDefineProperty,
    SafeMap,
    StringPrototypeSlice,
    StringPrototypeStartsWith,
    TypeError,
  } = primordials;

  // Scripts of modules by the modules' names, and the names as an error lists them.
  const scripts = new SafeMap();
  let names = '';

  // A module that require(name) finds: what `lazy/SCRIPT.js` has put on its exports as `module`.
  function defineModule(name, script) {
    MapPrototypeSet(scripts, name, script);
    names += (names === '' ? '' : ', ') + name;
  }

  // One of Node's modules; undefined when functions do not have it.
  host.findModule = function findModule(name) {
    const script = MapPrototypeGet(scripts, StringPrototypeStartsWith(name, 'node:') ? StringPrototypeSlice(name, 5) : name);
    return script === undefined ? undefined : host.use(script).module;
  };

  // What an import of that name finds: names and values of exports in turn; undefined when there is nothing.
  host.importModule = function importModule(name) {
    const found = host.findModule(name) ?? host.use('libraries').find(name);
    return found === undefined ? undefined : host.use('imports').exportsOf(found);
  };

  host.defineGlobal('require', function require(name) {
    if (typeof name !== 'string') throw notAName();
    const found = host.findModule(name);
    if (found !== undefined) return found;
    const libraries = host.use('libraries');
    const library = libraries.find(name);
    if (library !== undefined) return library;
    throw libraries.notFound("Cannot find module '" + name + "': there are " + names + ', and ' + libraries.listed);
  });

  function notAName() {
    const error = new TypeError('require needs the name of a module');
    ObjectDefineProperty(error, 'code', {
      __proto__: null, value: 'ERR_INVALID_ARG_TYPE', configurable: true, enumerable: true, writable: true,
    });
    return error;
  }

  defineModule('assert', 'assert');
  defineModule('assert/strict', 'assert_strict');
  defineModule('buffer', 'buffer');
  defineModule('crypto', 'crypto');
  defineModule('events', 'events');
  defineModule('http', 'http');
  defineModule('https', 'https');
  defineModule('os', 'os');
  defineModule('path', 'path');
  defineModule('path/posix', 'path');
  defineModule('process', 'process');
  defineModule('punycode', 'punycode');
  defineModule('querystring', 'querystring');
  defineModule('stream', 'stream');
  defineModule('stream/promises', 'stream_promises');
  defineModule('string_decoder', 'string_decoder');
  defineModule('timers', 'timers');
  defineModule('timers/promises', 'timers_promises');
  defineModule('url', 'url_module');
  defineModule('util', 'util');
  defineModule('util/types', 'types');
  defineModule('zlib', 'zlib');
})
