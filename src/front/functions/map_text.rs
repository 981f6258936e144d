//! The text of a version's source map, as it came: beside the source, or in the comment at its end.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use percent_encoding::percent_decode;

/// What generators pad, or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A map that nobody has read yet. Whether it is one shows when a function of it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceMapText {
    /// The file beside the source.
    Beside(Bytes),
    /// A part of the source: what follows `data:` in the comment.
    Inline(Bytes),
}

/// A text that was to be a map in a `data:` URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDataUrl {
    #[error("its data URL is not of application/json in UTF-8")]
    OtherType,
    #[error("its data URL is not base64")]
    NotBase64,
    #[error("it is over the limit of {limit} bytes (knob --source-map-bytes)")]
    TooLarge { limit: u64 },
}

impl SourceMapText {
    /// The map in the comment at the end of a source, if that is where it is.
    pub fn inline(source: &Bytes) -> Option<Self> {
        let url = end_comment(source)?;
        let data = url.strip_prefix(b"data:")?;
        Some(Self::Inline(source.slice_ref(data)))
    }

    /// Bytes that are kept besides those of the source.
    pub fn own_bytes(&self) -> usize {
        match self {
            Self::Beside(text) => text.len(),
            Self::Inline(_) => 0,
        }
    }

    /// The map's JSON.
    ///
    /// # Errors
    /// [`BadDataUrl`] when there is none, or over `limit` bytes.
    pub fn json(&self, limit: u64) -> Result<Cow<'_, [u8]>, BadDataUrl> {
        let json = match self {
            Self::Beside(text) => Cow::Borrowed(&**text),
            Self::Inline(data) => decoded(data)?,
        };
        match json.len() as u64 > limit {
            true => Err(BadDataUrl::TooLarge { limit }),
            false => Ok(json),
        }
    }
}

/// What `//# sourceMappingURL=` names at the end of a source, when only comments and blanks follow.
fn end_comment(source: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"sourceMappingURL=";
    let found = memchr::memmem::rfind(source, KEY)?;
    let (before, rest) = source.split_at(found);
    if !before.ends_with(b"//# ") && !before.ends_with(b"//@ ") {
        return None;
    }
    let rest = rest.get(KEY.len()..)?;
    let end = rest.iter().position(u8::is_ascii_whitespace);
    let (url, after) = rest.split_at(end.unwrap_or(rest.len()));
    let mut lines = after.split(|byte| *byte == b'\n');
    let is_blank = |line: &[u8]| {
        let line = line.trim_ascii();
        line.is_empty() || line.starts_with(b"//")
    };
    lines.all(is_blank).then_some(url)
}

/// `application/json[;charset=utf-8][;base64],…`
fn decoded(data: &[u8]) -> Result<Cow<'_, [u8]>, BadDataUrl> {
    let comma = memchr::memchr(b',', data).ok_or(BadDataUrl::OtherType)?;
    let (kind, payload) = data.split_at(comma);
    let payload = payload.get(1..).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let mut words = kind.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    if words.next() != Some(b"application/json") {
        return Err(BadDataUrl::OtherType);
    }
    let mut is_base64 = false;
    for word in words {
        match word {
            b"base64" => is_base64 = true,
            b"charset=utf-8" | b"charset=utf8" | b"charset=us-ascii" | b"" => {}
            _ => return Err(BadDataUrl::OtherType),
        }
    }
    match is_base64 {
        true => BASE64
            .decode(payload)
            .map(Cow::Owned)
            .map_err(|_| BadDataUrl::NotBase64),
        false => Ok(percent_decode(payload).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `e30` is `{}`.
    #[track_caller]
    fn check(source: &'static str, expect: Option<Result<&str, BadDataUrl>>) {
        let found = SourceMapText::inline(&Bytes::from_static(source.as_bytes()));
        let found = found.map(|map| {
            let json = map.json(2).map(Cow::into_owned);
            json.map(|json| String::from_utf8(json).unwrap())
        });
        let expect = expect.map(|expect| expect.map(str::to_owned));
        assert_eq!(found, expect, "{source}");
    }

    #[test]
    fn the_comment_at_the_end_is_found() {
        let found = Some(Ok("{}"));
        check(
            "//# sourceMappingURL=data:application/json;base64,e30=",
            found,
        );
        check(
            "f()//@ sourceMappingURL=data:application/json;base64,e30",
            found,
        );
        check(
            "f()\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,e30=\r\n\n// end\n",
            found,
        );
        check(
            "//# sourceMappingURL=data:Application/JSON;charset=UTF8;BASE64,e30=",
            found,
        );
        check("//# sourceMappingURL=data:application/json,%7b}", found);
        check(
            "//# sourceMappingURL=data:application/json;base64,e30=\nf()",
            None,
        );
        check(
            "let a = `\n//# sourceMappingURL=data:application/json;base64,e30=`; f()\nf()",
            None,
        );
        check("# sourceMappingURL=data:application/json;base64,e30=", None);
        check("//# sourceMappingURL=index.js.map", None);
        check("//# sourceMappingURL=", None);
        check("sourceMappingURL=", None);
        check("", None);
    }

    #[test]
    fn what_is_no_map_is_told() {
        let other = Some(Err(BadDataUrl::OtherType));
        check("//# sourceMappingURL=data:text/plain;base64,e30=", other);
        check(
            "//# sourceMappingURL=data:application/json;charset=utf-16;base64,e30=",
            other,
        );
        check("//# sourceMappingURL=data:", other);
        let not_base64 = Some(Err(BadDataUrl::NotBase64));
        check(
            "//# sourceMappingURL=data:application/json;base64,e3!",
            not_base64,
        );
        let large = Some(Err(BadDataUrl::TooLarge { limit: 2 }));
        check("//# sourceMappingURL=data:application/json,{a}", large);
    }
}
