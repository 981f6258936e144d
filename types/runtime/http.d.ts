// `http` and `https`, also as globals: requests in Node's manner over those of `fetch`. A request goes out when it has
// ended; redirects are not followed and bodies not decompressed.

declare var http: typeof import('http');
declare var https: typeof import('https');

declare module 'http' {
  interface AgentOptions {
    keepAlive?: boolean;
    maxSockets?: number;
    [option: string]: unknown;
  }

  /** Keeps its options and does nothing. */
  class Agent {
    constructor(options?: AgentOptions);
    keepAlive: boolean;
    maxSockets: number;
    options: AgentOptions;
    readonly freeSockets: {};
    readonly requests: {};
    readonly sockets: {};
    destroy(): void;
  }

  type OutgoingHeader = string | number | readonly string[];
  interface OutgoingHeaders {
    [name: string]: OutgoingHeader | undefined;
  }
  interface IncomingHeaders {
    [name: string]: string | undefined;
    'set-cookie'?: string[] & string;
  }

  interface RequestOptions {
    agent?: Agent | boolean;
    auth?: string | null;
    headers?: OutgoingHeaders | readonly string[];
    host?: string | null;
    hostname?: string | null;
    method?: string;
    path?: string | null;
    port?: number | string | null;
    protocol?: string | null;
    search?: string;
    pathname?: string;
    signal?: AbortSignal;
    /** Milliseconds. */
    timeout?: number;
  }

  interface IncomingMessage extends BodyStream {}
  class IncomingMessage {
    private constructor();
    readonly aborted: boolean;
    readonly complete: boolean;
    headers: IncomingHeaders;
    headersDistinct: { [name: string]: string[] };
    httpVersion: string;
    httpVersionMajor: number;
    httpVersionMinor: number;
    readonly method: null;
    rawHeaders: string[];
    rawTrailers: string[];
    readonly req: ClientRequest;
    statusCode: number;
    statusMessage: string;
    trailers: {};
    url: string;
    setTimeout(milliseconds: number, callback?: () => void): this;
  }

  interface ClientRequest extends NodeJS.WritableStream {
    on(event: 'response', listener: (response: IncomingMessage) => void): this;
    on(event: 'error', listener: (error: Error & { code?: string }) => void): this;
    on(event: NodeJS.EventName, listener: NodeJS.Listener): this;
    once(event: 'response', listener: (response: IncomingMessage) => void): this;
    once(event: NodeJS.EventName, listener: NodeJS.Listener): this;
  }
  /** Stands for the socket of a request: there is nothing to read from it or write to it. */
  interface RequestSocket extends NodeJS.EventEmitter {
    readonly connecting: false;
    readonly destroyed: boolean;
    readonly encrypted: boolean;
    destroy(error?: Error): this;
    ref(): this;
    setKeepAlive(): this;
    setNoDelay(): this;
    setTimeout(milliseconds: number, callback?: () => void): this;
    unref(): this;
  }
  class ClientRequest {
    private constructor();
    readonly aborted: boolean;
    readonly connection: RequestSocket;
    readonly destroyed: boolean;
    readonly finished: boolean;
    readonly headersSent: boolean;
    readonly host: string;
    readonly method: string;
    readonly path: string;
    readonly protocol: string;
    readonly reusedSocket: false;
    readonly socket: RequestSocket;
    readonly writableEnded: boolean;
    readonly writableFinished: boolean;
    abort(): void;
    cork(): void;
    destroy(error?: Error): this;
    flushHeaders(): void;
    getHeader(name: string): OutgoingHeader | undefined;
    getHeaderNames(): string[];
    getHeaders(): OutgoingHeaders;
    hasHeader(name: string): boolean;
    removeHeader(name: string): void;
    setHeader(name: string, value: OutgoingHeader): this;
    setNoDelay(noDelay?: boolean): void;
    setSocketKeepAlive(enable?: boolean, milliseconds?: number): void;
    setTimeout(milliseconds: number, callback?: () => void): this;
    uncork(): void;
  }

  type Responded = (response: IncomingMessage) => void;
  function request(options: RequestOptions | string | URL, callback?: Responded): ClientRequest;
  function request(url: string | URL, options: RequestOptions, callback?: Responded): ClientRequest;
  function get(options: RequestOptions | string | URL, callback?: Responded): ClientRequest;
  function get(url: string | URL, options: RequestOptions, callback?: Responded): ClientRequest;
  /** Throws: a function takes no connections. */
  function createServer(...parameters: any[]): never;
  function validateHeaderName(name: string, label?: string): void;
  function validateHeaderValue(name: string, value: string): void;

  const METHODS: string[];
  const STATUS_CODES: { [status: number]: string | undefined };
  const globalAgent: Agent;
  const maxHeaderSize: number;
}

declare module 'https' {
  import * as http from 'http';
  export { Agent, AgentOptions, RequestOptions, get, request, createServer } from 'http';
  export const globalAgent: http.Agent;
}
