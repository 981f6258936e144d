// Keys and signatures.

const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
publicKey.asymmetricKeyType satisfies string | undefined;
const signature = crypto.createSign('sha256').update('text').sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
crypto.createVerify('sha256').update('text').verify(publicKey, signature) satisfies boolean;
crypto.sign(null, Buffer.from('text'), privateKey) satisfies Buffer;

const pair = crypto.generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
});
pair.publicKey satisfies string;
pair.privateKey satisfies Buffer;
const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING;
const sealed = crypto.publicEncrypt({ key: pair.publicKey, padding }, Buffer.of(1));
crypto.privateDecrypt({ key: pair.privateKey, format: 'der', type: 'pkcs8' }, sealed) satisfies Buffer;
crypto.createPrivateKey({ key: 'pem', passphrase: 'secret' }).export({ format: 'pem', type: 'pkcs8' }) satisfies string;
const jwk = crypto.createPublicKey({ key: { kty: 'OKP' }, format: 'jwk' }).export({ format: 'jwk' });
jwk.kty satisfies string | undefined;
// @ts-expect-error: no such encoding
crypto.createPrivateKey({ key: 'pem', format: 'pkcs12' });

const key = await crypto.subtle.importKey('raw', Buffer.alloc(32), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
(await crypto.subtle.sign('HMAC', key, Buffer.of(1))) satisfies ArrayBuffer;
// @ts-expect-error: no such use
await crypto.subtle.importKey('raw', Buffer.alloc(32), 'HKDF', false, ['derive']);
export {};
