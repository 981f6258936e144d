// `crypto`: Node's, also as the global of that name.

declare var crypto: typeof import('crypto');

declare module 'crypto' {
  type BinaryLike = string | ArrayBufferView;
  type KeyLike = BinaryLike | ArrayBuffer | KeyObject;
  /** As Node has it: `binary` is latin1. */
  type Encoding = BufferEncoding;
  type Callback<T> = (error: Error | null, value: T) => void;

  interface HashOptions {
    /** Bytes, of a digest that can have any length. */
    outputLength?: number;
  }

  class Hash {
    constructor(algorithm: string, options?: HashOptions);
    copy(options?: HashOptions): Hash;
    update(data: BinaryLike, encoding?: Encoding): this;
    digest(): Buffer;
    digest(encoding: Encoding): string;
  }

  class Hmac {
    constructor(algorithm: string, key: KeyLike, options?: { encoding?: Encoding });
    update(data: BinaryLike, encoding?: Encoding): this;
    digest(): Buffer;
    digest(encoding: Encoding): string;
  }

  function createHash(algorithm: string, options?: HashOptions): Hash;
  function createHmac(algorithm: string, key: KeyLike, options?: { encoding?: Encoding }): Hmac;
  function hash(algorithm: string, data: BinaryLike, encoding?: Encoding): string;
  function hash(algorithm: string, data: BinaryLike, encoding: 'buffer'): Buffer;
  function getHashes(): string[];

  class KeyObject {
    private constructor();
    static from(key: CryptoKey): KeyObject;
    readonly type: 'secret' | 'public' | 'private';
    readonly asymmetricKeyDetails?: AsymmetricKeyDetails;
    /** Such as `rsa`, `ec` and `ed25519`. */
    readonly asymmetricKeyType?: string;
    readonly symmetricKeySize?: number;
    equals(other: KeyObject): boolean;
    export(options?: { format?: 'buffer' }): Buffer;
    export(options: { format: 'jwk' }): JsonWebKey;
    export(options: { format: 'pem' } & ExportOptions): string;
    export(options: { format: 'der' } & ExportOptions): Buffer;
  }
  function createSecretKey(key: ArrayBuffer | ArrayBufferView): KeyObject;
  function createSecretKey(key: string, encoding: Encoding): KeyObject;

  interface CipherOptions {
    /** Bytes; of GCM. */
    authTagLength?: number;
  }

  class Cipheriv {
    constructor(cipher: string, key: KeyLike, iv: BinaryLike | null, options?: CipherOptions);
    update(data: BinaryLike, inputEncoding?: Encoding): Buffer;
    update(data: ArrayBufferView, inputEncoding: undefined, outputEncoding: Encoding): string;
    update(data: string, inputEncoding: Encoding | undefined, outputEncoding: Encoding): string;
    final(): Buffer;
    final(outputEncoding: Encoding): string;
    setAutoPadding(padding?: boolean): this;
    /** Of GCM, as `getAuthTag`. */
    setAAD(data: ArrayBufferView, options?: { plaintextLength?: number }): this;
    getAuthTag(): Buffer;
  }

  class Decipheriv {
    constructor(cipher: string, key: KeyLike, iv: BinaryLike | null, options?: CipherOptions);
    update(data: ArrayBufferView): Buffer;
    update(data: string, inputEncoding?: Encoding): Buffer;
    update(data: ArrayBufferView, inputEncoding: undefined, outputEncoding: Encoding): string;
    update(data: string, inputEncoding: Encoding | undefined, outputEncoding: Encoding): string;
    final(): Buffer;
    final(outputEncoding: Encoding): string;
    setAutoPadding(padding?: boolean): this;
    /** Of GCM, as `setAuthTag`. */
    setAAD(data: ArrayBufferView, options?: { plaintextLength?: number }): this;
    setAuthTag(tag: string | ArrayBufferView, encoding?: Encoding): this;
  }

  interface CipherInfo {
    name: string;
    nid: number;
    blockSize?: number;
    ivLength?: number;
    keyLength: number;
    mode: string;
  }

  /** AES of 128, 192 and 256 bits, in CBC, CTR, ECB and GCM: `aes-256-gcm`. */
  function createCipheriv(cipher: string, key: KeyLike, iv: BinaryLike | null, options?: CipherOptions): Cipheriv;
  function createDecipheriv(cipher: string, key: KeyLike, iv: BinaryLike | null, options?: CipherOptions): Decipheriv;
  function getCipherInfo(
    nameOrNid: string | number, options?: { keyLength?: number; ivLength?: number }
  ): CipherInfo | undefined;
  function getCiphers(): string[];

  function pbkdf2(
    password: BinaryLike, salt: BinaryLike, iterations: number, bytes: number, digest: string,
    callback: Callback<Buffer>
  ): void;
  function pbkdf2Sync(
    password: BinaryLike, salt: BinaryLike, iterations: number, bytes: number, digest: string
  ): Buffer;

  interface ScryptOptions {
    cost?: number;
    blockSize?: number;
    parallelization?: number;
    N?: number;
    r?: number;
    p?: number;
    maxmem?: number;
  }
  function scrypt(password: BinaryLike, salt: BinaryLike, bytes: number, callback: Callback<Buffer>): void;
  function scrypt(
    password: BinaryLike, salt: BinaryLike, bytes: number, options: ScryptOptions, callback: Callback<Buffer>
  ): void;
  function scryptSync(password: BinaryLike, salt: BinaryLike, bytes: number, options?: ScryptOptions): Buffer;

  function hkdf(
    digest: string, key: KeyLike, salt: BinaryLike, info: BinaryLike, bytes: number, callback: Callback<ArrayBuffer>
  ): void;
  function hkdfSync(digest: string, key: KeyLike, salt: BinaryLike, info: BinaryLike, bytes: number): ArrayBuffer;

  function randomBytes(size: number): Buffer;
  function randomBytes(size: number, callback: Callback<Buffer>): void;
  function randomFill<T extends ArrayBufferView>(target: T, callback: Callback<T>): void;
  function randomFill<T extends ArrayBufferView>(target: T, offset: number, callback: Callback<T>): void;
  function randomFill<T extends ArrayBufferView>(target: T, offset: number, size: number, callback: Callback<T>): void;
  function randomFillSync<T extends ArrayBufferView>(target: T, offset?: number, size?: number): T;
  function randomInt(end: number, callback?: undefined): number;
  function randomInt(start: number, end: number, callback?: undefined): number;
  function randomInt(end: number, callback: Callback<number>): void;
  function randomInt(start: number, end: number, callback: Callback<number>): void;
  function randomUUID(options?: { disableEntropyCache?: boolean }): string;
  function timingSafeEqual(left: ArrayBuffer | ArrayBufferView, right: ArrayBuffer | ArrayBufferView): boolean;
  function getRandomValues<T extends ArrayBufferView>(target: T): T;

  interface SubtleCrypto {
    digest(algorithm: Algorithm, data: Bytes): Promise<ArrayBuffer>;
  }
  const subtle: SubtleCrypto;
  const webcrypto: {
    readonly subtle: SubtleCrypto;
    getRandomValues<T extends ArrayBufferView>(target: T): T;
    randomUUID(): string;
  };
}
