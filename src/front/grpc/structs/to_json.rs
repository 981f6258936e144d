//! From the bytes of a Struct to JSON text, with nothing between.

use std::borrow::Cow;

use bytes::Bytes;
use prost::{
    DecodeError,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};

use super::{ENVELOPE_DEPTH, MAX_MESSAGE_DEPTH, NotAStruct, Step, utf8};
use crate::api::WireStruct;

/// The JSON text of a Struct, its fields in the order they come in. Of equal ones the last counts for
/// `JSON.parse` as it does for protobuf.
///
/// # Errors
/// [`NotAStruct`] for bytes that are none, for numbers that JSON has no text for, for a Value without a kind, and for
/// nesting beyond what protobuf's decoders take.
pub fn to_json(value: &WireStruct) -> Result<Bytes, NotAStruct> {
    let fields = value.encoded();
    let mut text = Vec::with_capacity(fields.len() + fields.len() / 4);
    write_struct(fields, ENVELOPE_DEPTH, &mut text)?;
    Ok(text.into())
}

/// `depth` counts the messages around what is to be written, itself included.
fn write_struct(mut fields: &[u8], depth: usize, text: &mut Vec<u8>) -> Result<(), NotAStruct> {
    text.push(b'{');
    let mut is_first = true;
    while let Some(field) = next_field(&mut fields)? {
        match field {
            (1, Content::Bytes(entry)) => {
                separate(&mut is_first, text);
                write_entry(entry, depth, text)?;
            }
            (1, _) => return Err(other_type()),
            _ => {}
        }
    }
    text.push(b'}');
    Ok(())
}

fn write_entry(mut entry: &[u8], depth: usize, text: &mut Vec<u8>) -> Result<(), NotAStruct> {
    let mut key: &[u8] = b"";
    let mut value = Cow::Borrowed(key);
    while let Some(field) = next_field(&mut entry)? {
        match field {
            (1, Content::Bytes(bytes)) => key = bytes,
            (2, Content::Bytes(bytes)) => value = merged(value, bytes),
            (1 | 2, _) => return Err(other_type()),
            _ => {}
        }
    }
    let key = utf8(key)?;
    write_string(key, text);
    text.push(b':');
    // A map's entry is a message of its own.
    write_value(&value, depth + 2, text).map_err(|fault| fault.within(Step::Field(key)))
}

/// What a Value is.
enum Kind<'a> {
    None,
    Null,
    Number(f64),
    String(&'a [u8]),
    Bool(bool),
    Struct(Cow<'a, [u8]>),
    List(Cow<'a, [u8]>),
}

fn write_value(value: &[u8], depth: usize, text: &mut Vec<u8>) -> Result<(), NotAStruct> {
    if depth >= MAX_MESSAGE_DEPTH {
        return Err(NotAStruct::too_deep());
    }
    match kind_of(value)? {
        Kind::None => {
            let none = "has no kind; for null give null_value";
            return Err(NotAStruct::here(none));
        }
        Kind::Null => text.extend_from_slice(b"null"),
        Kind::Bool(true) => text.extend_from_slice(b"true"),
        Kind::Bool(false) => text.extend_from_slice(b"false"),
        Kind::Number(number) => write_number(number, text)?,
        Kind::String(string) => write_string(utf8(string)?, text),
        Kind::Struct(fields) => write_struct(&fields, depth + 1, text)?,
        Kind::List(values) => write_list(&values, depth, text)?,
    }
    Ok(())
}

/// Of several kinds the last counts; what is of the same kind and has parts is one.
fn kind_of(mut value: &[u8]) -> Result<Kind<'_>, NotAStruct> {
    let mut kind = Kind::None;
    while let Some(field) = next_field(&mut value)? {
        kind = match (field, kind) {
            ((1, Content::Varint(_)), _) => Kind::Null,
            ((2, Content::Fixed64(bits)), _) => Kind::Number(f64::from_bits(bits)),
            ((3, Content::Bytes(string)), _) => Kind::String(string),
            ((4, Content::Varint(truth)), _) => Kind::Bool(truth != 0),
            ((5, Content::Bytes(more)), Kind::Struct(fields)) => Kind::Struct(merged(fields, more)),
            ((5, Content::Bytes(fields)), _) => Kind::Struct(Cow::Borrowed(fields)),
            ((6, Content::Bytes(more)), Kind::List(values)) => Kind::List(merged(values, more)),
            ((6, Content::Bytes(values)), _) => Kind::List(Cow::Borrowed(values)),
            ((1..=6, _), _) => return Err(other_type()),
            (_, kind) => kind,
        };
    }
    Ok(kind)
}

fn write_list(mut values: &[u8], depth: usize, text: &mut Vec<u8>) -> Result<(), NotAStruct> {
    text.push(b'[');
    let (mut number, mut is_first) = (0, true);
    while let Some(field) = next_field(&mut values)? {
        match field {
            (1, Content::Bytes(value)) => {
                separate(&mut is_first, text);
                write_value(value, depth + 2, text)
                    .map_err(|fault| fault.within(Step::Item(number)))?;
                number += 1;
            }
            (1, _) => return Err(other_type()),
            _ => {}
        }
    }
    text.push(b']');
    Ok(())
}

fn separate(is_first: &mut bool, text: &mut Vec<u8>) {
    if !std::mem::replace(is_first, false) {
        text.push(b',');
    }
}

fn write_number(number: f64, text: &mut Vec<u8>) -> Result<(), NotAStruct> {
    if !number.is_finite() {
        let nameless = format!("is {number}, which JSON has no text for");
        return Err(NotAStruct::here(nameless));
    }
    // A finite number always has a JSON text, as a string has, and a Vec takes all that is written.
    let _ = serde_json::to_writer(text, &number);
    Ok(())
}

fn write_string(string: &str, text: &mut Vec<u8>) {
    let _ = serde_json::to_writer(text, string);
}

/// A message that comes in two parts is one of all their fields.
fn merged<'a>(before: Cow<'a, [u8]>, more: &'a [u8]) -> Cow<'a, [u8]> {
    if before.is_empty() {
        return Cow::Borrowed(more);
    }
    // Where there are very many parts, what they are joined to is not copied for each.
    let mut whole = before.into_owned();
    whole.extend_from_slice(more);
    Cow::Owned(whole)
}

/// What a field on the wire holds.
enum Content<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// Of a type that no field here has.
    Other,
}

/// The field that comes next and its number, if there is one.
fn next_field<'a>(rest: &mut &'a [u8]) -> Result<Option<(u32, Content<'a>)>, NotAStruct> {
    if rest.is_empty() {
        return Ok(None);
    }
    let (number, wire_type) = decode_key(rest).map_err(malformed)?;
    let content = match wire_type {
        WireType::Varint => Content::Varint(decode_varint(rest).map_err(malformed)?),
        WireType::SixtyFourBit => {
            let (bits, after) = rest.split_first_chunk().ok_or_else(cut_off)?;
            *rest = after;
            Content::Fixed64(u64::from_le_bytes(*bits))
        }
        WireType::LengthDelimited => {
            let length = decode_varint(rest).map_err(malformed)?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let (bytes, after) = rest.split_at_checked(length).ok_or_else(cut_off)?;
            *rest = after;
            Content::Bytes(bytes)
        }
        _ => {
            skip_field(wire_type, number, rest, DecodeContext::default()).map_err(malformed)?;
            Content::Other
        }
    };
    Ok(Some((number, content)))
}

fn malformed(error: DecodeError) -> NotAStruct {
    NotAStruct::here(format!("is no Struct: {error}"))
}

fn cut_off() -> NotAStruct {
    NotAStruct::here("is no Struct: it is cut off")
}

fn other_type() -> NotAStruct {
    NotAStruct::here("is no Struct: a field of it is of another type")
}
