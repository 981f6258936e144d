// What a module that is imported exports: itself as the default, and its members by their names.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayPrototypePush, ObjectKeys } = primordials;
  const { isObject } = host.basics;

  // Names and values in turn.
  exports.exportsOf = function exportsOf(module) {
    const found = ['default', module];
    const names = isObject(module) ? ObjectKeys(module) : [];
    for (let index = 0; index < names.length; index++) {
      if (names[index] === 'default') continue;
      let value;
      try {
        value = module[names[index]];
      } catch {
        // Who wants it is told that there is none of the name.
        continue;
      }
      ArrayPrototypePush(found, names[index], value);
    }
    return found;
  };
})
