// `Buffer`, and the module of it.

type BufferEncoding =
  | 'ascii' | 'base64' | 'base64url' | 'binary' | 'hex' | 'latin1' | 'ucs-2' | 'ucs2' | 'utf-16le' | 'utf16le' | 'utf-8'
  | 'utf8';

interface Buffer extends Uint8Array<ArrayBuffer> {
  compare(
    other: Uint8Array, otherStart?: number, otherEnd?: number, start?: number, end?: number
  ): -1 | 0 | 1;
  copy(target: Uint8Array, targetStart?: number, start?: number, end?: number): number;
  equals(other: Uint8Array): boolean;
  fill(value: string | Uint8Array | number, encoding?: BufferEncoding): this;
  fill(value: string | Uint8Array | number, start?: number, end?: number): this;
  fill(value: string | Uint8Array | number, start?: number, encoding?: BufferEncoding): this;
  fill(value: string | Uint8Array | number, start?: number, end?: number, encoding?: BufferEncoding): this;
  includes(value: string | number | Uint8Array, start?: number | BufferEncoding, encoding?: BufferEncoding): boolean;
  indexOf(value: string | number | Uint8Array, start?: number | BufferEncoding, encoding?: BufferEncoding): number;
  lastIndexOf(value: string | number | Uint8Array, start?: number | BufferEncoding, encoding?: BufferEncoding): number;
  slice(start?: number, end?: number): Buffer;
  subarray(start?: number, end?: number): Buffer;
  swap16(): this;
  swap32(): this;
  swap64(): this;
  toJSON(): { type: 'Buffer'; data: number[] };
  toString(encoding?: BufferEncoding, start?: number, end?: number): string;
  toLocaleString(encoding?: any, start?: any, end?: number): string;
  write(text: string, encoding?: BufferEncoding): number;
  write(text: string, offset: number, encoding?: BufferEncoding): number;
  write(text: string, offset: number, length: number, encoding?: BufferEncoding): number;

  readBigInt64BE(offset?: number): bigint;
  readBigInt64LE(offset?: number): bigint;
  readBigUInt64BE(offset?: number): bigint;
  readBigUInt64LE(offset?: number): bigint;
  readBigUint64BE(offset?: number): bigint;
  readBigUint64LE(offset?: number): bigint;
  readDoubleBE(offset?: number): number;
  readDoubleLE(offset?: number): number;
  readFloatBE(offset?: number): number;
  readFloatLE(offset?: number): number;
  readInt16BE(offset?: number): number;
  readInt16LE(offset?: number): number;
  readInt32BE(offset?: number): number;
  readInt32LE(offset?: number): number;
  readInt8(offset?: number): number;
  readIntBE(offset: number, bytes: number): number;
  readIntLE(offset: number, bytes: number): number;
  readUInt16BE(offset?: number): number;
  readUInt16LE(offset?: number): number;
  readUInt32BE(offset?: number): number;
  readUInt32LE(offset?: number): number;
  readUInt8(offset?: number): number;
  readUIntBE(offset: number, bytes: number): number;
  readUIntLE(offset: number, bytes: number): number;
  readUint16BE(offset?: number): number;
  readUint16LE(offset?: number): number;
  readUint32BE(offset?: number): number;
  readUint32LE(offset?: number): number;
  readUint8(offset?: number): number;
  readUintBE(offset: number, bytes: number): number;
  readUintLE(offset: number, bytes: number): number;

  writeBigInt64BE(value: bigint, offset?: number): number;
  writeBigInt64LE(value: bigint, offset?: number): number;
  writeBigUInt64BE(value: bigint, offset?: number): number;
  writeBigUInt64LE(value: bigint, offset?: number): number;
  writeBigUint64BE(value: bigint, offset?: number): number;
  writeBigUint64LE(value: bigint, offset?: number): number;
  writeDoubleBE(value: number, offset?: number): number;
  writeDoubleLE(value: number, offset?: number): number;
  writeFloatBE(value: number, offset?: number): number;
  writeFloatLE(value: number, offset?: number): number;
  writeInt16BE(value: number, offset?: number): number;
  writeInt16LE(value: number, offset?: number): number;
  writeInt32BE(value: number, offset?: number): number;
  writeInt32LE(value: number, offset?: number): number;
  writeInt8(value: number, offset?: number): number;
  writeIntBE(value: number, offset: number, bytes: number): number;
  writeIntLE(value: number, offset: number, bytes: number): number;
  writeUInt16BE(value: number, offset?: number): number;
  writeUInt16LE(value: number, offset?: number): number;
  writeUInt32BE(value: number, offset?: number): number;
  writeUInt32LE(value: number, offset?: number): number;
  writeUInt8(value: number, offset?: number): number;
  writeUIntBE(value: number, offset: number, bytes: number): number;
  writeUIntLE(value: number, offset: number, bytes: number): number;
  writeUint16BE(value: number, offset?: number): number;
  writeUint16LE(value: number, offset?: number): number;
  writeUint32BE(value: number, offset?: number): number;
  writeUint32LE(value: number, offset?: number): number;
  writeUint8(value: number, offset?: number): number;
  writeUintBE(value: number, offset: number, bytes: number): number;
  writeUintLE(value: number, offset: number, bytes: number): number;
}

type BufferBytes = Uint8Array | readonly number[];

interface BufferConstructor {
  readonly prototype: Buffer;
  /** Deprecated in Node, and still there: use `from` and `alloc`. */
  new (
    value: string | BufferBytes | ArrayBuffer | number, encodingOrOffset?: BufferEncoding | number, length?: number
  ): Buffer;
  readonly BYTES_PER_ELEMENT: number;
  poolSize: number;
  alloc(size: number, fill?: string | Uint8Array | number, encoding?: BufferEncoding): Buffer;
  allocUnsafe(size: number): Buffer;
  allocUnsafeSlow(size: number): Buffer;
  byteLength(value: string | ArrayBuffer | ArrayBufferView, encoding?: BufferEncoding): number;
  compare(left: Uint8Array, right: Uint8Array): -1 | 0 | 1;
  concat(list: readonly Uint8Array[], length?: number): Buffer;
  copyBytesFrom(view: ArrayBufferView, offset?: number, length?: number): Buffer;
  from(text: string, encoding?: BufferEncoding): Buffer;
  from(buffer: ArrayBuffer, offset?: number, length?: number): Buffer;
  from(bytes: BufferBytes | ArrayLike<number> | { type: 'Buffer'; data: number[] }): Buffer;
  from(
    value: { valueOf(): string | object } | { [Symbol.toPrimitive](hint: 'string'): string }, encoding?: BufferEncoding
  ): Buffer;
  isBuffer(value: unknown): value is Buffer;
  isEncoding(encoding: string): encoding is BufferEncoding;
  of(...bytes: number[]): Buffer;
}

declare var Buffer: BufferConstructor;

declare module 'buffer' {
  export import Buffer = globalThis.Buffer;
  export import Blob = globalThis.Blob;
  export import File = globalThis.File;
  export import atob = globalThis.atob;
  export import btoa = globalThis.btoa;
  const constants: { readonly MAX_LENGTH: number; readonly MAX_STRING_LENGTH: number };
  const kMaxLength: number;
  const kStringMaxLength: number;
  const INSPECT_MAX_BYTES: number;
  function SlowBuffer(size: number): Buffer;
  function isAscii(bytes: ArrayBuffer | ArrayBufferView): boolean;
  function isUtf8(bytes: ArrayBuffer | ArrayBufferView): boolean;
  function transcode(bytes: Uint8Array, from: BufferEncoding, to: BufferEncoding): Buffer;
}
