//! The digest by which a source is known to be the one that was meant.

use std::fmt;

use aws_lc_rs::digest;

const BYTES: usize = 32;

/// The SHA-256 of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceDigest([u8; BYTES]);

impl SourceDigest {
    pub fn of(source: &[u8]) -> Self {
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, source).as_ref());
        Self(bytes)
    }

    /// `None` for what is not 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
            .collect::<Option<_>>()?;
        let (pairs, []) = digits.as_chunks::<2>() else {
            return None;
        };
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        bytes.try_into().ok().map(Self)
    }

    pub fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }
}

/// In hex, lower case.
impl fmt::Display for SourceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_there_and_back() {
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = SourceDigest::of(b"abc");
        assert_eq!(digest.to_string(), known);
        assert_eq!(SourceDigest::from_hex(known), Some(digest));
        assert_eq!(SourceDigest::from_hex(&known.to_uppercase()), Some(digest));
        let long = format!("{known}00");
        for text in [
            "",
            "ba",
            &known[1..],
            &known[2..],
            &long,
            &known.replace('f', "g"),
            &"é".repeat(32),
        ] {
            assert_eq!(SourceDigest::from_hex(text), None, "{text}");
        }
    }
}
