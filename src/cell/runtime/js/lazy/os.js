// The module os: what a function may know of the machine, which is next to nothing.
(function (primordials, host, exports) {
  'use strict';

  const { ops } = host;
  const errors = host.use('node_errors');

  exports.module = {
    EOL: '\n',
    devNull: '/dev/null',
    constants: { signals: {}, errno: {}, priority: {} },
    arch: () => 'x64',
    availableParallelism: () => 1,
    cpus: () => [],
    endianness: () => 'LE',
    // What the function's own heap has; the machine's memory is nobody's.
    freemem() {
      const bytes = ops.heapUsage();
      return bytes[0] - bytes[1];
    },
    homedir: () => '/',
    hostname: () => 'localhost',
    loadavg: () => [0, 0, 0],
    machine: () => 'x86_64',
    networkInterfaces: () => ({}),
    platform: () => 'linux',
    release: () => '',
    tmpdir: () => '/tmp',
    totalmem: () => ops.heapUsage()[0],
    type: () => 'Linux',
    uptime: () => ops.now() / 1000,
    userInfo() {
      throw errors.withCode('ERR_SYSTEM_ERROR', 'os.userInfo() is not available: a function runs as no user');
    },
    version: () => '',
  };
})
