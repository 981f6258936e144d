//! Counts outcomes as they are answered, under the names the API has for them.

use crate::{
    api::{ErrorCode, EventResult, event_result, filtered::Reason, invoke_response::Outcome},
    front::telemetry::{Named, Outcomes, Telemetry},
};

/// The counter of every reason and code of the API.
pub fn counter(telemetry: &Telemetry) -> Outcomes {
    let reasons = names(|number| {
        Reason::try_from(number)
            .ok()?
            .as_str_name()
            .strip_prefix("REASON_")
    });
    let codes = names(|number| {
        let code = ErrorCode::try_from(number).ok()?;
        code.as_str_name().strip_prefix("ERROR_CODE_")
    });
    telemetry.outcomes(&reasons, &codes)
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
