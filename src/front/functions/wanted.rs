//! Which version a caller means, by names whose form is checked.

use bytes::Bytes;

use super::{Language, SourceDigest};
use crate::{front::access::Caller, invocation::VersionKey};

/// The longest id or version, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// Which version a caller means, and what it knows of its source.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub key: VersionKey,
    /// The source, if it was sent, in UTF-8.
    pub inline: Option<Bytes>,
    /// What that source is written in.
    pub language: Language,
    /// What the source must be, if the caller says so.
    pub digest: Option<SourceDigest>,
    pub caller: Caller,
    pub wanted_for: WantedFor,
}

/// What a version is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedFor {
    /// A source that is sent is kept as the version's.
    Running,
    /// A source that is sent is not kept: who may describe a version does not decide what is run as it.
    Describing,
}

/// A name that can't be one of a function or version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_NAME_BYTES} characters of A-Z a-z 0-9 . _ - and not start with a dot")]
pub struct BadName;

/// Checks the form of a function id or version, which are also names of folders in a store.
///
/// # Errors
/// [`BadName`] when it is empty, too long, or has other characters.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let sound = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.starts_with('.')
        && name.bytes().all(allowed);
    if sound { Ok(()) } else { Err(BadName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a", "sfnc_1-2.3", "0", &"x".repeat(128)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "a/b",
            "a b",
            "ä",
            "a\0",
            &"x".repeat(129),
        ] {
            assert_eq!(check_name(name), Err(BadName), "{name}");
        }
    }
}
