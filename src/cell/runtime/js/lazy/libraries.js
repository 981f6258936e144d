// Running a library: as the CommonJS module it is, with a require of its own.
(function (primordials, host, exports) {
  'use strict';

  const { JSONParse, StringPrototypeSlice, StringPrototypeStartsWith } = primordials;
  const { ops } = host;

  // What it finds besides Node's modules: the texts that were built beside it, and stand-ins for modules that are for
  // programs only.
  function createRequire(library) {
    return function require(name) {
      if (StringPrototypeStartsWith(name, 'part:')) {
        return JSONParse(ops.libraryPart(library.name, StringPrototypeSlice(name, 5)));
      }
      const found = host.findModule(name) ?? host.use('absent_modules').find(name);
      if (found === undefined) throw host.notFound("Cannot find module '" + name + "' in the library " + library.name);
      return found;
    };
  }

  // Has `library.module` be its module. One that throws is run anew when it is next touched.
  exports.run = function run(library) {
    const module = { id: library.name, exports: {}, loaded: false, children: [], paths: [] };
    library.module = module;
    try {
      ops.libraryRun(library.name, module.exports, createRequire(library), module);
    } catch (error) {
      library.module = undefined;
      throw error;
    }
    module.loaded = true;
  };
})
