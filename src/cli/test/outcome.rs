//! What came out of a case and what had to, in the same form, so that one is held against the other.

use jsonc_parser::ast::{Object, Value};
use serde_json::{Map, Value as Json, json};

use crate::{
    cli::render::{Given, code_name, parsed, reason_name},
    invocation::{ErrorCode, FilterReason, FunctionError, Outcome},
    json_file::Reader,
};

/// The three ends of an event.
pub const ENDS: [&str; 3] = ["event", "filtered", "error"];

const FILTERED_KEYS: [&str; 2] = ["reason", "message"];
const ERROR_KEYS: [&str; 5] = ["code", "name", "message", "retryable", "retryAfterMs"];

/// Of an event an object with one key, which is how it ended; of a batch a list of them.
pub fn of(outcomes: &[Outcome], given: Given) -> Json {
    match given {
        Given::Event => outcomes.first().map_or(Json::Null, of_one),
        Given::Batch => outcomes.iter().map(of_one).collect(),
    }
}

fn of_one(outcome: &Outcome) -> Json {
    match outcome {
        Outcome::Delivered(event) => json!({ "event": parsed(event) }),
        Outcome::Filtered { reason, message } => {
            let mut filtered = json!({ "reason": reason_name(*reason) });
            if !message.is_empty() {
                filtered["message"] = message.as_str().into();
            }
            json!({ "filtered": filtered })
        }
        Outcome::Failed(error) => json!({ "error": of_error(error) }),
        // No case asks for one.
        Outcome::Described(_) => Json::Null,
    }
}

fn of_error(error: &FunctionError) -> Json {
    let mut told = json!({ "code": code_name(error.code) });
    if !error.name.is_empty() {
        told["name"] = error.name.as_str().into();
    }
    told["message"] = error.message.as_str().into();
    told["retryable"] = error.code.is_retryable().into();
    if let Some(delay) = error.retry_after {
        told["retryAfterMs"] = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).into();
    }
    told
}

/// What a file expects, for so many events if they are a batch.
pub fn expected(reader: &mut Reader<'_>, value: &Value<'_>, events: Option<usize>) -> Json {
    let Some(events) = events else {
        check_end(reader, value, "expect");
        return value.clone().into();
    };
    let ends = reader.list(value, "expect", usize::MAX);
    for (number, end) in ends.iter().enumerate() {
        check_end(reader, end, &format!("expect[{number}]"));
    }
    if matches!(value, Value::Array(_)) && ends.len() != events {
        let found = ends.len();
        let description =
            format!("must have an outcome for each of the {events} events, not {found}");
        reader.fault(value, "expect", description);
    }
    value.clone().into()
}

fn check_end(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) {
    let Some(object) = reader.object(value, path) else {
        return;
    };
    let ends = reader.fields(object, path, &ENDS);
    let [end] = ends[..] else {
        let description = "must have one of event, filtered, error";
        if object.properties.len() != 1 {
            reader.fault(value, path, description);
        }
        return;
    };
    let (name, value) = (end.name.as_str(), &end.value);
    let path = format!("{path}.{name}");
    match (name, reader.object(value, &path)) {
        ("filtered", Some(object)) => check_filtered(reader, object, &path),
        ("error", Some(object)) => check_error(reader, object, &path),
        _ => {}
    }
}

fn check_filtered(reader: &mut Reader<'_>, object: &Object<'_>, path: &str) {
    for field in reader.fields(object, path, &FILTERED_KEYS) {
        let (key, value) = (field.name.as_str(), &field.value);
        let path = format!("{path}.{key}");
        match key {
            "reason" => one_of(reader, value, &path, FilterReason::ALL.map(reason_name)),
            _ => drop(reader.text(value, &path, 0..=usize::MAX)),
        }
    }
}

fn check_error(reader: &mut Reader<'_>, object: &Object<'_>, path: &str) {
    for field in reader.fields(object, path, &ERROR_KEYS) {
        let (key, value) = (field.name.as_str(), &field.value);
        let path = format!("{path}.{key}");
        match key {
            "code" => one_of(reader, value, &path, ErrorCode::ALL.map(code_name)),
            "retryable" => drop(reader.truth(value, &path)),
            "retryAfterMs" => drop(reader.integer(value, &path, 0..=u64::MAX)),
            _ => drop(reader.text(value, &path, 0..=usize::MAX)),
        }
    }
}

fn one_of<const N: usize, T: AsRef<str>>(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    path: &str,
    known: [T; N],
) {
    let named = value.as_string_lit().map(|text| &*text.value);
    if !known.iter().any(|known| Some(known.as_ref()) == named) {
        let known = known.each_ref().map(AsRef::as_ref).join(", ");
        reader.fault(value, path, format!("must be one of {known}"));
    }
}

/// What to expect from now on: all that came out, or, where it ended as expected, no more of it than the
/// expectation had words for.
pub fn renewed(expected: Option<&Json>, found: &Json) -> Json {
    match (expected, found) {
        (Some(Json::Array(expected)), Json::Array(found)) => {
            let pairs = found.iter().enumerate();
            pairs
                .map(|(number, found)| renewed(expected.get(number), found))
                .collect()
        }
        (None, Json::Array(found)) => found.iter().map(|found| renewed(None, found)).collect(),
        _ => renewed_end(expected, found),
    }
}

fn renewed_end(expected: Option<&Json>, found: &Json) -> Json {
    for end in ["filtered", "error"] {
        let expected = expected.and_then(|expected| expected.get(end));
        let (Some(expected), Some(found)) = (expected, found.get(end)) else {
            continue;
        };
        let mut kept = Map::new();
        for key in expected.as_object().into_iter().flat_map(Map::keys) {
            if let Some(value) = found.get(key) {
                kept.insert(key.clone(), value.clone());
            }
        }
        return json!({ end: kept });
    }
    found.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_renewed_says_no_more_than_it_said() {
        #[track_caller]
        fn check(expected: Json, found: Json, expect: Json) {
            let told = format!("{expected} and {found}");
            assert_eq!(renewed(Some(&expected), &found), expect, "{told}");
        }
        let failed = json!({"error": {"code": "RETRY", "message": "m", "retryable": true}});
        check(
            json!({"error": {"code": "TIMEOUT"}}),
            failed.clone(),
            json!({"error": {"code": "RETRY"}}),
        );
        check(json!({"filtered": {}}), failed.clone(), failed.clone());
        check(
            json!([{"filtered": {}}, {"event": {"a": 1}}]),
            json!([{"filtered": {"reason": "NO_RETURN"}}, {"event": {"a": 2}}]),
            json!([{"filtered": {}}, {"event": {"a": 2}}]),
        );
        assert_eq!(renewed(None, &failed), failed);
    }
}
