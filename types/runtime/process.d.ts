// `process`, as far as a function has one: no signals, no files, an environment that is empty.

declare namespace NodeJS {
  interface ProcessEnv {
    [name: string]: string | undefined;
  }
  interface MemoryUsage {
    rss: number;
    heapTotal: number;
    heapUsed: number;
    external: number;
    arrayBuffers: number;
  }
  /** Of which only `write` is there: each call is a line of the log. */
  interface ProcessOutput {
    readonly fd: number;
    readonly isTTY: false;
    readonly writable: true;
    write(chunk: string | Uint8Array): true;
  }
  /** In whole milliseconds. */
  interface HRTime {
    (previous?: [number, number]): [number, number];
    bigint(): bigint;
  }
  interface Process {
    title: string;
    readonly version: string;
    readonly versions: { readonly node: string; readonly [name: string]: string | undefined };
    readonly release: { readonly name: string; readonly lts?: string };
    readonly arch: 'x64';
    readonly platform: 'linux';
    readonly pid: number;
    readonly ppid: number;
    argv: string[];
    execArgv: string[];
    execPath: string;
    exitCode: number | string | null | undefined;
    /** Empty; takes what is put into it. */
    env: ProcessEnv;
    stdout: ProcessOutput;
    stderr: ProcessOutput;
    hrtime: HRTime;
    /** Among the promises' reactions, in the order in which they were queued. */
    nextTick<P extends any[]>(callback: (...parameters: P) => void, ...parameters: P): void;
    emitWarning(warning: string | Error, typeOrOptions?: string | { type?: string }): void;
    memoryUsage(): MemoryUsage;
    cwd(): '/';
    uptime(): number;
    /** Throws, as the three that follow: a function ends when its handler does. */
    exit(code?: number | string | null): never;
    abort(): never;
    kill(pid?: number, signal?: string | number): never;
    chdir(directory?: string): never;
    /** Takes a listener and never calls it: there is nothing that it could be told of. */
    on(event: string | symbol, listener: (...values: any[]) => void): this;
    once(event: string | symbol, listener: (...values: any[]) => void): this;
    off(event: string | symbol, listener: (...values: any[]) => void): this;
    addListener(event: string | symbol, listener: (...values: any[]) => void): this;
    prependListener(event: string | symbol, listener: (...values: any[]) => void): this;
    removeListener(event: string | symbol, listener: (...values: any[]) => void): this;
    removeAllListeners(event?: string | symbol): this;
    setMaxListeners(count: number): this;
    emit(event: string | symbol, ...values: any[]): false;
    listeners(event: string | symbol): [];
    listenerCount(event: string | symbol): 0;
  }
}

declare var process: NodeJS.Process;

declare module 'process' {
  export = process;
}
