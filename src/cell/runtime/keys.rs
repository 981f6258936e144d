//! Key pairs as `crypto` has them: what kinds there are, and what a key is while an op works with it.
//!
//! Between two ops a key is DER in the scripts' own bytes, as hashes are: PKCS#8 a private one, SPKI a public one.
//! So the isolate's account has it, and nothing is left behind when a function forgets it.

pub mod certificates;
pub mod curves;
pub mod edwards;
mod forms;
mod hashes;
pub mod parts;
pub mod passwords;
pub mod primes;
pub mod rsa;
pub mod signatures;

pub use curves::Curve;
pub use edwards::Edwards;
pub use forms::Form;
pub use hashes::Hash;

use zeroize::Zeroizing;

/// Bytes that may be secret.
pub type Secret = Zeroizing<Vec<u8>>;

/// Why a key is none, or can't do what is asked of it. What it displays is the scripts' name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("malformed")]
    Malformed,
    /// Of an algorithm or a curve that is not here.
    #[error("unknown")]
    Unknown,
    /// More bits than [`rsa::MOST_PUBLIC_BITS`] or [`rsa::MOST_PRIVATE_BITS`].
    #[error("tooLarge")]
    TooLarge,
    /// An exponent beyond [`rsa::MOST_EXPONENT`].
    #[error("exponentTooLarge")]
    ExponentTooLarge,
    /// The key is of a kind that can't do this.
    #[error("wrongKind")]
    WrongKind,
    #[error("digestTooBig")]
    DigestTooBig,
    #[error("dataTooLarge")]
    DataTooLarge,
    #[error("dataTooSmall")]
    DataTooSmall,
    #[error("dataBeyondModulus")]
    DataBeyondModulus,
    #[error("oaepDecoding")]
    OaepDecoding,
    #[error("blockType")]
    BlockType,
    #[error("malformedSignature")]
    MalformedSignature,
    /// The other key is not on the same curve, or no point that a secret can be made of.
    #[error("badPoint")]
    BadPoint,
    /// The system has no random bytes to give, or the crate failed on a key that it took for sound.
    #[error("failed")]
    Failed,
}

/// A private key.
pub enum PrivateKey {
    Rsa(Box<::rsa::PrivateKey>),
    /// The scalar, as long as the curve's field.
    Curve(Curve, Secret),
    Edwards(Edwards, Secret),
}

/// A public key.
pub enum PublicKey {
    Rsa(Box<::rsa::PublicKey>),
    /// The point, uncompressed (SEC 1, 2.3.3).
    Curve(Curve, Vec<u8>),
    Edwards(Edwards, Vec<u8>),
}

impl PrivateKey {
    /// # Errors
    /// [`KeyFault::Failed`] when the curve's arithmetic is, on a key that was read.
    pub fn public(&self) -> Result<PublicKey, KeyFault> {
        Ok(match self {
            Self::Rsa(key) => PublicKey::Rsa(Box::new(key.to_public_key())),
            Self::Curve(curve, scalar) => PublicKey::Curve(*curve, curve.public(scalar)?),
            Self::Edwards(kind, key) => PublicKey::Edwards(*kind, kind.public(key)?),
        })
    }
}

/// A secret that two keys have in common (ECDH, RFC 7748).
///
/// # Errors
/// [`KeyFault::WrongKind`] for keys of different kinds or of one that has no such thing; [`KeyFault::BadPoint`].
pub fn agree(private: &PrivateKey, public: &PublicKey) -> Result<Secret, KeyFault> {
    match (private, public) {
        (PrivateKey::Curve(curve, scalar), PublicKey::Curve(other, point)) if curve == other => {
            curve.agree(scalar, point)
        }
        (PrivateKey::Edwards(Edwards::X25519, key), PublicKey::Edwards(Edwards::X25519, other)) => {
            edwards::agree(key, other)
        }
        _ => Err(KeyFault::WrongKind),
    }
}
