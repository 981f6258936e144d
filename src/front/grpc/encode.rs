//! Ends of invocations as responses of the API. Logs and request traces go along with every error, and with
//! a success when `capture` asks for them.

use super::{
    convert::{event_too_deep, filtered, function_error, log_line, request_trace, usage},
    decode::EventForm,
    structs,
};
use crate::{
    api::{EventResult, InvokeBatchResponse, InvokeResponse, event_result, invoke_response},
    front::cells::Answered,
    invocation::{Finished, FunctionError, Outcome},
};

/// The response for one event, in the form the event came in.
pub fn invoke_response(answered: Answered, form: EventForm, capture: bool) -> InvokeResponse {
    use event_result::Outcome as Encoded;
    let Answered { finished, requests } = answered;
    let Finished {
        outcomes,
        logs,
        usage: used,
    } = finished;
    let outcome = outcomes.into_iter().next();
    let outcome = outcome.unwrap_or_else(|| FunctionError::executor_lost().into());
    let outcome = encoded(outcome, form);
    let told = capture || matches!(outcome, Encoded::Error(_));
    InvokeResponse {
        outcome: Some(match outcome {
            Encoded::Event(event) => invoke_response::Outcome::Event(event),
            Encoded::EventJson(json) => invoke_response::Outcome::EventJson(json),
            Encoded::Filtered(filtered) => invoke_response::Outcome::Filtered(filtered),
            Encoded::Error(error) => invoke_response::Outcome::Error(error),
        }),
        logs: told_of(told, logs, log_line),
        usage: Some(usage(&used, requests.made)),
        requests: told_of(told, requests.traces, request_trace),
    }
}

fn told_of<T, U>(told: bool, all: Vec<T>, encode: impl Fn(T) -> U) -> Vec<U> {
    match told {
        true => all.into_iter().map(encode).collect(),
        false => Vec::new(),
    }
}

/// The response for a batch: without `capture`, the lines and traces of the events that failed and those of
/// no event.
pub fn invoke_batch_response(
    answered: Answered,
    form: EventForm,
    capture: bool,
) -> InvokeBatchResponse {
    let Answered { finished, requests } = answered;
    let Finished {
        outcomes,
        logs,
        usage: used,
    } = finished;
    let outcomes = outcomes.into_iter().map(|outcome| encoded(outcome, form));
    let results: Vec<_> = outcomes
        .map(|outcome| EventResult {
            outcome: Some(outcome),
        })
        .collect();
    let told = |event: Option<u32>| capture || concerns_an_error(event, &results);
    let logs = logs.into_iter().filter(|line| told(line.event));
    let traces = requests.traces.into_iter();
    let traces = traces.filter(|trace| told(trace.event_index));
    InvokeBatchResponse {
        logs: logs.map(log_line).collect(),
        requests: traces.map(request_trace).collect(),
        results,
        usage: Some(usage(&used, requests.made)),
    }
}

/// Whether this event failed, or if it is none, any.
fn concerns_an_error(event: Option<u32>, results: &[EventResult]) -> bool {
    let failed =
        |result: &EventResult| matches!(result.outcome, Some(event_result::Outcome::Error(_)));
    match event {
        Some(event) => results.get(event as usize).is_some_and(failed),
        None => results.iter().any(failed),
    }
}

fn encoded(outcome: Outcome, form: EventForm) -> event_result::Outcome {
    use event_result::Outcome as Encoded;
    match outcome {
        Outcome::Delivered(json) => match form {
            EventForm::Json => Encoded::EventJson(json),
            EventForm::Struct => match structs::from_json(&json) {
                Ok(event) => Encoded::Event(event),
                Err(fault) => Encoded::Error(function_error(event_too_deep(&fault))),
            },
        },
        Outcome::Filtered { reason, message } => Encoded::Filtered(filtered(reason, message)),
        Outcome::Failed(error) => Encoded::Error(function_error(*error)),
    }
}
