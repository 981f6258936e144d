// process, as far as a function has one: no signals, no files, an environment that is empty.
(function (primordials, host, exports) {
  'use strict';

  const {
    BigInt,
    MathFloor,
    MathRound,
    ObjectDefineProperty,
    Proxy,
    ReflectApply,
    ReflectDefineProperty,
    StringPrototypeEndsWith,
    StringPrototypeSlice,
    TypeError,
  } = primordials;
  const { ops } = host;
  const { defineTag } = host.use('web_interface');
  const errors = host.use('node_errors');
  const { validateFunction } = host.use('validators');

  // Whose behaviour the runtime follows.
  const VERSION = '20.20.2';
  const INFO = 2;
  const WARN = 3;

  // As in Node, all that is put into it becomes text.
  const env = new Proxy({}, {
    __proto__: null,
    set(target, key, value) {
      if (typeof key === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
      return ReflectDefineProperty(target, key, {
        __proto__: null, value: `${value}`, configurable: true, enumerable: true, writable: true,
      });
    },
  });

  function hrtime(previous) {
    const now = ops.now();
    const seconds = MathFloor(now / 1000);
    const nanoseconds = MathRound((now - seconds * 1000) * 1e6);
    if (previous === undefined) return [seconds, nanoseconds];
    const difference = nanoseconds - previous[1];
    return difference < 0
      ? [seconds - previous[0] - 1, difference + 1e9]
      : [seconds - previous[0], difference];
  }
  ObjectDefineProperty(hrtime, 'bigint', {
    __proto__: null,
    value: function bigint() {
      return BigInt(ops.now()) * 1000000n;
    },
    configurable: true, enumerable: true, writable: true,
  });

  function notAvailable(what) {
    return errors.withCode('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', what + ' is not available: a function ends when its handler does');
  }

  // Runs among the promises' reactions, in the order in which they were queued; Node runs ticks before them.
  function nextTick(callback, ...parameters) {
    validateFunction(callback, 'callback');
    ops.enqueueMicrotask(() => {
      try {
        ReflectApply(callback, undefined, parameters);
      } catch (error) {
        host.failUncaught(error);
      }
    });
  }

  function emitWarning(warning, typeOrOptions) {
    const type = typeof typeOrOptions === 'object' && typeOrOptions !== null ? typeOrOptions.type : typeOrOptions;
    const isError = typeof warning === 'object' && warning !== null;
    const text = isError ? warning.name + ': ' + warning.message : (type ?? 'Warning') + ': ' + `${warning}`;
    ops.log(WARN, text);
  }

  function memoryUsage() {
    const bytes = ops.heapUsage();
    return { rss: bytes[0] + bytes[2], heapTotal: bytes[0], heapUsed: bytes[1], external: bytes[2], arrayBuffers: bytes[2] };
  }

  // A stream of which only write is there: each call is a line of the log.
  function createOutput(level, fd) {
    return {
      fd,
      isTTY: false,
      writable: true,
      write(chunk) {
        const text = typeof chunk === 'string' ? chunk : host.use('encoding').decodeUtf8(chunk);
        ops.log(level, StringPrototypeEndsWith(text, '\n') ? StringPrototypeSlice(text, 0, -1) : text);
        return true;
      },
    };
  }

  const process = {
    title: 'node',
    version: 'v' + VERSION,
    versions: { node: VERSION },
    release: { name: 'node', lts: 'Iron' },
    arch: 'x64',
    platform: 'linux',
    pid: 1,
    ppid: 0,
    argv: [],
    execArgv: [],
    execPath: '',
    exitCode: undefined,
    env,
    stdout: createOutput(INFO, 1),
    stderr: createOutput(WARN, 2),
    hrtime,
    nextTick,
    emitWarning,
    memoryUsage,
    cwd() {
      return '/';
    },
    uptime() {
      return ops.now() / 1000;
    },
    exit() {
      throw notAvailable('process.exit()');
    },
    abort() {
      throw notAvailable('process.abort()');
    },
    kill() {
      throw notAvailable('process.kill()');
    },
    chdir() {
      throw notAvailable('process.chdir()');
    },
    emit() {
      return false;
    },
    listeners() {
      return [];
    },
    listenerCount() {
      return 0;
    },
  };
  // There is nothing that they could be told of.
  const listening = ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'prependListener', 'setMaxListeners'];
  for (let index = 0; index < listening.length; index++) {
    process[listening[index]] = { [listening[index]]() { return process; } }[listening[index]];
  }
  defineTag(process, 'process');

  exports.process = process;
  exports.module = process;
})
