//! Between `google.protobuf.Struct` and JSON text.

use std::{borrow::Cow, fmt::Write};

use bytes::Bytes;
use prost_types::{ListValue, Struct, Value, value::Kind};
use serde_json::Value as Json;

/// Messages a decoder follows into one another: protobuf's common recursion limit.
const MAX_MESSAGE_DEPTH: usize = 100;

/// Messages around the Struct of an answer: the response itself and the Struct.
const ENVELOPE_DEPTH: usize = 2;

/// A value that the other form can't carry, and where: a path such as `.properties.total`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} {description}")]
pub struct NotAStruct {
    pub path: String,
    pub description: String,
}

impl NotAStruct {
    fn at(path: &str, description: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            description: description.into(),
        }
    }
}

/// The JSON text of a Struct.
///
/// # Errors
/// [`NotAStruct`] for numbers that JSON has no text for, and for a Value without a kind.
pub fn to_json(value: &Struct) -> Result<Bytes, NotAStruct> {
    let mut text = Vec::with_capacity(256);
    write_struct(value, &mut text, &mut String::new())?;
    Ok(text.into())
}

fn write_struct(value: &Struct, text: &mut Vec<u8>, path: &mut String) -> Result<(), NotAStruct> {
    text.push(b'{');
    for (number, (key, value)) in value.fields.iter().enumerate() {
        if number > 0 {
            text.push(b',');
        }
        write_string(key, text);
        text.push(b':');
        let parent = path.len();
        path.push('.');
        path.push_str(key);
        write_value(value, text, path)?;
        path.truncate(parent);
    }
    text.push(b'}');
    Ok(())
}

fn write_list(value: &ListValue, text: &mut Vec<u8>, path: &mut String) -> Result<(), NotAStruct> {
    text.push(b'[');
    for (number, value) in value.values.iter().enumerate() {
        if number > 0 {
            text.push(b',');
        }
        let parent = path.len();
        let _ = write!(path, "[{number}]");
        write_value(value, text, path)?;
        path.truncate(parent);
    }
    text.push(b']');
    Ok(())
}

fn write_value(value: &Value, text: &mut Vec<u8>, path: &mut String) -> Result<(), NotAStruct> {
    match &value.kind {
        None => {
            return Err(NotAStruct::at(
                path,
                "has no kind; for null give null_value",
            ));
        }
        Some(Kind::NullValue(_)) => text.extend_from_slice(b"null"),
        Some(Kind::BoolValue(true)) => text.extend_from_slice(b"true"),
        Some(Kind::BoolValue(false)) => text.extend_from_slice(b"false"),
        Some(Kind::NumberValue(number)) => match serde_json::Number::from_f64(*number) {
            Some(number) => text.extend_from_slice(number.to_string().as_bytes()),
            None => {
                return Err(NotAStruct::at(
                    path,
                    format!("is {number}, which JSON has no text for"),
                ));
            }
        },
        Some(Kind::StringValue(string)) => write_string(string, text),
        Some(Kind::StructValue(fields)) => write_struct(fields, text, path)?,
        Some(Kind::ListValue(values)) => write_list(values, text, path)?,
    }
    Ok(())
}

fn write_string(string: &str, text: &mut Vec<u8>) {
    // A string always has a JSON text, and a Vec takes all that is written.
    let _ = serde_json::to_writer(text, string);
}

/// The Struct of a JSON object. Lone surrogates, which protobuf strings can't hold, become U+FFFD.
///
/// # Errors
/// [`NotAStruct`] for a text nested so deep that decoders would refuse the answer.
pub fn from_json(json: &[u8]) -> Result<Struct, NotAStruct> {
    let too_deep = || {
        NotAStruct::at(
            "",
            "is nested deeper than a Struct can carry; send event_json",
        )
    };
    let text = without_lone_surrogates(json);
    match serde_json::from_slice(&text) {
        Ok(Json::Object(fields)) => struct_value(fields, ENVELOPE_DEPTH, &mut String::new()),
        // A cell's JSON is V8's own: what serde_json refuses of it is nesting beyond its bound.
        Ok(_) | Err(_) => Err(too_deep()),
    }
}

/// The Value of a piece of JSON; `None` for one nested so deep that decoders would refuse the answer.
pub fn value_of(json: Json) -> Option<Value> {
    proto_value(json, ENVELOPE_DEPTH + 1, &mut String::new()).ok()
}

type JsonFields = serde_json::Map<String, Json>;

fn struct_value(fields: JsonFields, depth: usize, path: &mut String) -> Result<Struct, NotAStruct> {
    let mut converted = Struct::default();
    for (key, value) in fields {
        let parent = path.len();
        path.push('.');
        path.push_str(&key);
        // A map's entry is a message of its own.
        let value = proto_value(value, depth + 2, path)?;
        path.truncate(parent);
        converted.fields.insert(key, value);
    }
    Ok(converted)
}

fn proto_value(value: Json, depth: usize, path: &mut String) -> Result<Value, NotAStruct> {
    if depth >= MAX_MESSAGE_DEPTH {
        let description = "is nested deeper than a Struct can carry; send event_json";
        return Err(NotAStruct::at(path, description));
    }
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(truth) => Kind::BoolValue(truth),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(string) => Kind::StringValue(string),
        Json::Array(values) => {
            let mut converted = ListValue::default();
            for (number, value) in values.into_iter().enumerate() {
                let parent = path.len();
                let _ = write!(path, "[{number}]");
                converted.values.push(proto_value(value, depth + 2, path)?);
                path.truncate(parent);
            }
            Kind::ListValue(converted)
        }
        Json::Object(fields) => Kind::StructValue(struct_value(fields, depth + 1, path)?),
    };
    Ok(Value { kind: Some(kind) })
}

/// The text with every `\ud800`–`\udfff` escape that is no half of a pair made `\ufffd`. JSON.stringify
/// writes lone surrogates as such escapes, in lower case, and never otherwise.
fn without_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(json);
    let mut place = 0;
    while let Some(&byte) = json.get(place) {
        if byte != b'\\' {
            place += 1;
            continue;
        }
        match json.get(place + 1..place + 6).and_then(surrogate_half) {
            Some(Half::High) if low_follows(json, place + 6) => place += 12,
            Some(_) => {
                text.to_mut()[place + 2..place + 6].copy_from_slice(b"fffd");
                place += 6;
            }
            None => place += 2,
        }
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

fn low_follows(json: &[u8], place: usize) -> bool {
    json.get(place) == Some(&b'\\')
        && json.get(place + 1..place + 6).and_then(surrogate_half) == Some(Half::Low)
}

/// Which half of a pair `uXXXX` stands for, if it stands for one.
fn surrogate_half(escape: &[u8]) -> Option<Half> {
    let [b'u', b'd' | b'D', third, rest @ ..] = escape else {
        return None;
    };
    if !rest.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    match third {
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => Some(Half::High),
        b'c'..=b'f' | b'C'..=b'F' => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        let value = from_json(json.as_bytes()).unwrap();
        let text = to_json(&value).unwrap();
        assert_eq!(std::str::from_utf8(&text).unwrap(), expect);
    }

    #[test]
    fn json_survives_the_way_there_and_back() {
        check("{}", "{}");
        check(
            r#"{"a":[1,-2.5,true,false,null,"x\n\u2028"],"__proto__":{"é":"😀"}}"#,
            "{\"__proto__\":{\"é\":\"😀\"},\"a\":[1.0,-2.5,true,false,null,\"x\\n\u{2028}\"]}",
        );
        check(
            r#"{"n":9007199254740993,"big":1e308}"#,
            r#"{"big":1e+308,"n":9007199254740992.0}"#,
        );
    }

    #[test]
    fn lone_surrogates_become_the_replacement_character() {
        check(r#"{"a":"\ud800"}"#, "{\"a\":\"\u{fffd}\"}");
        check(r#"{"a":"\udc00\ud800x"}"#, "{\"a\":\"\u{fffd}\u{fffd}x\"}");
        check(r#"{"a":"\ud83d\ude00"}"#, "{\"a\":\"😀\"}");
        check(r#"{"a":"\\ud800"}"#, r#"{"a":"\\ud800"}"#);
        check(r#"{"\ud800":1}"#, "{\"\u{fffd}\":1.0}");
    }

    #[test]
    fn a_number_without_a_text_is_told_with_its_path() {
        let mut inner = Struct::default();
        let number = Value {
            kind: Some(Kind::NumberValue(f64::NAN)),
        };
        let list = ListValue {
            values: vec![number],
        };
        inner.fields.insert(
            "x".into(),
            Value {
                kind: Some(Kind::ListValue(list)),
            },
        );
        let mut outer = Struct::default();
        outer.fields.insert(
            "a".into(),
            Value {
                kind: Some(Kind::StructValue(inner)),
            },
        );
        let fault = to_json(&outer).unwrap_err();
        assert_eq!(
            fault.to_string(),
            ".a.x[0] is NaN, which JSON has no text for"
        );
    }

    #[test]
    fn an_answer_that_decoders_would_refuse_is_refused_here() {
        use prost::Message;
        let nested = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let deepest = (1..100)
            .take_while(|&depth| from_json(nested(depth).as_bytes()).is_ok())
            .last()
            .unwrap();
        let fault = from_json(nested(deepest + 1).as_bytes()).unwrap_err();
        assert!(fault.description.contains("send event_json"), "{fault}");
        let response = crate::api::InvokeResponse {
            outcome: Some(crate::api::invoke_response::Outcome::Event(
                from_json(nested(deepest).as_bytes()).unwrap(),
            )),
            ..Default::default()
        };
        let decoded = crate::api::InvokeResponse::decode(&*response.encode_to_vec()).unwrap();
        assert_eq!(decoded, response);
    }
}
