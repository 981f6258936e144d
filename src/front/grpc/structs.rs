//! Between `google.protobuf.Struct` and JSON text.

use prost_types::{ListValue, Struct, Value, value::Kind};
use serde_json::Value as Json;

mod from_json;
mod surrogates;
mod to_json;

pub use from_json::from_json;
pub use to_json::to_json;

/// Messages a decoder follows into one another: protobuf's common recursion limit.
const MAX_MESSAGE_DEPTH: usize = 100;

/// Messages around the fields of an event: the request or response itself and the Struct.
const ENVELOPE_DEPTH: usize = 2;

/// A value that the other form can't carry, and where: a path such as `.properties.total`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} {description}")]
pub struct NotAStruct {
    pub path: String,
    pub description: String,
}

/// One step of a path.
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

impl NotAStruct {
    fn here(description: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            description: description.into(),
        }
    }

    fn too_deep() -> Self {
        Self::here("is nested deeper than a Struct can carry; send event_json")
    }

    /// The same, seen from where a step leads to it.
    fn within(mut self, step: Step<'_>) -> Self {
        self.path = match step {
            Step::Field(key) => format!(".{key}{}", self.path),
            Step::Item(number) => format!("[{number}]{}", self.path),
        };
        self
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, NotAStruct> {
    str::from_utf8(bytes).map_err(|error| NotAStruct::here(format!("is not UTF-8: {error}")))
}

/// The Value of a piece of JSON; `None` for one nested so deep that decoders would refuse the answer.
pub fn value_of(json: Json) -> Option<Value> {
    proto_value(json, ENVELOPE_DEPTH + 1)
}

fn proto_value(value: Json, depth: usize) -> Option<Value> {
    if depth >= MAX_MESSAGE_DEPTH {
        return None;
    }
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(truth) => Kind::BoolValue(truth),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(string) => Kind::StringValue(string),
        Json::Array(values) => {
            let values = values.into_iter();
            let values = values.map(|value| proto_value(value, depth + 2));
            Kind::ListValue(ListValue {
                values: values.collect::<Option<_>>()?,
            })
        }
        Json::Object(fields) => {
            let fields = fields.into_iter();
            // A map's entry is a message of its own.
            let fields = fields.map(|(key, value)| Some((key, proto_value(value, depth + 3)?)));
            Kind::StructValue(Struct {
                fields: fields.collect::<Option<_>>()?,
            })
        }
    };
    Some(Value { kind: Some(kind) })
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::api::{InvokeResponse, WireStruct, invoke_response::Outcome};

    #[track_caller]
    fn check(json: &str, expect: &str) {
        let value = from_json(json.as_bytes()).unwrap();
        let text = to_json(&value).unwrap();
        assert_eq!(std::str::from_utf8(&text).unwrap(), expect);
        // What prost makes of it is what it would have made of the same object.
        let Json::Object(fields) = serde_json::from_str(expect).unwrap() else {
            panic!("{expect} is no object");
        };
        let Some(Kind::StructValue(tree)) = value_of(Json::Object(fields)).unwrap().kind else {
            panic!("{expect} is no Struct");
        };
        assert_eq!(value.fields().unwrap(), tree.fields, "{expect}");
        assert_eq!(value.encoded_len(), tree.encoded_len(), "{expect}");
    }

    #[test]
    fn json_survives_the_way_there_and_back() {
        check("{}", "{}");
        check(
            r#"{"a":[1,-2.5,true,false,null,"x\n\u2028"],"__proto__":{"é":"😀"}}"#,
            "{\"a\":[1.0,-2.5,true,false,null,\"x\\n\u{2028}\"],\"__proto__\":{\"é\":\"😀\"}}",
        );
        check(
            r#" {"n" : 9007199254740993, "big":1e308, "small":-0, "e\u0301":{} , "list":[[],[[]],{}]} "#,
            "{\"n\":9007199254740992.0,\"big\":1e+308,\"small\":-0.0,\"e\u{301}\":{},\"list\":[[],[[]],{}]}",
        );
    }

    #[test]
    fn lengths_of_every_size_are_right() {
        for length in [0, 1, 117, 118, 127, 128, 129, 16_383, 16_384, 70_000] {
            let text = "x".repeat(length);
            check(
                &format!(r#"{{"s":"{text}","o":{{"k{text}":[["{text}"],{{"a":{{}}}}]}}}}"#),
                &format!(r#"{{"s":"{text}","o":{{"k{text}":[["{text}"],{{"a":{{}}}}]}}}}"#),
            );
        }
    }

    #[test]
    fn lone_surrogates_become_the_replacement_character() {
        check(r#"{"a":"\ud800"}"#, "{\"a\":\"\u{fffd}\"}");
        check(r#"{"a":"\udc00\ud800x"}"#, "{\"a\":\"\u{fffd}\u{fffd}x\"}");
        check(r#"{"a":"\ud83d\ude00"}"#, "{\"a\":\"😀\"}");
        check(r#"{"a":"\\ud800"}"#, r#"{"a":"\\ud800"}"#);
        check(r#"{"\ud800":1}"#, "{\"\u{fffd}\":1.0}");
    }

    #[track_caller]
    fn check_wire(encoded: &[u8], expect: Result<&str, &str>) {
        let text = to_json(&WireStruct::from_encoded(encoded.to_vec()));
        let text = text.map(|text| String::from_utf8(text.to_vec()).unwrap());
        let text = text.map_err(|fault| fault.to_string());
        match expect {
            Ok(expect) => assert_eq!(text.as_deref(), Ok(expect)),
            Err(expect) => assert!(text.clone().unwrap_err().contains(expect), "{text:?}"),
        }
    }

    #[test]
    fn all_that_protobuf_allows_is_read() {
        // The value before the key, the last of two keys, no key.
        check_wire(b"\x0a\x07\x12\x02\x20\x01\x0a\x01a", Ok(r#"{"a":true}"#));
        check_wire(
            b"\x0a\x0a\x0a\x01a\x0a\x01b\x12\x02\x20\x00",
            Ok(r#"{"b":false}"#),
        );
        check_wire(b"\x0a\x04\x12\x02\x08\x07", Ok(r#"{"":null}"#));
        // Fields that are not known, a group among them.
        check_wire(
            b"\x18\x05\x0a\x0c\x3d1234\x0a\x01a\x12\x02\x20\x01\x43\x18\x05\x44",
            Ok(r#"{"a":true}"#),
        );
        // Of two kinds the last; two lists, and two halves of a value, are one.
        check_wire(
            b"\x0a\x0a\x0a\x01a\x12\x05\x20\x01\x1a\x01x",
            Ok(r#"{"a":"x"}"#),
        );
        check_wire(
            b"\x0a\x11\x0a\x01a\x12\x0c\x32\x04\x0a\x02\x20\x01\x32\x04\x0a\x02\x20\x00",
            Ok(r#"{"a":[true,false]}"#),
        );
        check_wire(
            b"\x0a\x13\x0a\x01a\x12\x06\x32\x04\x0a\x02\x20\x01\x12\x06\x32\x04\x0a\x02\x20\x00",
            Ok(r#"{"a":[true,false]}"#),
        );
        check_wire(
            b"\x0a\x12\x0a\x01a\x12\x0d\x2a\x04\x0a\x02\x0a\x00\x32\x05\x0a\x03\x1a\x01x",
            Ok(r#"{"a":["x"]}"#),
        );
    }

    /// With a copy for each part it would not end.
    #[test]
    fn a_value_may_come_in_very_many_parts() {
        const PARTS: usize = 1 << 19;
        let parts = |part: &[u8]| within(1, &part.repeat(PARTS));
        let lists = parts(&within(2, &within(6, &within(1, &vec![8, 0]))));
        let text = to_json(&WireStruct::from_encoded(lists)).unwrap();
        assert_eq!(text.len(), r#"{"":[]}"#.len() + "null,".len() * PARTS - 1);
    }

    #[test]
    fn what_json_has_no_text_for_is_told_with_its_path() {
        let nan =
            b"\x0a\x17\x0a\x01a\x12\x12\x2a\x10\x0a\x0e\x0a\x01x\x12\x09\x11\0\0\0\0\0\0\xf8\x7f";
        check_wire(nan, Err(".a.x is NaN, which JSON has no text for"));
        check_wire(
            b"\x0a\x0d\x0a\x01a\x12\x08\x32\x06\x0a\x02\x20\x01\x0a\x00",
            Err(".a[1] has no kind; for null give null_value"),
        );
        check_wire(b"\x0a\x03\x0a\x01a", Err(".a has no kind"));
    }

    #[test]
    fn what_is_no_struct_is_told() {
        check_wire(b"\x0a", Err("is no Struct"));
        check_wire(
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            Err("is no Struct"),
        );
        check_wire(b"\x0a\x05x", Err("is cut off"));
        check_wire(
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            Err("is cut off"),
        );
        check_wire(b"\x08\x05", Err("of another type"));
        check_wire(b"\x0a\x02\x08\x05", Err("of another type"));
        check_wire(b"\x0a\x05\x12\x03\x0a\x01x", Err("of another type"));
        check_wire(b"\x0a\x07\x12\x05\x11\x01\x02\x03\x04", Err("is cut off"));
        check_wire(b"\x0a\x07\x0a\x01\xff\x12\x02\x20\x01", Err("is not UTF-8"));
        check_wire(
            b"\x0a\x08\x0a\x01a\x12\x03\x1a\x01\xff",
            Err(".a is not UTF-8"),
        );
    }

    /// A message as a field of another.
    fn within(tag: u32, message: &Vec<u8>) -> Vec<u8> {
        let mut holder = Vec::new();
        prost::encoding::bytes::encode(tag, message, &mut holder);
        holder
    }

    /// One that holds itself so many times.
    fn nested(depth: usize) -> Vec<u8> {
        format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)).into_bytes()
    }

    #[test]
    fn an_answer_that_decoders_would_refuse_is_refused_here() {
        let deepest = (1..100)
            .take_while(|&depth| from_json(&nested(depth)).is_ok())
            .last()
            .unwrap();
        let fault = from_json(&nested(deepest + 1)).unwrap_err();
        assert!(fault.description.contains("send event_json"), "{fault}");
        assert_eq!(fault.path, ".a".repeat(deepest + 1));
        let event = from_json(&nested(deepest)).unwrap();
        assert!(event.fields().is_ok());
        let response = InvokeResponse {
            outcome: Some(Outcome::Event(event.clone())),
            ..Default::default()
        };
        let decoded = InvokeResponse::decode(&*response.encode_to_vec()).unwrap();
        assert_eq!(decoded, response);
        assert!(to_json(&event).is_ok());
    }

    #[test]
    fn a_request_nested_without_end_is_refused() {
        let null = vec![8, 0];
        let value = (0..1000).fold(null, |value, _| within(6, &within(1, &value)));
        let fields = within(1, &within(2, &value));
        check_wire(&fields, Err("is nested deeper than a Struct can carry"));
    }
}
