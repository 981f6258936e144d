//! One table from what is not the function's doing to gRPC statuses with rich details.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::decode::Fault;
use crate::front::{
    access::{NotAllowed, Refusal as AccessRefusal},
    admission::{Refusal, Refused},
    arrival::{MalformedTimeout, TIMEOUT_HEADER},
    dispatch::DispatchError,
    functions::{ResolveError, StoreError},
    jitter,
    readiness::NotReady,
    sealed::SealedError,
    server::message::MessageFault,
};

/// The domain of our ErrorInfo reasons.
const DOMAIN: &str = "penstock";

/// When to come again after a refusal.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// When to come again when the function store failed.
const STORE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// When to come again, to another executor most likely, if this one drains.
const DRAIN_RETRY_DELAY: Duration = Duration::from_millis(200);

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

/// A call that is not let in.
pub fn refused(refusal: &AccessRefusal) -> Status {
    let message = refusal.to_string();
    let (code, reason, metadata) = match refusal {
        AccessRefusal::Unauthenticated(_) => {
            (Code::Unauthenticated, "UNAUTHENTICATED", HashMap::new())
        }
        AccessRefusal::NoRole { need, .. } => {
            let needs = HashMap::from([("needs".to_owned(), need.to_string())]);
            (Code::PermissionDenied, "ROLE_MISSING", needs)
        }
    };
    let details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    Status::with_error_details(code, message, details)
}

/// A function that can't be found, or not as it was sent.
pub fn unresolved(error: &ResolveError) -> Status {
    let message = error.to_string();
    match error {
        ResolveError::NotAllowed(NotAllowed { function_id, .. }) => {
            let metadata = HashMap::from([("function_id".to_owned(), function_id.clone())]);
            let details = ErrorDetails::with_error_info("FUNCTION_NOT_ALLOWED", DOMAIN, metadata);
            Status::with_error_details(Code::PermissionDenied, message, details)
        }
        ResolveError::NotFound(key) => {
            let details = error_info("FUNCTION_NOT_FOUND", key);
            Status::with_error_details(Code::NotFound, message, details)
        }
        ResolveError::Conflict(key) => {
            let details = error_info("VERSION_CONFLICT", key);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        ResolveError::OtherSource { key, .. } => {
            let details = error_info("SOURCE_MISMATCH", key);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        ResolveError::Unusable(_) => invalid(vec![Fault::new("function.source", message)]),
        ResolveError::StoredUnusable { key, .. } => {
            let details = error_info("SOURCE_UNUSABLE", key);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        ResolveError::Busy => retryable(Code::ResourceExhausted, message, RETRY_DELAY),
        ResolveError::Strip(error) => {
            tracing::error!(%error, "types were not taken out");
            retryable(Code::Unavailable, message, STORE_RETRY_DELAY)
        }
        ResolveError::Store(error) => {
            match error {
                StoreError::Slow { .. } => tracing::error!("{message}"),
                StoreError::Failed { key, cause } => {
                    tracing::error!(function = %key, error = %cause, "the function store can't be read");
                }
            }
            retryable(Code::Unavailable, message, STORE_RETRY_DELAY)
        }
    }
}

/// Sealed settings that nobody here could open.
pub fn not_opened(error: SealedError) -> Status {
    let message = error.to_string();
    match error {
        SealedError::NoKeys => {
            let knob = ("knob".to_owned(), "--sealed-identities".to_owned());
            let metadata = HashMap::from([knob]);
            let details =
                ErrorDetails::with_error_info("SEALED_SETTINGS_UNAVAILABLE", DOMAIN, metadata);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        SealedError::Busy => retryable(Code::ResourceExhausted, message, RETRY_DELAY),
        SealedError::Defect => {
            tracing::error!("{message}");
            Status::internal(message)
        }
    }
}

/// An invocation that could not be run at all.
pub fn not_dispatched(error: DispatchError) -> Status {
    let message = error.to_string();
    match error {
        DispatchError::Refused(refused) => refused_place(refused, message),
        DispatchError::NoCell(_) => retryable(Code::Unavailable, message, RETRY_DELAY),
    }
}

/// Whether it was all that is full, or what one function may have of it, is told by the reason.
fn refused_place(refused: Refused, message: String) -> Status {
    let (reason, metadata) = match refused.refusal {
        Refusal::Full { .. } => ("EXECUTOR_FULL", HashMap::new()),
        Refusal::Share { function, .. } => (
            "FUNCTION_SHARE",
            HashMap::from([("function_id".to_owned(), function.to_string())]),
        ),
        Refusal::Waited { .. } => ("QUEUE_TIME", HashMap::new()),
        Refusal::Deadline => return deadline_passed(),
    };
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    details.set_retry_info(Some(refused.retry_after));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// The caller gave up before there was an outcome.
pub fn deadline_passed() -> Status {
    Status::deadline_exceeded("the caller's deadline passed before there was an outcome")
}

/// New calls go elsewhere.
pub fn draining() -> Status {
    let message = NotReady::Draining.to_string();
    retryable(
        Code::Unavailable,
        message,
        jitter::around(DRAIN_RETRY_DELAY),
    )
}

/// A call whose message is not taken, or not now.
pub fn message_refused(fault: MessageFault) -> Status {
    let message = fault.to_string();
    match fault {
        MessageFault::TooLarge { .. } | MessageFault::NotTheOnlyOne => {
            invalid(vec![Fault::new("message", message)])
        }
        MessageFault::NoRoom { .. } => {
            let delay = jitter::around(RETRY_DELAY);
            retryable(Code::ResourceExhausted, message, delay)
        }
        MessageFault::Slow { .. } => Status::deadline_exceeded(message),
    }
}

/// The caller's deadline can't be read.
pub fn malformed_timeout(malformed: MalformedTimeout) -> Status {
    invalid(vec![Fault::new(TIMEOUT_HEADER, malformed.to_string())])
}

fn retryable(code: Code, message: String, delay: Duration) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(delay)))
}

fn error_info(reason: &str, key: &crate::invocation::VersionKey) -> ErrorDetails {
    let metadata = HashMap::from([
        ("function_id".to_owned(), key.function_id.to_string()),
        ("version".to_owned(), key.version.to_string()),
    ]);
    ErrorDetails::with_error_info(reason, DOMAIN, metadata)
}
