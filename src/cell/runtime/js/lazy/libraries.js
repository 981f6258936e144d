// Libraries: which there are, and each run as the CommonJS module it is when a function first touches it.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayPrototypeIncludes, Error, JSONParse, MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, SafeMap,
    StringPrototypeSlice, StringPrototypeStartsWith,
  } = primordials;
  const { ops } = host;

  // Packages that functions count on: here or not.
  const expected = [
    '@google-cloud/bigquery', '@google-cloud/storage', '@hubspot/api-client', '@mailchimp/mailchimp_marketing',
    '@sendgrid/client', '@sendgrid/mail', 'aws-sdk', 'fetch-retry', 'jsforce', 'jsonwebtoken', 'libphonenumber-js',
    'lodash', 'moment', 'moment-timezone', 'node-mailjet', 'oauth', 'skyflow-node', 'stripe', 'twilio', 'uuidv5',
    'winston', 'xml', 'xml2js',
  ];

  const byGlobal = new SafeMap();
  // `{ library, path }`, the members that lead to the package.
  const byPackage = new SafeMap();
  // Packages that are here, as an error lists them.
  let names = '';

  const described = JSONParse(ops.libraryList());
  for (let index = 0; index < described.length; index++) {
    const [name, global, packages] = described[index];
    const library = { __proto__: null, name, module: undefined };
    MapPrototypeSet(byGlobal, global, library);
    for (let place = 0; place < packages.length; place++) {
      MapPrototypeSet(byPackage, packages[place][0], { __proto__: null, library, path: packages[place][1] });
      names += (names === '' ? '' : ', ') + packages[place][0];
    }
  }

  // An error that a function can tell from others as one of Node's `require`.
  function notFound(message) {
    const error = new Error(message);
    ObjectDefineProperty(error, 'code', {
      __proto__: null, value: 'MODULE_NOT_FOUND', configurable: true, enumerable: true, writable: true,
    });
    return error;
  }
  exports.notFound = notFound;

  function notInstalled(name) {
    return notFound(name + ' is not installed here: start penstock with --libraries DIRECTORY');
  }

  // What a library finds besides Node's modules: the texts that were built beside it, and stand-ins for modules that are
  // for programs only.
  function createRequire(library) {
    return function require(name) {
      if (StringPrototypeStartsWith(name, 'part:')) {
        return JSONParse(ops.libraryPart(library.name, StringPrototypeSlice(name, 5)));
      }
      const found = host.findModule(name) ?? host.use('absent_modules').find(name);
      if (found === undefined) throw notFound("Cannot find module '" + name + "' in the library " + library.name);
      return found;
    };
  }

  // Has `library.module` be its module. One that throws is run anew when it is next touched.
  function run(library) {
    const module = { id: library.name, exports: {}, loaded: false, children: [], paths: [] };
    library.module = module;
    try {
      ops.libraryRun(library.name, module.exports, createRequire(library), module);
    } catch (error) {
      library.module = undefined;
      throw error;
    }
    module.loaded = true;
  }

  function exportsOf(library) {
    if (library.module === undefined) run(library);
    return library.module.exports;
  }

  // The value of a global, which it has from now on.
  exports.touch = function touch(global) {
    const library = MapPrototypeGet(byGlobal, global);
    if (library === undefined) throw notInstalled(global);
    // Lodash looks whether there is another `_` before it is one.
    if (library.module?.loaded === false) return undefined;
    const value = exportsOf(library);
    host.defineGlobal(global, value);
    return value;
  };

  // The exports of a package; undefined when no library has it.
  exports.find = function find(name) {
    const found = MapPrototypeGet(byPackage, name);
    if (found === undefined) {
      if (ArrayPrototypeIncludes(expected, name)) throw notInstalled(name);
      return undefined;
    }
    let value = exportsOf(found.library);
    for (let index = 0; index < found.path.length; index++) value = value[found.path[index]];
    return value;
  };

  exports.listed = names === '' ? 'no libraries: start penstock with --libraries DIRECTORY' : 'the libraries ' + names;
})
