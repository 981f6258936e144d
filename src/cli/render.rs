//! The end of an invocation as text: for a person, and as JSON for a program.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};

use super::output::shown;
use crate::{
    front::cells::{Answered, RequestTrace},
    invocation::{ErrorCode, FilterReason, FunctionError, LimitExceeded, LogLine, Outcome, Usage},
    source_text::printable,
};

/// What was run, which is how its end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    Event,
    Batch,
}

/// For a person: logs as they came, what became of each event, what it cost.
pub fn text(answered: &Answered, given: Given) -> String {
    let finished = &answered.finished;
    let mut text = String::new();
    for line in &finished.logs {
        let event = line.event.map(|event| format!(" event {event}"));
        let _ = writeln!(
            text,
            "{:>5}{} | {}",
            line.level.name(),
            event.unwrap_or_default(),
            shown(&line.message, "      | ")
        );
    }
    for trace in &answered.requests.traces {
        let _ = writeln!(text, "fetch | {}", shown(&trace_text(trace), "      | "));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for (event, outcome) in finished.outcomes.iter().enumerate() {
        if event > 0 {
            text.push('\n');
        }
        if given == Given::Batch {
            let _ = write!(text, "event {event}: ");
        }
        write_outcome(&mut text, outcome);
    }
    if given == Given::Batch {
        let _ = write!(text, "\n\n{}", count_text(&finished.outcomes));
    }
    let _ = write!(text, "\n\n{}", usage_text(&finished.usage));
    text
}

fn count_text(outcomes: &[Outcome]) -> String {
    let (mut delivered, mut filtered, mut failed) = (0, 0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Delivered(_) => delivered += 1,
            Outcome::Filtered { .. } => filtered += 1,
            Outcome::Failed(_) => failed += 1,
            Outcome::Described(_) => {}
        }
    }
    format!("{delivered} delivered, {filtered} filtered, {failed} failed")
}

fn write_outcome(text: &mut String, outcome: &Outcome) {
    match outcome {
        Outcome::Delivered(event) => {
            let _ = write!(text, "delivered\n{}", pretty(event));
        }
        Outcome::Filtered { reason, message } => {
            let reason = reason_text(*reason, message);
            let _ = write!(text, "filtered: {}", shown(&reason, ""));
        }
        Outcome::Failed(error) => write_error(text, error),
        Outcome::Described(_) => text.push_str("described"),
    }
}

/// For a program: of one event its outcome, of a batch `results`, one for each event.
pub fn json(answered: &Answered, given: Given) -> String {
    let finished = &answered.finished;
    let mut outcomes = finished.outcomes.iter().map(outcome_json);
    let mut result = match given {
        Given::Event => outcomes.next().unwrap_or_default(),
        Given::Batch => json!({ "results": outcomes.collect::<Vec<_>>() }),
    };
    result["logs"] = finished.logs.iter().map(log_json).collect();
    result["requests"] = answered.requests.traces.iter().map(trace_json).collect();
    result["usage"] = usage_json(&finished.usage);
    format!("{result:#}")
}

fn outcome_json(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Delivered(event) => json!({
            "outcome": "delivered",
            "event": parsed(event),
        }),
        Outcome::Filtered { reason, message } => json!({
            "outcome": "filtered",
            "reason": reason_name(*reason),
            "message": message,
        }),
        Outcome::Failed(error) => json!({
            "outcome": "error",
            "error": error_json(error),
        }),
        Outcome::Described(_) => json!({ "outcome": "described" }),
    }
}

/// An error with where it came from, and whether to come again.
pub fn write_error(text: &mut String, error: &FunctionError) {
    let name = if error.name.is_empty() {
        String::new()
    } else {
        format!("{}: ", error.name)
    };
    let message = shown(&format!("{name}{}", error.message), "");
    let _ = write!(text, "{}: {message}", error.code.label());
    for frame in &error.frames {
        let function = if frame.function.is_empty() {
            "(anonymous)"
        } else {
            &frame.function
        };
        let frame = format!(
            "{function} ({}:{}:{})",
            frame.file, frame.line, frame.column
        );
        let _ = write!(text, "\n    at {}", shown(&frame, ""));
    }
    if error.code.is_retryable() {
        text.push_str("\n  may be retried");
        if let Some(delay) = error.retry_after {
            let _ = write!(text, " after {} ms", delay.as_millis());
        }
    }
}

fn usage_text(usage: &Usage) -> String {
    format!(
        "{:.1} ms wall, {:.1} ms CPU, {} start, {:.1} MiB heap",
        milliseconds(usage.wall),
        milliseconds(usage.cpu),
        if usage.cold_start { "cold" } else { "warm" },
        usage.heap_used_bytes as f64 / f64::from(1 << 20),
    )
}

/// The contract's name of the reason.
pub fn reason_name(reason: FilterReason) -> &'static str {
    match reason {
        FilterReason::NoReturn => "NO_RETURN",
        FilterReason::DropEvent => "DROP_EVENT",
        FilterReason::NotReturned => "NOT_RETURNED",
    }
}

fn reason_text(reason: FilterReason, message: &str) -> String {
    match reason {
        FilterReason::NoReturn => "the handler returned nothing".to_owned(),
        FilterReason::DropEvent => format!("DropEvent: {message}"),
        FilterReason::NotReturned => "onBatch returned nothing for it".to_owned(),
    }
}

/// Reindented, with the order of keys kept; one that only V8 can read, as it is. What would act on the terminal
/// stands in a string, where JSON has escapes for it.
pub fn pretty(event: &[u8]) -> String {
    let json = match serde_json::from_slice::<Value>(event) {
        Ok(value) => format!("{value:#}"),
        Err(_) => String::from_utf8_lossy(event).into_owned(),
    };
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter == '\n' || printable(letter) == letter {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// The event as a value; one that only V8 can read, such as with lone surrogates, as its text.
pub fn parsed(event: &[u8]) -> Value {
    serde_json::from_slice(event)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(event).into_owned()))
}

fn error_json(error: &FunctionError) -> Value {
    json!({
        "code": code_name(error.code),
        "label": error.code.label(),
        "retryable": error.code.is_retryable(),
        "retry_after_ms": error.retry_after.map(milliseconds),
        "name": error.name,
        "message": error.message,
        "stack": error.stack,
        "frames": error.frames.iter().map(|frame| json!({
            "function": frame.function,
            "file": frame.file,
            "line": frame.line,
            "column": frame.column,
        })).collect::<Vec<_>>(),
        "limit": error.limit.as_ref().map(limit_json),
        "violations": error.violations.iter().map(|violation| json!({
            "field": violation.field,
            "description": violation.description,
        })).collect::<Vec<_>>(),
    })
}

pub fn limit_json(limit: &LimitExceeded) -> Value {
    json!({
        "name": limit.name,
        "value": limit.value,
        "unit": limit.unit,
        "knob": limit.knob,
    })
}

/// The contract's name of the code: its label in capitals.
pub fn code_name(code: ErrorCode) -> String {
    code.label().to_uppercase().replace(' ', "_")
}

fn log_json(line: &LogLine) -> Value {
    json!({
        "unix_ms": milliseconds(line.time),
        "level": line.level.name(),
        "message": line.message,
        "event": line.event,
    })
}

fn trace_text(trace: &RequestTrace) -> String {
    let end = match trace.status {
        Some(status) if trace.error.is_empty() => status.to_string(),
        _ => trace.error.clone(),
    };
    format!(
        "{} {} {end} ({:.1} ms)",
        trace.method,
        trace.url,
        milliseconds(trace.timings.total)
    )
}

fn trace_json(trace: &RequestTrace) -> Value {
    json!({
        "unix_ms": milliseconds(trace.time),
        "method": trace.method,
        "url": trace.url,
        "status": trace.status,
        "error": trace.error,
        "dns_ms": trace.timings.dns.map(milliseconds),
        "connect_ms": trace.timings.connect.map(milliseconds),
        "first_byte_ms": trace.timings.first_byte.map(milliseconds),
        "total_ms": milliseconds(trace.timings.total),
        "event": trace.event,
    })
}

fn usage_json(usage: &Usage) -> Value {
    json!({
        "wall_ms": milliseconds(usage.wall),
        "cpu_ms": milliseconds(usage.cpu),
        "queue_ms": milliseconds(usage.queue),
        "cold_start": usage.cold_start,
        "heap_used_bytes": usage.heap_used_bytes,
    })
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_reindented_if_it_can_be_and_never_quoted() {
        assert_eq!(pretty(br#"{"b":1,"a":2}"#), "{\n  \"b\": 1,\n  \"a\": 2\n}");
        assert_eq!(pretty(br#"{"a":"\ud800"}"#), r#"{"a":"\ud800"}"#);
        let acts = "{\"\u{9b}\":\"\\u001b\u{202e}\u{e0041}é\"}";
        let escaped = "{\n  \"\\u009b\": \"\\u001b\\u202e\\udb40\\udc41é\"\n}";
        assert_eq!(pretty(acts.as_bytes()), escaped);
    }
}
