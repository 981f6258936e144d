//! Ops of what keys are for: signatures, encryption with RSA, secrets in common. As with the other ops of keys, what is
//! wrong is named by a string.

use super::{
    Arguments, Return, digests,
    keys::{answer, private_key, public_key, refuse},
    number, text,
};
use crate::cell::runtime::{
    bytes::with_bytes,
    keys::{
        self, Hash, KeyFault, Secret,
        curves::SignatureForm,
        rsa::{self, Padding},
        signatures::{self, Scheme},
    },
};

fn hash(value: v8::Local<'_, v8::Value>) -> Result<Hash, KeyFault> {
    let name = digests::name_of(value).ok_or(KeyFault::Unknown)?;
    Hash::named(name).ok_or(KeyFault::Unknown)
}

/// A scheme by its name; a salt's length that is below 0 is none.
fn scheme(
    scope: &v8::PinScope<'_, '_>,
    name: v8::Local<'_, v8::Value>,
    salt_length: v8::Local<'_, v8::Value>,
) -> Result<Scheme, KeyFault> {
    let salt_length = number(salt_length);
    Ok(match text(scope, name).as_str() {
        "pkcs1" => Scheme::Pkcs1,
        "pss" => Scheme::Pss {
            salt_length: (salt_length >= 0.0).then_some(salt_length as usize),
        },
        "der" => Scheme::Ecdsa(SignatureForm::Der),
        "ieee-p1363" => Scheme::Ecdsa(SignatureForm::Fixed),
        "pure" => Scheme::Pure,
        _ => return Err(KeyFault::WrongKind),
    })
}

/// `keySign(key, scheme, saltLength, hash, signed, output)`: signs a digest, or with the scheme `pure` a message.
pub fn sign(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let scheme = scheme(scope, arguments.get(1), arguments.get(2));
    let signature = scheme.and_then(|scheme| {
        let key = private_key(arguments.get(0))?;
        let hash = hash(arguments.get(3))?;
        with_bytes(arguments.get(4), |signed| {
            signatures::sign(&key, scheme, hash, signed)
        })
    });
    answer(scope, arguments.get(5), value, signature);
}

/// `keyVerify(key, scheme, saltLength, hash, signed, signature)`: whether it is the signature.
pub fn verify(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let scheme = scheme(scope, arguments.get(1), arguments.get(2));
    let verified = scheme.and_then(|scheme| {
        let key = public_key(arguments.get(0))?;
        let hash = hash(arguments.get(3))?;
        with_bytes(arguments.get(4), |signed| {
            with_bytes(arguments.get(5), |signature| {
                signatures::verify(&key, scheme, hash, signed, signature)
            })
        })
    });
    match verified {
        Ok(verified) => value.set_bool(verified),
        Err(fault) => refuse(scope, value, fault),
    }
}

/// `keyAgree(private, public, output)`: the secret that they have in common.
pub fn agree(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let secret = private_key(arguments.get(0))
        .and_then(|private| keys::agree(&private, &public_key(arguments.get(1))?));
    answer(scope, arguments.get(2), value, secret);
}

/// What an op of RSA is to do with its data, given the padding.
type Operation =
    fn(key: v8::Local<'_, v8::Value>, Padding<'_>, data: &[u8]) -> Result<Secret, KeyFault>;

/// `rsaEncrypt(key, padding, hash, label, data, output)`: with a public key. The hash and the label are those of OAEP.
pub fn encrypt(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    operate(scope, arguments, value, |key, padding, data| {
        Ok(rsa::encrypt(public_key(key)?.rsa()?, padding, data)?.into())
    });
}

/// `rsaDecrypt(key, padding, hash, label, data, output)`: with a private key.
pub fn decrypt(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    operate(scope, arguments, value, |key, padding, data| {
        rsa::decrypt(private_key(key)?.rsa()?, padding, data)
    });
}

/// `rsaSignData(key, padding, hash, label, data, output)`: with a private key, what `rsaRecover` gets back.
pub fn sign_data(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    operate(scope, arguments, value, |key, padding, data| {
        rsa::sign_data(private_key(key)?.rsa()?, padding, data)
    });
}

/// `rsaRecover(key, padding, hash, label, data, output)`: with a public key, what was signed.
pub fn recover(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    operate(scope, arguments, value, |key, padding, data| {
        Ok(rsa::recover(public_key(key)?.rsa()?, padding, data)?.into())
    });
}

fn operate(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    value: Return<'_>,
    operation: Operation,
) {
    let padding = text(scope, arguments.get(1));
    let label = Secret::from(with_bytes(arguments.get(3), <[u8]>::to_vec));
    let padding = match padding.as_str() {
        "pkcs1" => Ok(Padding::Pkcs1),
        "oaep" => hash(arguments.get(2)).map(|hash| Padding::Oaep {
            hash,
            label: &label,
        }),
        "none" => Ok(Padding::None),
        _ => Err(KeyFault::WrongKind),
    };
    let done = padding.and_then(|padding| {
        with_bytes(arguments.get(4), |data| {
            operation(arguments.get(0), padding, data)
        })
    });
    answer(scope, arguments.get(5), value, done);
}
