//! A case as its file has it: what a function is given, what its requests are answered with, what has to come out.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use serde_json::{Map, Value as Json};

use super::{
    canned::{Canned, canned},
    outcome,
};
use crate::{
    cli::local::{self, FileError},
    config::LimitsConfig,
    front::event::{self, EventFault},
    invocation::Input,
    json_file::{self, Fault, Reader},
};

/// The largest file read, in bytes: a batch at its highest, and its answers.
const MAX_CASE_BYTES: u64 = 64 << 20;

/// Requests that can be answered in one case.
const MAX_RESPONSES: usize = 10_000;

/// Places that can be ignored in one case.
const MAX_IGNORED: usize = 1000;

const KEYS: [&str; 8] = [
    "$schema",
    "description",
    "event",
    "events",
    "settings",
    "responses",
    "expect",
    "ignore",
];

/// One file of `tests`.
#[derive(Debug)]
pub struct Case {
    pub path: PathBuf,
    /// The file's name without its end.
    pub name: String,
    /// The whole file, as it was read.
    pub text: String,
    pub input: Input,
    pub settings: Map<String, Json>,
    pub responses: Vec<Canned>,
    /// What [`outcome::of`] has to come to; `None` when the file does not say.
    pub expect: Option<Json>,
    /// Places, as a difference names them, that may come out as they like, and what is in them.
    pub ignore: Vec<String>,
}

/// A file that is no case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}", told(path, faults))]
    Faults { path: PathBuf, faults: Vec<Fault> },
}

fn told(path: &Path, faults: &[Fault]) -> String {
    let path = path.display();
    let lines = faults.iter().map(|fault| {
        let (line, column) = (fault.line, fault.column);
        format!("{path}:{line}:{column}: {}", fault.told())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads a case.
///
/// # Errors
/// [`CaseError`] with everything that is wrong with it.
pub fn read(path: &Path, limits: &LimitsConfig) -> Result<Case, CaseError> {
    let text = local::read(path)?;
    let parsed = json_file::read(&text, "the case", MAX_CASE_BYTES, |reader, root| {
        parts(reader, root, limits)
    });
    let faults = |faults| CaseError::Faults {
        path: path.to_owned(),
        faults,
    };
    let parts = parsed.map_err(faults)?;
    let name = path.file_stem().unwrap_or_default();
    Ok(Case {
        name: name.to_string_lossy().into_owned(),
        path: path.to_owned(),
        // Read as UTF-8 above.
        text: String::from_utf8_lossy(&text).into_owned(),
        // Without one there was a fault.
        input: parts.input.unwrap_or(Input::Describe),
        settings: parts.settings,
        responses: parts.responses,
        expect: parts.expect,
        ignore: parts.ignore,
    })
}

#[derive(Default)]
struct Parts {
    input: Option<Input>,
    settings: Map<String, Json>,
    responses: Vec<Canned>,
    expect: Option<Json>,
    ignore: Vec<String>,
}

fn parts(reader: &mut Reader<'_>, root: &Value<'_>, limits: &LimitsConfig) -> Parts {
    let mut parts = Parts::default();
    let Some(object) = reader.object(root, "") else {
        return parts;
    };
    for field in reader.fields(object, "", &KEYS) {
        let (name, value) = (field.name.as_str(), &field.value);
        match name {
            "settings" => parts.settings = settings(reader, value),
            "responses" => {
                let list = reader.list(value, name, MAX_RESPONSES).iter().enumerate();
                let read = list.filter_map(|(number, element)| {
                    canned(reader, element, &format!("responses[{number}]"))
                });
                parts.responses = read.collect();
            }
            "ignore" => parts.ignore = ignore(reader, value),
            "event" | "events" | "expect" => {}
            _ => {
                reader.text(value, name, 0..=usize::MAX);
            }
        }
    }
    parts.input = input(reader, root, object, limits);
    if let Some(field) = object.get("expect") {
        let events = match &parts.input {
            Some(Input::Batch { events, .. }) => Some(*events as usize),
            _ => None,
        };
        parts.expect = Some(outcome::expected(reader, &field.value, events));
    }
    parts
}

fn settings(reader: &mut Reader<'_>, value: &Value<'_>) -> Map<String, Json> {
    match (reader.object(value, "settings"), value.clone().into()) {
        (Some(_), Json::Object(settings)) => settings,
        _ => Map::new(),
    }
}

fn ignore(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<String> {
    let mut places = Vec::new();
    for (number, element) in reader.list(value, "ignore", MAX_IGNORED).iter().enumerate() {
        let path = format!("ignore[{number}]");
        let place = reader.text(element, &path, 1..=usize::MAX);
        if !place.is_empty() && !place.starts_with("expect.") && !place.starts_with("expect[") {
            let description = "must be a place such as expect.event.context.at";
            reader.fault(element, &path, description);
        }
        places.push(place);
    }
    places
}

fn input(
    reader: &mut Reader<'_>,
    root: &Value<'_>,
    object: &Object<'_>,
    limits: &LimitsConfig,
) -> Option<Input> {
    match (object.get("event"), object.get("events")) {
        (Some(event), None) => {
            check_event(reader, &event.value, "event", limits);
            Some(Input::Event(written(reader, &event.value)))
        }
        (None, Some(ObjectProp { value, .. })) => {
            let most = usize::try_from(limits.batch_events).unwrap_or(usize::MAX);
            let events = reader.list(value, "events", most);
            for (number, event) in events.iter().enumerate() {
                check_event(reader, event, &format!("events[{number}]"), limits);
            }
            if matches!(value, Value::Array(Array { elements, .. }) if elements.is_empty()) {
                reader.fault(value, "events", "must have an event at least");
            }
            let json = written(reader, value);
            if json.len() as u64 > limits.batch_bytes {
                let over = format!(
                    "has {} bytes, over the limit of {} (knob --batch-bytes)",
                    json.len(),
                    limits.batch_bytes
                );
                reader.fault(value, "events", over);
            }
            Some(Input::Batch {
                events: u32::try_from(events.len()).unwrap_or(u32::MAX),
                json,
            })
        }
        (Some(_), Some(both)) => {
            let description = "is there beside event: a case has an event or events";
            reader.fault(both, "events", description);
            None
        }
        (None, None) => {
            reader.fault(
                root,
                "event",
                "is missing: a case has an event, or events for a batch",
            );
            None
        }
    }
}

fn check_event(reader: &mut Reader<'_>, value: &Value<'_>, path: &str, limits: &LimitsConfig) {
    let event = written(reader, value);
    let Err(fault) = event::check(&event, limits.event_bytes) else {
        return;
    };
    let path = match fault {
        EventFault::NoType | EventFault::TypeNotAString => format!("{path}.type"),
        _ => path.to_owned(),
    };
    reader.fault(value, &path, fault.to_string());
}

/// As it stands in the file, so that keys keep their order and numbers their digits.
fn written(reader: &Reader<'_>, value: &Value<'_>) -> Bytes {
    Bytes::copy_from_slice(reader.written(value).as_bytes())
}

#[cfg(test)]
mod tests;
