// `stream`: Node's, without what its Readables have of iterators' helpers and without the web's streams.

declare namespace NodeJS {
  interface ReadableStream extends EventEmitter {
    readonly readable: boolean;
    isPaused(): boolean;
    pause(): this;
    pipe<T extends WritableStream>(destination: T, options?: { end?: boolean }): T;
    read(size?: number): any;
    resume(): this;
    setEncoding(encoding?: BufferEncoding): this;
    unpipe(destination?: WritableStream): this;
    [Symbol.asyncIterator](): AsyncIterableIterator<any>;
  }

  interface WritableStream extends EventEmitter {
    readonly writable: boolean;
    write(chunk: any, encodingOrCallback?: BufferEncoding | StreamCallback, callback?: StreamCallback): boolean;
    end(chunk?: any, encodingOrCallback?: BufferEncoding | (() => void), callback?: () => void): this;
  }

  interface ReadWriteStream extends ReadableStream, WritableStream {}

  type StreamCallback = (error?: Error | null) => void;
}

declare module 'stream' {
  import EventEmitter = require('events');
  import * as streamPromises from 'stream/promises';

  class Legacy extends EventEmitter {
    pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T;
  }

  namespace Legacy {
    export import Stream = Legacy;
    export import promises = streamPromises;

    type Callback = NodeJS.StreamCallback;
    type DataCallback = (error?: Error | null, data?: any) => void;

    interface StreamOptions<T> {
      autoDestroy?: boolean;
      emitClose?: boolean;
      highWaterMark?: number;
      objectMode?: boolean;
      signal?: AbortSignal;
      construct?(this: T, callback: Callback): void;
      destroy?(this: T, error: Error | null, callback: Callback): void;
    }

    interface ReadableOptions<T = Readable> extends StreamOptions<T> {
      encoding?: BufferEncoding;
      read?(this: T, size: number): void;
    }

    class Readable extends Stream implements NodeJS.ReadableStream {
      constructor(options?: ReadableOptions);
      static from(source: Iterable<any> | AsyncIterable<any>, options?: ReadableOptions): Readable;
      readonly closed: boolean;
      destroyed: boolean;
      readonly errored: Error | null;
      readable: boolean;
      readonly readableAborted: boolean;
      readonly readableDidRead: boolean;
      readonly readableEncoding: BufferEncoding | null;
      readonly readableEnded: boolean;
      readonly readableFlowing: boolean | null;
      readonly readableHighWaterMark: number;
      readonly readableLength: number;
      readonly readableObjectMode: boolean;
      _construct?(callback: Callback): void;
      _destroy(error: Error | null, callback: Callback): void;
      _read(size: number): void;
      destroy(error?: Error): this;
      isPaused(): boolean;
      iterator(options?: { destroyOnReturn?: boolean }): AsyncIterableIterator<any>;
      pause(): this;
      push(chunk: any, encoding?: BufferEncoding): boolean;
      read(size?: number): any;
      resume(): this;
      setEncoding(encoding?: BufferEncoding): this;
      toArray(options?: { signal?: AbortSignal }): Promise<any[]>;
      unpipe(destination?: NodeJS.WritableStream): this;
      unshift(chunk: any, encoding?: BufferEncoding): void;
      wrap(stream: NodeJS.EventEmitter): this;
      [Symbol.asyncIterator](): AsyncIterableIterator<any>;
    }

    interface WritableOptions<T = Writable> extends StreamOptions<T> {
      decodeStrings?: boolean;
      defaultEncoding?: BufferEncoding;
      final?(this: T, callback: Callback): void;
      write?(this: T, chunk: any, encoding: BufferEncoding, callback: Callback): void;
      writev?(this: T, chunks: { chunk: any; encoding: BufferEncoding }[], callback: Callback): void;
    }

    /** What Writables and Duplexes share. */
    interface WritableParts {
      writable: boolean;
      readonly writableAborted: boolean;
      readonly writableCorked: number;
      readonly writableEnded: boolean;
      readonly writableFinished: boolean;
      readonly writableHighWaterMark: number;
      readonly writableLength: number;
      readonly writableNeedDrain: boolean;
      readonly writableObjectMode: boolean;
      _final(callback: Callback): void;
      _write(chunk: any, encoding: BufferEncoding, callback: Callback): void;
      _writev?(chunks: { chunk: any; encoding: BufferEncoding }[], callback: Callback): void;
      cork(): void;
      end(chunk?: any, encodingOrCallback?: BufferEncoding | (() => void), callback?: () => void): this;
      setDefaultEncoding(encoding: BufferEncoding): this;
      uncork(): void;
      write(chunk: any, encodingOrCallback?: BufferEncoding | Callback, callback?: Callback): boolean;
    }

    interface Writable extends WritableParts {}
    class Writable extends Stream {
      constructor(options?: WritableOptions);
      readonly closed: boolean;
      destroyed: boolean;
      readonly errored: Error | null;
      _construct?(callback: Callback): void;
      _destroy(error: Error | null, callback: Callback): void;
      destroy(error?: Error): this;
    }

    interface DuplexOptions<T = Duplex> extends ReadableOptions<T>, WritableOptions<T> {
      allowHalfOpen?: boolean;
      readableHighWaterMark?: number;
      readableObjectMode?: boolean;
      writableHighWaterMark?: number;
      writableObjectMode?: boolean;
    }

    interface Duplex extends WritableParts {}
    class Duplex extends Readable {
      constructor(options?: DuplexOptions);
      allowHalfOpen: boolean;
    }

    interface TransformOptions<T = Transform> extends DuplexOptions<T> {
      flush?(this: T, callback: DataCallback): void;
      transform?(this: T, chunk: any, encoding: BufferEncoding, callback: DataCallback): void;
    }

    class Transform extends Duplex {
      constructor(options?: TransformOptions);
      _flush(callback: DataCallback): void;
      _transform(chunk: any, encoding: BufferEncoding, callback: DataCallback): void;
    }

    class PassThrough extends Transform {}

    interface FinishedOptions {
      cleanup?: boolean;
      error?: boolean;
      readable?: boolean;
      signal?: AbortSignal;
      writable?: boolean;
    }

    type AnyStream = NodeJS.ReadableStream | NodeJS.WritableStream;
    type PipelineSource = NodeJS.ReadableStream | Iterable<any> | AsyncIterable<any> | (() => AsyncIterable<any>);
    type PipelineStep = NodeJS.WritableStream | ((source: any, options: { signal?: AbortSignal }) => any);

    function addAbortSignal<T extends AnyStream>(signal: AbortSignal, stream: T): T;
    function destroy(stream: AnyStream, error?: Error): void;
    function finished(stream: AnyStream, options: FinishedOptions, callback: Callback): () => void;
    function finished(stream: AnyStream, callback: Callback): () => void;
    function getDefaultHighWaterMark(objectMode?: boolean): number;
    function isDestroyed(stream: AnyStream): boolean | null;
    function isDisturbed(stream: AnyStream): boolean;
    function isErrored(stream: AnyStream): boolean;
    function isReadable(stream: AnyStream): boolean | null;
    function isWritable(stream: AnyStream): boolean | null;
    /** The last of the steps may be followed by a callback; `stream/promises` has the one without. */
    function pipeline(source: PipelineSource, ...steps: [...PipelineStep[], Callback]): NodeJS.WritableStream;
    function setDefaultHighWaterMark(objectMode: boolean, value: number): void;
  }

  export = Legacy;
}

declare module 'stream/promises' {
  import { AnyStream, FinishedOptions, PipelineSource, PipelineStep } from 'stream';
  function finished(stream: AnyStream, options?: FinishedOptions): Promise<void>;
  function pipeline(
    source: PipelineSource, ...steps: [...PipelineStep[], PipelineStep | { signal?: AbortSignal; end?: boolean }]
  ): Promise<any>;
}
