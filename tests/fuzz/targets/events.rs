//! Events as JSON text: whether they can be run, as a full parser sees it, and the way to a Struct and back.

use penstock::front::{
    event::{self, EventFault},
    grpc::structs::{from_json, to_json},
};
use serde_json::Value;

const LIMIT: u64 = 1 << 20;

/// Levels of nesting that every Struct can carry.
const FITS: usize = 30;

/// What a parser that builds everything makes of a text.
#[derive(Debug)]
enum Reading {
    NotUtf8,
    NotJson,
    Json(Value),
    /// What `JSON.parse` takes and the full parser does not: lone surrogates, depth, numbers beyond doubles.
    BeyondReference,
}

pub fn check(input: &[u8]) {
    let reading = read(input);
    check_type(input, &reading);
    check_struct(input, &reading);
}

fn read(input: &[u8]) -> Reading {
    let Ok(text) = std::str::from_utf8(input) else {
        return Reading::NotUtf8;
    };
    match serde_json::from_str(text) {
        Ok(value) => Reading::Json(value),
        Err(error) if is_beyond_reference(&error) => Reading::BeyondReference,
        Err(_) => Reading::NotJson,
    }
}

fn is_beyond_reference(error: &serde_json::Error) -> bool {
    let message = error.to_string();
    [
        "surrogate",
        "unexpected end of hex escape",
        "recursion limit exceeded",
        "number out of range",
    ]
    .iter()
    .any(|beyond| message.starts_with(beyond) || message.contains(&format!("{beyond} ")))
}

fn check_type(input: &[u8], reading: &Reading) {
    let found = event::check(input, LIMIT);
    let agrees = match reading {
        Reading::BeyondReference => true,
        Reading::NotUtf8 => matches!(found, Err(EventFault::NotUtf8(_))),
        Reading::NotJson => matches!(found, Err(EventFault::NotJson(_))),
        Reading::Json(Value::Object(fields)) => match fields.get("type") {
            Some(Value::String(_)) => found.is_ok(),
            Some(_) => matches!(found, Err(EventFault::TypeNotAString)),
            None => matches!(found, Err(EventFault::NoType)),
        },
        Reading::Json(_) => matches!(found, Err(EventFault::NotAnObject)),
    };
    assert!(
        agrees,
        "the event is {found:?} where a full parser reads {reading:?}"
    );
}

fn check_struct(input: &[u8], reading: &Reading) {
    let Ok(converted) = from_json(input) else {
        let fits =
            matches!(reading, Reading::Json(value) if value.is_object() && depth(value) <= FITS);
        assert!(!fits, "no Struct was made of {reading:?}");
        return;
    };
    let text = to_json(&converted).expect("what came of JSON has a JSON text");
    let again = from_json(&text);
    assert_eq!(again.as_ref(), Ok(&converted), "a Struct's JSON read again");
    match reading {
        Reading::Json(value) => {
            let written: Value = serde_json::from_slice(&text).expect("the text is JSON");
            assert!(is_same(&written, value), "{written} came back of {value}");
        }
        Reading::BeyondReference => {}
        Reading::NotUtf8 | Reading::NotJson => {
            panic!("a Struct was made of no JSON: {converted:?}")
        }
    }
}

/// Equal, with numbers as the doubles that a Struct has.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| is_same(value, other)))
        }
        (one, other) => one == other,
    }
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(values) => values.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}
