//! Keys as the numbers they are of, which is how JSON Web Keys have them (RFC 7518, RFC 8037).

use rsa::{BoxedUint, traits::PrivateKeyParts, traits::PublicKeyParts};
use zeroize::Zeroizing;

use super::{
    Curve, Edwards, KeyFault, PrivateKey, PublicKey, Secret, curves::PointForm, edwards,
    rsa as rsa_keys,
};

/// A kind of key, with its curve where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rsa,
    Curve(Curve),
    Edwards(Edwards),
}

impl Kind {
    /// The scripts' name for it: `rsa`, the curve's, or that of what it is for.
    pub fn named(name: &str) -> Option<Self> {
        if name == "rsa" {
            return Some(Self::Rsa);
        }
        let curve = Curve::named(name).map(Self::Curve);
        curve.or_else(|| Edwards::named(name).map(Self::Edwards))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Curve(curve) => curve.name(),
            Self::Edwards(kind) => kind.name(),
        }
    }
}

fn number(number: &BoxedUint) -> Secret {
    Zeroizing::new(number.to_be_bytes_trimmed_vartime().into_vec())
}

impl PublicKey {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Rsa(_) => Kind::Rsa,
            Self::Curve(curve, _) => Kind::Curve(*curve),
            Self::Edwards(kind, _) => Kind::Edwards(*kind),
        }
    }

    /// n and e; x and y; x.
    pub fn parts(&self) -> Vec<Secret> {
        match self {
            Self::Rsa(key) => vec![number(key.n()), number(key.e())],
            Self::Curve(_, point) => {
                let (x, y) = point[1..].split_at(point.len() / 2);
                [x, y].map(|part| Zeroizing::new(part.to_vec())).into()
            }
            Self::Edwards(_, key) => vec![Zeroizing::new(key.clone())],
        }
    }

    /// # Errors
    /// [`KeyFault::Malformed`] when there are other parts than [`Self::parts`] gives, and what the kind refuses.
    pub fn of_parts(kind: Kind, parts: &[&[u8]]) -> Result<Self, KeyFault> {
        match (kind, parts) {
            (Kind::Rsa, [modulus, exponent]) => Ok(Self::Rsa(Box::new(rsa_keys::public_of_parts(
                modulus, exponent,
            )?))),
            (Kind::Curve(curve), [x, y]) => Ok(Self::Curve(curve, point_of(curve, x, y)?)),
            (Kind::Edwards(kind), [key]) => Ok(Self::Edwards(kind, edwards::key(key)?.to_vec())),
            _ => Err(KeyFault::Malformed),
        }
    }
}

/// Coordinates may lack zeros at the start.
fn point_of(curve: Curve, x: &[u8], y: &[u8]) -> Result<Vec<u8>, KeyFault> {
    const UNCOMPRESSED: u8 = 4;
    let mut point = vec![UNCOMPRESSED];
    for coordinate in [x, y] {
        let missing = curve.field_length().checked_sub(coordinate.len());
        point.resize(point.len() + missing.ok_or(KeyFault::Malformed)?, 0);
        point.extend_from_slice(coordinate);
    }
    curve
        .point(&point, PointForm::Uncompressed)
        .map_err(|_| KeyFault::Malformed)
}

impl PrivateKey {
    /// Those of the public key, and n, e, d, p, q, d mod (p - 1), d mod (q - 1), 1/q mod p in all; d.
    ///
    /// # Errors
    /// As [`PrivateKey::public`].
    pub fn parts(&self) -> Result<Vec<Secret>, KeyFault> {
        let mut parts = self.public()?.parts();
        match self {
            Self::Rsa(key) => {
                let [first, second] = key.primes() else {
                    return Err(KeyFault::Malformed);
                };
                let absent = || KeyFault::Failed;
                let inverse = key.crt_coefficient().ok_or_else(absent)?;
                let (of_first, of_second) =
                    (key.dp().ok_or_else(absent)?, key.dq().ok_or_else(absent)?);
                let all = [key.d(), first, second, of_first, of_second, &inverse];
                parts.extend(all.map(number));
            }
            Self::Curve(_, scalar) => parts.push(scalar.clone()),
            Self::Edwards(_, key) => parts.push(key.clone()),
        }
        Ok(parts)
    }

    /// # Errors
    /// [`KeyFault::Malformed`] when there are other parts than [`Self::parts`] gives, or such as don't go together,
    /// and what the kind refuses.
    pub fn of_parts(kind: Kind, parts: &[&[u8]]) -> Result<Self, KeyFault> {
        match (kind, parts) {
            (Kind::Rsa, [modulus, exponent, private, first, second, ..]) => {
                let key = rsa_keys::private_of_parts(modulus, exponent, private, [first, second])?;
                Ok(Self::Rsa(Box::new(key)))
            }
            (Kind::Curve(curve), [x, y, scalar]) => {
                let scalar = curve.scalar(scalar)?;
                match curve.public(&scalar)? == point_of(curve, x, y)? {
                    true => Ok(Self::Curve(curve, scalar)),
                    false => Err(KeyFault::Malformed),
                }
            }
            (Kind::Edwards(kind), [_, key]) => Ok(Self::Edwards(kind, edwards::key(key)?)),
            _ => Err(KeyFault::Malformed),
        }
    }
}
