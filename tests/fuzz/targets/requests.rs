//! Requests of the API: any message is either taken apart whole or refused with faults that say where.

use std::sync::LazyLock;

use clap::Parser;
use penstock::{
    api::{InvokeRequest, invoke_request::Payload, invoke_response},
    config::LimitsConfig,
    front::grpc::decode::{self, EventForm, Fault, InvokeParts},
    invocation::{Finished, Outcome},
};
use prost::Message;
use prost_types::{Struct, Value, value::Kind};

use super::wire_frames::check_response;

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
    let Ok(request) = InvokeRequest::decode(input) else {
        return;
    };
    match decode::invoke(request.clone(), &LIMITS) {
        Ok(parts) => check_accepted(request, parts),
        Err(faults) => check_refused(&faults),
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

fn check_accepted(request: InvokeRequest, parts: InvokeParts) {
    assert_eq!(
        parts.function,
        request.function.unwrap_or_default(),
        "the function"
    );
    assert!(parts.event.json.len() as u64 <= LIMITS.event_bytes);
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
    check_echo(request.payload, &parts);
}

/// An event that goes on unchanged comes back in its own form, equal to what was sent.
fn check_echo(sent: Option<Payload>, parts: &InvokeParts) {
    let delivered = Outcome::Delivered(parts.event.json.clone());
    let response = check_response(Finished::without_running(delivered), parts.form);
    let back = response.outcome;
    match sent {
        Some(Payload::EventJson(sent)) => {
            assert_eq!(parts.form, EventForm::Json);
            assert_eq!(back, Some(invoke_response::Outcome::EventJson(sent)));
        }
        Some(Payload::Event(mut sent)) => {
            assert_eq!(parts.form, EventForm::Struct);
            sent.fields.values_mut().for_each(normalize);
            assert_eq!(back, Some(invoke_response::Outcome::Event(sent)));
        }
        None => panic!("a request without an event was taken"),
    }
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
