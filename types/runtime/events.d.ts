// `events`, and what all emitters have.

declare namespace NodeJS {
  type EventName = string | symbol;
  type Listener = (...values: any[]) => void;

  /** What also the streams of bodies and of `http` have. */
  interface EventEmitter {
    addListener(event: EventName, listener: Listener): this;
    emit(event: EventName, ...values: any[]): boolean;
    eventNames(): EventName[];
    listenerCount(event: EventName): number;
    listeners(event: EventName): Function[];
    off(event: EventName, listener: Listener): this;
    on(event: EventName, listener: Listener): this;
    once(event: EventName, listener: Listener): this;
    prependListener(event: EventName, listener: Listener): this;
    removeAllListeners(event?: EventName): this;
    removeListener(event: EventName, listener: Listener): this;
    setMaxListeners(count: number): this;
  }
}

declare module 'events' {
  interface EventEmitterOptions {
    captureRejections?: boolean;
  }
  interface ListeningOptions {
    signal?: AbortSignal;
  }

  interface EventEmitter extends NodeJS.EventEmitter {}
  class EventEmitter {
    constructor(options?: EventEmitterOptions);
    getMaxListeners(): number;
    prependOnceListener(event: NodeJS.EventName, listener: NodeJS.Listener): this;
    rawListeners(event: NodeJS.EventName): Function[];

    static EventEmitter: typeof EventEmitter;
    static captureRejections: boolean;
    static readonly captureRejectionSymbol: unique symbol;
    static defaultMaxListeners: number;
    static readonly errorMonitor: unique symbol;
    static usingDomains: boolean;
    static addAbortListener(signal: AbortSignal, listener: (event: Event) => void): Disposable;
    static getEventListeners(emitter: NodeJS.EventEmitter | EventTarget, event: NodeJS.EventName): Function[];
    static getMaxListeners(emitter: NodeJS.EventEmitter | EventTarget): number;
    static listenerCount(emitter: NodeJS.EventEmitter, event: NodeJS.EventName): number;
    static on(
      emitter: NodeJS.EventEmitter, event: NodeJS.EventName, options?: ListeningOptions
    ): AsyncIterableIterator<any[]>;
    static once(
      emitter: NodeJS.EventEmitter | EventTarget, event: NodeJS.EventName, options?: ListeningOptions
    ): Promise<any[]>;
    static setMaxListeners(count?: number, ...emitters: (NodeJS.EventEmitter | EventTarget)[]): void;
  }
  export = EventEmitter;
}
