// `util` and `util/types`.

declare module 'util' {
  import * as types from 'util/types';
  export import TextDecoder = globalThis.TextDecoder;
  export import TextEncoder = globalThis.TextEncoder;

  interface InspectOptions {
    breakLength?: number;
    colors?: boolean;
    compact?: boolean | number;
    customInspect?: boolean;
    depth?: number | null;
    getters?: boolean | 'get' | 'set';
    maxArrayLength?: number | null;
    maxStringLength?: number | null;
    numericSeparator?: boolean;
    showHidden?: boolean;
    showProxy?: boolean;
    sorted?: boolean | ((left: string, right: string) => number);
  }
  interface Inspect {
    (value: unknown, options?: InspectOptions): string;
    (value: unknown, showHidden?: boolean, depth?: number | null, colors?: boolean): string;
    readonly custom: unique symbol;
    defaultOptions: InspectOptions;
  }
  const inspect: Inspect;
  function format(format?: unknown, ...values: unknown[]): string;
  function formatWithOptions(options: InspectOptions, format?: unknown, ...values: unknown[]): string;

  type NodeCallback<T> = (error: any, value: T) => void;
  interface Promisify {
    <T>(work: (callback: NodeCallback<T>) => void): () => Promise<T>;
    <A, T>(work: (a: A, callback: NodeCallback<T>) => void): (a: A) => Promise<T>;
    <A, B, T>(work: (a: A, b: B, callback: NodeCallback<T>) => void): (a: A, b: B) => Promise<T>;
    <A, B, C, T>(work: (a: A, b: B, c: C, callback: NodeCallback<T>) => void): (a: A, b: B, c: C) => Promise<T>;
    (work: (...parameters: any[]) => any): (...parameters: any[]) => Promise<any>;
    readonly custom: unique symbol;
  }
  const promisify: Promisify;
  function callbackify<P extends any[], T>(
    work: (...parameters: P) => Promise<T>
  ): (...parameters: [...P, NodeCallback<T>]) => void;

  /** Never enabled. */
  function debuglog(section: string): (message: string, ...values: unknown[]) => void;
  /** The warning is a line of the log. */
  function deprecate<F extends Function>(work: F, message: string, code?: string): F;
  function inherits(constructor: Function, parent: Function): void;
  function isArray(value: unknown): value is any[];
  function isDeepStrictEqual(left: unknown, right: unknown): boolean;
  function stripVTControlCharacters(text: string): string;
  function toUSVString(text: string): string;

  export {
    InspectOptions, inspect, format, formatWithOptions, promisify, callbackify, debuglog, debuglog as debug, deprecate,
    inherits, isArray, isDeepStrictEqual, stripVTControlCharacters, toUSVString, types,
  };
}

declare module 'util/types' {
  function isAnyArrayBuffer(value: unknown): value is ArrayBufferLike;
  function isArgumentsObject(value: unknown): value is IArguments;
  function isArrayBuffer(value: unknown): value is ArrayBuffer;
  function isArrayBufferView(value: unknown): value is ArrayBufferView;
  function isAsyncFunction(value: unknown): boolean;
  function isBigInt64Array(value: unknown): value is BigInt64Array;
  function isBigIntObject(value: unknown): value is BigInt;
  function isBigUint64Array(value: unknown): value is BigUint64Array;
  function isBooleanObject(value: unknown): value is Boolean;
  function isBoxedPrimitive(value: unknown): value is String | Number | BigInt | Boolean | Symbol;
  function isCryptoKey(value: unknown): boolean;
  function isDataView(value: unknown): value is DataView;
  function isDate(value: unknown): value is Date;
  function isExternal(value: unknown): boolean;
  function isFloat16Array(value: unknown): boolean;
  function isFloat32Array(value: unknown): value is Float32Array;
  function isFloat64Array(value: unknown): value is Float64Array;
  function isGeneratorFunction(value: unknown): value is GeneratorFunction;
  function isGeneratorObject(value: unknown): value is Generator;
  function isInt16Array(value: unknown): value is Int16Array;
  function isInt32Array(value: unknown): value is Int32Array;
  function isInt8Array(value: unknown): value is Int8Array;
  function isKeyObject(value: unknown): value is import('crypto').KeyObject;
  function isMap(value: unknown): value is Map<unknown, unknown>;
  function isMapIterator(value: unknown): boolean;
  function isModuleNamespaceObject(value: unknown): boolean;
  function isNativeError(value: unknown): value is Error;
  function isNumberObject(value: unknown): value is Number;
  function isPromise(value: unknown): value is Promise<unknown>;
  function isProxy(value: unknown): boolean;
  function isRegExp(value: unknown): value is RegExp;
  function isSet(value: unknown): value is Set<unknown>;
  function isSetIterator(value: unknown): boolean;
  function isSharedArrayBuffer(value: unknown): value is SharedArrayBuffer;
  function isStringObject(value: unknown): value is String;
  function isSymbolObject(value: unknown): value is Symbol;
  function isTypedArray(value: unknown): value is Exclude<ArrayBufferView, DataView>;
  function isUint16Array(value: unknown): value is Uint16Array;
  function isUint32Array(value: unknown): value is Uint32Array;
  function isUint8Array(value: unknown): value is Uint8Array;
  function isUint8ClampedArray(value: unknown): value is Uint8ClampedArray;
  function isWeakMap(value: unknown): value is WeakMap<WeakKey, unknown>;
  function isWeakSet(value: unknown): value is WeakSet<WeakKey>;
}
