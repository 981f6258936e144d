//! The look at an event before it runs: is it a JSON object that names its type?
//!
//! A pass that builds nothing, and a second one for what is not surely fit. Lone surrogates pass, as they do in
//! `JSON.parse`.

use std::{fmt, str::Utf8Error};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

mod glance;

/// Why an event can't be run. Each says which field is at fault.
#[derive(Debug, thiserror::Error)]
pub enum EventFault {
    #[error("is not UTF-8: {0}")]
    NotUtf8(#[from] Utf8Error),
    #[error("is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("must be a JSON object")]
    NotAnObject,
    #[error("has {bytes} bytes, over the limit of {limit} (knob --event-bytes)")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("is missing: an event names its type, such as \"track\"")]
    NoType,
    #[error("must be a string, such as \"track\"")]
    TypeNotAString,
}

/// Checks that an event of at most `limit` bytes is fit to run.
///
/// # Errors
/// [`EventFault`] when the event is too large, no JSON object in UTF-8, or names no type.
pub fn check(event: &[u8], limit: u64) -> Result<(), EventFault> {
    let bytes = event.len() as u64;
    if bytes > limit {
        return Err(EventFault::TooLarge { bytes, limit });
    }
    let text = std::str::from_utf8(event)?;
    match glance::surely_fits(text) {
        true => Ok(()),
        false => look_closely(text),
    }
}

/// Finds what is wrong, if anything is.
fn look_closely(text: &str) -> Result<(), EventFault> {
    if !text
        .trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
    {
        // Tells a text that is JSON, but no object, from one that is no JSON at all.
        return match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Err(EventFault::NotAnObject),
            Err(error) => Err(EventFault::NotJson(error)),
        };
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = deserializer
        .deserialize_map(HeadVisitor)
        .and_then(|found| deserializer.end().map(|()| found))
        .map_err(EventFault::NotJson)?;
    match found {
        TypeField::String => Ok(()),
        TypeField::Missing => Err(EventFault::NoType),
        TypeField::OtherKind => Err(EventFault::TypeNotAString),
    }
}

enum TypeField {
    Missing,
    OtherKind,
    String,
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = TypeField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TypeField, A::Error> {
        let mut found = TypeField::Missing;
        // Of equal keys the last counts, as in JSON.parse.
        while let Some(is_type) = map.next_key_seed(IsType)? {
            if is_type {
                found = map.next_value_seed(TypeSeed)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a key is `type`. Taken raw, which checks it to the letter and lets lone surrogates pass.
struct IsType;

impl<'de> DeserializeSeed<'de> for IsType {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let raw = <&RawValue as de::Deserialize>::deserialize(deserializer)?.get();
        // Only a key with an escape can be `type` and be written otherwise.
        Ok(raw == r#""type""# || raw.contains('\\') && text_of(raw) == "type")
    }
}

/// The text of a raw JSON string; lone surrogates in it become U+FFFD.
fn text_of(raw: &str) -> String {
    let read = serde_json::Deserializer::from_str(raw).deserialize_bytes(Text);
    read.unwrap_or_default()
}

struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: de::Error>(self, text: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// The value of `type`, of whatever kind.
struct TypeSeed;

impl<'de> DeserializeSeed<'de> for TypeSeed {
    type Value = TypeField;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TypeField, D::Error> {
        let raw = <&RawValue as de::Deserialize>::deserialize(deserializer)?.get();
        Ok(match raw.starts_with('"') {
            true => TypeField::String,
            false => TypeField::OtherKind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(event: &str, expect: Result<(), &str>) {
        let found = super::check(event.as_bytes(), 100).map_err(|fault| fault.to_string());
        match (found, expect) {
            (Ok(()), Ok(())) => {}
            (Err(fault), Err(expect)) => assert!(fault.contains(expect), "{event}: {fault}"),
            (found, expect) => panic!("{event}: {found:?}, not {expect:?}"),
        }
    }

    #[test]
    fn events_that_name_their_type_pass() {
        check(r#"{"type":"track"}"#, Ok(()));
        check(
            r#" {"a":{"type":"no"},"type":"tr\u0061ck","b":[1,2]} "#,
            Ok(()),
        );
        check(r#"{"type":1,"type":"page"}"#, Ok(()));
        check(r#"{"t\u0079pe":"page"}"#, Ok(()));
        check(r#"{"\ud800":"\udc00","type":"page\ud800"}"#, Ok(()));
        check(r#"{"__proto__":{"type":"x"},"type":""}"#, Ok(()));
    }

    #[test]
    fn each_fault_is_told() {
        check("", Err("is not JSON"));
        check("nonsense", Err("is not JSON"));
        check(r#"{"type":"track""#, Err("is not JSON"));
        check(r#"{"type":"track"} x"#, Err("is not JSON"));
        check("{\"\ntype\":\"track\"}", Err("is not JSON"));
        check("{\"type\":\"tra\tck\"}", Err("is not JSON"));
        check(r#"[{"type":"track"}]"#, Err("must be a JSON object"));
        check("null", Err("must be a JSON object"));
        check("{}", Err("is missing"));
        check(r#"{"type":7}"#, Err("must be a string"));
        check(r#"{"type":null}"#, Err("must be a string"));
        check(
            &format!("{{\"type\":\"{}\"}}", "x".repeat(90)),
            Err("has 101 bytes, over the limit"),
        );
        let fault = super::check(b"{\"type\":\"\xff\"}", 100).unwrap_err();
        assert!(matches!(fault, EventFault::NotUtf8(_)), "{fault}");
    }

    #[test]
    fn a_glance_passes_nothing_that_a_closer_look_would_not() {
        let events = [
            r#"{"type":"track","a":[1,-0.5e+7,{"b":"\u00e9\ud800\n"}],"c":{"type":null}}"#,
            r#" {"a" : [ ] , "type":"", "b":{ "c":[true,false,[null,{}]] } } "#,
            r#"{"type":0,"type":"\"été\\"}"#,
        ];
        let pieces = [
            "",
            "\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "0",
            "1",
            "-",
            ".",
            "e",
            "u",
            "\n",
            "\u{1}",
            "é",
            "\"type\":",
            "null",
        ];
        let mut passed = 0;
        for event in events {
            let places = event.char_indices();
            for (start, end) in places.map(|(at, char)| (at, at + char.len_utf8())) {
                for (piece, from) in pieces
                    .iter()
                    .flat_map(|piece| [(piece, start), (piece, end)])
                {
                    let text = format!("{}{piece}{}", &event[..from], &event[end..]);
                    let closely = look_closely(&text);
                    let passes = glance::surely_fits(&text);
                    assert!(closely.is_ok() || !passes, "{text}: {closely:?}");
                    passed += u32::from(passes);
                }
            }
        }
        assert!(passed > 100, "{passed}");
    }

    #[test]
    fn depth_is_no_matter() {
        let deep = format!(
            "{{\"a\":{}{},\"type\":\"track\"}}",
            "[".repeat(9000),
            "]".repeat(9000)
        );
        assert!(super::check(deep.as_bytes(), 1 << 20).is_ok());
    }
}
