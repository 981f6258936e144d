//! Private keys under a password: how PKCS #8 says that it is done (RFC 8018, PBES2). The scripts do it.

use pkcs8::{
    EncryptedPrivateKeyInfoRef,
    der::{Decode, Encode, asn1::OctetStringRef},
    pkcs5::{
        EncryptionScheme as Scheme,
        pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, Salt},
    },
};

use super::{KeyFault, Secret};

/// What has to be known besides the password.
#[derive(Debug, PartialEq, Eq)]
pub struct Protection {
    /// The scripts' name of the hash that PBKDF2 is done with.
    pub hash: &'static str,
    pub iterations: u32,
    pub salt: Vec<u8>,
    /// Bytes of the key for AES in CBC mode.
    pub key_length: usize,
    pub iv: [u8; 16],
}

const HASHES: [(&str, Pbkdf2Prf); 5] = [
    ("sha1", Pbkdf2Prf::HmacWithSha1),
    ("sha224", Pbkdf2Prf::HmacWithSha224),
    ("sha256", Pbkdf2Prf::HmacWithSha256),
    ("sha384", Pbkdf2Prf::HmacWithSha384),
    ("sha512", Pbkdf2Prf::HmacWithSha512),
];

/// # Errors
/// [`KeyFault::Malformed`]; [`KeyFault::Unknown`] for other ways than PBKDF2 and AES-CBC.
pub fn read(der: &[u8]) -> Result<(Protection, &[u8]), KeyFault> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| KeyFault::Malformed)?;
    let Scheme::Pbes2(Parameters {
        kdf: Kdf::Pbkdf2(kdf),
        encryption,
    }) = info.encryption_algorithm
    else {
        return Err(KeyFault::Unknown);
    };
    let (EncryptionScheme::Aes128Cbc { iv }
    | EncryptionScheme::Aes192Cbc { iv }
    | EncryptionScheme::Aes256Cbc { iv }) = encryption
    else {
        return Err(KeyFault::Unknown);
    };
    let found = HASHES.iter().find(|(_, prf)| *prf == kdf.prf);
    let protection = Protection {
        hash: found.ok_or(KeyFault::Unknown)?.0,
        iterations: kdf.iteration_count,
        salt: kdf.salt.as_bytes().to_vec(),
        key_length: encryption.key_size(),
        iv,
    };
    Ok((protection, info.encrypted_data.as_bytes()))
}

/// # Errors
/// [`KeyFault::Unknown`] for a hash or a length of keys that there is no way with.
pub fn write(protection: &Protection, data: &[u8]) -> Result<Secret, KeyFault> {
    let found = HASHES.iter().find(|(name, _)| *name == protection.hash);
    let kdf = Kdf::Pbkdf2(Pbkdf2Params {
        salt: Salt::new(&protection.salt).map_err(|_| KeyFault::Malformed)?,
        iteration_count: protection.iterations,
        key_length: None,
        prf: found.ok_or(KeyFault::Unknown)?.1,
    });
    let iv = protection.iv;
    let encryption = match protection.key_length {
        16 => EncryptionScheme::Aes128Cbc { iv },
        24 => EncryptionScheme::Aes192Cbc { iv },
        32 => EncryptionScheme::Aes256Cbc { iv },
        _ => return Err(KeyFault::Unknown),
    };
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: Scheme::Pbes2(Parameters { kdf, encryption }),
        encrypted_data: OctetStringRef::new(data).map_err(|_| KeyFault::Malformed)?,
    };
    info.to_der()
        .map(Into::into)
        .map_err(|_| KeyFault::Malformed)
}
