//! Ends of invocations as responses of the API.

use super::{
    convert::{event_too_deep, filtered, function_error, log_line, usage},
    decode::EventForm,
    structs,
};
use crate::{
    api::{InvokeResponse, invoke_response::Outcome as Encoded},
    front::redactor::Redactor,
    invocation::{Finished, Outcome},
};

/// The response for one event, in the form the event came in and, the event aside, without secrets. Logs
/// go along with every error, and with a success when `capture` asks for them.
pub fn invoke_response(
    mut finished: Finished,
    form: EventForm,
    capture: bool,
    redactor: &Redactor,
) -> InvokeResponse {
    let event = event_in_form(&mut finished.outcome, form);
    if event_goes_alone(&finished.outcome, capture) {
        finished.logs.clear();
    }
    redactor.apply(&mut finished);
    let outcome = event.unwrap_or_else(|| match finished.outcome {
        Outcome::Delivered(json) => Encoded::EventJson(json),
        Outcome::Filtered { reason, message } => Encoded::Filtered(filtered(reason, message)),
        Outcome::Failed(error) => Encoded::Error(function_error(*error)),
    });
    InvokeResponse {
        outcome: Some(outcome),
        logs: finished.logs.into_iter().map(log_line).collect(),
        requests: Vec::new(),
        usage: Some(usage(&finished.usage)),
    }
}

/// A delivered event; one that its form can't carry makes the outcome an error.
fn event_in_form(outcome: &mut Outcome, form: EventForm) -> Option<Encoded> {
    let Outcome::Delivered(json) = outcome else {
        return None;
    };
    match form {
        EventForm::Json => Some(Encoded::EventJson(json.clone())),
        EventForm::Struct => match structs::from_json(json) {
            Ok(event) => Some(Encoded::Event(event)),
            Err(fault) => {
                *outcome = event_too_deep(&fault).into();
                None
            }
        },
    }
}

fn event_goes_alone(outcome: &Outcome, capture: bool) -> bool {
    !capture && !matches!(outcome, Outcome::Failed(_))
}
