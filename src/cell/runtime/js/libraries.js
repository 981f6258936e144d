// Libraries: npm packages that functions find as globals and by require, each run when it is first touched.
(function (primordials, host) {
  'use strict';

  const {
    ArrayPrototypeIncludes, ArrayPrototypePush, Error, JSONParse, MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty,
    SafeMap,
  } = primordials;

  // The globals that functions count on, with the packages in them: here or not.
  const expected = [
    ['AWS', 'aws-sdk'],
    ['OAuth', 'oauth'],
    ['_', 'lodash'],
    ['fetchretrylib', 'fetch-retry'],
    ['google', '@google-cloud/bigquery', '@google-cloud/storage'],
    ['hubspotlib', '@hubspot/api-client'],
    ['jsforce', 'jsforce'],
    ['jsonwebtoken', 'jsonwebtoken'],
    ['libphonenumberjslib', 'libphonenumber-js'],
    ['mailchimplib', '@mailchimp/mailchimp_marketing'],
    ['moment', 'moment', 'moment-timezone'],
    ['nodemailjet', 'node-mailjet'],
    ['sendgrid', '@sendgrid/client', '@sendgrid/mail'],
    ['skyflowlib', 'skyflow-node'],
    ['stripe', 'stripe'],
    ['twilio', 'twilio'],
    ['uuidv5', 'uuidv5'],
    ['winstonlib', 'winston'],
    ['xml', 'xml'],
    ['xml2js', 'xml2js'],
  ];

  // By the names of packages: `{ library, path }`, the members that lead to it.
  const packages = new SafeMap();
  const installed = [];
  // Those of packages that are here, as an error lists them.
  let names = '';

  // An error that a function can tell from others as one of Node's `require`.
  function notFound(message) {
    const error = new Error(message);
    ObjectDefineProperty(error, 'code', {
      __proto__: null, value: 'MODULE_NOT_FOUND', configurable: true, enumerable: true, writable: true,
    });
    return error;
  }

  function notInstalled(name) {
    return notFound(name + ' is not installed here: start penstock with --libraries DIRECTORY');
  }

  // What a library exports: by now, if it is its own code that asks.
  function exportsOf(library) {
    if (library.module === undefined) host.use('libraries').run(library);
    return library.module.exports;
  }

  // A global that `read` finds the value of at the first touch. Like the others, a function may replace it.
  function defineGlobal(name, read) {
    ObjectDefineProperty(globalThis, name, {
      __proto__: null,
      get: read,
      set(value) {
        host.defineGlobal(name, value);
      },
      configurable: true,
      enumerable: false,
    });
  }

  function defineLibrary(name, global, found) {
    const library = { __proto__: null, name, module: undefined };
    for (let index = 0; index < found.length; index++) {
      MapPrototypeSet(packages, found[index][0], { __proto__: null, library, path: found[index][1] });
      names += (names === '' ? '' : ', ') + found[index][0];
    }
    ArrayPrototypePush(installed, global);
    defineGlobal(global, () => {
      // Lodash looks whether there is another `_` before it is one.
      if (library.module?.loaded === false) return undefined;
      const value = exportsOf(library);
      host.defineGlobal(global, value);
      return value;
    });
  }

  // The names of packages that are here.
  host.libraryNames = function libraryNames() {
    return names === '' ? 'no libraries: start penstock with --libraries DIRECTORY' : 'the libraries ' + names;
  };

  // The exports of a package; undefined when no library has it.
  host.requireLibrary = function requireLibrary(name) {
    const found = MapPrototypeGet(packages, name);
    if (found === undefined) {
      for (let index = 0; index < expected.length; index++) {
        if (ArrayPrototypeIncludes(expected[index], name, 1)) throw notInstalled(name);
      }
      return undefined;
    }
    let value = exportsOf(found.library);
    for (let index = 0; index < found.path.length; index++) value = value[found.path[index]];
    return value;
  };
  host.notFound = notFound;

  const described = JSONParse(host.libraries);
  for (let index = 0; index < described.length; index++) {
    defineLibrary(described[index][0], described[index][1], described[index][2]);
  }
  for (let index = 0; index < expected.length; index++) {
    const global = expected[index][0];
    if (ArrayPrototypeIncludes(installed, global)) continue;
    defineGlobal(global, () => {
      throw notInstalled(global);
    });
  }
})
