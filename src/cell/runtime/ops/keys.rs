//! Ops of key pairs: reading, writing and making them.
//!
//! What an op gives is written into `output`, and its length returned; a string names what is wrong instead, as
//! [`KeyFault`] displays it. Private keys come as PKCS #8, public ones as SPKI.

use super::{Arguments, Return, number, text};
use crate::cell::runtime::{
    bytes::{with_bytes, with_bytes_mut},
    keys::{
        Curve, Edwards, Form, KeyFault, PrivateKey, PublicKey, Secret,
        curves::PointForm,
        parts::Kind,
        passwords::{self, Protection},
        primes,
    },
};

/// Writes bytes into `output`, and makes their length the op's value, or the fault's name.
pub fn answer(
    scope: &mut v8::PinScope<'_, '_>,
    output: v8::Local<'_, v8::Value>,
    mut value: Return<'_>,
    result: Result<impl AsRef<[u8]>, KeyFault>,
) {
    let written = result.and_then(|bytes| {
        let bytes = bytes.as_ref();
        let written = with_bytes_mut(scope, output, |_, output| {
            output
                .get_mut(..bytes.len())
                .map(|target| target.copy_from_slice(bytes))
        });
        written.map(|()| bytes.len()).ok_or(KeyFault::TooLarge)
    });
    match written {
        Ok(length) => value.set_double(length as f64),
        Err(fault) => refuse(scope, value, fault),
    }
}

/// Makes the fault's name the op's value.
pub fn refuse(scope: &v8::PinScope<'_, '_>, mut value: Return<'_>, fault: KeyFault) {
    if let Some(name) = v8::String::new(scope, &fault.to_string()) {
        value.set(name.into());
    }
}

pub fn private_key(value: v8::Local<'_, v8::Value>) -> Result<PrivateKey, KeyFault> {
    with_bytes(value, |bytes| PrivateKey::read(bytes, Form::Pkcs8))
}

pub fn public_key(value: v8::Local<'_, v8::Value>) -> Result<PublicKey, KeyFault> {
    with_bytes(value, |bytes| PublicKey::read(bytes, Form::Spki))
}

fn form(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Result<Form, KeyFault> {
    Form::named(&text(scope, value)).ok_or(KeyFault::WrongKind)
}

/// `pemRead(text, start, output)`: the first PEM (RFC 7468) from a place on: `[label, length, end, encryption]`, where
/// `encryption` is the header DEK-Info (RFC 1421), or empty. `undefined` when there is none.
pub fn read_pem(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let start = number(arguments.get(1)) as usize;
    let read = with_bytes(arguments.get(0), |text| {
        let text = text.get(start..)?;
        let end = end_of_pem(text)?;
        let pem = pem::parse(&text[..end]).ok()?;
        Some((pem, start + end))
    });
    let Some((pem, end)) = read else {
        return;
    };
    let contents = pem.contents();
    with_bytes_mut(scope, arguments.get(2), |_, output| {
        for (target, &byte) in output.iter_mut().zip(contents) {
            *target = byte;
        }
    });
    let encryption = pem.headers().get("DEK-Info").unwrap_or_default();
    let [label, encryption] = [pem.tag(), encryption].map(|text| v8::String::new(scope, text));
    let (Some(label), Some(encryption)) = (label, encryption) else {
        return;
    };
    let [length, end] = [contents.len(), end].map(|place| v8::Number::new(scope, place as f64));
    let found = [label.into(), length.into(), end.into(), encryption.into()];
    value.set(v8::Array::new_with_elements(scope, &found).into());
}

/// The place after the line that ends the first PEM.
fn end_of_pem(text: &[u8]) -> Option<usize> {
    const END: &[u8] = b"-----END ";
    const DASHES: &[u8] = b"-----";
    let last = memchr::memmem::find(text, END)? + END.len();
    Some(last + memchr::memmem::find(&text[last..], DASHES)? + DASHES.len())
}

/// `keyReadPrivate(bytes, form, output)`: a private key of any form as PKCS #8.
pub fn read_private(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let key = form(scope, arguments.get(1))
        .and_then(|form| with_bytes(arguments.get(0), |bytes| PrivateKey::read(bytes, form)));
    let written = key.and_then(|key| key.write(Form::Pkcs8));
    answer(scope, arguments.get(2), value, written);
}

/// `keyReadPublic(bytes, form, output)`: a public key of any form as SPKI.
pub fn read_public(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let key = form(scope, arguments.get(1))
        .and_then(|form| with_bytes(arguments.get(0), |bytes| PublicKey::read(bytes, form)));
    let written = key.and_then(|key| key.write(Form::Spki));
    answer(scope, arguments.get(2), value, written);
}

/// `keyWritePrivate(key, form, output)`.
pub fn write_private(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    value: Return<'_>,
) {
    let written =
        form(scope, arguments.get(1)).and_then(|form| private_key(arguments.get(0))?.write(form));
    answer(scope, arguments.get(2), value, written);
}

/// `keyWritePublic(key, form, output)`.
pub fn write_public(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let written =
        form(scope, arguments.get(1)).and_then(|form| public_key(arguments.get(0))?.write(form));
    answer(scope, arguments.get(2), value, written);
}

/// `keyPublicOf(key, output)`: the public key of a private one.
pub fn public_of(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let public = private_key(arguments.get(0)).and_then(|key| key.public()?.write(Form::Spki));
    answer(scope, arguments.get(1), value, public);
}

/// `keyDescribe(key)`: of a public key `[kind, bits of the modulus, exponent]`, 0 for keys that have none.
pub fn describe(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let key = match public_key(arguments.get(0)) {
        Ok(key) => key,
        Err(fault) => return refuse(scope, value, fault),
    };
    let (bits, exponent) = match &key {
        PublicKey::Rsa(key) => crate::cell::runtime::keys::rsa::size(key),
        _ => (0, 0),
    };
    let Some(kind) = v8::String::new(scope, key.kind().name()) else {
        return;
    };
    let [bits, exponent] =
        [u64::from(bits), exponent].map(|number| v8::Number::new(scope, number as f64).into());
    let described = [kind.into(), bits, exponent];
    value.set(v8::Array::new_with_elements(scope, &described).into());
}

/// `keyParts(key, isPrivate, output)`: the numbers of a key one after the other; returns an array of their lengths.
pub fn parts(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let parts = match arguments.get(1).is_true() {
        true => private_key(arguments.get(0)).and_then(|key| key.parts()),
        false => public_key(arguments.get(0)).map(|key| key.parts()),
    };
    match parts {
        Ok(parts) => {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_slice()).collect();
            spread(scope, arguments.get(2), value, &parts);
        }
        Err(fault) => refuse(scope, value, fault),
    }
}

/// Writes parts one after the other; the value is an array of their lengths.
fn spread(
    scope: &mut v8::PinScope<'_, '_>,
    output: v8::Local<'_, v8::Value>,
    mut value: Return<'_>,
    parts: &[&[u8]],
) {
    let whole = Secret::from(parts.concat());
    with_bytes_mut(scope, output, |_, output| {
        for (target, &byte) in output.iter_mut().zip(whole.iter()) {
            *target = byte;
        }
    });
    let lengths: Vec<v8::Local<'_, v8::Value>> = parts
        .iter()
        .map(|part| v8::Number::new(scope, part.len() as f64).into())
        .collect();
    value.set(v8::Array::new_with_elements(scope, &lengths).into());
}

/// `keyOfParts(kind, isPrivate, parts, output)`: a key of an array of its numbers.
pub fn of_parts(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let kind = Kind::named(&text(scope, arguments.get(0)));
    let parts = byte_strings(scope, arguments.get(2));
    let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_slice()).collect();
    let written = kind
        .ok_or(KeyFault::Unknown)
        .and_then(|kind| match arguments.get(1).is_true() {
            true => PrivateKey::of_parts(kind, &parts)?.write(Form::Pkcs8),
            false => Ok(PublicKey::of_parts(kind, &parts)?.write(Form::Spki)?.into()),
        });
    answer(scope, arguments.get(3), value, written);
}

/// The bytes of each view in an array of the scripts' own.
fn byte_strings(scope: &mut v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> Vec<Secret> {
    let Ok(array) = v8::Local::<v8::Array>::try_from(value) else {
        return Vec::new();
    };
    let views = (0..array.length()).filter_map(|index| array.get_index(scope, index));
    views
        .map(|view| with_bytes(view, |bytes| Secret::from(bytes.to_vec())))
        .collect()
}

/// `keyOfScalar(curve, scalar, output)`: a private key of its scalar alone.
pub fn of_scalar(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let curve = Curve::named(&text(scope, arguments.get(0))).ok_or(KeyFault::Unknown);
    let key = curve.and_then(|curve| {
        let scalar = with_bytes(arguments.get(1), |bytes| curve.scalar(bytes))?;
        PrivateKey::Curve(curve, scalar).write(Form::Pkcs8)
    });
    answer(scope, arguments.get(2), value, key);
}

/// `keyGenerate(kind, output)`: a private key of a kind that needs no primes.
pub fn generate(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let key = match Kind::named(&text(scope, arguments.get(0))) {
        Some(Kind::Curve(curve)) => curve
            .generate()
            .map(|scalar| PrivateKey::Curve(curve, scalar)),
        Some(Kind::Edwards(kind)) => Edwards::generate().map(|key| PrivateKey::Edwards(kind, key)),
        Some(Kind::Rsa) | None => Err(KeyFault::Unknown),
    };
    answer(
        scope,
        arguments.get(1),
        value,
        key.and_then(|key| key.write(Form::Pkcs8)),
    );
}

/// `rsaPrime(bits, exponent, output)`: tries one number; 0 when it is no prime that fits.
pub fn find_prime(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let (bits, exponent) = (
        number(arguments.get(0)) as u32,
        number(arguments.get(1)) as u64,
    );
    let found = primes::attempt(bits, exponent).map(Option::unwrap_or_default);
    answer(scope, arguments.get(2), value, found);
}

/// `rsaOfPrimes(first, second, exponent, output)`: the private key.
pub fn of_primes(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let exponent = number(arguments.get(2)) as u64;
    let key = with_bytes(arguments.get(0), |first| {
        with_bytes(arguments.get(1), |second| {
            primes::key_of([first, second], exponent)
        })
    });
    let written = key.and_then(|key| PrivateKey::Rsa(Box::new(key)).write(Form::Pkcs8));
    answer(scope, arguments.get(3), value, written);
}

/// `passwordRead(der, output)`: how a private key is encrypted. Salt, initialization vector and what is encrypted
/// come one after the other; returns `[hash, iterations, length of the key, length of the salt, length of all]`.
pub fn read_protection(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let read = with_bytes(arguments.get(0), |der| {
        let (protection, data) = passwords::read(der)?;
        let all = [&protection.salt, &protection.iv[..], data].concat();
        Ok((protection, all))
    });
    let (protection, all) = match read {
        Ok(read) => read,
        Err(fault) => return refuse(scope, value, fault),
    };
    with_bytes_mut(scope, arguments.get(1), |_, output| {
        for (target, &byte) in output.iter_mut().zip(&all) {
            *target = byte;
        }
    });
    let Some(hash) = v8::String::new(scope, protection.hash) else {
        return;
    };
    let iterations = protection.iterations as usize;
    let numbers = [
        iterations,
        protection.key_length,
        protection.salt.len(),
        all.len(),
    ];
    let [iterations, key, salt, all] =
        numbers.map(|number| v8::Number::new(scope, number as f64).into());
    value.set(
        v8::Array::new_with_elements(scope, &[hash.into(), iterations, key, salt, all]).into(),
    );
}

/// `passwordWrite(salt, iterations, keyLength, iv, data, output)`: PKCS #8 of what was encrypted with a key that PBKDF2
/// made with SHA-256.
pub fn write_protection(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    value: Return<'_>,
) {
    let protection = Protection {
        hash: "sha256",
        iterations: number(arguments.get(1)) as u32,
        salt: with_bytes(arguments.get(0), <[u8]>::to_vec),
        key_length: number(arguments.get(2)) as usize,
        iv: with_bytes(arguments.get(3), |iv| iv.try_into().unwrap_or_default()),
    };
    let written = with_bytes(arguments.get(4), |data| passwords::write(&protection, data));
    answer(scope, arguments.get(5), value, written);
}

/// `curvePoint(curve, point, form, output)`: a point in another form, a string of `compressed`, `hybrid` and
/// `uncompressed`.
pub fn point(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let form = match text(scope, arguments.get(2)).as_str() {
        "compressed" => PointForm::Compressed,
        "hybrid" => PointForm::Hybrid,
        _ => PointForm::Uncompressed,
    };
    let curve = Curve::named(&text(scope, arguments.get(0))).ok_or(KeyFault::Unknown);
    let point =
        curve.and_then(|curve| with_bytes(arguments.get(1), |bytes| curve.point(bytes, form)));
    answer(scope, arguments.get(3), value, point);
}

#[cfg(test)]
mod tests {
    use super::end_of_pem;

    #[test]
    fn the_end_of_a_pem_is_after_its_last_line() {
        for (text, end) in [
            ("-----BEGIN A-----\n-----END A-----", Some(33)),
            ("x-----END A-----y-----END B-----", Some(16)),
            ("-----END A", None),
            ("", None),
        ] {
            assert_eq!(end_of_pem(text.as_bytes()), end, "{text}");
        }
    }
}
