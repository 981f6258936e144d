// `zlib`, also as a global.

declare var zlib: typeof import('zlib');

declare module 'zlib' {
  import { Transform, TransformOptions } from 'stream';

  type InputType = string | ArrayBuffer | ArrayBufferView;
  type CompressCallback = (error: Error | null, result: Buffer) => void;

  interface ZlibOptions {
    chunkSize?: number;
    dictionary?: ArrayBuffer | ArrayBufferView;
    finishFlush?: number;
    flush?: number;
    /** Adds the engine to the result. */
    info?: boolean;
    level?: number;
    maxOutputLength?: number;
    memLevel?: number;
    strategy?: number;
    windowBits?: number;
  }

  interface BrotliOptions {
    chunkSize?: number;
    finishFlush?: number;
    flush?: number;
    info?: boolean;
    maxOutputLength?: number;
    params?: { [parameter: number]: boolean | number };
  }

  class Codec extends Transform {
    readonly bytesWritten: number;
    close(callback?: () => void): void;
    flush(kind?: number, callback?: () => void): void;
    flush(callback: () => void): void;
    reset(): void;
  }
  class Compressor extends Codec {
    constructor(options?: ZlibOptions & TransformOptions);
    /** Throws: a stream keeps its level and its strategy. */
    params(level: number, strategy: number, callback: (error: Error | null) => void): never;
  }
  class Decompressor extends Compressor {}
  class BrotliCodec extends Codec {
    constructor(options?: BrotliOptions & TransformOptions);
  }

  class Deflate extends Compressor {}
  class DeflateRaw extends Compressor {}
  class Gzip extends Compressor {}
  class Inflate extends Decompressor {}
  class InflateRaw extends Decompressor {}
  class Gunzip extends Decompressor {}
  class Unzip extends Decompressor {}
  class BrotliCompress extends BrotliCodec {}
  class BrotliDecompress extends BrotliCodec {}

  function createDeflate(options?: ZlibOptions): Deflate;
  function createDeflateRaw(options?: ZlibOptions): DeflateRaw;
  function createGzip(options?: ZlibOptions): Gzip;
  function createInflate(options?: ZlibOptions): Inflate;
  function createInflateRaw(options?: ZlibOptions): InflateRaw;
  function createGunzip(options?: ZlibOptions): Gunzip;
  function createUnzip(options?: ZlibOptions): Unzip;
  function createBrotliCompress(options?: BrotliOptions): BrotliCompress;
  function createBrotliDecompress(options?: BrotliOptions): BrotliDecompress;

  interface WithCallback<O> {
    (input: InputType, callback: CompressCallback): void;
    (input: InputType, options: O, callback: CompressCallback): void;
  }
  type AtOnce<O> = (input: InputType, options?: O) => Buffer;

  const deflate: WithCallback<ZlibOptions>;
  const deflateRaw: WithCallback<ZlibOptions>;
  const gzip: WithCallback<ZlibOptions>;
  const inflate: WithCallback<ZlibOptions>;
  const inflateRaw: WithCallback<ZlibOptions>;
  const gunzip: WithCallback<ZlibOptions>;
  const unzip: WithCallback<ZlibOptions>;
  const brotliCompress: WithCallback<BrotliOptions>;
  const brotliDecompress: WithCallback<BrotliOptions>;
  const deflateSync: AtOnce<ZlibOptions>;
  const deflateRawSync: AtOnce<ZlibOptions>;
  const gzipSync: AtOnce<ZlibOptions>;
  const inflateSync: AtOnce<ZlibOptions>;
  const inflateRawSync: AtOnce<ZlibOptions>;
  const gunzipSync: AtOnce<ZlibOptions>;
  const unzipSync: AtOnce<ZlibOptions>;
  const brotliCompressSync: AtOnce<BrotliOptions>;
  const brotliDecompressSync: AtOnce<BrotliOptions>;

  function crc32(data: string | ArrayBufferView, value?: number): number;

  const codes: { readonly [nameOrNumber: string]: number | string };
  /** Node's constants: `Z_BEST_COMPRESSION`, `BROTLI_PARAM_QUALITY` and so on. */
  const constants: { readonly [name: string]: number };
  /** The module itself: `zlib = zlib.zlib` is what some functions begin with. */
  const zlib: typeof import('zlib');

  export {
    InputType, CompressCallback, ZlibOptions, BrotliOptions,
    Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress,
    createDeflate, createDeflateRaw, createGzip, createInflate, createInflateRaw, createGunzip, createUnzip,
    createBrotliCompress, createBrotliDecompress,
    deflate, deflateRaw, gzip, inflate, inflateRaw, gunzip, unzip, brotliCompress, brotliDecompress,
    deflateSync, deflateRawSync, gzipSync, inflateSync, inflateRawSync, gunzipSync, unzipSync,
    brotliCompressSync, brotliDecompressSync,
    crc32, codes, constants, zlib,
  };
}
