//! What an answer means for the event: it is at its end, or is worth another try.
//!
//! The one rule: a gRPC status speaks of the request or the service, a [`FunctionError`] of the function. Both say
//! themselves whether to come again; nothing is guessed from messages.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use penstock::api::{Filtered, FunctionError};
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::StatusExt;

/// What becomes of one event after a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    End(End),
    Again(Again),
}

/// How an event can end; each event has exactly one.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It goes on to the destination, as this JSON.
    Delivered(Bytes),
    /// The function wanted it to go no further.
    Filtered { reason: String, message: String },
    /// Trying again would not help.
    Failed { label: String, message: String },
    /// It was retryable to the last, and the time for retries is over.
    GivenUp { label: String },
    /// The router stopped before: whoever starts it again has to send the event again.
    Unfinished,
}

/// Why an event is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    pub label: String,
    /// What the function or the executor asked to wait.
    pub after: Option<Duration>,
    pub fault: Fault,
}

/// Whose fault a retryable failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The function's, or its destination's: the executor is as good as before.
    Function,
    /// The executor has too much to do: another may have less.
    Busy,
    /// The executor says that it can't, or is gone: nothing is sent there until it is healthy.
    Executor,
    /// As before, and the connection broke under the call: the function may or may not have run.
    ConnectionLost,
}

/// What a status means for all events of its call.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The executor does not know the version: the same call with the source will do.
    SendSource,
    Verdict(Verdict),
}

/// A call that got no response but a status.
pub fn refusal(status: &Status) -> Refusal {
    let retry_info = status.get_details_retry_info();
    let after = retry_info.as_ref().and_then(|info| info.retry_delay);
    let again = |label: &str, fault| {
        let label = label.to_owned();
        Refusal::Verdict(Verdict::Again(Again {
            label,
            after,
            fault,
        }))
    };
    // Made here, not sent by an executor: the client found no connection, or lost it. tonic has no code of its
    // own for that; what tells is that there is an error behind the status.
    if let Some(cause) = status.source() {
        return match is_timeout(cause) {
            true => again("Deadline Exceeded", Fault::Function),
            // Refused before it was sent, so nothing ran.
            false if status.code() == Code::Unavailable => again("Unavailable", Fault::Executor),
            false => again("Connection Lost", Fault::ConnectionLost),
        };
    }
    let reason = status.get_details_error_info().map(|info| info.reason);
    match (status.code(), reason.as_deref()) {
        (Code::NotFound, Some("FUNCTION_NOT_FOUND")) => Refusal::SendSource,
        (Code::Unavailable, _) => again("Unavailable", Fault::Executor),
        // Without RetryInfo it is no overload but something too large, which stays too large.
        (Code::ResourceExhausted, _) if retry_info.is_some() => {
            again("Resource Exhausted", Fault::Busy)
        }
        // What a function's own TIMEOUT is, but spent in a queue: another time it may be faster.
        (Code::DeadlineExceeded, _) => again("Deadline Exceeded", Fault::Busy),
        _ => Refusal::Verdict(Verdict::End(refused(status))),
    }
}

/// A status that is the end of it.
pub fn refused(status: &Status) -> End {
    let reason = status.get_details_error_info().map(|info| info.reason);
    let label = match reason {
        Some(reason) => format!("gRPC {:?} {reason}", status.code()),
        None => format!("gRPC {:?}", status.code()),
    };
    let message = status.message().to_owned();
    End::Failed { label, message }
}

/// A function that failed, by the error's own word.
pub fn failed(error: FunctionError) -> Verdict {
    if !error.retryable {
        let FunctionError { label, message, .. } = error;
        return Verdict::End(End::Failed { label, message });
    }
    let after = error.retry_after.and_then(|after| after.try_into().ok());
    Verdict::Again(Again {
        label: error.label,
        after,
        fault: Fault::Function,
    })
}

pub fn filtered(filtered: Filtered) -> Verdict {
    let reason = filtered
        .reason()
        .as_str_name()
        .trim_start_matches("REASON_");
    Verdict::End(End::Filtered {
        reason: reason.to_owned(),
        message: filtered.message,
    })
}

/// An answer that says nothing of an event: a fault of the executor, or one that is newer than this router.
pub fn unanswered(what: &str) -> Verdict {
    Verdict::End(End::Failed {
        label: "Malformed Answer".to_owned(),
        message: what.to_owned(),
    })
}

/// Whether our own clock ended the call, not the connection.
fn is_timeout(cause: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(cause), |cause| (*cause).source());
    causes.any(<dyn Error>::is::<TimeoutExpired>)
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, io};

    use penstock::api::{ErrorCode, filtered::Reason};
    use tonic_types::ErrorDetails;

    use super::*;

    const DELAY: Duration = Duration::from_millis(100);

    fn status(code: Code, details: ErrorDetails) -> Status {
        Status::with_error_details(code, "why", details)
    }

    fn plain(code: Code) -> Status {
        Status::new(code, "why")
    }

    fn come_again(code: Code) -> Status {
        status(code, ErrorDetails::with_retry_info(Some(DELAY)))
    }

    fn reasoned(code: Code, reason: &str) -> Status {
        status(
            code,
            ErrorDetails::with_error_info(reason, "penstock", HashMap::new()),
        )
    }

    fn again(label: &str, after: Option<Duration>, fault: Fault) -> Verdict {
        let label = label.to_owned();
        Verdict::Again(Again {
            label,
            after,
            fault,
        })
    }

    fn ends(label: &str) -> Verdict {
        let (label, message) = (label.to_owned(), "why".to_owned());
        Verdict::End(End::Failed { label, message })
    }

    #[track_caller]
    fn check(status: Status, expected: Verdict) {
        assert_eq!(refusal(&status), Refusal::Verdict(expected), "{status:?}");
    }

    #[test]
    fn statuses_that_are_worth_another_try() {
        let asked = Some(DELAY);
        check(
            come_again(Code::Unavailable),
            again("Unavailable", asked, Fault::Executor),
        );
        check(
            plain(Code::Unavailable),
            again("Unavailable", None, Fault::Executor),
        );
        let full = again("Resource Exhausted", asked, Fault::Busy);
        check(come_again(Code::ResourceExhausted), full);
        let late = again("Deadline Exceeded", None, Fault::Busy);
        check(plain(Code::DeadlineExceeded), late);
    }

    #[test]
    fn statuses_that_are_the_end() {
        check(
            plain(Code::ResourceExhausted),
            ends("gRPC ResourceExhausted"),
        );
        check(plain(Code::InvalidArgument), ends("gRPC InvalidArgument"));
        check(plain(Code::Internal), ends("gRPC Internal"));
        check(plain(Code::Unknown), ends("gRPC Unknown"));
        check(plain(Code::Unauthenticated), ends("gRPC Unauthenticated"));
        check(plain(Code::NotFound), ends("gRPC NotFound"));
        let conflict = reasoned(Code::FailedPrecondition, "VERSION_CONFLICT");
        check(conflict, ends("gRPC FailedPrecondition VERSION_CONFLICT"));
    }

    #[test]
    fn an_unknown_version_asks_for_the_source() {
        let status = reasoned(Code::NotFound, "FUNCTION_NOT_FOUND");
        assert_eq!(refusal(&status), Refusal::SendSource);
    }

    #[test]
    fn what_the_client_found_itself() {
        let made_of = |error: Box<dyn Error + Send + Sync>| Status::from_error(error);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let lost = again("Connection Lost", None, Fault::ConnectionLost);
        check(made_of(reset.into()), lost);
        let no_connection = tonic::ConnectError("refused".into());
        let unavailable = again("Unavailable", None, Fault::Executor);
        check(made_of(no_connection.into()), unavailable);
        let late = again("Deadline Exceeded", None, Fault::Function);
        check(made_of(TimeoutExpired(()).into()), late);
    }

    #[track_caller]
    fn check_error(code: ErrorCode, retryable: bool, expected: Verdict) {
        let error = FunctionError {
            code: code.into(),
            label: format!("{code:?}"),
            retryable,
            retry_after: retryable.then_some(prost_types::Duration {
                seconds: 2,
                nanos: 0,
            }),
            message: "why".to_owned(),
            ..FunctionError::default()
        };
        assert_eq!(failed(error), expected, "{code:?}");
    }

    #[test]
    fn functions_errors_say_themselves_whether_to_come_again() {
        let after = Some(Duration::from_secs(2));
        let retried = |label| again(label, after, Fault::Function);
        check_error(ErrorCode::Retry, true, retried("Retry"));
        check_error(ErrorCode::Timeout, true, retried("Timeout"));
        check_error(ErrorCode::ExecutorLost, true, retried("ExecutorLost"));
        check_error(ErrorCode::BadRequest, false, ends("BadRequest"));
        check_error(ErrorCode::Quarantined, false, ends("Quarantined"));
        // Also one that this router has never heard of.
        check_error(ErrorCode::Unspecified, true, retried("Unspecified"));
    }

    #[test]
    fn filters_are_counted_by_reason() {
        let dropped = Filtered {
            reason: Reason::DropEvent.into(),
            message: "test user".to_owned(),
        };
        let (reason, message) = ("DROP_EVENT".to_owned(), "test user".to_owned());
        let expected = Verdict::End(End::Filtered { reason, message });
        assert_eq!(filtered(dropped), expected);
    }
}
