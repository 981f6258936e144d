// Node's modules that functions do not have, as libraries may require them: their members are there to be looked at,
// inherited from and passed on, and throw by name when they are called.
(function (primordials, host, exports) {
  'use strict';

  const {
    Error, MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, SafeMap, StringPrototypeSlice,
    StringPrototypeStartsWith,
  } = primordials;

  // What each has to be called, with spaces between.
  const members = {
    __proto__: null,
    async_hooks:
      'AsyncLocalStorage createHook executionAsyncId triggerAsyncId executionAsyncResource AsyncResource',
    child_process: 'ChildProcess exec execFile execFileSync execSync fork spawn spawnSync',
    cluster: 'Worker setupPrimary setupMaster fork disconnect',
    dgram: 'createSocket Socket',
    diagnostics_channel: 'channel hasSubscribers subscribe tracingChannel unsubscribe Channel',
    dns:
      'lookup lookupService Resolver getDefaultResultOrder setDefaultResultOrder setServers getServers resolve ' +
      'resolve4 resolve6 resolveAny resolveCaa resolveCname resolveMx resolveNaptr resolveNs resolvePtr ' +
      'resolveSoa resolveSrv resolveTxt reverse',
    'dns/promises':
      'lookup lookupService Resolver getDefaultResultOrder setDefaultResultOrder setServers getServers resolve ' +
      'resolve4 resolve6 resolveAny resolveCaa resolveCname resolveMx resolveNaptr resolveNs resolvePtr ' +
      'resolveSoa resolveSrv resolveTxt reverse',
    domain: 'Domain createDomain create',
    fs:
      'appendFile appendFileSync access accessSync chown chownSync chmod chmodSync close closeSync copyFile ' +
      'copyFileSync cp cpSync createReadStream createWriteStream exists existsSync fchown fchownSync fchmod ' +
      'fchmodSync fdatasync fdatasyncSync fstat fstatSync fsync fsyncSync ftruncate ftruncateSync futimes ' +
      'futimesSync lchown lchownSync link linkSync lstat lstatSync lutimes lutimesSync mkdir mkdirSync mkdtemp ' +
      'mkdtempSync open openSync openAsBlob readdir readdirSync read readSync readv readvSync readFile ' +
      'readFileSync readlink readlinkSync realpath realpathSync rename renameSync rm rmSync rmdir rmdirSync ' +
      'stat statfs statSync statfsSync symlink symlinkSync truncate truncateSync unwatchFile unlink unlinkSync ' +
      'utimes utimesSync watch watchFile writeFile writeFileSync write writeSync writev writevSync Dirent Stats ' +
      'ReadStream WriteStream FileReadStream FileWriteStream Dir opendir opendirSync',
    'fs/promises':
      'access copyFile cp open opendir rename truncate rm rmdir mkdir readdir readlink symlink lstat stat ' +
      'statfs link unlink chmod lchmod lchown chown utimes lutimes realpath mkdtemp writeFile appendFile ' +
      'readFile watch',
    http2:
      'connect createServer createSecureServer getDefaultSettings getPackedSettings getUnpackedSettings ' +
      'performServerHandshake Http2ServerRequest Http2ServerResponse',
    inspector: 'open close url waitForDebugger Session',
    module: 'isBuiltin createRequire syncBuiltinESMExports Module runMain findSourceMap register SourceMap',
    net:
      'BlockList SocketAddress connect createConnection createServer isIP isIPv4 isIPv6 Server Socket Stream ' +
      'getDefaultAutoSelectFamily setDefaultAutoSelectFamily getDefaultAutoSelectFamilyAttemptTimeout ' +
      'setDefaultAutoSelectFamilyAttemptTimeout',
    perf_hooks:
      'Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver ' +
      'PerformanceObserverEntryList PerformanceResourceTiming monitorEventLoopDelay createHistogram',
    readline: 'Interface clearLine clearScreenDown createInterface cursorTo emitKeypressEvents moveCursor',
    tls:
      'getCiphers convertALPNProtocols checkServerIdentity createSecureContext SecureContext TLSSocket Server ' +
      'createServer connect createSecurePair',
    tty: 'isatty ReadStream WriteStream',
    v8:
      'Serializer Deserializer cachedDataVersionTag deserialize getHeapSnapshot getHeapStatistics serialize ' +
      'setFlagsFromString writeHeapSnapshot',
    vm:
      'Script createContext createScript runInContext runInNewContext runInThisContext isContext ' +
      'compileFunction measureMemory',
    worker_threads:
      'MessagePort MessageChannel markAsUntransferable moveMessagePortToContext receiveMessageOnPort ' +
      'postMessageToThread Worker BroadcastChannel setEnvironmentData getEnvironmentData',
  };

  // What libraries only look at, with the one answer that there is here.
  const answers = {
    __proto__: null,
    domain: { __proto__: null, active: null },
    fs: { __proto__: null, constants: {} },
    http2: { __proto__: null, constants: {} },
    net: { __proto__: null, isIP: () => 0, isIPv4: () => false, isIPv6: () => false },
    tty: { __proto__: null, isatty: () => false },
    worker_threads: { __proto__: null, isMainThread: true },
  };

  const made = new SafeMap();

  function show(target, key, value) {
    ObjectDefineProperty(target, key, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
  }

  // A function, so that classes can have it as their parent.
  function createRefusal(name) {
    function refused() {
      throw new Error(name + ' is not available to functions');
    }
    ObjectDefineProperty(refused, 'name', { __proto__: null, value: name, configurable: true });
    return refused;
  }

  function create(module) {
    const created = {};
    const names = members[module];
    let start = 0;
    for (let index = 0; index <= names.length; index++) {
      if (index < names.length && names[index] !== ' ') continue;
      const name = StringPrototypeSlice(names, start, index);
      show(created, name, createRefusal(module + '.' + name));
      start = index + 1;
    }
    const known = answers[module];
    for (const key in known) show(created, key, known[key]);
    if (members[module + '/promises'] !== undefined) show(created, 'promises', exports.find(module + '/promises'));
    return created;
  }

  // undefined for what Node has not either.
  exports.find = function find(name) {
    const module = StringPrototypeStartsWith(name, 'node:') ? StringPrototypeSlice(name, 5) : name;
    let found = MapPrototypeGet(made, module);
    if (found === undefined && members[module] !== undefined) {
      found = create(module);
      MapPrototypeSet(made, module, found);
    }
    return found;
  };
})
