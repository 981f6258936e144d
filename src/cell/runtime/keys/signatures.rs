//! Signatures over digests, and over whole messages where the kind of key wants that.

use getrandom::SysRng;

use super::{
    Hash, KeyFault, PrivateKey, PublicKey, curves::SignatureForm, edwards, edwards::Edwards,
};

/// How a signature is made and read.
#[derive(Clone, Copy)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS; what salt is left out is as long as there is room for, or as it is found to be.
    Pss {
        salt_length: Option<usize>,
    },
    Ecdsa(SignatureForm),
    /// Ed25519: what is signed is the message itself.
    Pure,
}

/// # Errors
/// [`KeyFault::WrongKind`] for a scheme that is not the key's; [`KeyFault::DigestTooBig`] and
/// [`KeyFault::DataTooLarge`] for a modulus too small for the digest, or the digest and its salt.
pub fn sign(
    key: &PrivateKey,
    scheme: Scheme,
    hash: Hash,
    signed: &[u8],
) -> Result<Vec<u8>, KeyFault> {
    match (key, scheme) {
        (PrivateKey::Rsa(key), Scheme::Pkcs1) => {
            let signature = key.sign_with_rng(&mut SysRng, (hash.pkcs1)(), signed);
            signature.map_err(|error| fault(error, KeyFault::DigestTooBig))
        }
        (PrivateKey::Rsa(key), Scheme::Pss { salt_length }) => {
            let most = most_salt(key.as_public_key(), hash)?;
            let salt_length = salt_length.unwrap_or(most);
            if salt_length > most {
                return Err(KeyFault::DataTooLarge);
            }
            let signature = (hash.sign_pss)(key, signed, salt_length);
            signature.map_err(|error| fault(error, KeyFault::DataTooLarge))
        }
        (PrivateKey::Curve(curve, scalar), Scheme::Ecdsa(form)) => curve.sign(scalar, signed, form),
        (PrivateKey::Edwards(Edwards::Ed25519, key), Scheme::Pure) => edwards::sign(key, signed),
        _ => Err(KeyFault::WrongKind),
    }
}

/// # Errors
/// [`KeyFault::WrongKind`] for a scheme that is not the key's; [`KeyFault::MalformedSignature`].
pub fn verify(
    key: &PublicKey,
    scheme: Scheme,
    hash: Hash,
    signed: &[u8],
    signature: &[u8],
) -> Result<bool, KeyFault> {
    match (key, scheme) {
        (PublicKey::Rsa(key), Scheme::Pkcs1) => {
            Ok(key.verify((hash.pkcs1)(), signed, signature).is_ok())
        }
        (PublicKey::Rsa(key), Scheme::Pss { salt_length }) => {
            Ok((hash.verify_pss)(key, signed, signature, salt_length))
        }
        (PublicKey::Curve(curve, point), Scheme::Ecdsa(form)) => {
            curve.verify(point, signed, signature, form)
        }
        (PublicKey::Edwards(Edwards::Ed25519, key), Scheme::Pure) => {
            Ok(edwards::verify(key, signed, signature))
        }
        _ => Err(KeyFault::WrongKind),
    }
}

/// The longest salt that the modulus has room for beside the digest (RFC 8017, 9.1.1).
fn most_salt(key: &rsa::PublicKey, hash: Hash) -> Result<usize, KeyFault> {
    use rsa::traits::PublicKeyParts;
    let encoded = (key.n().bit_width() as usize - 1).div_ceil(8);
    encoded
        .checked_sub(hash.length + 2)
        .ok_or(KeyFault::DigestTooBig)
}

fn fault(error: rsa::Error, too_long: KeyFault) -> KeyFault {
    match error {
        rsa::Error::MessageTooLong => too_long,
        _ => KeyFault::Failed,
    }
}
