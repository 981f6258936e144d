//! One table from what is not the function's doing to gRPC statuses with rich details.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::decode::Fault;
use crate::front::{dispatch::DispatchError, functions::ResolveError};

/// The domain of our ErrorInfo reasons.
const DOMAIN: &str = "penstock";

/// When to come again after a refusal.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// A request that can't be run as it is.
pub fn invalid(faults: Vec<Fault>) -> Status {
    let message: Vec<_> = faults
        .iter()
        .map(|fault| format!("{} {}", fault.field, fault.description))
        .collect();
    let violations: Vec<_> = faults
        .into_iter()
        .map(|fault| FieldViolation::new(fault.field, fault.description))
        .collect();
    let details = ErrorDetails::with_bad_request(violations);
    Status::with_error_details(Code::InvalidArgument, message.join("; "), details)
}

/// A function that can't be found, or not as it was sent.
pub fn unresolved(error: &ResolveError) -> Status {
    let message = error.to_string();
    match error {
        ResolveError::NotFound(key) => {
            let details = error_info("FUNCTION_NOT_FOUND", key);
            Status::with_error_details(Code::NotFound, message, details)
        }
        ResolveError::Conflict(key) => {
            let details = error_info("VERSION_CONFLICT", key);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        ResolveError::TooLarge { .. } | ResolveError::NotUtf8(_) => {
            invalid(vec![Fault::new("function.source", message)])
        }
        ResolveError::Store(_) => {
            tracing::error!(error = %message, "function store");
            retryable(Code::Unavailable, message)
        }
    }
}

/// An invocation that could not be run at all.
pub fn not_dispatched(error: DispatchError) -> Status {
    let code = match error {
        DispatchError::Full(_) => Code::ResourceExhausted,
        DispatchError::NoCell(_) => Code::Unavailable,
    };
    retryable(code, error.to_string())
}

fn retryable(code: Code, message: String) -> Status {
    Status::with_error_details(
        code,
        message,
        ErrorDetails::with_retry_info(Some(RETRY_DELAY)),
    )
}

fn error_info(reason: &str, key: &crate::invocation::VersionKey) -> ErrorDetails {
    let metadata = HashMap::from([
        ("function_id".to_owned(), key.function_id.to_string()),
        ("version".to_owned(), key.version.to_string()),
    ]);
    ErrorDetails::with_error_info(reason, DOMAIN, metadata)
}
