//! Bearer tokens: made, sent, and known by their hash.
//!
//! A token is looked up by its SHA-256. How long that takes tells of the hash, which nobody can choose without
//! knowing the token, so there is nothing to learn from comparing one's tries; and the file has nothing in it
//! that could be sent. Nor does a hash need salt or rounds: a token is 256 random bits, not a word.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header::AUTHORIZATION};

use super::Unknown;
use crate::front::functions::SourceDigest;

/// What tokens start with, so that those who look for leaked secrets know one when they see it.
const PREFIX: &str = "penstock_";

const RANDOM_BYTES: usize = 32;

/// No token is longer.
const MAX_BYTES: usize = 4096;

/// The SHA-256 of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(SourceDigest);

impl TokenHash {
    pub fn of(token: &str) -> Self {
        Self(SourceDigest::of(token.as_bytes()))
    }

    /// `None` for what is not 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        SourceDigest::from_hex(text).map(Self)
    }
}

/// In hex, lower case.
impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A token that nobody has.
///
/// # Errors
/// When the system has no randomness to give.
pub fn fresh_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// The token in a call's headers, if it has any credentials there.
///
/// # Errors
/// [`Unknown::Malformed`] when they are of another kind, or more than one.
pub fn sent(headers: &HeaderMap) -> Result<Option<&str>, Unknown> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let only = value.to_str().ok().filter(|_| values.next().is_none());
    let token = only.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim_matches(' ');
        let sound = scheme.eq_ignore_ascii_case("bearer")
            && (1..=MAX_BYTES).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then_some(token)
    });
    token.map(Some).ok_or(Unknown::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_call() {
        #[track_caller]
        fn check(values: &[&str], expect: Result<Option<&str>, Unknown>) {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(sent(&headers), expect, "{values:?}");
        }
        check(&[], Ok(None));
        check(&["Bearer abc"], Ok(Some("abc")));
        check(&["bearer  abc "], Ok(Some("abc")));
        for odd in [
            "",
            "Bearer",
            "Bearer ",
            "Basic abc",
            "abc",
            "Bearer a b",
            "Bearer \u{e4}",
        ] {
            check(&[odd], Err(Unknown::Malformed));
        }
        check(
            &[&format!("Bearer {}", "x".repeat(4097))],
            Err(Unknown::Malformed),
        );
        check(&["Bearer a", "Bearer a"], Err(Unknown::Malformed));
    }

    #[test]
    fn fresh_tokens_are_random_and_can_be_sent() {
        let tokens = [fresh_token().unwrap(), fresh_token().unwrap()];
        assert_ne!(tokens[0], tokens[1]);
        assert_eq!(tokens[0].len(), PREFIX.len() + 43);
        let mut headers = HeaderMap::new();
        headers.insert(
            AUTHORIZATION,
            format!("Bearer {}", tokens[0]).parse().unwrap(),
        );
        assert_eq!(sent(&headers), Ok(Some(tokens[0].as_str())));
    }
}
