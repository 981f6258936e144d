// `path`, `os` and `string_decoder`: what libraries ask for, and little of it means something here.

declare module 'path' {
  interface ParsedPath {
    root: string;
    dir: string;
    base: string;
    ext: string;
    name: string;
  }
  interface Path {
    readonly delimiter: ':';
    readonly sep: '/';
    /** The module itself. There is no `win32`. */
    readonly posix: Path;
    basename(path: string, suffix?: string): string;
    dirname(path: string): string;
    extname(path: string): string;
    format(path: Partial<ParsedPath>): string;
    isAbsolute(path: string): boolean;
    join(...paths: string[]): string;
    normalize(path: string): string;
    parse(path: string): ParsedPath;
    relative(from: string, to: string): string;
    resolve(...paths: string[]): string;
    toNamespacedPath(path: string): string;
  }
  const path: Path;
  export = path;
}

declare module 'path/posix' {
  import path = require('path');
  export = path;
}

declare module 'os' {
  const EOL: '\n';
  const devNull: string;
  const constants: { readonly [name: string]: any };
  function arch(): string;
  function availableParallelism(): number;
  function cpus(): { model: string; speed: number; times: { [name: string]: number } }[];
  function endianness(): 'LE' | 'BE';
  function freemem(): number;
  function homedir(): string;
  function hostname(): string;
  function loadavg(): number[];
  function machine(): string;
  function networkInterfaces(): {};
  function platform(): 'linux';
  function release(): string;
  function tmpdir(): string;
  function totalmem(): number;
  function type(): string;
  function uptime(): number;
  function userInfo(): { username: string; uid: number; gid: number; shell: string | null; homedir: string };
  function version(): string;
}

declare module 'string_decoder' {
  class StringDecoder {
    constructor(encoding?: BufferEncoding);
    readonly encoding: string;
    readonly lastNeed: number;
    end(bytes?: string | ArrayBufferView): string;
    text(bytes: Uint8Array, start: number): string;
    write(bytes: string | ArrayBufferView): string;
  }
}
