//! Ops that turn text into bytes and back: UTF-8, the encodings of the web, base64.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use encoding_rs::{Decoder, DecoderResult, Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE};

use super::{Arguments, Return};
use crate::cell::runtime::bytes::{
    may_fit, one_byte_string, two_byte_string, utf8_string, with_bytes, with_bytes_mut,
    with_characters,
};

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What ops answer in place of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Bytes that are not in the encoding; to JavaScript `null`.
    Malformed,
    /// More than a string can have; to JavaScript `undefined`.
    TooLong,
}

type Decoded<'s> = Result<v8::Local<'s, v8::String>, Refusal>;

fn answer(scope: &mut v8::PinScope<'_, '_>, mut value: Return<'_>, decoded: Decoded<'_>) {
    match decoded {
        Ok(text) => value.set(text.into()),
        Err(Refusal::Malformed) => value.set(v8::null(scope).into()),
        Err(Refusal::TooLong) => {}
    }
}

fn string(value: v8::Local<'_, v8::Value>) -> Option<v8::Local<'_, v8::String>> {
    v8::Local::<v8::String>::try_from(value).ok()
}

/// `utf8Length(string)`: bytes it has in UTF-8, with U+FFFD for halves of surrogate pairs.
pub fn utf8_length(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    if let Some(string) = string(arguments.get(0)) {
        value.set_double(string.utf8_length(scope) as f64);
    }
}

/// `utf8Write(string, bytes)`: writes as many whole characters as fit, and returns how many bytes they are.
pub fn utf8_write(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let (_, written) = write_utf8(scope, &arguments);
    value.set_double(written as f64);
}

/// `utf8WriteInto(string, bytes)`: the same, and returns `[characters read, bytes written]`.
pub fn utf8_write_into(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let (read, written) = write_utf8(scope, &arguments);
    let counts = [read, written].map(|count| v8::Number::new(scope, count as f64).into());
    value.set(v8::Array::new_with_elements(scope, &counts).into());
}

fn write_utf8(scope: &mut v8::PinScope<'_, '_>, arguments: &Arguments<'_>) -> (usize, usize) {
    let Some(string) = string(arguments.get(0)) else {
        return (0, 0);
    };
    with_bytes_mut(scope, arguments.get(1), |scope, bytes| {
        let mut read = 0;
        let flags = v8::WriteFlags::kReplaceInvalidUtf8;
        let written = string.write_utf8_v2(scope, bytes, flags, Some(&mut read));
        (read, written)
    })
}

/// `utf8Decode(bytes, fatal, keepsMark)`: the text; `null` when `fatal` and it is no UTF-8, `undefined`
/// when no string can be so long. A byte order mark is left out unless `keepsMark`.
pub fn utf8_decode(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, value: Return<'_>) {
    let is_fatal = arguments.get(1).is_true();
    let keeps_mark = arguments.get(2).is_true();
    let decoded = with_bytes(arguments.get(0), |bytes| {
        let text = match bytes.strip_prefix(UTF8_MARK) {
            Some(rest) if !keeps_mark => rest,
            _ => bytes,
        };
        if is_fatal && std::str::from_utf8(text).is_err() {
            return Err(Refusal::Malformed);
        }
        utf8_string(scope, text).ok_or(Refusal::TooLong)
    });
    answer(scope, value, decoded);
}

/// `utf8Incomplete(bytes)`: how many bytes at the end, 0 to 3, begin a character that may go on.
pub fn utf8_incomplete(
    _: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    value.set_uint32(with_bytes(arguments.get(0), incomplete_utf8));
}

fn incomplete_utf8(bytes: &[u8]) -> u32 {
    for length in 1..=bytes.len().min(3) {
        let tail = &bytes[bytes.len() - length..];
        let is_continuation = tail[0] & 0xC0 == 0x80;
        if !is_continuation {
            let may_go_on = std::str::from_utf8(tail).is_err_and(|e| e.error_len().is_none());
            return if may_go_on { length as u32 } else { 0 };
        }
    }
    0
}

/// `encodingName(label)`: the name, in small letters, of the encoding that the label stands for on the
/// web; `undefined` for labels that stand for none.
pub fn encoding_name(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    if let Some(encoding) = encoding(scope, arguments.get(0)) {
        let name = encoding.name().to_ascii_lowercase();
        if let Some(name) = v8::String::new(scope, &name) {
            value.set(name.into());
        }
    }
}

fn encoding(
    scope: &mut v8::PinScope<'_, '_>,
    label: v8::Local<'_, v8::Value>,
) -> Option<&'static Encoding> {
    /// Far longer than any label, with room for white space around it.
    const LONGEST_LABEL: usize = 1000;
    let label = string(label).filter(|label| label.length() <= LONGEST_LABEL)?;
    Encoding::for_label_no_replacement(label.to_rust_string_lossy(scope).as_bytes())
}

/// `decode(label, bytes, fatal, keepsMark, isLast)`: `[text, held]`, the text as `utf8Decode` gives it, and
/// how many bytes at the end are not in it because a character in them is not whole. `isLast` holds none.
pub fn decode(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let Some(encoding) = encoding(scope, arguments.get(0)) else {
        return;
    };
    let mut decoder = match arguments.get(3).is_true() {
        true => encoding.new_decoder_without_bom_handling(),
        false => encoding.new_decoder_with_bom_removal(),
    };
    let is_fatal = arguments.get(2).is_true();
    let is_last = arguments.get(4).is_true();
    let (decoded, held) = with_bytes(arguments.get(1), |bytes| {
        let held = if is_last {
            0
        } else {
            undecided(encoding, bytes)
        };
        let whole = &bytes[..bytes.len() - held];
        let may_hold = !is_last && held == 0;
        let decoded = decode_with(scope, &mut decoder, whole, is_fatal, !may_hold);
        let held = if may_hold { held_by(decoder) } else { held };
        (decoded, held)
    });
    let text = match decoded {
        Ok(text) => text.into(),
        Err(Refusal::Malformed) => v8::null(scope).into(),
        Err(Refusal::TooLong) => v8::undefined(scope).into(),
    };
    let held = v8::Number::new(scope, held as f64).into();
    value.set(v8::Array::new_with_elements(scope, &[text, held]).into());
}

/// How many bytes at the end wait for more, where a decoder can't be asked. One of ISO-2022-JP has to be
/// given all bytes at once: the meaning of each depends on all before it.
fn undecided(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    if encoding == ISO_2022_JP {
        return bytes.len();
    }
    if encoding != UTF_16LE && encoding != UTF_16BE {
        return 0;
    }
    let odd = bytes.len() % 2;
    let high_byte = usize::from(encoding == UTF_16LE);
    let last = bytes[..bytes.len() - odd].last_chunk::<2>();
    let is_half = last.is_some_and(|unit| (0xD8..=0xDB).contains(&unit[high_byte]));
    odd + if is_half { 2 } else { 0 }
}

/// How many bytes a decoder has taken of a character that is not whole: what it would complain of at the end.
fn held_by(mut decoder: Decoder) -> usize {
    match decoder.decode_to_utf16_without_replacement(&[], &mut [0; 8], true) {
        (DecoderResult::Malformed(length, _), ..) => usize::from(length),
        _ => 0,
    }
}

fn decode_with<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    decoder: &mut Decoder,
    bytes: &[u8],
    is_fatal: bool,
    is_last: bool,
) -> Decoded<'s> {
    let most = decoder
        .max_utf16_buffer_length(bytes.len())
        .filter(|&most| may_fit(scope, most.saturating_mul(2)))
        .ok_or(Refusal::TooLong)?;
    let mut units = vec![0_u16; most];
    let written = if is_fatal {
        let (result, _, written) =
            decoder.decode_to_utf16_without_replacement(bytes, &mut units, is_last);
        if result != DecoderResult::InputEmpty {
            return Err(Refusal::Malformed);
        }
        written
    } else {
        decoder.decode_to_utf16(bytes, &mut units, is_last).2
    };
    two_byte_string(scope, &units[..written]).ok_or(Refusal::TooLong)
}

/// `base64Encode(string)`: the characters of a string as bytes, in base64; `null` when one of them is no
/// byte, `undefined` when no string can be so long.
pub fn base64_encode(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    value: Return<'_>,
) {
    let Some(string) = string(arguments.get(0)) else {
        return;
    };
    let encoded = match may_fit(scope, string.length().saturating_mul(4) / 3) {
        false => Err(Refusal::TooLong),
        true => with_characters(scope, string, |characters| {
            let bytes = one_byte(&characters).ok_or(Refusal::Malformed)?;
            Ok(general_purpose::STANDARD.encode(bytes))
        }),
    };
    let encoded =
        encoded.and_then(|text| one_byte_string(scope, text.as_bytes()).ok_or(Refusal::TooLong));
    answer(scope, value, encoded);
}

/// The characters as bytes, where all of them are.
fn one_byte<'a>(characters: &v8::ValueViewData<'a>) -> Option<std::borrow::Cow<'a, [u8]>> {
    match characters {
        v8::ValueViewData::OneByte(bytes) => Some((*bytes).into()),
        v8::ValueViewData::TwoByte(units) => {
            let bytes: Result<Vec<u8>, _> = units.iter().map(|&unit| u8::try_from(unit)).collect();
            bytes.ok().map(Into::into)
        }
    }
}

/// `base64Decode(string)`: the bytes as characters; `null` when it is no base64 as the web's forgiving
/// decoder has it.
pub fn base64_decode(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    value: Return<'_>,
) {
    let Some(string) = string(arguments.get(0)) else {
        return;
    };
    let decoded = match may_fit(scope, string.length()) {
        false => Err(Refusal::TooLong),
        true => with_characters(scope, string, |characters| {
            one_byte(&characters)
                .and_then(|text| forgiving_decode(&text))
                .ok_or(Refusal::Malformed)
        }),
    };
    let decoded = decoded.and_then(|bytes| one_byte_string(scope, &bytes).ok_or(Refusal::TooLong));
    answer(scope, value, decoded);
}

/// <https://infra.spec.whatwg.org/#forgiving-base64-decode>
fn forgiving_decode(text: &[u8]) -> Option<Vec<u8>> {
    const FORGIVING: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let is_space = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ');
    let mut text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !is_space(byte))
        .collect();
    if text.len().is_multiple_of(4) {
        let padding = text.iter().rev().take(2).take_while(|&&byte| byte == b'=');
        let padding = padding.count();
        text.truncate(text.len() - padding);
    }
    FORGIVING.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_may_go_on_is_incomplete() {
        for (bytes, incomplete) in [
            (&b""[..], 0),
            (b"abc", 0),
            (b"abc\xC3", 1),
            (b"\xE2\x82", 2),
            (b"\xE2\x82\xAC", 0),
            (b"\xF0\x9F\x98", 3),
            (b"\xF0\x9F\x98\x80", 0),
            (b"\x80\x80\x80", 0),
            (b"\xC0", 0),
            (b"\xE0\x80", 0),
            (b"\xED\xA0", 0),
            (b"\xED\x9F", 2),
            (b"\xF4\x90", 0),
            (b"\xF5", 0),
        ] {
            assert_eq!(incomplete_utf8(bytes), incomplete, "{bytes:x?}");
        }
    }

    #[test]
    fn base64_is_decoded_as_browsers_do() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("YQ==", Some(b"a")),
            ("YQ", Some(b"a")),
            ("YR", Some(b"a")),
            (" Y Q = = ", Some(b"a")),
            ("YWI=", Some(b"ab")),
            ("YQ=", None),
            ("YQ===", None),
            ("=", None),
            ("Y", None),
            ("YQ==YQ==", None),
            ("YW-_", None),
            ("YWJj\x0B", None),
        ] {
            assert_eq!(
                forgiving_decode(text.as_bytes()).as_deref(),
                bytes,
                "{text:?}"
            );
        }
    }
}
