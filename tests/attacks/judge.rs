//! Whether a reply is an end that the attack may come to.

use std::time::Duration;

use penstock::api::invoke_response::Outcome;
use penstock::api::{FunctionError, InvokeResponse};
use serde_json::Value;

use crate::attack::{Attack, End, HARMLESS};
use crate::support::check::{Code, Reply, form_faults};
use crate::support::json;

/// The operator's values that no attack changes.
const HEAP_BYTES: u64 = 128 << 20;
const RESULT_BYTES: u64 = 1 << 20;
const TOP_LEVEL_MS: u64 = 1_000;
const LOG_BYTES: usize = 64 << 10;

/// Room for the line that says how much was cut, and for messages about the invocation's end.
const LOG_SLACK: usize = 4 << 10;

/// Bytes of name, message and stack together: what a hostile error may make the front carry.
const ERROR_BYTES: usize = 80 << 10;

/// What came of a call: a reply and when, or nothing within this time.
pub type Answer = Result<(Reply, Duration), Duration>;

/// In a word or two, for the report.
pub fn name_of(answer: &Answer) -> String {
    let Ok((reply, _)) = answer else {
        return "no answer".to_owned();
    };
    match &reply.result {
        Err(status) => format!("status {:?}", status.code()),
        Ok(response) => match &response.outcome {
            None => "no outcome".to_owned(),
            Some(Outcome::Filtered(_)) => "filtered".to_owned(),
            Some(Outcome::Error(error)) => {
                let name = error.code().as_str_name();
                name.trim_start_matches("ERROR_CODE_").to_owned()
            }
            Some(_) => "delivered".to_owned(),
        },
    }
}

/// All that is wrong with an attack's answer.
pub fn faults(attack: &Attack, answer: &Answer) -> Vec<String> {
    let (reply, time) = match answer {
        Err(waited) => return vec![format!("no answer within {waited:?}")],
        Ok(answered) => answered,
    };
    let mut faults = Vec::new();
    if *time > attack.within() {
        faults.push(format!("came after {time:?}, not {:?}", attack.within()));
    }
    let misses: Vec<String> = attack
        .ends
        .iter()
        .filter_map(|end| matches(attack, *end, reply).err())
        .collect();
    if misses.len() == attack.ends.len() {
        faults.push(format!("none of its ends: {}\n{reply}", misses.join("; ")));
    }
    if let Ok(response) = &reply.result {
        faults.extend(excesses(response));
    }
    faults
}

/// Whether the reply is this end; else why it is not.
fn matches(attack: &Attack, end: End, reply: &Reply) -> Result<(), String> {
    let outcome = reply.result.as_ref().map(|response| &response.outcome);
    match (end, outcome) {
        (End::Delivered, Ok(Some(Outcome::EventJson(_) | Outcome::Event(_))))
        | (End::Filtered, Ok(Some(Outcome::Filtered(_)))) => Ok(()),
        (End::DeliveredAs(expected), Ok(Some(outcome))) => delivers(outcome, expected),
        (End::Failed(code), Ok(Some(Outcome::Error(error)))) if error.code() == code => {
            check_limit(error, limit_of(attack, code))
        }
        (End::TopLevelTime, Ok(Some(Outcome::Error(error))))
            if error.code() == Code::InvalidFunction =>
        {
            let limit = ("top_level_time", TOP_LEVEL_MS, "ms", "--top-level-ms");
            check_limit(error, Some(limit))
        }
        (End::Refused, Err(status)) if status.code() == tonic::Code::InvalidArgument => Ok(()),
        _ => Err(format!("not {end:?}")),
    }
}

fn delivers(outcome: &Outcome, expected: &str) -> Result<(), String> {
    let found = match outcome {
        Outcome::EventJson(text) => serde_json::from_slice(text).unwrap_or(Value::Null),
        Outcome::Event(event) => json::from_struct(event),
        _ => return Err(format!("not delivered as {expected}")),
    };
    let expected: Value = serde_json::from_str(expected).map_err(|error| error.to_string())?;
    if found == expected {
        return Ok(());
    }
    Err(format!("delivered {found}, not {expected}"))
}

/// A limit's name, value, unit and knob.
type Limit = (&'static str, u64, &'static str, &'static str);

fn limit_of(attack: &Attack, code: Code) -> Option<Limit> {
    match code {
        Code::Timeout => Some(("wall_time", attack.wall, "ms", "--wall-time-ms")),
        Code::CpuLimitExceeded => Some(("cpu_time", attack.cpu, "ms", "--cpu-time-ms")),
        Code::MemoryLimitExceeded => Some(("heap", HEAP_BYTES, "bytes", "--heap-bytes")),
        Code::ResultTooLarge => Some(("result_bytes", RESULT_BYTES, "bytes", "--result-bytes")),
        _ => None,
    }
}

fn check_limit(error: &FunctionError, expected: Option<Limit>) -> Result<(), String> {
    let found = error.limit.as_ref().map(|limit| {
        let (unit, knob) = (limit.unit.as_str(), limit.knob.as_str());
        (limit.name.as_str(), limit.value, unit, knob)
    });
    if found == expected {
        return Ok(());
    }
    let code = error.code();
    Err(format!(
        "{code:?} with the limit {found:?}, not {expected:?}"
    ))
}

/// What no reply may be, however the attack ended.
fn excesses(response: &InvokeResponse) -> Vec<String> {
    let mut faults = Vec::new();
    let log_bytes: usize = response.logs.iter().map(|line| line.message.len()).sum();
    if log_bytes > LOG_BYTES + LOG_SLACK {
        faults.push(format!("{log_bytes} bytes of logs"));
    }
    if let Some(Outcome::Error(error)) = &response.outcome {
        faults.extend(form_faults(error));
        let bytes = error.name.len() + error.message.len() + error.stack.len();
        if bytes > ERROR_BYTES {
            faults.push(format!("{bytes} bytes of name, message and stack"));
        }
    }
    faults
}

/// Whether the attacker's function works on, or is kept from running with a word on until when.
pub fn works_after(attack: &Attack, answer: &Answer) -> Result<(), String> {
    let reply = match answer {
        Err(waited) => return Err(format!("no answer within {waited:?}")),
        Ok((reply, _)) => reply,
    };
    match reply.result.as_ref().map(|response| &response.outcome) {
        Ok(Some(Outcome::Error(error)))
            if attack.costs_a_cell && error.code() == Code::Quarantined =>
        {
            tells_until_when(error)
        }
        Ok(Some(outcome)) => delivers(outcome, HARMLESS).map_err(|why| format!("{why}\n{reply}")),
        _ => Err(reply.to_string()),
    }
}

fn tells_until_when(error: &FunctionError) -> Result<(), String> {
    let message = &error.message;
    let has_time = message.contains(|letter: char| letter.is_ascii_digit());
    if message.contains("until") && has_time {
        return Ok(());
    }
    Err(format!("in quarantine, but until when? {message}"))
}
