//! The curves of NIST and secp256k1: points, secrets, ECDSA.

use getrandom::SysRng;
use pkcs8::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{KeyFault, Secret};

/// A curve of short Weierstrass form, by its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
    K256,
}

const UNCOMPRESSED: u8 = 4;
const HYBRID: u8 = 6;
const HYBRID_ODD: u8 = 7;

/// Evaluates an expression in which a name stands for the crate of the curve.
macro_rules! on {
    ($curve:expr, $module:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $module;
                $body
            }
            Curve::P384 => {
                use p384 as $module;
                $body
            }
            Curve::P521 => {
                use p521 as $module;
                $body
            }
            Curve::K256 => {
                use k256 as $module;
                $body
            }
        }
    };
}

/// How the numbers of an ECDSA signature are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// A sequence of two integers.
    Der,
    /// One after the other, each as long as the order (IEEE P1363).
    Fixed,
}

/// How a point is written (SEC 1, 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointForm {
    Uncompressed,
    Compressed,
    /// Uncompressed, with the parity of y as well (X9.62, 4.3.6).
    Hybrid,
}

impl Curve {
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::K256];

    /// As OpenSSL calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "prime256v1",
            Self::P384 => "secp384r1",
            Self::P521 => "secp521r1",
            Self::K256 => "secp256k1",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    pub fn identifier(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
            Self::K256 => "1.3.132.0.10",
        })
    }

    pub fn identified(identifier: ObjectIdentifier) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|curve| curve.identifier() == identifier)
    }

    /// Bytes of a coordinate, and of a scalar.
    pub fn field_length(self) -> usize {
        match self {
            Self::P256 | Self::K256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// A scalar of which zeros at the start may be missing.
    ///
    /// # Errors
    /// [`KeyFault::Malformed`] for what is no scalar of the curve, or 0.
    pub fn scalar(self, bytes: &[u8]) -> Result<Secret, KeyFault> {
        let missing = self.field_length().checked_sub(bytes.len());
        let zeros = vec![0; missing.ok_or(KeyFault::Malformed)?];
        let scalar = Zeroizing::new([&zeros, bytes].concat());
        let read = on!(self, curve => curve::SecretKey::from_slice(&scalar).is_ok());
        if read {
            Ok(scalar)
        } else {
            Err(KeyFault::Malformed)
        }
    }

    /// A scalar that nobody knows yet.
    ///
    /// # Errors
    /// [`KeyFault::Failed`] when the system has no random bytes.
    pub fn generate(self) -> Result<Secret, KeyFault> {
        let key = on!(self, curve => {
            use curve::elliptic_curve::Generate;
            let key = curve::SecretKey::try_generate_from_rng(&mut SysRng);
            key.map(|key| key.to_bytes().to_vec())
        });
        key.map(Zeroizing::new).map_err(|_| KeyFault::Failed)
    }

    /// The point that belongs to a scalar, uncompressed.
    ///
    /// # Errors
    /// [`KeyFault::Failed`] for no scalar.
    pub fn public(self, scalar: &[u8]) -> Result<Vec<u8>, KeyFault> {
        on!(self, curve => {
            use curve::elliptic_curve::sec1::ToSec1Point;
            let key = curve::SecretKey::from_slice(scalar);
            let key = key.map_err(|_| KeyFault::Failed)?;
            Ok(key.public_key().to_sec1_point(false).as_bytes().to_vec())
        })
    }

    /// Reads a point in any form, and writes it.
    ///
    /// # Errors
    /// [`KeyFault::BadPoint`] for what is no point of the curve, or the one at infinity.
    pub fn point(self, bytes: &[u8], form: PointForm) -> Result<Vec<u8>, KeyFault> {
        let plain = without_parity(bytes).ok_or(KeyFault::BadPoint)?;
        let mut point = on!(self, curve => {
            use curve::elliptic_curve::sec1::ToSec1Point;
            let key = curve::PublicKey::from_sec1_bytes(&plain);
            let key = key.map_err(|_| KeyFault::BadPoint)?;
            let compresses = form == PointForm::Compressed;
            key.to_sec1_point(compresses).as_bytes().to_vec()
        });
        if form == PointForm::Hybrid {
            point[0] = HYBRID | (point[point.len() - 1] & 1);
        }
        Ok(point)
    }

    /// ECDH: the x of the product.
    ///
    /// # Errors
    /// [`KeyFault::BadPoint`]; [`KeyFault::Failed`] for no scalar.
    pub fn agree(self, scalar: &[u8], point: &[u8]) -> Result<Secret, KeyFault> {
        on!(self, curve => {
            let key = curve::SecretKey::from_slice(scalar);
            let key = key.map_err(|_| KeyFault::Failed)?;
            let other = curve::PublicKey::from_sec1_bytes(point);
            let other = other.map_err(|_| KeyFault::BadPoint)?;
            let secret = key.diffie_hellman(&other);
            Ok(Zeroizing::new(secret.raw_secret_bytes().to_vec()))
        })
    }

    /// # Errors
    /// [`KeyFault::Failed`] when the system has no random bytes.
    pub fn sign(
        self,
        scalar: &[u8],
        digest: &[u8],
        form: SignatureForm,
    ) -> Result<Vec<u8>, KeyFault> {
        on!(self, curve => {
            use curve::ecdsa::{Signature, SigningKey, signature::hazmat::RandomizedPrehashSigner};
            let key = SigningKey::from_slice(scalar).map_err(|_| KeyFault::Failed)?;
            let signature: Signature = key
                .sign_prehash_with_rng(&mut SysRng, digest)
                .map_err(|_| KeyFault::Failed)?;
            Ok(match form {
                SignatureForm::Der => signature.to_der().as_bytes().to_vec(),
                SignatureForm::Fixed => signature.to_bytes().to_vec(),
            })
        })
    }

    /// # Errors
    /// [`KeyFault::MalformedSignature`] when a signature of fixed length is not as long.
    pub fn verify(
        self,
        point: &[u8],
        digest: &[u8],
        signature: &[u8],
        form: SignatureForm,
    ) -> Result<bool, KeyFault> {
        if form == SignatureForm::Fixed && signature.len() != 2 * self.field_length() {
            return Err(KeyFault::MalformedSignature);
        }
        on!(self, curve => {
            use curve::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
            let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| KeyFault::Failed)?;
            let signature = match form {
                SignatureForm::Der => Signature::from_der(signature),
                SignatureForm::Fixed => Signature::from_slice(signature),
            };
            // One crate takes the smaller of the two possible s only; either is as good.
            Ok(signature.is_ok_and(|signature| {
                key.verify_prehash(digest, &signature.normalize_s()).is_ok()
            }))
        })
    }
}

/// The point uncompressed, if it is hybrid, and its parity is that of y.
fn without_parity(point: &[u8]) -> Option<Vec<u8>> {
    let mut plain = point.to_vec();
    if let Some(first @ (HYBRID | HYBRID_ODD)) = plain.first().copied() {
        if plain.last()? & 1 != first & 1 {
            return None;
        }
        plain[0] = UNCOMPRESSED;
    }
    Some(plain)
}
