// Where in a result the fault lies for which JSON cannot carry it.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    ObjectKeys,
    RegExpPrototypeExec,
    SafeSet,
    SetPrototypeAdd,
    SetPrototypeDelete,
    SetPrototypeHas,
  } = primordials;
  const { cut, describe, LONGEST_MESSAGE } = host.use('report');

  // A walk for the place of a fault ends here; deeper faults are named without their path.
  const DEEPEST_PATH = 200;

  function step(path, key, inArray) {
    if (inArray) return path + '[' + key + ']';
    return RegExpPrototypeExec(/^[A-Za-z_$][\w$]*$/, key) !== null ? path + '.' + key : path + '[' + host.inspect(key) + ']';
  }

  function faultOf(value, path, ancestors) {
    if (typeof value === 'bigint') {
      return { __proto__: null, path, description: 'is a BigInt, which JSON cannot carry; convert it with Number() or String()' };
    }
    if (typeof value !== 'object' || value === null) return undefined;
    if (SetPrototypeHas(ancestors, value)) {
      return { __proto__: null, path, description: 'is an object that contains itself' };
    }
    if (ancestors.depth >= DEEPEST_PATH) return undefined;
    SetPrototypeAdd(ancestors, value);
    ancestors.depth++;
    const keys = ObjectKeys(value);
    const inArray = ArrayIsArray(value);
    for (let index = 0; index < keys.length; index++) {
      const fault = faultOf(value[keys[index]], step(path, keys[index], inArray), ancestors);
      if (fault !== undefined) return fault;
    }
    SetPrototypeDelete(ancestors, value);
    ancestors.depth--;
    return undefined;
  }

  // Where in a result, of which `value` is at `place`, the fault lies that JSON.stringify threw about.
  exports.locateFault = function locateFault(value, place, error) {
    const ancestors = new SafeSet();
    ancestors.depth = 0;
    try {
      const fault = faultOf(value, place, ancestors);
      if (fault !== undefined) return { __proto__: null, path: cut(fault.path, LONGEST_MESSAGE), description: fault.description };
    } catch {
      // A getter threw again on this walk: its error tells more than a path could.
    }
    return { __proto__: null, path: place, description: 'cannot become JSON: ' + describe(error).message };
  };
})
