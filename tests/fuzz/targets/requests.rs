//! Requests of the API: any message is either taken apart whole or refused with faults that say where.

use std::{collections::BTreeMap, sync::LazyLock};

use clap::Parser;
use penstock::{
    api::{
        FunctionRef, InvokeBatchRequest, InvokeRequest, WireStruct, event_result,
        invoke_request::Payload, invoke_response,
    },
    config::LimitsConfig,
    front::grpc::decode::{self, EventForm, Fault, InvokeParts},
    invocation::{Finished, Input, Outcome},
};
use prost::Message;
use prost_types::{Struct, Value, value::Kind};
use serde_json::value::RawValue;

use super::wire_frames::{check_batch_response, check_response};

/// Small enough that requests meet the limits.
static LIMITS: LazyLock<LimitsConfig> = LazyLock::new(|| {
    let small = ["", "--event-bytes", "2048", "--settings-bytes", "1024"];
    Defaults::parse_from(small).limits
});

#[derive(Debug, Parser)]
struct Defaults {
    #[command(flatten)]
    limits: LimitsConfig,
}

pub fn check(input: &[u8]) {
    if let Ok(request) = InvokeRequest::decode(input) {
        match decode::invoke(request.clone(), &LIMITS) {
            Ok(parts) => {
                check_terms(request.function, &parts);
                check_echo(request.payload, &parts);
            }
            Err(faults) => check_refused(&faults),
        }
    }
    check_batch_request(input);
    // Two messages in a row are one: a batch of twice the events.
    check_batch_request(&[input, input].concat());
}

fn check_batch_request(input: &[u8]) {
    if let Ok(request) = InvokeBatchRequest::decode(input) {
        match decode::invoke_batch(request.clone(), &LIMITS) {
            Ok(parts) => {
                check_terms(request.function.clone(), &parts);
                check_batch(request, &parts);
            }
            Err(faults) => check_refused(&faults),
        }
    }
}

fn check_refused(faults: &[Fault]) {
    assert!(!faults.is_empty(), "a refusal says why");
    for fault in faults {
        assert!(
            !fault.field.is_empty() && !fault.description.is_empty(),
            "a fault says where and what: {fault:?}"
        );
    }
}

fn check_terms(function: Option<FunctionRef>, parts: &InvokeParts) {
    assert_eq!(parts.function, function.unwrap_or_default(), "the function");
    assert!(parts.settings.bytes().len() as u64 <= LIMITS.settings_bytes);
    let settings: Result<serde_json::Value, _> = serde_json::from_slice(parts.settings.bytes());
    assert!(
        settings.as_ref().is_ok_and(serde_json::Value::is_object),
        "the settings are a JSON object: {settings:?}"
    );
    let limits = &parts.limits;
    assert!(!limits.wall_time.is_zero() && limits.wall_time <= LIMITS.wall_time());
    assert!(limits.result_bytes > 0 && limits.result_bytes <= LIMITS.result_bytes);
    assert!(limits.log_bytes <= LIMITS.log_bytes);
}

/// A batch of which every event goes on comes back in its own form, event by event.
fn check_batch(request: InvokeBatchRequest, parts: &InvokeParts) {
    let Input::Batch { events, json } = &parts.input else {
        panic!("a batch was taken for an event");
    };
    assert!((1..=LIMITS.batch_events).contains(&u64::from(*events)));
    let array: Vec<&RawValue> = serde_json::from_slice(json).expect("the batch is an array");
    assert_eq!(array.len(), *events as usize, "one element an event");
    let outcomes = array.iter().map(|event| {
        let event = event.get().as_bytes();
        assert!(event.len() as u64 <= LIMITS.event_bytes);
        Outcome::Delivered(event.to_vec().into())
    });
    let finished = Finished {
        outcomes: outcomes.collect(),
        ..Finished::without_running(Outcome::Delivered("{}".into()), 0)
    };
    let response = check_batch_response(finished, parts.form);
    let back = response.results.into_iter().map(|result| result.outcome);
    let sent: Vec<_> = match parts.form {
        EventForm::Json => request
            .events_json
            .into_iter()
            .map(|json| {
                Some(event_result::Outcome::EventJson(
                    json.trim_ascii().to_vec().into(),
                ))
            })
            .collect(),
        EventForm::Struct => request
            .events
            .into_iter()
            .map(|event| Some(event_result::Outcome::Event(event)))
            .collect(),
    };
    let back: Vec<_> = back.collect();
    assert_eq!(back.len(), sent.len());
    for (back, sent) in back.into_iter().zip(sent) {
        use event_result::Outcome::Event;
        match (back, sent) {
            (Some(Event(back)), Some(Event(sent))) => assert_eq!(read(&back), read(&sent)),
            (back, sent) => assert_eq!(back, sent),
        }
    }
}

/// An event that goes on unchanged comes back in its own form, equal to what was sent.
fn check_echo(sent: Option<Payload>, parts: &InvokeParts) {
    let Input::Event(json) = &parts.input else {
        panic!("an event was taken for a batch");
    };
    assert!(json.len() as u64 <= LIMITS.event_bytes);
    let delivered = Outcome::Delivered(json.clone());
    let response = check_response(Finished::without_running(delivered, 1), parts.form);
    let back = response.outcome;
    match sent {
        Some(Payload::EventJson(sent)) => {
            assert_eq!(parts.form, EventForm::Json);
            assert_eq!(back, Some(invoke_response::Outcome::EventJson(sent)));
        }
        Some(Payload::Event(sent)) => {
            assert_eq!(parts.form, EventForm::Struct);
            match back {
                Some(invoke_response::Outcome::Event(back)) => {
                    assert_eq!(read(&back), read(&sent));
                }
                back => panic!("{back:?} came back of {sent:?}"),
            }
        }
        None => panic!("a request without an event was taken"),
    }
}

/// What a Struct that was taken or made holds, as prost reads it.
fn read(value: &WireStruct) -> BTreeMap<String, Value> {
    let mut fields = value.fields().expect("a Struct that was taken is protobuf");
    fields.values_mut().for_each(normalize);
    fields
}

/// The null of a Value is an enumeration's number, which may be sent as any.
fn normalize(value: &mut Value) {
    match &mut value.kind {
        Some(Kind::NullValue(number)) => *number = 0,
        Some(Kind::ListValue(list)) => list.values.iter_mut().for_each(normalize),
        Some(Kind::StructValue(Struct { fields })) => fields.values_mut().for_each(normalize),
        _ => {}
    }
}
