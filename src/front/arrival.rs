//! When a call arrived, and until when its caller waits for the answer.

use std::time::{Duration, Instant};

use http::HeaderMap;

/// The header in which a caller says how long it waits.
pub const TIMEOUT_HEADER: &str = "grpc-timeout";

/// Noted once, when a call's headers are there: its message, look-ups and queues all count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub at: Instant,
    /// When the caller gives up; `None` when it did not say.
    pub deadline: Option<Instant>,
}

/// The caller's timeout is none that gRPC knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has to be a number of at most eight digits and one of H, M, S, m, u or n")]
pub struct MalformedTimeout;

impl Arrival {
    /// A call with these headers, arriving now.
    ///
    /// # Errors
    /// [`MalformedTimeout`]: who can't say how long it waits would otherwise be answered too late.
    pub fn now(headers: &HeaderMap) -> Result<Self, MalformedTimeout> {
        let at = Instant::now();
        let timeout = headers.get(TIMEOUT_HEADER).map(|timeout| {
            let timeout = timeout.to_str().map_err(|_| MalformedTimeout)?;
            parse(timeout).ok_or(MalformedTimeout)
        });
        let deadline = timeout
            .transpose()?
            .and_then(|patience| at.checked_add(patience));
        Ok(Self { at, deadline })
    }

    /// A call that nobody makes but us, and for which we wait.
    pub fn of_ourselves() -> Self {
        Self {
            at: Instant::now(),
            deadline: None,
        }
    }

    /// How long the caller still waits; nothing when it has given up.
    pub fn remaining(&self) -> Option<Duration> {
        let now = Instant::now();
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(now))
    }
}

/// As the gRPC specification has it: at most eight digits and a unit.
fn parse(timeout: &str) -> Option<Duration> {
    let (digits, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_patience_is_read_from_grpc_timeout() {
        #[track_caller]
        fn check(timeout: &str, expect: Option<Duration>) {
            assert_eq!(parse(timeout), expect, "{timeout}");
        }
        check("1H", Some(Duration::from_hours(1)));
        check("2M", Some(Duration::from_mins(2)));
        check("3S", Some(Duration::from_secs(3)));
        check("250m", Some(Duration::from_millis(250)));
        check("9u", Some(Duration::from_micros(9)));
        check("99999999n", Some(Duration::from_nanos(99_999_999)));
        for odd in ["", "m", "1", "1x", "-1m", "+1m", "100000000m", "1.5S", "1é"] {
            check(odd, None);
        }
    }

    #[test]
    fn a_call_has_a_deadline_if_its_caller_says_so() {
        let mut headers = HeaderMap::new();
        assert_eq!(Arrival::now(&headers).unwrap().deadline, None);
        headers.insert(TIMEOUT_HEADER, "2S".parse().unwrap());
        let arrival = Arrival::now(&headers).unwrap();
        assert_eq!(arrival.deadline, Some(arrival.at + Duration::from_secs(2)));
        assert!(arrival.remaining() <= Some(Duration::from_secs(2)));
        headers.insert(TIMEOUT_HEADER, "soon".parse().unwrap());
        assert_eq!(Arrival::now(&headers), Err(MalformedTimeout));
    }
}
