// `URL` and `URLSearchParams`, the module `url` with its legacy half, `querystring` and `punycode`.

interface URLSearchParams {
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  forEach(callback: (value: string, name: string, parameters: URLSearchParams) => void, receiver?: any): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

declare var URLSearchParams: {
  readonly prototype: URLSearchParams;
  new (
    init?:
      | string
      | URLSearchParams
      | Iterable<readonly [string, string]>
      | { readonly [name: string]: string | readonly string[] }
  ): URLSearchParams;
};

interface URL {
  hash: string;
  host: string;
  hostname: string;
  href: string;
  readonly origin: string;
  password: string;
  pathname: string;
  port: string;
  protocol: string;
  search: string;
  readonly searchParams: URLSearchParams;
  username: string;
  toJSON(): string;
  toString(): string;
}

declare var URL: {
  readonly prototype: URL;
  new (url: string | URL, base?: string | URL): URL;
  canParse(url: string | URL, base?: string | URL): boolean;
  parse(url: string | URL, base?: string | URL): URL | null;
};

declare module 'url' {
  import { ParsedUrlQuery } from 'querystring';

  export import URL = globalThis.URL;
  export import URLSearchParams = globalThis.URLSearchParams;

  interface UrlObject {
    auth?: string | null;
    hash?: string | null;
    host?: string | null;
    hostname?: string | null;
    href?: string;
    path?: string | null;
    pathname?: string | null;
    port?: string | number | null;
    protocol?: string | null;
    query?: string | null | { [name: string]: any };
    search?: string | null;
    slashes?: boolean | null;
  }

  /** What `parse` returns. */
  class Url {
    auth: string | null;
    hash: string | null;
    host: string | null;
    hostname: string | null;
    href: string;
    path: string | null;
    pathname: string | null;
    port: string | null;
    protocol: string | null;
    query: string | null | ParsedUrlQuery;
    search: string | null;
    slashes: boolean | null;
    format(): string;
    parse(url: string, parseQuery?: boolean, slashesDenoteHost?: boolean): this;
    parseHost(): void;
    resolve(relative: string): string;
    resolveObject(relative: string | Url): Url;
  }

  function parse(url: string, parseQuery: true, slashesDenoteHost?: boolean): Url & { query: ParsedUrlQuery };
  function parse(url: string, parseQuery?: false, slashesDenoteHost?: boolean): Url & { query: string | null };
  function parse(url: string, parseQuery?: boolean, slashesDenoteHost?: boolean): Url;
  function format(url: string | UrlObject): string;
  function format(
    url: URL, options?: { auth?: boolean; fragment?: boolean; search?: boolean; unicode?: boolean }
  ): string;
  function resolve(from: string, to: string): string;
  function resolveObject(from: string | Url, to: string | Url): Url;
  function domainToASCII(domain: string): string;
  function domainToUnicode(domain: string): string;
  function fileURLToPath(url: string | URL): string;
  function pathToFileURL(path: string): URL;
  function urlToHttpOptions(url: URL): import('http').RequestOptions & { href: string; hash: string };
}

declare module 'querystring' {
  interface ParsedUrlQuery {
    [name: string]: string | string[] | undefined;
  }
  interface ParseOptions {
    decodeURIComponent?(text: string): string;
    maxKeys?: number;
  }
  type Value = string | number | boolean | bigint;
  type Query = { readonly [name: string]: Value | readonly Value[] | null | undefined };

  function parse(
    text: string, separator?: string | null, equals?: string | null, options?: ParseOptions
  ): ParsedUrlQuery;
  function stringify(
    query?: Query, separator?: string | null, equals?: string | null,
    options?: { encodeURIComponent?(text: string): string }
  ): string;
  function escape(text: string): string;
  function unescape(text: string): string;
  function unescapeBuffer(bytes: string | Uint8Array, decodeSpaces?: boolean): Buffer;
  export {
    ParsedUrlQuery, ParseOptions, parse, parse as decode, stringify, stringify as encode, escape, unescape, unescapeBuffer,
  };
}

declare module 'punycode' {
  function decode(text: string): string;
  function encode(text: string): string;
  function toASCII(domain: string): string;
  function toUnicode(domain: string): string;
  const ucs2: {
    decode(text: string): number[];
    encode(codes: readonly number[]): string;
  };
  const version: string;
}
