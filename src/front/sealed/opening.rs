//! Opening one age file, whatever it is: bounded in its recipients and in what parsing them costs.

use std::io::Read;

use age::{DecryptError, Decryptor, Identity, armor::ArmoredReader};

use super::envelope::{BadEnvelope, Binding, Value};

const FIRST_LINE: &[u8] = b"age-encryption.org/v1\n";
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// The most recipients of a file. The age crate adds one that is nobody's.
const MAX_RECIPIENTS: usize = 16;

/// The largest header, in bytes: the parser goes over it again for each of its lines.
const MAX_HEADER_BYTES: usize = 8 << 10;

/// Why a sealed setting has no value. Says nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    #[error("is no age file")]
    NotAge,
    #[error("has more than {MAX_RECIPIENTS} recipients")]
    TooManyRecipients,
    #[error("has an age header over the limit of {MAX_HEADER_BYTES} bytes")]
    LargeHeader,
    #[error("is sealed with a passphrase: seal it for a public key of this executor")]
    Passphrase,
    #[error("no key of this executor opens it")]
    NoKey,
    #[error("was altered or cut off")]
    Damaged,
    #[error("is not UTF-8")]
    NotText,
    #[error(transparent)]
    Envelope(#[from] BadEnvelope),
    #[error("was sealed for {0}")]
    SealedFor(Binding),
    #[error(
        "is not bound to a function and an instance, as this executor requires (knob --require-bound-seals)"
    )]
    Unbound,
}

pub(super) fn open(
    file: &[u8],
    identities: &[Box<dyn Identity + Send + Sync>],
) -> Result<Value, Unopened> {
    if file.trim_ascii_start().starts_with(ARMOR) {
        return open_binary(&without_armor(file.trim_ascii_start())?, identities);
    }
    open_binary(file, identities)
}

fn without_armor(file: &[u8]) -> Result<Vec<u8>, Unopened> {
    let mut binary = Vec::new();
    let read = ArmoredReader::new(file).read_to_end(&mut binary);
    read.map_err(|_| Unopened::Damaged)?;
    Ok(binary)
}

fn open_binary(
    file: &[u8],
    identities: &[Box<dyn Identity + Send + Sync>],
) -> Result<Value, Unopened> {
    check_header(file)?;
    let file_of_age = Decryptor::new_buffered(file).map_err(of_age)?;
    if file_of_age.is_scrypt() {
        return Err(Unopened::Passphrase);
    }
    let identities = identities
        .iter()
        .map(|identity| -> &dyn Identity { &**identity });
    let mut reader = file_of_age.decrypt(identities).map_err(of_age)?;
    // No room is ever given up on the way: what was in it would be left in memory.
    let mut plain = Vec::with_capacity(file.len());
    reader
        .read_to_end(&mut plain)
        .map_err(|_| Unopened::Damaged)?;
    let plain = String::from_utf8(plain).map_err(|_| Unopened::NotText)?;
    Ok(Value::read(plain)?)
}

fn of_age(error: DecryptError) -> Unopened {
    match error {
        DecryptError::NoMatchingKeys => Unopened::NoKey,
        DecryptError::UnknownFormat => Unopened::NotAge,
        _ => Unopened::Damaged,
    }
}

/// Bounds what the parser gets to see.
fn check_header(file: &[u8]) -> Result<(), Unopened> {
    let Some(rest) = file.strip_prefix(FIRST_LINE) else {
        return Err(match FIRST_LINE.starts_with(file) && !file.is_empty() {
            true => Unopened::Damaged,
            false => Unopened::NotAge,
        });
    };
    let seen = &rest[..rest.len().min(MAX_HEADER_BYTES)];
    let mut recipients = 0;
    for line in seen.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"---") {
            return Ok(());
        }
        recipients += usize::from(line.starts_with(b"->"));
        if recipients > MAX_RECIPIENTS {
            return Err(Unopened::TooManyRecipients);
        }
    }
    Err(match rest.len() > MAX_HEADER_BYTES {
        true => Unopened::LargeHeader,
        false => Unopened::Damaged,
    })
}
