//! RSA (RFC 8017): keys within bounds, encryption, and the operations without a hash.
//!
//! Each call is short enough that a termination need not wait for it: that bounds the sizes. Private operations are
//! blinded, by the crate.

use getrandom::SysRng;
use rsa::{
    BoxedUint, Pkcs1v15Encrypt, Pkcs1v15Sign, PrivateKey, PublicKey,
    hazmat::{rsa_decrypt_and_check, rsa_encrypt},
    pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef},
    traits::PublicKeyParts,
};
use zeroize::Zeroizing;

use super::{Hash, KeyFault, Secret};

/// The most bits of a modulus whose factors are known: an operation takes some 60 ms then.
pub const MOST_PRIVATE_BITS: usize = 6144;
/// The most bits of a modulus.
pub const MOST_PUBLIC_BITS: usize = 16_384;
/// The fewest, as OpenSSL has it.
pub const FEWEST_BITS: usize = 512;
/// The largest public exponent, which makes the cost of an operation.
pub const MOST_EXPONENT: u64 = PublicKey::MAX_PUB_EXPONENT;

/// How data is made as long as the modulus.
#[derive(Clone, Copy)]
pub enum Padding<'a> {
    Pkcs1,
    Oaep {
        hash: Hash,
        label: &'a [u8],
    },
    /// It is as long already.
    None,
}

fn uint(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(bytes)
}

/// # Errors
/// [`KeyFault::Malformed`], and what goes beyond the bounds.
pub fn public_of_parts(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, KeyFault> {
    let (modulus, exponent) = (significant(modulus), significant(exponent));
    if modulus.len() * 8 > MOST_PUBLIC_BITS {
        return Err(KeyFault::TooLarge);
    }
    if exponent.len() > size_of_val(&MOST_EXPONENT) {
        return Err(KeyFault::ExponentTooLarge);
    }
    PublicKey::new_with_size_limits(
        uint(modulus),
        uint(exponent),
        FEWEST_BITS..=MOST_PUBLIC_BITS,
    )
    .map_err(fault)
}

/// The factors are looked for when there are none.
///
/// # Errors
/// As [`public_of_parts`].
pub fn private_of_parts(
    modulus: &[u8],
    exponent: &[u8],
    private_exponent: &[u8],
    [first, second]: [&[u8]; 2],
) -> Result<PrivateKey, KeyFault> {
    let public = public_of_parts(modulus, exponent)?;
    if public.size() * 8 > MOST_PRIVATE_BITS {
        return Err(KeyFault::TooLarge);
    }
    let most = public.size();
    if [private_exponent, first, second]
        .iter()
        .any(|part| significant(part).len() > most)
    {
        return Err(KeyFault::Malformed);
    }
    let primes = [first, second].map(|prime| uint(significant(prime)));
    let (modulus, exponent) = (public.n().as_ref().clone(), public.e().clone());
    PrivateKey::from_components(
        modulus,
        exponent,
        uint(significant(private_exponent)),
        primes.into(),
    )
    .map_err(fault)
}

/// # Errors
/// As [`public_of_parts`].
pub fn read_public(key: &RsaPublicKeyRef<'_>) -> Result<PublicKey, KeyFault> {
    public_of_parts(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}

/// # Errors
/// As [`public_of_parts`].
pub fn read_private(key: &RsaPrivateKeyRef<'_>) -> Result<PrivateKey, KeyFault> {
    private_of_parts(
        key.modulus.as_bytes(),
        key.public_exponent.as_bytes(),
        key.private_exponent.as_bytes(),
        [key.prime1.as_bytes(), key.prime2.as_bytes()],
    )
}

fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    &bytes[zeros..]
}

fn fault(error: rsa::Error) -> KeyFault {
    match error {
        rsa::Error::PublicExponentTooLarge => KeyFault::ExponentTooLarge,
        rsa::Error::ModulusTooLarge => KeyFault::TooLarge,
        rsa::Error::Rng | rsa::Error::Internal => KeyFault::Failed,
        _ => KeyFault::Malformed,
    }
}

/// # Errors
/// [`KeyFault::DataTooLarge`] and, without padding, [`KeyFault::DataTooSmall`] and [`KeyFault::DataBeyondModulus`].
pub fn encrypt(key: &PublicKey, padding: Padding<'_>, data: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let encrypted = match padding {
        Padding::Pkcs1 => key.encrypt(&mut SysRng, Pkcs1v15Encrypt, data),
        Padding::Oaep { hash, label } => (hash.encrypt_oaep)(key, data, label),
        Padding::None => return raw(key, data),
    };
    encrypted.map_err(|error| match error {
        rsa::Error::MessageTooLong => KeyFault::DataTooLarge,
        error => fault(error),
    })
}

/// Nothing is decrypted with the padding of PKCS #1: who may have wrong ones tried learns the secret by them.
///
/// # Errors
/// [`KeyFault::OaepDecoding`] whatever is wrong with what is inside; [`KeyFault::WrongKind`].
pub fn decrypt(key: &PrivateKey, padding: Padding<'_>, data: &[u8]) -> Result<Secret, KeyFault> {
    match padding {
        Padding::Oaep { hash, label } => {
            number_of(key, data)?;
            let decrypted = (hash.decrypt_oaep)(key, data, label);
            decrypted.map(Zeroizing::new).map_err(|error| match error {
                rsa::Error::Rng | rsa::Error::Internal => KeyFault::Failed,
                _ => KeyFault::OaepDecoding,
            })
        }
        Padding::None => raw_private(key, data),
        Padding::Pkcs1 => Err(KeyFault::WrongKind),
    }
}

/// What [`recover`] gets back: a signature over the data themselves.
///
/// # Errors
/// [`KeyFault::DataTooLarge`], and those of data without padding.
pub fn sign_data(key: &PrivateKey, padding: Padding<'_>, data: &[u8]) -> Result<Secret, KeyFault> {
    match padding {
        Padding::Pkcs1 => {
            let signed = key.sign_with_rng(&mut SysRng, Pkcs1v15Sign::new_unprefixed(), data);
            signed.map(Zeroizing::new).map_err(|error| match error {
                rsa::Error::MessageTooLong => KeyFault::DataTooLarge,
                error => fault(error),
            })
        }
        Padding::None => raw_private(key, data),
        Padding::Oaep { .. } => Err(KeyFault::WrongKind),
    }
}

/// # Errors
/// [`KeyFault::BlockType`] when it was not made by [`sign_data`] with that padding.
pub fn recover(key: &PublicKey, padding: Padding<'_>, data: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let block = key
        .size()
        .checked_sub(data.len())
        .ok_or(KeyFault::DataBeyondModulus)?;
    let block = raw(key, &[&vec![0; block], data].concat())?;
    match padding {
        Padding::None => Ok(block),
        Padding::Pkcs1 => unpadded(&block).map(<[u8]>::to_vec),
        Padding::Oaep { .. } => Err(KeyFault::WrongKind),
    }
}

/// 00 01 FF…FF 00 and the data, with at least 8 bytes of FF (RFC 8017, 9.2).
fn unpadded(block: &[u8]) -> Result<&[u8], KeyFault> {
    const FEWEST: usize = 8;
    let rest = block.strip_prefix(&[0, 1]).ok_or(KeyFault::BlockType)?;
    let filling = rest.iter().take_while(|&&byte| byte == 0xFF).count();
    match rest[filling..].split_first() {
        Some((0, data)) if filling >= FEWEST => Ok(data),
        _ => Err(KeyFault::BlockType),
    }
}

/// The data as the number that they are: as long as the modulus, and less.
fn number_of(key: &impl PublicKeyParts, data: &[u8]) -> Result<BoxedUint, KeyFault> {
    let number = BoxedUint::from_be_slice(data, key.n_bits_precision())
        .map_err(|_| KeyFault::DataTooLarge)?;
    match number < *key.n().as_ref() {
        true => Ok(number),
        false => Err(KeyFault::DataBeyondModulus),
    }
}

fn whole_number_of(key: &impl PublicKeyParts, data: &[u8]) -> Result<BoxedUint, KeyFault> {
    match data.len().cmp(&key.size()) {
        std::cmp::Ordering::Less => Err(KeyFault::DataTooSmall),
        std::cmp::Ordering::Greater => Err(KeyFault::DataTooLarge),
        std::cmp::Ordering::Equal => number_of(key, data),
    }
}

fn raw(key: &PublicKey, data: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let number = rsa_encrypt(key, &whole_number_of(key, data)?).map_err(fault)?;
    Ok(as_long_as(key, &number.to_be_bytes()))
}

fn raw_private(key: &PrivateKey, data: &[u8]) -> Result<Secret, KeyFault> {
    let number = whole_number_of(key, data)?;
    let number = rsa_decrypt_and_check(key, Some(&mut SysRng), &number).map_err(fault)?;
    Ok(Zeroizing::new(as_long_as(key, &number.to_be_bytes())))
}

/// The last bytes: those before are zero, as the number is less than the modulus.
fn as_long_as(key: &impl PublicKeyParts, bytes: &[u8]) -> Vec<u8> {
    bytes[bytes.len().saturating_sub(key.size())..].to_vec()
}

/// Bits of the modulus, and the exponent.
pub fn size(key: &PublicKey) -> (u32, u64) {
    let exponent = key.e().to_be_bytes_trimmed_vartime();
    let exponent = exponent
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte));
    (key.n().bit_width(), exponent)
}

impl super::PublicKey {
    /// # Errors
    /// [`KeyFault::WrongKind`] for keys of other kinds.
    pub fn rsa(&self) -> Result<&PublicKey, KeyFault> {
        match self {
            Self::Rsa(key) => Ok(key),
            _ => Err(KeyFault::WrongKind),
        }
    }
}

impl super::PrivateKey {
    /// # Errors
    /// [`KeyFault::WrongKind`] for keys of other kinds.
    pub fn rsa(&self) -> Result<&PrivateKey, KeyFault> {
        match self {
            Self::Rsa(key) => Ok(key),
            _ => Err(KeyFault::WrongKind),
        }
    }
}
