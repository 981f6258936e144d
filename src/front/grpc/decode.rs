//! Requests of the API, checked and taken apart. Every fault of a request is told at once.

use std::{collections::HashMap, fmt::Display, time::Duration};

use bytes::Bytes;

use super::structs;
use crate::{
    api::{
        FunctionRef, InvokeBatchRequest, InvokeRequest, Limits, SourceLanguage, WireStruct,
        invoke_request::Payload,
    },
    config::LimitsConfig,
    front::{
        access::Caller,
        event::{self, EventFault},
        functions::{Language, SourceDigest, Wanted, WantedFor, check_name},
        sealed::Sealed,
    },
    invocation::{Input, InvocationLimits, SettingsJson, VersionKey},
};

mod batch;
mod sealed;

const MAX_INSTANCE_BYTES: usize = 128;

/// The form an event came in, and is answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventForm {
    Struct,
    Json,
}

/// One fault of a request: which field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub field: String,
    pub description: String,
}

impl Fault {
    pub fn new(field: impl Into<String>, description: impl Display) -> Self {
        Self {
            field: field.into(),
            description: description.to_string(),
        }
    }
}

/// A checked request.
#[derive(Debug)]
pub struct InvokeParts {
    pub function: FunctionRef,
    pub input: Input,
    pub settings: SettingsJson,
    pub secret_settings: Vec<String>,
    pub sealed_settings: Sealed,
    pub limits: InvocationLimits,
    pub form: EventForm,
    pub capture: bool,
}

/// Checks a request to run one event.
///
/// # Errors
/// All its faults.
pub fn invoke(request: InvokeRequest, allowed: &LimitsConfig) -> Result<InvokeParts, Vec<Fault>> {
    let mut faults = Vec::new();
    let form = match &request.payload {
        Some(Payload::EventJson(_)) => EventForm::Json,
        _ => EventForm::Struct,
    };
    let terms = Terms {
        function: request.function,
        settings: request.settings,
        secret_settings: request.secret_settings,
        sealed_settings: request.sealed_settings,
        limits: request.limits,
        capture: request.capture,
    };
    let terms = terms.check(allowed, &mut faults);
    let event = keep_fault(event(request.payload, allowed), &mut faults);
    match (terms, event) {
        (Some(terms), Some(event)) if faults.is_empty() => {
            Ok(terms.with(Input::Event(event), form))
        }
        _ => Err(faults),
    }
}

/// Checks a request to run a batch.
///
/// # Errors
/// Its faults; those of events up to a number, so that the answer stays short.
pub fn invoke_batch(
    request: InvokeBatchRequest,
    allowed: &LimitsConfig,
) -> Result<InvokeParts, Vec<Fault>> {
    let mut faults = Vec::new();
    let terms = Terms {
        function: request.function,
        settings: request.settings,
        secret_settings: request.secret_settings,
        sealed_settings: request.sealed_settings,
        limits: request.limits,
        capture: request.capture,
    };
    let terms = terms.check(allowed, &mut faults);
    let batch = batch::input(request.events, request.events_json, allowed, &mut faults);
    match (terms, batch) {
        (Some(terms), Some((input, form))) if faults.is_empty() => Ok(terms.with(input, form)),
        _ => Err(faults),
    }
}

/// What requests for one event and for a batch have in common, as it comes.
struct Terms {
    function: Option<FunctionRef>,
    settings: Option<WireStruct>,
    secret_settings: Vec<String>,
    sealed_settings: HashMap<String, Bytes>,
    limits: Option<Limits>,
    capture: bool,
}

struct CheckedTerms {
    function: FunctionRef,
    settings: SettingsJson,
    secret_settings: Vec<String>,
    sealed_settings: Sealed,
    limits: InvocationLimits,
    capture: bool,
}

impl Terms {
    fn check(self, allowed: &LimitsConfig, faults: &mut Vec<Fault>) -> Option<CheckedTerms> {
        let function = self.function.unwrap_or_default();
        check_function(&function, faults);
        let sealed = sealed::check(
            self.sealed_settings,
            self.settings.as_ref(),
            allowed,
            faults,
        );
        let settings = keep_fault(settings(self.settings, allowed), faults);
        let limits = keep_fault(limits(self.limits, allowed), faults);
        Some(CheckedTerms {
            function,
            settings: settings?,
            secret_settings: self.secret_settings,
            sealed_settings: sealed,
            limits: limits?,
            capture: self.capture,
        })
    }
}

impl CheckedTerms {
    fn with(self, input: Input, form: EventForm) -> InvokeParts {
        InvokeParts {
            function: self.function,
            input,
            settings: self.settings,
            secret_settings: self.secret_settings,
            sealed_settings: self.sealed_settings,
            limits: self.limits,
            form,
            capture: self.capture,
        }
    }
}

/// The version a checked reference means, who asks for it, and what for.
pub fn function(function: FunctionRef, caller: Caller, wanted_for: WantedFor) -> Wanted {
    let language = match function.language() {
        SourceLanguage::Unspecified | SourceLanguage::Javascript => Language::JavaScript,
        SourceLanguage::Typescript => Language::TypeScript,
    };
    let inline = (!function.source.is_empty()).then(|| Bytes::from(function.source));
    Wanted {
        key: VersionKey {
            function_id: function.function_id.into(),
            version: function.version.into(),
        },
        inline,
        language,
        digest: SourceDigest::from_hex(&function.source_sha256),
        caller,
        wanted_for,
    }
}

fn keep_fault<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// Checks a reference and adds its faults to the others.
pub fn check_function(function: &FunctionRef, faults: &mut Vec<Fault>) {
    let names = [
        ("function.function_id", &function.function_id),
        ("function.version", &function.version),
    ];
    for (field, name) in names {
        if let Err(error) = check_name(name) {
            faults.push(Fault::new(field, error));
        }
    }
    let instance = &function.instance_id;
    if instance.len() > MAX_INSTANCE_BYTES || !instance.bytes().all(|byte| byte.is_ascii_graphic())
    {
        let form = format!("must be at most {MAX_INSTANCE_BYTES} visible ASCII characters");
        faults.push(Fault::new("function.instance_id", form));
    }
    if SourceLanguage::try_from(function.language).is_err() {
        let values =
            "must be SOURCE_LANGUAGE_JAVASCRIPT, SOURCE_LANGUAGE_TYPESCRIPT, or unspecified";
        faults.push(Fault::new("function.language", values));
    }
    let digest = &function.source_sha256;
    if !digest.is_empty() && SourceDigest::from_hex(digest).is_none() {
        let form = "must be a SHA-256 in 64 hex digits, or empty";
        faults.push(Fault::new("function.source_sha256", form));
    }
}

fn event(payload: Option<Payload>, allowed: &LimitsConfig) -> Result<Bytes, Fault> {
    match payload {
        Some(Payload::Event(event)) => {
            checked_event("event", "event", struct_json("event", &event)?, allowed)
        }
        Some(Payload::EventJson(json)) => checked_event("event_json", "event", json, allowed),
        None => Err(Fault::new("event", "is missing: give event or event_json")),
    }
}

/// An event of a request, named `field` there and `event` where its own fields are spoken of.
fn checked_event(
    field: &str,
    event: &str,
    json: Bytes,
    allowed: &LimitsConfig,
) -> Result<Bytes, Fault> {
    match event::check(&json, allowed.event_bytes) {
        Ok(()) => Ok(json),
        Err(fault @ (EventFault::NoType | EventFault::TypeNotAString)) => {
            Err(Fault::new(format!("{event}.type"), fault))
        }
        Err(fault) => Err(Fault::new(field, fault)),
    }
}

fn settings(settings: Option<WireStruct>, allowed: &LimitsConfig) -> Result<SettingsJson, Fault> {
    let Some(settings) = settings else {
        return Ok(SettingsJson::empty());
    };
    let json = struct_json("settings", &settings)?;
    let (bytes, limit) = (json.len() as u64, allowed.settings_bytes);
    if bytes > limit {
        let size = format!("has {bytes} bytes, over the limit of {limit} (knob --settings-bytes)");
        return Err(Fault::new("settings", size));
    }
    Ok(SettingsJson::new(json))
}

fn struct_json(field: &str, value: &WireStruct) -> Result<Bytes, Fault> {
    structs::to_json(value)
        .map_err(|fault| Fault::new(format!("{field}{}", fault.path), fault.description))
}

fn limits(asked: Option<Limits>, allowed: &LimitsConfig) -> Result<InvocationLimits, Fault> {
    let asked = asked.unwrap_or_default();
    let wall_time = lowered_time("limits.wall_time", asked.wall_time, allowed.wall_time())?;
    let cpu_time = lowered_time("limits.cpu_time", asked.cpu_time, allowed.cpu_time())?;
    let lowered = |asked: u64, allowed: u64| match asked {
        0 => allowed,
        asked => asked.min(allowed),
    };
    Ok(InvocationLimits {
        wall_time,
        cpu_time,
        result_bytes: lowered(asked.result_bytes, allowed.result_bytes),
        log_bytes: lowered(asked.log_bytes, allowed.log_bytes),
        requests: match asked.requests {
            0 => allowed.egress_requests,
            asked => asked.min(allowed.egress_requests),
        },
        ..allowed.of_invocation()
    })
}

fn lowered_time(
    field: &str,
    asked: Option<prost_types::Duration>,
    allowed: Duration,
) -> Result<Duration, Fault> {
    match asked {
        None => Ok(allowed),
        Some(asked) => match duration(asked) {
            Some(asked) if !asked.is_zero() => Ok(asked.min(allowed)),
            _ => Err(Fault::new(field, "must be a duration longer than nothing")),
        },
    }
}

/// `None` for what protobuf calls invalid, and for what is negative. prost's own conversion overflows on the
/// extremes.
fn duration(duration: prost_types::Duration) -> Option<Duration> {
    let seconds = u64::try_from(duration.seconds).ok()?;
    let nanos = u32::try_from(duration.nanos).ok()?;
    (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_taken_apart_without_overflow() {
        #[track_caller]
        fn check(seconds: i64, nanos: i32, expect: Option<Duration>) {
            assert_eq!(duration(prost_types::Duration { seconds, nanos }), expect);
        }
        check(1, 5, Some(Duration::new(1, 5)));
        check(i64::MAX, 0, Some(Duration::from_secs(i64::MAX as u64)));
        check(0, 1_000_000_000, None);
        check(-1, 0, None);
        check(0, -1, None);
        check(i64::MIN, i32::MIN, None);
    }
}
