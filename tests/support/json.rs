//! JSON values to and from the protobuf form of them.

use std::collections::BTreeMap;

use penstock::api::WireStruct;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as ProtoValue};
use serde_json::Value;

/// As a router sends it.
#[allow(dead_code, reason = "the benchmarks send it so")]
pub fn minified(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    value.to_string()
}

/// Fails when `json` is not an object.
#[track_caller]
pub fn to_struct(json: &str) -> WireStruct {
    let value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    match to_kind(value) {
        Kind::StructValue(fields) => fields.into(),
        other => panic!("no object: {other:?}"),
    }
}

fn to_kind(value: Value) -> Kind {
    match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(value) => Kind::NumberValue(value.as_f64().expect("a finite number")),
        Value::String(value) => Kind::StringValue(value),
        Value::Array(values) => Kind::ListValue(ListValue {
            values: values.into_iter().map(to_proto).collect(),
        }),
        Value::Object(fields) => Kind::StructValue(structure(
            fields
                .into_iter()
                .map(|(key, value)| (key, to_proto(value))),
        )),
    }
}

fn to_proto(value: Value) -> ProtoValue {
    ProtoValue {
        kind: Some(to_kind(value)),
    }
}

fn structure(fields: impl IntoIterator<Item = (String, ProtoValue)>) -> Struct {
    Struct {
        fields: BTreeMap::from_iter(fields),
    }
}

/// A one-field object around any protobuf value, also those JSON can't write, with a `type` beside it.
pub fn track_with(key: &str, kind: Kind) -> WireStruct {
    let track = ProtoValue {
        kind: Some(Kind::StringValue("track".to_owned())),
    };
    structure([
        ("type".to_owned(), track),
        (key.to_owned(), ProtoValue { kind: Some(kind) }),
    ])
    .into()
}

/// Fails when it is no protobuf.
#[track_caller]
pub fn from_struct(value: &WireStruct) -> Value {
    from_fields(&value.fields().unwrap_or_else(|error| panic!("{error}")))
}

fn from_fields(fields: &BTreeMap<String, ProtoValue>) -> Value {
    fields
        .iter()
        .map(|(key, value)| (key.clone(), from_proto(value)))
        .collect()
}

fn from_proto(value: &ProtoValue) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => Value::Bool(*value),
        Some(Kind::NumberValue(value)) => from_number(*value),
        Some(Kind::StringValue(value)) => Value::String(value.clone()),
        Some(Kind::ListValue(list)) => list.values.iter().map(from_proto).collect(),
        Some(Kind::StructValue(nested)) => from_fields(&nested.fields),
    }
}

/// Whole numbers as JSON writes them, so that 1 equals 1 and not 1.0.
fn from_number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return Value::from(value as i64);
    }
    Value::from(value)
}
