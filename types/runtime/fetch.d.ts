// `fetch`: the web's, with the manners of node-fetch 2. It reaches what the operator and the manifest allow.

type HeadersInit =
  | Headers
  | Iterable<readonly [string, string] | readonly string[]>
  | { readonly [name: string]: string | number | boolean | readonly string[] | undefined };

type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | NodeJS.ReadableStream
  | AsyncIterable<string | Uint8Array>;

interface Headers {
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(callback: (value: string, name: string, headers: Headers) => void, receiver?: any): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  /** Each name with all its values, as node-fetch has it. */
  raw(): { [name: string]: string[] };
}

declare var Headers: {
  readonly prototype: Headers;
  new (init?: HeadersInit | null): Headers;
};

/** Of a body: a stream as Node's, with `getReader` as the web's. All of the body is there. */
interface BodyStream extends NodeJS.ReadableStream {
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly readableFlowing: boolean | null;
  /** Whether it has a reader. */
  readonly locked: boolean;
  destroy(error?: Error): this;
  getReader(): BodyReader;
  cancel(reason?: any): Promise<void>;
  values(): AsyncIterableIterator<Buffer>;
}

interface BodyReader {
  readonly closed: Promise<void>;
  read(): Promise<{ done: false; value: Uint8Array } | { done: true; value: undefined }>;
  cancel(reason?: any): Promise<void>;
  releaseLock(): void;
}

interface Body {
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  /** As node-fetch has it. */
  buffer(): Promise<Buffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  formData(): Promise<FormData>;
  json(): Promise<any>;
  text(): Promise<string>;
}

interface RequestInit {
  method?: string;
  headers?: HeadersInit | null;
  body?: BodyInit | null;
  signal?: AbortSignal | null;
  redirect?: 'follow' | 'error' | 'manual';
  /** Milliseconds until the response is there as a whole; 0, the default, is none of its own. */
  timeout?: number;
  /** Bytes that the body of the response may have; 0, the default, is the limit of the executor. */
  size?: number;
  /** Redirects that are followed; 20 unless said. */
  follow?: number;
  /** Whether compressed responses are asked for and decompressed; they are unless said. */
  compress?: boolean;
  /** Changes nothing, as what follows. */
  agent?: unknown;
  counter?: number;
  highWaterMark?: number;
  cache?: 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached';
  credentials?: 'omit' | 'same-origin' | 'include';
  duplex?: 'half';
  integrity?: string;
  keepalive?: boolean;
  mode?: 'cors' | 'no-cors' | 'same-origin' | 'navigate';
  priority?: 'high' | 'low' | 'auto';
  referrer?: string;
  referrerPolicy?: string;
  window?: null;
}

type RequestInfo = string | URL | Request;

interface Request extends Body {
  readonly agent: unknown;
  readonly body: BodyStream | null;
  readonly cache: string;
  readonly compress: boolean;
  readonly counter: number;
  readonly credentials: string;
  readonly destination: '';
  readonly duplex: 'half';
  readonly follow: number;
  readonly headers: Headers;
  readonly integrity: string;
  readonly isHistoryNavigation: boolean;
  readonly isReloadNavigation: boolean;
  readonly keepalive: boolean;
  readonly method: string;
  readonly mode: string;
  readonly redirect: 'follow' | 'error' | 'manual';
  readonly referrer: string;
  readonly referrerPolicy: string;
  readonly signal: AbortSignal;
  readonly size: number;
  readonly timeout: number;
  readonly url: string;
  clone(): Request;
}

declare var Request: {
  prototype: Request;
  new (input: RequestInfo, init?: RequestInit): Request;
};

interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit | null;
}

interface Response extends Body {
  /** Null only for a response that the function made itself, without a body. */
  readonly body: BodyStream | null;
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly url: string;
  clone(): Response;
}

declare var Response: {
  prototype: Response;
  new (body?: BodyInit | null, init?: ResponseInit): Response;
  error(): Response;
  json(value: any, init?: ResponseInit): Response;
  redirect(url: string | URL, status?: number): Response;
};

/** What `fetch` and reading a body reject with when the request or its response failed. */
interface FetchError extends Error {
  name: 'FetchError';
  /** Such as `system`, `request-timeout`, `max-size`, `max-redirect`, `invalid-json`. */
  type: string;
  /** Such as `ECONNREFUSED`. */
  code?: string;
  errno?: string;
}

/** What `fetch` rejects with when its signal is aborted; the reason is its cause. */
interface AbortError extends Error {
  name: 'AbortError';
  type: 'aborted';
}

interface Fetch {
  (input: RequestInfo, init?: RequestInit): Promise<Response>;
  default: Fetch;
  Headers: typeof Headers;
  Request: typeof Request;
  Response: typeof Response;
  FetchError: new (message: string, type: string, systemError?: { code?: string }) => FetchError;
  AbortError: new (message?: string) => AbortError;
  Promise: PromiseConstructor;
  isRedirect(status: number): boolean;
}

declare var fetch: Fetch;

/** As npm's form-data takes them, in place of a file name. */
interface FormDataOptions {
  filename?: string;
  filepath?: string;
  contentType?: string;
  header?: string | { [name: string]: string | readonly string[] };
  knownLength?: number;
}

type FormDataEntry = File | string;
type FormDataPart = string | number | boolean | Blob | ArrayBuffer | ArrayBufferView | NodeJS.ReadableStream;

/** The web's, with the methods of npm's form-data. */
interface FormData {
  append(name: string, value: FormDataPart, options?: FormDataOptions | string): void;
  delete(name: string): void;
  get(name: string): FormDataEntry | null;
  getAll(name: string): FormDataEntry[];
  has(name: string): boolean;
  set(name: string, value: FormDataPart, options?: FormDataOptions | string): void;
  forEach(callback: (value: FormDataEntry, name: string, form: FormData) => void, receiver?: any): void;
  entries(): IterableIterator<[string, FormDataEntry]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<FormDataEntry>;
  [Symbol.iterator](): IterableIterator<[string, FormDataEntry]>;
  getBoundary(): string;
  setBoundary(boundary: string): void;
  getHeaders(more?: { [name: string]: string }): { [name: string]: string };
  /** Throws where a part is a stream. */
  getBuffer(): Buffer;
  getLength(callback: (error: Error | null, length: number) => void): void;
  getLengthSync(): number;
  hasKnownLength(): boolean;
  pipe<T extends NodeJS.WritableStream>(destination: T): T;
  /** Throws: pass the form to `fetch`. */
  submit(...parameters: any[]): never;
}

declare var FormData: {
  readonly prototype: FormData;
  new (options?: object): FormData;
};
