//! The forms that keys are kept in: PKCS #8, SPKI, PKCS #1, SEC 1, and what a certificate has.
//!
//! DER is read by types, not by its nesting: what is deep in it costs no stack.

use pkcs8::{
    AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef,
    der::{
        Decode, Encode,
        asn1::{AnyRef, BitStringRef, OctetStringRef},
    },
};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey, RsaPrivateKeyRef, RsaPublicKeyRef};
use sec1::{EcParameters, EcPrivateKey};
use zeroize::Zeroizing;

use super::{
    Curve, Edwards, KeyFault, PrivateKey, PublicKey, Secret, certificates, curves::PointForm,
    edwards, rsa as rsa_keys,
};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// What the bytes of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 5958, a private key of any kind.
    Pkcs8,
    /// RFC 5280, 4.1.2.7, a public key of any kind.
    Spki,
    /// RFC 8017, A.1.
    Pkcs1,
    /// RFC 5915, a private key on a curve.
    Sec1,
    /// RFC 5280, of which the public key is read.
    Certificate,
}

impl Form {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pkcs8" => Self::Pkcs8,
            "spki" => Self::Spki,
            "pkcs1" => Self::Pkcs1,
            "sec1" => Self::Sec1,
            "certificate" => Self::Certificate,
            _ => return None,
        })
    }
}

/// What is not DER, or not of that type.
fn malformed<E>(_: E) -> KeyFault {
    KeyFault::Malformed
}

impl PrivateKey {
    /// # Errors
    /// [`KeyFault::Malformed`], [`KeyFault::Unknown`], and what goes beyond the bounds of a kind.
    pub fn read(bytes: &[u8], form: Form) -> Result<Self, KeyFault> {
        match form {
            Form::Pkcs8 => Self::of_info(&PrivateKeyInfoRef::from_der(bytes).map_err(malformed)?),
            Form::Pkcs1 => Self::of_pkcs1(bytes),
            Form::Sec1 => Self::of_sec1(bytes, None),
            Form::Spki | Form::Certificate => Err(KeyFault::WrongKind),
        }
    }

    fn of_info(info: &PrivateKeyInfoRef<'_>) -> Result<Self, KeyFault> {
        let bytes = info.private_key.as_bytes();
        match info.algorithm.oid {
            RSA => Self::of_pkcs1(bytes),
            CURVE => Self::of_sec1(bytes, Some(curve_of(info.algorithm)?)),
            other => {
                let kind = Edwards::identified(other).ok_or(KeyFault::Unknown)?;
                let key = <&OctetStringRef>::from_der(bytes).map_err(malformed)?;
                Ok(Self::Edwards(kind, edwards::key(key.as_bytes())?))
            }
        }
    }

    fn of_pkcs1(bytes: &[u8]) -> Result<Self, KeyFault> {
        let parts = RsaPrivateKeyRef::from_der(bytes).map_err(malformed)?;
        Ok(Self::Rsa(Box::new(rsa_keys::read_private(&parts)?)))
    }

    fn of_sec1(bytes: &[u8], known: Option<Curve>) -> Result<Self, KeyFault> {
        let parts = EcPrivateKey::from_der(bytes).map_err(malformed)?;
        let named = match parts.parameters {
            Some(EcParameters::NamedCurve(identifier)) => {
                Some(Curve::identified(identifier).ok_or(KeyFault::Unknown)?)
            }
            None => None,
        };
        if known.is_some() && named.is_some() && known != named {
            return Err(KeyFault::Malformed);
        }
        let curve = known.or(named).ok_or(KeyFault::Malformed)?;
        Ok(Self::Curve(curve, curve.scalar(parts.private_key)?))
    }

    /// # Errors
    /// [`KeyFault::WrongKind`] for a form that the key can't have.
    pub fn write(&self, form: Form) -> Result<Secret, KeyFault> {
        match (self, form) {
            (Self::Rsa(key), Form::Pkcs1) => pkcs1(key),
            (Self::Curve(curve, scalar), Form::Sec1) => sec1(*curve, scalar, true),
            (_, Form::Pkcs8) => self.pkcs8(),
            _ => Err(KeyFault::WrongKind),
        }
    }

    fn pkcs8(&self) -> Result<Secret, KeyFault> {
        match self {
            Self::Rsa(key) => info(RSA, Some(AnyRef::NULL), &pkcs1(key)?),
            Self::Curve(curve, scalar) => {
                let identifier = curve.identifier();
                info(
                    CURVE,
                    Some((&identifier).into()),
                    &sec1(*curve, scalar, false)?,
                )
            }
            Self::Edwards(kind, key) => {
                let key = OctetStringRef::new(key).map_err(malformed)?;
                let key = Zeroizing::new(key.to_der().map_err(malformed)?);
                info(kind.identifier(), None, &key)
            }
        }
    }
}

fn curve_of(algorithm: AlgorithmIdentifierRef<'_>) -> Result<Curve, KeyFault> {
    // Parameters may also be written out, for curves that have no name here.
    let identifier = algorithm.parameters_oid().map_err(|_| KeyFault::Unknown)?;
    Curve::identified(identifier).ok_or(KeyFault::Unknown)
}

fn pkcs1(key: &rsa::PrivateKey) -> Result<Secret, KeyFault> {
    let document = key.to_pkcs1_der().map_err(malformed)?;
    Ok(Zeroizing::new(document.as_bytes().to_vec()))
}

fn sec1(curve: Curve, scalar: &[u8], names_curve: bool) -> Result<Secret, KeyFault> {
    let public = curve.public(scalar)?;
    let parts = EcPrivateKey {
        private_key: scalar,
        parameters: names_curve.then(|| EcParameters::NamedCurve(curve.identifier())),
        public_key: Some(&public),
    };
    parts.to_der().map(Zeroizing::new).map_err(malformed)
}

fn info(
    identifier: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    key: &[u8],
) -> Result<Secret, KeyFault> {
    let algorithm = AlgorithmIdentifierRef {
        oid: identifier,
        parameters,
    };
    let key = OctetStringRef::new(key).map_err(malformed)?;
    let info = PrivateKeyInfoRef::new(algorithm, key);
    info.to_der().map(Zeroizing::new).map_err(malformed)
}

impl PublicKey {
    /// # Errors
    /// As [`PrivateKey::read`].
    pub fn read(bytes: &[u8], form: Form) -> Result<Self, KeyFault> {
        match form {
            Form::Spki => {
                Self::of_info(&SubjectPublicKeyInfoRef::from_der(bytes).map_err(malformed)?)
            }
            Form::Pkcs1 => Self::of_pkcs1(bytes),
            Form::Certificate => Self::read(certificates::public_key(bytes)?, Form::Spki),
            Form::Pkcs8 | Form::Sec1 => Err(KeyFault::WrongKind),
        }
    }

    fn of_info(info: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, KeyFault> {
        let bytes = info
            .subject_public_key
            .as_bytes()
            .ok_or(KeyFault::Malformed)?;
        match info.algorithm.oid {
            RSA => Self::of_pkcs1(bytes),
            CURVE => {
                let curve = curve_of(info.algorithm)?;
                let point = curve
                    .point(bytes, PointForm::Uncompressed)
                    .map_err(malformed)?;
                Ok(Self::Curve(curve, point))
            }
            other => {
                let kind = Edwards::identified(other).ok_or(KeyFault::Unknown)?;
                Ok(Self::Edwards(kind, edwards::key(bytes)?.to_vec()))
            }
        }
    }

    fn of_pkcs1(bytes: &[u8]) -> Result<Self, KeyFault> {
        let parts = RsaPublicKeyRef::from_der(bytes).map_err(malformed)?;
        Ok(Self::Rsa(Box::new(rsa_keys::read_public(&parts)?)))
    }

    /// # Errors
    /// [`KeyFault::WrongKind`] for a form that the key can't have.
    pub fn write(&self, form: Form) -> Result<Vec<u8>, KeyFault> {
        match (self, form) {
            (Self::Rsa(key), Form::Pkcs1) => Ok(key.to_pkcs1_der().map_err(malformed)?.into_vec()),
            (_, Form::Spki) => self.spki(),
            _ => Err(KeyFault::WrongKind),
        }
    }

    fn spki(&self) -> Result<Vec<u8>, KeyFault> {
        let named;
        let (oid, parameters, bytes) = match self {
            Self::Rsa(_) => (RSA, Some(AnyRef::NULL), &self.write(Form::Pkcs1)?),
            Self::Curve(curve, point) => {
                named = curve.identifier();
                (CURVE, Some((&named).into()), point)
            }
            Self::Edwards(kind, key) => (kind.identifier(), None, key),
        };
        let subject_public_key = BitStringRef::from_bytes(bytes).map_err(malformed)?;
        let algorithm = AlgorithmIdentifierRef { oid, parameters };
        let info = SubjectPublicKeyInfoRef {
            algorithm,
            subject_public_key,
        };
        info.to_der().map_err(malformed)
    }
}
