//! Ends of invocations as responses of the API. Logs go along with every error, and with a success when
//! `capture` asks for them.

use super::{
    convert::{event_too_deep, filtered, function_error, log_line, usage},
    decode::EventForm,
    structs,
};
use crate::{
    api::{EventResult, InvokeBatchResponse, InvokeResponse, event_result, invoke_response},
    invocation::{Finished, FunctionError, LogLine, Outcome},
};

/// The response for one event, in the form the event came in.
pub fn invoke_response(finished: Finished, form: EventForm, capture: bool) -> InvokeResponse {
    use event_result::Outcome as Encoded;
    let Finished {
        outcomes,
        logs,
        usage: used,
    } = finished;
    let outcome = outcomes.into_iter().next();
    let outcome = outcome.unwrap_or_else(|| FunctionError::executor_lost().into());
    let outcome = encoded(outcome, form);
    let with_logs = capture || matches!(outcome, Encoded::Error(_));
    InvokeResponse {
        outcome: Some(match outcome {
            Encoded::Event(event) => invoke_response::Outcome::Event(event),
            Encoded::EventJson(json) => invoke_response::Outcome::EventJson(json),
            Encoded::Filtered(filtered) => invoke_response::Outcome::Filtered(filtered),
            Encoded::Error(error) => invoke_response::Outcome::Error(error),
        }),
        logs: if with_logs {
            logs.into_iter().map(log_line).collect()
        } else {
            Vec::new()
        },
        requests: Vec::new(),
        usage: Some(usage(&used)),
    }
}

/// The response for a batch: without `capture`, the lines of the events that failed and those of no event.
pub fn invoke_batch_response(
    finished: Finished,
    form: EventForm,
    capture: bool,
) -> InvokeBatchResponse {
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
    let logs = logs.into_iter();
    let logs = logs.filter(|line| capture || tells_of_an_error(line, &results));
    InvokeBatchResponse {
        logs: logs.map(log_line).collect(),
        results,
        requests: Vec::new(),
        usage: Some(usage(&used)),
    }
}

/// Whether the line belongs to an event that failed, or to none while some event failed.
fn tells_of_an_error(line: &LogLine, results: &[EventResult]) -> bool {
    let failed =
        |result: &EventResult| matches!(result.outcome, Some(event_result::Outcome::Error(_)));
    match line.event {
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
