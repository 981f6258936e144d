// `crypto`, what of it is about pairs of keys and signatures.

interface CryptoKey {
  readonly algorithm: { name: string; [member: string]: any };
  readonly extractable: boolean;
  readonly type: 'secret' | 'public' | 'private';
  readonly usages: import('crypto').KeyUsage[];
}
declare var CryptoKey: {
  readonly prototype: CryptoKey;
  /** Throws: `crypto.subtle` makes them. */
  new (): never;
};

declare module 'crypto' {
  type Bytes = ArrayBuffer | ArrayBufferView;
  type PrivateKeyEncoding = 'pkcs1' | 'pkcs8' | 'sec1';
  type PublicKeyEncoding = 'pkcs1' | 'spki';

  interface JsonWebKey {
    kty?: string;
    [member: string]: any;
  }

  interface AsymmetricKeyDetails {
    hashAlgorithm?: string;
    mgf1HashAlgorithm?: string;
    modulusLength?: number;
    namedCurve?: string;
    publicExponent?: bigint;
    saltLength?: number;
  }

  interface ExportOptions {
    cipher?: string;
    passphrase?: string | ArrayBufferView;
    type?: PrivateKeyEncoding | PublicKeyEncoding;
  }

  interface KeyInput<E extends string> {
    key: string | Bytes | JsonWebKey;
    encoding?: Encoding;
    format?: 'pem' | 'der' | 'jwk';
    passphrase?: string | ArrayBufferView;
    type?: E;
  }
  type PrivateKeyInput = KeyInput<PrivateKeyEncoding>;
  type PublicKeyInput = KeyInput<PublicKeyEncoding>;
  type AnyKey = string | Bytes | KeyObject | CryptoKey;
  /** A key, alone or with what it is used by. */
  type With<Options> =
    | AnyKey
    | ((KeyInput<PrivateKeyEncoding | PublicKeyEncoding> | { key: KeyObject | CryptoKey }) & Options);

  function createPrivateKey(key: PrivateKeyInput | string | Bytes): KeyObject;
  function createPublicKey(key: PublicKeyInput | PrivateKeyInput | KeyObject | string | Bytes): KeyObject;

  interface SigningOptions {
    dsaEncoding?: 'der' | 'ieee-p1363';
    padding?: number;
    saltLength?: number;
  }

  class Sign {
    constructor(algorithm: string);
    update(data: BinaryLike, encoding?: Encoding): this;
    sign(key: With<SigningOptions>): Buffer;
    sign(key: With<SigningOptions>, encoding: Encoding): string;
  }
  class Verify {
    constructor(algorithm: string);
    update(data: BinaryLike, encoding?: Encoding): this;
    verify(key: With<SigningOptions>, signature: string | ArrayBufferView, encoding?: Encoding): boolean;
  }
  function createSign(algorithm: string): Sign;
  function createVerify(algorithm: string): Verify;
  /** The algorithm is null where the key has but one, as Ed25519's has. */
  function sign(algorithm: string | null | undefined, data: Bytes, key: With<SigningOptions>): Buffer;
  function sign(
    algorithm: string | null | undefined, data: Bytes, key: With<SigningOptions>, callback: Callback<Buffer>
  ): void;
  function verify(
    algorithm: string | null | undefined, data: Bytes, key: With<SigningOptions>, signature: Bytes
  ): boolean;
  function verify(
    algorithm: string | null | undefined, data: Bytes, key: With<SigningOptions>, signature: Bytes,
    callback: Callback<boolean>
  ): void;

  interface EncryptionOptions {
    oaepHash?: string;
    oaepLabel?: Bytes;
    padding?: number;
  }
  function publicEncrypt(key: With<EncryptionOptions>, data: Bytes | string): Buffer;
  function publicDecrypt(key: With<EncryptionOptions>, data: Bytes | string): Buffer;
  function privateEncrypt(key: With<EncryptionOptions>, data: Bytes | string): Buffer;
  function privateDecrypt(key: With<EncryptionOptions>, data: Bytes | string): Buffer;

  interface PairOptions {
    modulusLength?: number;
    publicExponent?: number;
    namedCurve?: string;
    hashAlgorithm?: string;
    mgf1HashAlgorithm?: string;
    saltLength?: number;
    publicKeyEncoding?: { format: 'pem' | 'der' | 'jwk'; type?: PublicKeyEncoding };
    privateKeyEncoding?: {
      format: 'pem' | 'der' | 'jwk'; type?: PrivateKeyEncoding; cipher?: string; passphrase?: string | ArrayBufferView;
    };
  }
  /** What an encoding was asked for is a text, bytes or a JWK in place of a KeyObject. */
  type Encoded<O, Name extends string> =
    O extends { [N in Name]: { format: 'pem' } } ? string
    : O extends { [N in Name]: { format: 'der' } } ? Buffer
    : O extends { [N in Name]: { format: 'jwk' } } ? JsonWebKey
    : KeyObject;
  interface Pair<O> {
    publicKey: Encoded<O, 'publicKeyEncoding'>;
    privateKey: Encoded<O, 'privateKeyEncoding'>;
  }
  type PairCallback<O> = (
    error: Error | null, publicKey: Pair<O>['publicKey'], privateKey: Pair<O>['privateKey']
  ) => void;
  /** Types: `rsa`, `rsa-pss`, `ec`, `ed25519`, `x25519`. */
  function generateKeyPairSync<const O extends PairOptions = {}>(type: string, options?: O): Pair<O>;
  function generateKeyPair<const O extends PairOptions>(type: string, options: O, callback: PairCallback<O>): void;
  function generateKeySync(type: 'hmac' | 'aes', options: { length: number }): KeyObject;
  function generateKey(type: 'hmac' | 'aes', options: { length: number }, callback: Callback<KeyObject>): void;

  type PointFormat = 'compressed' | 'uncompressed' | 'hybrid';
  class ECDH {
    private constructor();
    static convertKey(
      key: BinaryLike, curve: string, inputEncoding?: Encoding, outputEncoding?: Encoding, format?: PointFormat
    ): Buffer | string;
    computeSecret(other: ArrayBufferView): Buffer;
    computeSecret(other: string, inputEncoding: Encoding): Buffer;
    computeSecret(other: BinaryLike, inputEncoding: Encoding | undefined, outputEncoding: Encoding): string;
    generateKeys(): Buffer;
    generateKeys(encoding: Encoding, format?: PointFormat): string;
    getPrivateKey(): Buffer;
    getPrivateKey(encoding: Encoding): string;
    getPublicKey(): Buffer;
    getPublicKey(encoding: Encoding | undefined, format?: PointFormat): Buffer | string;
    setPrivateKey(key: BinaryLike, encoding?: Encoding): void;
    setPublicKey(key: BinaryLike, encoding?: Encoding): void;
  }
  function createECDH(curve: string): ECDH;
  function diffieHellman(options: { privateKey: KeyObject; publicKey: KeyObject }): Buffer;
  function getCurves(): string[];

  const constants: { readonly [name: string]: number };

  type KeyUsage =
    | 'decrypt' | 'deriveBits' | 'deriveKey' | 'encrypt' | 'sign' | 'unwrapKey' | 'verify' | 'wrapKey';
  type Algorithm = string | { name: string; [member: string]: any };

  interface SubtleCrypto {
    decrypt(algorithm: Algorithm, key: CryptoKey, data: Bytes): Promise<ArrayBuffer>;
    deriveBits(algorithm: Algorithm, key: CryptoKey, bits: number | null): Promise<ArrayBuffer>;
    deriveKey(
      algorithm: Algorithm, key: CryptoKey, derived: Algorithm, extractable: boolean, usages: readonly KeyUsage[]
    ): Promise<CryptoKey>;
    encrypt(algorithm: Algorithm, key: CryptoKey, data: Bytes): Promise<ArrayBuffer>;
    exportKey(format: 'jwk', key: CryptoKey): Promise<JsonWebKey>;
    exportKey(format: 'raw' | 'pkcs8' | 'spki', key: CryptoKey): Promise<ArrayBuffer>;
    /** A key, or `{publicKey, privateKey}` where the algorithm has pairs. */
    generateKey(algorithm: Algorithm, extractable: boolean, usages: readonly KeyUsage[]): Promise<any>;
    importKey(
      format: 'raw' | 'pkcs8' | 'spki' | 'jwk', key: Bytes | JsonWebKey, algorithm: Algorithm, extractable: boolean,
      usages: readonly KeyUsage[]
    ): Promise<CryptoKey>;
    sign(algorithm: Algorithm, key: CryptoKey, data: Bytes): Promise<ArrayBuffer>;
    unwrapKey(
      format: 'raw' | 'pkcs8' | 'spki' | 'jwk', wrapped: Bytes, key: CryptoKey, algorithm: Algorithm,
      keyAlgorithm: Algorithm, extractable: boolean, usages: readonly KeyUsage[]
    ): Promise<CryptoKey>;
    verify(algorithm: Algorithm, key: CryptoKey, signature: Bytes, data: Bytes): Promise<boolean>;
    wrapKey(
      format: 'raw' | 'pkcs8' | 'spki' | 'jwk', key: CryptoKey, wrapping: CryptoKey, algorithm: Algorithm
    ): Promise<ArrayBuffer>;
  }
}
