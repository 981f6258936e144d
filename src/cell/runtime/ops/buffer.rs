//! Ops behind Node's `Buffer`: its encodings, and searches and comparisons of bytes.

use std::cmp::Ordering;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use memchr::memmem;

use super::{Arguments, Return};
use crate::cell::runtime::bytes::{
    may_fit, one_byte_string, two_byte_string, utf8_string, with_bytes, with_bytes_mut,
    with_characters,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BufferEncoding {
    Utf8,
    Utf16,
    Latin1,
    Ascii,
    Hex,
    Base64,
    Base64Url,
}

/// Node's encodings, as JavaScript numbers them.
const ENCODINGS: [BufferEncoding; 7] = [
    BufferEncoding::Utf8,
    BufferEncoding::Utf16,
    BufferEncoding::Latin1,
    BufferEncoding::Ascii,
    BufferEncoding::Hex,
    BufferEncoding::Base64,
    BufferEncoding::Base64Url,
];

/// Takes what `readable` leaves, with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// `bytesToString(bytes, encoding)`: `undefined` when no string can be so long.
pub fn to_string(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: Arguments<'_>,
    mut value: Return<'_>,
) {
    let Some(encoding) = super::numbered_entry(&ENCODINGS, arguments.get(1)) else {
        return;
    };
    let text = with_bytes(arguments.get(0), |bytes| decode(scope, bytes, encoding));
    if let Some(text) = text {
        value.set(text.into());
    }
}

fn decode<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bytes: &[u8],
    encoding: BufferEncoding,
) -> Option<v8::Local<'s, v8::String>> {
    // No encoding makes more than two characters of a byte.
    if !may_fit(scope, bytes.len()) {
        return None;
    }
    match encoding {
        BufferEncoding::Utf8 => utf8_string(scope, bytes),
        BufferEncoding::Latin1 => one_byte_string(scope, bytes),
        BufferEncoding::Ascii if bytes.is_ascii() => one_byte_string(scope, bytes),
        BufferEncoding::Ascii => {
            let characters: Vec<u8> = bytes.iter().map(|byte| byte & 0x7F).collect();
            one_byte_string(scope, &characters)
        }
        BufferEncoding::Utf16 => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
            two_byte_string(scope, &units)
        }
        BufferEncoding::Hex if !may_fit(scope, bytes.len().saturating_mul(2)) => None,
        BufferEncoding::Hex => one_byte_string(scope, &to_hex(bytes)),
        BufferEncoding::Base64 => {
            one_byte_string(scope, general_purpose::STANDARD.encode(bytes).as_bytes())
        }
        BufferEncoding::Base64Url => {
            let text = general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            one_byte_string(scope, text.as_bytes())
        }
    }
}

fn to_hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS[usize::from(half & 0xF)];
    let digits = bytes
        .iter()
        .flat_map(|&byte| [digit(byte >> 4), digit(byte)]);
    digits.collect()
}

/// `bytesWrite(string, bytes, encoding)`: writes as many whole characters as fit and returns how many bytes
/// they are; `undefined` when the string is longer than could be decoded.
pub fn write(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let encoding = super::numbered_entry(&ENCODINGS, arguments.get(2));
    let string = v8::Local::<v8::String>::try_from(arguments.get(0));
    let (Some(encoding), Ok(string)) = (encoding, string) else {
        return;
    };
    if !may_fit(scope, string.length()) {
        return;
    }
    let written = with_bytes_mut(scope, arguments.get(1), |scope, bytes| {
        encode(scope, string, bytes, encoding)
    });
    value.set_double(written as f64);
}

fn encode(
    scope: &mut v8::PinScope<'_, '_>,
    string: v8::Local<'_, v8::String>,
    bytes: &mut [u8],
    encoding: BufferEncoding,
) -> usize {
    match encoding {
        BufferEncoding::Utf8 => {
            let flags = v8::WriteFlags::kReplaceInvalidUtf8;
            string.write_utf8_v2(scope, bytes, flags, None)
        }
        BufferEncoding::Latin1 | BufferEncoding::Ascii => {
            string.write_one_byte_v2(scope, 0, bytes, v8::WriteFlags::empty());
            string.length().min(bytes.len())
        }
        BufferEncoding::Utf16 => with_characters(scope, string, |characters| {
            write_all(units(characters).map(u16::to_le_bytes), bytes)
        }),
        BufferEncoding::Hex => with_characters(scope, string, |characters| {
            let mut digits = units(characters).map(hex_value);
            let pairs = std::iter::from_fn(|| Some([digits.next()?? << 4 | digits.next()??]));
            write_all(pairs, bytes)
        }),
        BufferEncoding::Base64 | BufferEncoding::Base64Url => {
            let mut text = with_characters(scope, string, |characters| match characters {
                v8::ValueViewData::OneByte(text) => readable(text.iter().copied()),
                v8::ValueViewData::TwoByte(text) => readable(
                    text.iter()
                        .map(|&unit| u8::try_from(unit).unwrap_or_default()),
                ),
            });
            // A single character at the end is less than a byte.
            if text.len() % 4 == 1 {
                text.pop();
            }
            let decoded = LENIENT.decode(text).unwrap_or_default();
            let written = decoded.len().min(bytes.len());
            bytes[..written].copy_from_slice(&decoded[..written]);
            written
        }
    }
}

fn units(characters: v8::ValueViewData<'_>) -> impl Iterator<Item = u16> {
    let (one_byte, two_byte): (&[u8], &[u16]) = match characters {
        v8::ValueViewData::OneByte(characters) => (characters, &[]),
        v8::ValueViewData::TwoByte(characters) => (&[], characters),
    };
    let one_byte = one_byte.iter().map(|&character| u16::from(character));
    one_byte.chain(two_byte.iter().copied())
}

fn hex_value(unit: u16) -> Option<u8> {
    let digit = char::from(u8::try_from(unit).ok()?).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Writes groups of bytes while there is room for whole ones.
fn write_all<const N: usize>(groups: impl Iterator<Item = [u8; N]>, bytes: &mut [u8]) -> usize {
    let (places, _) = bytes.as_chunks_mut::<N>();
    let mut written = 0;
    for (place, group) in places.iter_mut().zip(groups) {
        *place = group;
        written += N;
    }
    written
}

/// What Node reads of base64: the characters of both alphabets up to the first `=`, and none that are between.
fn readable(text: impl Iterator<Item = u8>) -> Vec<u8> {
    text.take_while(|&character| character != b'=')
        .filter_map(|character| match character {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' => Some(character),
            _ => character.is_ascii_alphanumeric().then_some(character),
        })
        .collect()
}

/// `bytesCompare(left, right)`: -1, 0 or 1.
pub fn compare(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let ordering = with_bytes(arguments.get(0), |left| {
        with_bytes(arguments.get(1), |right| left.cmp(right))
    });
    value.set_int32(match ordering {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    });
}

/// `bytesIndexOf(bytes, wanted, from, isForward, isUtf16)`: where `wanted`, which is not empty, begins: the
/// first place at or after `from`, or the last at or before it; -1 when there is none. In UTF-16 only
/// whole units count.
pub fn index_of(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    let from = v8::Local::<v8::Number>::try_from(arguments.get(2));
    let from = from.map_or(0, |from| from.value() as usize);
    let is_forward = arguments.get(3).is_true();
    let is_utf16 = arguments.get(4).is_true();
    let found = with_bytes(arguments.get(0), |bytes| {
        with_bytes(arguments.get(1), |wanted| match is_utf16 {
            true => find_units(bytes, wanted, from, is_forward),
            false => find_bytes(bytes, wanted, from, is_forward),
        })
    });
    value.set_double(found.map_or(-1.0, |found| found as f64));
}

fn find_bytes(bytes: &[u8], wanted: &[u8], from: usize, is_forward: bool) -> Option<usize> {
    if is_forward {
        return Some(from + memmem::find(bytes.get(from..)?, wanted)?);
    }
    let end = from.saturating_add(wanted.len()).min(bytes.len());
    memmem::rfind(&bytes[..end], wanted)
}

fn find_units(bytes: &[u8], wanted: &[u8], from: usize, is_forward: bool) -> Option<usize> {
    let (bytes, _) = bytes.as_chunks::<2>();
    let (wanted, _) = wanted.as_chunks::<2>();
    let from = from / 2;
    let found = if is_forward {
        from + find_slice(bytes.get(from..)?.iter(), wanted.iter())?
    } else {
        let end = from.saturating_add(wanted.len()).min(bytes.len());
        let found = find_slice(bytes[..end].iter().rev(), wanted.iter().rev())?;
        end - found - wanted.len()
    };
    Some(found * 2)
}

/// Knuth, Morris and Pratt's search, which takes no longer than the two are long, whatever they hold.
fn find_slice<'a, I>(items: I, wanted: I) -> Option<usize>
where
    I: Iterator<Item = &'a [u8; 2]>,
{
    let wanted: Vec<[u8; 2]> = wanted.copied().collect();
    // For each length of a match, the length of the next shorter one that ends in the same place.
    let mut shorter = vec![0; wanted.len() + 1];
    let mut matched = 0;
    for (index, item) in wanted.iter().enumerate().skip(1) {
        while matched > 0 && wanted[matched] != *item {
            matched = shorter[matched];
        }
        matched += usize::from(wanted[matched] == *item);
        shorter[index + 1] = matched;
    }
    matched = 0;
    for (index, item) in items.enumerate() {
        while matched > 0 && wanted.get(matched) != Some(item) {
            matched = shorter[matched];
        }
        matched += usize::from(wanted.get(matched) == Some(item));
        if matched == wanted.len() {
            return (index + 1).checked_sub(matched);
        }
    }
    None
}

/// `bytesSwap(bytes, size)`: turns every whole group of 2, 4 or 8 bytes around.
pub fn swap(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: Return<'_>) {
    let size = v8::Local::<v8::Integer>::try_from(arguments.get(1)).map(|size| size.value());
    let size = usize::try_from(size.unwrap_or_default()).unwrap_or_default();
    if size == 0 {
        return;
    }
    with_bytes_mut(scope, arguments.get(0), |_, bytes| {
        for group in bytes.chunks_exact_mut(size) {
            group.reverse();
        }
    });
}

/// `bytesAreUtf8(bytes)`
pub fn are_utf8(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    value.set_bool(with_bytes(arguments.get(0), |bytes| {
        std::str::from_utf8(bytes).is_ok()
    }));
}

/// `bytesAreAscii(bytes)`
pub fn are_ascii(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut value: Return<'_>) {
    value.set_bool(with_bytes(arguments.get(0), <[u8]>::is_ascii));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_only_where_one_begins() {
        let bytes: Vec<u8> = "xaxaab".bytes().flat_map(|byte| [byte, 0]).collect();
        let wanted = |text: &str| -> Vec<u8> { text.bytes().flat_map(|byte| [byte, 0]).collect() };
        for (text, from, is_forward, found) in [
            ("xa", 0, true, Some(0)),
            ("xa", 1, true, Some(0)),
            ("xa", 2, true, Some(4)),
            ("xaa", 0, true, Some(4)),
            ("aab", 0, true, Some(6)),
            ("b", 0, true, Some(10)),
            ("ba", 0, true, None),
            ("xa", 12, false, Some(4)),
            ("xa", 3, false, Some(0)),
            ("aab", 6, false, Some(6)),
            ("aab", 4, false, None),
            ("xaxaabx", 0, true, None),
        ] {
            let place = find_units(&bytes, &wanted(text), from, is_forward);
            assert_eq!(place, found, "{text} from {from}, forward {is_forward}");
        }
        assert_eq!(
            find_units(b"\x01\x02\x01\x02\x01", b"\x02\x01", 0, true),
            None
        );
    }

    #[test]
    fn base64_is_read_up_to_its_end_and_past_what_is_none() {
        for (text, bytes) in [
            ("YQ==YQ==", &b"YQ"[..]),
            ("Y!W J\nj", b"YWJj"),
            ("-_+/", b"+/+/"),
            ("=YWJj", b""),
        ] {
            assert_eq!(readable(text.bytes()), bytes, "{text}");
        }
    }
}
