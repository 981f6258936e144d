//! Counts and traces outcomes as they are answered, under the names the API has for them.

use super::convert;
use crate::{
    api::{ErrorCode, EventResult, event_result, filtered::Reason, invoke_response::Outcome},
    front::telemetry::{Ends, Named, Outcomes, Telemetry},
    invocation,
};

/// The counter of every reason and code of the API.
pub fn counter(telemetry: &Telemetry) -> Outcomes {
    let reasons = names(|number| {
        Reason::try_from(number)
            .ok()?
            .as_str_name()
            .strip_prefix("REASON_")
    });
    let codes = names(code_name);
    telemetry.outcomes(&reasons, &codes)
}

/// An error code's name without the enum's.
fn code_name(number: i32) -> Option<&'static str> {
    let code = ErrorCode::try_from(number).ok()?;
    code.as_str_name().strip_prefix("ERROR_CODE_")
}

/// The names from number 1 on; 0 is for what is not specified, and never sent.
fn names(name: impl Fn(i32) -> Option<&'static str>) -> Vec<Named> {
    (1..)
        .map_while(|number| Some((number, name(number)?)))
        .collect()
}

/// Counts the outcome of one event; every response has one.
pub fn count(outcomes: &Outcomes, outcome: Option<&Outcome>) {
    match outcome {
        Some(Outcome::Event(_) | Outcome::EventJson(_)) => outcomes.delivered(),
        Some(Outcome::Filtered(filtered)) => outcomes.filtered(filtered.reason),
        Some(Outcome::Error(error)) => outcomes.failed(error.code),
        None => {}
    }
}

/// Counts the outcome of each event of a batch.
pub fn count_batch(outcomes: &Outcomes, results: &[EventResult]) {
    use event_result::Outcome;
    for result in results {
        match &result.outcome {
            Some(Outcome::Event(_) | Outcome::EventJson(_)) => outcomes.delivered(),
            Some(Outcome::Filtered(filtered)) => outcomes.filtered(filtered.reason),
            Some(Outcome::Error(error)) => outcomes.failed(error.code),
            None => {}
        }
    }
}

/// Code and label of the first error, if there is one.
pub fn failure(outcomes: &[invocation::Outcome]) -> Option<(&'static str, &'static str)> {
    use invocation::Outcome;
    let mut errors = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Failed(error) => Some(error),
        Outcome::Described(description) => description.fault.as_ref(),
        Outcome::Delivered(_) | Outcome::Filtered { .. } => None,
    });
    let code = errors.next()?.code;
    Some((code_name(convert::code(code).into())?, code.label()))
}

/// What one event came to, for its trace.
pub fn ends(outcome: Option<&Outcome>) -> Ends {
    let mut ends = Ends::default();
    match outcome {
        Some(Outcome::Event(_) | Outcome::EventJson(_)) => ends.delivered += 1,
        Some(Outcome::Filtered(_)) => ends.filtered += 1,
        Some(Outcome::Error(error)) => ends.fail(code_name(error.code)),
        None => {}
    }
    ends
}

/// What the events of a batch came to, for its trace.
pub fn batch_ends(results: &[EventResult]) -> Ends {
    use event_result::Outcome;
    let mut ends = Ends::default();
    for result in results {
        match &result.outcome {
            Some(Outcome::Event(_) | Outcome::EventJson(_)) => ends.delivered += 1,
            Some(Outcome::Filtered(_)) => ends.filtered += 1,
            Some(Outcome::Error(error)) => ends.fail(code_name(error.code)),
            None => {}
        }
    }
    ends
}
