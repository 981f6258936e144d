// The clock. Timers belong to their invocation: what is left when it ends is cancelled.

declare namespace NodeJS {
  interface Timer {
    ref(): this;
    unref(): this;
    hasRef(): boolean;
    /** Starts it anew, with its delay. */
    refresh(): this;
    close(): this;
    [Symbol.toPrimitive](): number;
  }
  interface Timeout extends Timer {}
  interface Immediate extends Timer {}
}

declare function setTimeout<P extends any[]>(
  callback: (...parameters: P) => void, milliseconds?: number, ...parameters: P
): NodeJS.Timeout;
declare function setInterval<P extends any[]>(
  callback: (...parameters: P) => void, milliseconds?: number, ...parameters: P
): NodeJS.Timeout;
declare function setImmediate<P extends any[]>(
  callback: (...parameters: P) => void, ...parameters: P
): NodeJS.Immediate;
declare function clearTimeout(timer: NodeJS.Timeout | number | string | undefined): void;
declare function clearInterval(timer: NodeJS.Timeout | number | string | undefined): void;
declare function clearImmediate(timer: NodeJS.Immediate | undefined): void;

/** What it throws ends the invocation. */
declare function queueMicrotask(callback: () => void): void;

/** In whole milliseconds. */
declare var performance: {
  readonly timeOrigin: number;
  now(): number;
  toJSON(): { timeOrigin: number };
};

declare module 'timers' {
  export * as promises from 'timers/promises';
  export import setTimeout = globalThis.setTimeout;
  export import setInterval = globalThis.setInterval;
  export import setImmediate = globalThis.setImmediate;
  export import clearTimeout = globalThis.clearTimeout;
  export import clearInterval = globalThis.clearInterval;
  export import clearImmediate = globalThis.clearImmediate;
}

declare module 'timers/promises' {
  interface TimerOptions {
    signal?: AbortSignal;
    ref?: boolean;
  }
  function setTimeout<T = void>(milliseconds?: number, value?: T, options?: TimerOptions): Promise<T>;
  function setImmediate<T = void>(value?: T, options?: TimerOptions): Promise<T>;
  function setInterval<T = void>(milliseconds?: number, value?: T, options?: TimerOptions): AsyncIterable<T>;
  const scheduler: {
    wait(milliseconds: number, options?: { signal?: AbortSignal }): Promise<void>;
    yield(): Promise<void>;
  };
}
