//! Ends of invocations as responses of the API: in the form the events came in and, the events aside, without
//! secrets. Logs and request traces go along with every error, and with a success when `capture` asks for
//! them.

use super::{
    convert::{event_too_deep, filtered, function_error, log_line, request_trace, usage},
    decode::EventForm,
    structs,
};
use crate::{
    api::{
        EventResult, InvokeBatchResponse, InvokeResponse, WireStruct, event_result, invoke_response,
    },
    front::{cells::Answered, redactor::Redactor},
    invocation::{FunctionError, Outcome},
};

/// The response for one event.
pub fn invoke_response(
    answered: Answered,
    form: EventForm,
    capture: bool,
    redactor: &Redactor,
) -> InvokeResponse {
    use event_result::Outcome as Encoded;
    let whole = invoke_batch_response(answered, form, capture, redactor);
    let outcome = whole
        .results
        .into_iter()
        .next()
        .and_then(|result| result.outcome);
    let outcome =
        outcome.unwrap_or_else(|| Encoded::Error(function_error(FunctionError::executor_lost())));
    InvokeResponse {
        outcome: Some(match outcome {
            Encoded::Event(event) => invoke_response::Outcome::Event(event),
            Encoded::EventJson(json) => invoke_response::Outcome::EventJson(json),
            Encoded::Filtered(filtered) => invoke_response::Outcome::Filtered(filtered),
            Encoded::Error(error) => invoke_response::Outcome::Error(error),
        }),
        logs: whole.logs,
        requests: whole.requests,
        usage: whole.usage,
    }
}

/// The response for a batch: without `capture`, the lines and traces of the events that failed and those of
/// no event.
pub fn invoke_batch_response(
    mut answered: Answered,
    form: EventForm,
    capture: bool,
    redactor: &Redactor,
) -> InvokeBatchResponse {
    let structs = in_form(&mut answered.finished.outcomes, form);
    if !capture {
        keep_what_concerns_errors(&mut answered);
    }
    redactor.apply(&mut answered);
    let Answered { finished, requests } = answered;
    let outcomes = finished.outcomes.into_iter().zip(structs);
    let results = outcomes.map(|(outcome, event)| EventResult {
        outcome: Some(encoded(outcome, event)),
    });
    InvokeBatchResponse {
        results: results.collect(),
        logs: finished.logs.into_iter().map(log_line).collect(),
        requests: requests.traces.into_iter().map(request_trace).collect(),
        usage: Some(usage(&finished.usage, requests.made)),
    }
}

/// The delivered events as structs, if that is their form; one that a struct can't carry makes its outcome an
/// error.
fn in_form(outcomes: &mut [Outcome], form: EventForm) -> Vec<Option<WireStruct>> {
    let as_struct = |outcome: &mut Outcome| match (form, &*outcome) {
        (EventForm::Struct, Outcome::Delivered(json)) => match structs::from_json(json) {
            Ok(event) => Some(event),
            Err(fault) => {
                *outcome = event_too_deep(&fault).into();
                None
            }
        },
        _ => None,
    };
    outcomes.iter_mut().map(as_struct).collect()
}

/// Leaves the lines and traces of events that failed, and if there are any, those of no event.
fn keep_what_concerns_errors(answered: &mut Answered) {
    let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
    let failed: Vec<_> = answered.finished.outcomes.iter().map(failed).collect();
    let concerns_an_error = |event: Option<u32>| match event {
        Some(event) => failed.get(event as usize) == Some(&true),
        None => failed.contains(&true),
    };
    let logs = &mut answered.finished.logs;
    logs.retain(|line| concerns_an_error(line.event));
    let traces = &mut answered.requests.traces;
    traces.retain(|trace| concerns_an_error(trace.event));
}

fn encoded(outcome: Outcome, event: Option<WireStruct>) -> event_result::Outcome {
    use event_result::Outcome as Encoded;
    match (outcome, event) {
        (Outcome::Delivered(_), Some(event)) => Encoded::Event(event),
        (Outcome::Delivered(json), None) => Encoded::EventJson(json),
        (Outcome::Filtered { reason, message }, _) => Encoded::Filtered(filtered(reason, message)),
        (Outcome::Failed(error), _) => Encoded::Error(function_error(*error)),
        // No event is answered so: what cells send is checked.
        (Outcome::Described(_), _) => {
            Encoded::Error(function_error(FunctionError::executor_lost()))
        }
    }
}
