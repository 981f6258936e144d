// `require`: the modules there are, also with `node:` before their names.

interface NodeModules {
  assert: typeof import('assert');
  'assert/strict': typeof import('assert/strict');
  buffer: typeof import('buffer');
  crypto: typeof import('crypto');
  events: typeof import('events');
  http: typeof import('http');
  https: typeof import('https');
  os: typeof import('os');
  path: typeof import('path');
  'path/posix': typeof import('path/posix');
  process: typeof import('process');
  punycode: typeof import('punycode');
  querystring: typeof import('querystring');
  stream: typeof import('stream');
  'stream/promises': typeof import('stream/promises');
  string_decoder: typeof import('string_decoder');
  timers: typeof import('timers');
  'timers/promises': typeof import('timers/promises');
  url: typeof import('url');
  util: typeof import('util');
  'util/types': typeof import('util/types');
  zlib: typeof import('zlib');
}

/** Anything that is not there throws, with a list of what is. */
declare function require<N extends keyof NodeModules>(name: N | `node:${N}`): NodeModules[N];
declare function require<N extends keyof Libraries>(name: N): Libraries[N];

declare var global: typeof globalThis;

declare module 'node:assert' {
  import module = require('assert');
  export = module;
}
declare module 'node:assert/strict' {
  import module = require('assert/strict');
  export = module;
}
declare module 'node:buffer' {
  import module = require('buffer');
  export = module;
}
declare module 'node:crypto' {
  import module = require('crypto');
  export = module;
}
declare module 'node:events' {
  import module = require('events');
  export = module;
}
declare module 'node:http' {
  import module = require('http');
  export = module;
}
declare module 'node:https' {
  import module = require('https');
  export = module;
}
declare module 'node:os' {
  import module = require('os');
  export = module;
}
declare module 'node:path' {
  import module = require('path');
  export = module;
}
declare module 'node:path/posix' {
  import module = require('path/posix');
  export = module;
}
declare module 'node:process' {
  import module = require('process');
  export = module;
}
declare module 'node:punycode' {
  import module = require('punycode');
  export = module;
}
declare module 'node:querystring' {
  import module = require('querystring');
  export = module;
}
declare module 'node:stream' {
  import module = require('stream');
  export = module;
}
declare module 'node:stream/promises' {
  import module = require('stream/promises');
  export = module;
}
declare module 'node:string_decoder' {
  import module = require('string_decoder');
  export = module;
}
declare module 'node:timers' {
  import module = require('timers');
  export = module;
}
declare module 'node:timers/promises' {
  import module = require('timers/promises');
  export = module;
}
declare module 'node:url' {
  import module = require('url');
  export = module;
}
declare module 'node:util' {
  import module = require('util');
  export = module;
}
declare module 'node:util/types' {
  import module = require('util/types');
  export = module;
}
declare module 'node:zlib' {
  import module = require('zlib');
  export = module;
}
