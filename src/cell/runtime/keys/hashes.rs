//! What RSA does with each of the hashes.

use getrandom::SysRng;
use md5::Md5;
use ripemd::Ripemd160;
use rsa::{Oaep, Pkcs1v15Sign, PrivateKey, Pss, PublicKey};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

/// Encryption or decryption with a key: what that makes of the data, given the label.
type WithOaep<Key> = fn(&Key, data: &[u8], label: &[u8]) -> rsa::Result<Vec<u8>>;

/// The operations of RSA with one hash, for tables over all of them.
#[derive(Clone, Copy)]
pub struct Hash {
    pub length: usize,
    pub pkcs1: fn() -> Pkcs1v15Sign,
    pub sign_pss: fn(&PrivateKey, digest: &[u8], salt_length: usize) -> rsa::Result<Vec<u8>>,
    pub verify_pss:
        fn(&PublicKey, digest: &[u8], signature: &[u8], salt_length: Option<usize>) -> bool,
    pub encrypt_oaep: WithOaep<PublicKey>,
    pub decrypt_oaep: WithOaep<PrivateKey>,
}

/// The operations of a hash by its type: the traits that they need are too many to name.
macro_rules! hash {
    ($hash:ty) => {
        Hash {
            length: size_of::<digest::Output<$hash>>(),
            pkcs1: Pkcs1v15Sign::new::<$hash>,
            sign_pss: |key, digest, salt_length| {
                let scheme = Pss::<$hash>::new_with_salt(salt_length);
                key.sign_with_rng(&mut SysRng, scheme, digest)
            },
            verify_pss: |key, digest, signature, salt_length| {
                let mut scheme = Pss::<$hash>::new();
                scheme.salt_len = salt_length;
                key.verify(scheme, digest, signature).is_ok()
            },
            encrypt_oaep: |key, data, label| {
                key.encrypt(&mut SysRng, Oaep::<$hash>::new_with_label(label), data)
            },
            decrypt_oaep: |key, data, label| {
                key.decrypt_blinded(&mut SysRng, Oaep::<$hash>::new_with_label(label), data)
            },
        }
    };
}

/// The hashes by the names that the ops of hashes have for them.
const HASHES: [(&str, Hash); 13] = [
    ("md5", hash!(Md5)),
    ("ripemd160", hash!(Ripemd160)),
    ("sha1", hash!(Sha1)),
    ("sha224", hash!(Sha224)),
    ("sha256", hash!(Sha256)),
    ("sha384", hash!(Sha384)),
    ("sha512", hash!(Sha512)),
    ("sha512-224", hash!(Sha512_224)),
    ("sha512-256", hash!(Sha512_256)),
    ("sha3-224", hash!(Sha3_224)),
    ("sha3-256", hash!(Sha3_256)),
    ("sha3-384", hash!(Sha3_384)),
    ("sha3-512", hash!(Sha3_512)),
];

impl Hash {
    pub fn named(name: &str) -> Option<Self> {
        let found = HASHES.iter().find(|&&(known, _)| known == name);
        found.map(|&(_, hash)| hash)
    }
}
