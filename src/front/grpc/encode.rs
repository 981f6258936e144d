//! Ends of invocations as responses of the API.

use super::{
    convert::{event_too_deep, filtered, function_error, log_line, usage},
    decode::EventForm,
    structs,
};
use crate::{
    api::{InvokeResponse, invoke_response},
    invocation::{Finished, Outcome},
};

/// The response for one event, in the form the event came in. Logs go along with every error, and with a
/// success when `capture` asks for them.
pub fn invoke_response(finished: Finished, form: EventForm, capture: bool) -> InvokeResponse {
    use invoke_response::Outcome as Encoded;
    let Finished {
        outcome,
        logs,
        usage: used,
    } = finished;
    let outcome = match outcome {
        Outcome::Delivered(json) => match form {
            EventForm::Json => Encoded::EventJson(json),
            EventForm::Struct => match structs::from_json(&json) {
                Ok(event) => Encoded::Event(event),
                Err(fault) => Encoded::Error(function_error(event_too_deep(&fault))),
            },
        },
        Outcome::Filtered { reason, message } => Encoded::Filtered(filtered(reason, message)),
        Outcome::Failed(error) => Encoded::Error(function_error(*error)),
    };
    let with_logs = capture || matches!(outcome, Encoded::Error(_));
    InvokeResponse {
        outcome: Some(outcome),
        logs: if with_logs {
            logs.into_iter().map(log_line).collect()
        } else {
            Vec::new()
        },
        requests: Vec::new(),
        usage: Some(usage(&used)),
    }
}
