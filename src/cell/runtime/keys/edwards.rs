//! Ed25519 (RFC 8032) and X25519 (RFC 7748).

use aws_lc_rs::{
    agreement::{self, UnparsedPublicKey, X25519},
    signature::{self, ED25519, Ed25519KeyPair, KeyPair},
};
use pkcs8::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{KeyFault, Secret};

/// Bytes of a key, private or public, of either kind.
pub const KEY_LENGTH: usize = 32;

/// What a key on that curve is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edwards {
    Ed25519,
    X25519,
}

impl Edwards {
    const ALL: [Self; 2] = [Self::Ed25519, Self::X25519];

    /// As Node calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::X25519 => "x25519",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// RFC 8410, 3.
    pub fn identifier(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Ed25519 => "1.3.101.112",
            Self::X25519 => "1.3.101.110",
        })
    }

    pub fn identified(identifier: ObjectIdentifier) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.identifier() == identifier)
    }

    /// # Errors
    /// [`KeyFault::Failed`] when the system has no random bytes.
    pub fn generate() -> Result<Secret, KeyFault> {
        let mut key = Zeroizing::new(vec![0; KEY_LENGTH]);
        getrandom::fill(&mut key).map_err(|_| KeyFault::Failed)?;
        Ok(key)
    }

    /// # Errors
    /// [`KeyFault::Failed`] for no private key.
    pub fn public(self, key: &[u8]) -> Result<Vec<u8>, KeyFault> {
        match self {
            Self::Ed25519 => Ok(signing_key(key)?.public_key().as_ref().to_vec()),
            Self::X25519 => {
                let public = agreeing_key(key)?.compute_public_key();
                Ok(public.map_err(|_| KeyFault::Failed)?.as_ref().to_vec())
            }
        }
    }
}

/// A key, private or public, of its bytes.
///
/// # Errors
/// [`KeyFault::Malformed`] for another length.
pub fn key(bytes: &[u8]) -> Result<Secret, KeyFault> {
    match bytes.len() {
        KEY_LENGTH => Ok(Zeroizing::new(bytes.to_vec())),
        _ => Err(KeyFault::Malformed),
    }
}

fn signing_key(key: &[u8]) -> Result<Ed25519KeyPair, KeyFault> {
    Ed25519KeyPair::from_seed_unchecked(key).map_err(|_| KeyFault::Failed)
}

fn agreeing_key(key: &[u8]) -> Result<agreement::PrivateKey, KeyFault> {
    agreement::PrivateKey::from_private_key(&X25519, key).map_err(|_| KeyFault::Failed)
}

/// Signs a message, which is read whole twice.
///
/// # Errors
/// [`KeyFault::Failed`] for no key.
pub fn sign(key: &[u8], message: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let signature = signing_key(key)?.try_sign(message);
    Ok(signature.map_err(|_| KeyFault::Failed)?.as_ref().to_vec())
}

pub fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = signature::UnparsedPublicKey::new(&ED25519, key);
    key.verify(message, signature).is_ok()
}

/// # Errors
/// [`KeyFault::BadPoint`] for a point that makes any secret 0.
pub fn agree(key: &[u8], other: &[u8]) -> Result<Secret, KeyFault> {
    let other = UnparsedPublicKey::new(&X25519, other);
    agreement::agree(&agreeing_key(key)?, other, KeyFault::BadPoint, |secret| {
        Ok(Zeroizing::new(secret.to_vec()))
    })
}
