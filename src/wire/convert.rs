//! Between the shared vocabulary and its form on the wire.

use std::time::Duration;

use super::{
    Finished as WireFinished, WireFiltered, WireFunctionError, WireLimit, WireLogLine, WireOutcome,
    WireResult, WireStackFrame, WireUsage, WireViolation,
    description::{description_from_wire, description_to_wire},
};
use crate::invocation::{
    ErrorCode, Expected, FilterReason, Finished, FunctionError, LimitExceeded, LogLevel, LogLine,
    Outcome, StackFrame, Usage, Violation,
};

/// A frame that decodes but says what no sound cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("an event came to no outcome")]
    NoOutcome,
    #[error("{found} outcomes for {events} events")]
    Outcomes { found: usize, events: usize },
    #[error("a log line of event {0}, of which there is none")]
    LogEvent(u32),
    #[error("unknown filter reason {0}")]
    FilterReason(u32),
    #[error("unknown error code {0}")]
    ErrorCode(u32),
    #[error("unknown limit {0}")]
    Limit(u32),
    #[error("unknown log level {0}")]
    LogLevel(u32),
    #[error("a delivered event is no JSON object in UTF-8")]
    Event,
    #[error("an event's outcome for a description, or a description for an event")]
    OtherOutcome,
    #[error("unknown source kind {0}")]
    SourceKind(u32),
    #[error("handlers that are unknown or not in order")]
    Handlers,
    #[error("{0} warnings of one source")]
    Warnings(usize),
    #[error("line {line}, column {column} is no place")]
    Place { line: u32, column: u32 },
}

const FILTER_REASONS: [FilterReason; 3] = [
    FilterReason::NoReturn,
    FilterReason::DropEvent,
    FilterReason::NotReturned,
];

const ERROR_CODES: [ErrorCode; 13] = [
    ErrorCode::BadRequest,
    ErrorCode::MessageRejected,
    ErrorCode::UnsupportedEventType,
    ErrorCode::Retry,
    ErrorCode::Timeout,
    ErrorCode::InvalidResult,
    ErrorCode::InvalidFunction,
    ErrorCode::MemoryLimitExceeded,
    ErrorCode::ResultTooLarge,
    ErrorCode::ExecutorLost,
    ErrorCode::CpuLimitExceeded,
    ErrorCode::Quarantined,
    ErrorCode::InvalidSettings,
];

const LOG_LEVELS: [LogLevel; 5] = [
    LogLevel::Trace,
    LogLevel::Debug,
    LogLevel::Info,
    LogLevel::Warn,
    LogLevel::Error,
];

const LIMITS: [fn(u64) -> LimitExceeded; 6] = [
    |millis| LimitExceeded::wall_time(Duration::from_millis(millis)),
    |millis| LimitExceeded::cpu_time(Duration::from_millis(millis)),
    |millis| LimitExceeded::top_level_time(Duration::from_millis(millis)),
    LimitExceeded::heap,
    LimitExceeded::result,
    LimitExceeded::batch_result,
];

/// A value's place in the table that both sides share, which is its number on the wire.
pub(super) fn number_of<T: PartialEq>(table: &[T], value: &T) -> u32 {
    let place = table.iter().position(|known| known == value);
    place
        .and_then(|place| u32::try_from(place).ok())
        .unwrap_or(u32::MAX)
}

pub(super) fn value_of<T: Copy>(table: &[T], number: u32) -> Option<T> {
    table.get(usize::try_from(number).ok()?).copied()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// An invocation's end as the frame a cell sends.
pub fn finished_to_wire(invocation: u64, finished: Finished) -> WireFinished {
    WireFinished {
        invocation,
        results: finished.outcomes.into_iter().map(result_to_wire).collect(),
        logs: finished.logs.into_iter().map(log_to_wire).collect(),
        usage: usage_to_wire(&finished.usage),
    }
}

/// The end a cell's frame tells of, for an invocation that expects this.
///
/// # Errors
/// [`Malformed`] when no sound cell could have sent it.
pub fn finished_from_wire(frame: WireFinished, expected: Expected) -> Result<Finished, Malformed> {
    let (found, events) = (frame.results.len(), expected.outcomes());
    if found != events {
        return Err(Malformed::Outcomes { found, events });
    }
    let outcomes = frame.results.into_iter();
    let outcomes = outcomes.map(|result| result_from_wire(result, expected));
    let logs = frame
        .logs
        .into_iter()
        .map(|line| log_from_wire(line, events));
    Ok(Finished {
        outcomes: outcomes.collect::<Result<_, _>>()?,
        logs: logs.collect::<Result<_, _>>()?,
        usage: usage_from_wire(frame.usage),
    })
}

fn result_to_wire(outcome: Outcome) -> WireResult {
    WireResult {
        outcome: Some(outcome_to_wire(outcome)),
    }
}

fn result_from_wire(result: WireResult, expected: Expected) -> Result<Outcome, Malformed> {
    let outcome = result.outcome.ok_or(Malformed::NoOutcome)?;
    let fits = match &outcome {
        WireOutcome::Failed(_) => true,
        WireOutcome::Described(_) => expected == Expected::Description,
        WireOutcome::Delivered(_) | WireOutcome::Filtered(_) => expected != Expected::Description,
    };
    match fits {
        true => outcome_from_wire(outcome),
        false => Err(Malformed::OtherOutcome),
    }
}

fn outcome_to_wire(outcome: Outcome) -> WireOutcome {
    match outcome {
        Outcome::Delivered(event) => WireOutcome::Delivered(event),
        Outcome::Filtered { reason, message } => WireOutcome::Filtered(WireFiltered {
            reason: number_of(&FILTER_REASONS, &reason),
            message,
        }),
        Outcome::Failed(error) => WireOutcome::Failed(Box::new(error_to_wire(*error))),
        Outcome::Described(description) => {
            WireOutcome::Described(Box::new(description_to_wire(*description)))
        }
    }
}

fn outcome_from_wire(outcome: WireOutcome) -> Result<Outcome, Malformed> {
    Ok(match outcome {
        WireOutcome::Delivered(event) => {
            if event.first() != Some(&b'{') || std::str::from_utf8(&event).is_err() {
                return Err(Malformed::Event);
            }
            Outcome::Delivered(event)
        }
        WireOutcome::Filtered(filtered) => Outcome::Filtered {
            reason: value_of(&FILTER_REASONS, filtered.reason)
                .ok_or(Malformed::FilterReason(filtered.reason))?,
            message: filtered.message,
        },
        WireOutcome::Failed(error) => Outcome::Failed(Box::new(error_from_wire(*error)?)),
        WireOutcome::Described(description) => {
            Outcome::Described(Box::new(description_from_wire(*description)?))
        }
    })
}

pub(super) fn error_to_wire(error: FunctionError) -> WireFunctionError {
    WireFunctionError {
        code: number_of(&ERROR_CODES, &error.code),
        name: error.name,
        message: error.message,
        stack: error.stack,
        frames: error.frames.into_iter().map(frame_to_wire).collect(),
        retry_after_nanos: error.retry_after.map(nanos),
        limit: error.limit.map(|limit| limit_to_wire(&limit)),
        violations: error
            .violations
            .into_iter()
            .map(violation_to_wire)
            .collect(),
    }
}

pub(super) fn error_from_wire(error: WireFunctionError) -> Result<FunctionError, Malformed> {
    Ok(FunctionError {
        code: value_of(&ERROR_CODES, error.code).ok_or(Malformed::ErrorCode(error.code))?,
        name: error.name,
        message: error.message,
        stack: error.stack,
        frames: error.frames.into_iter().map(frame_from_wire).collect(),
        retry_after: error.retry_after_nanos.map(Duration::from_nanos),
        limit: error.limit.map(limit_from_wire).transpose()?,
        violations: error
            .violations
            .into_iter()
            .map(violation_from_wire)
            .collect(),
    })
}

fn limit_to_wire(limit: &LimitExceeded) -> WireLimit {
    let kind = LIMITS.iter().position(|make| make(limit.value) == *limit);
    WireLimit {
        kind: kind
            .and_then(|kind| u32::try_from(kind).ok())
            .unwrap_or(u32::MAX),
        value: limit.value,
    }
}

fn limit_from_wire(limit: WireLimit) -> Result<LimitExceeded, Malformed> {
    let make = value_of(&LIMITS, limit.kind).ok_or(Malformed::Limit(limit.kind))?;
    Ok(make(limit.value))
}

fn frame_to_wire(frame: StackFrame) -> WireStackFrame {
    let StackFrame {
        function,
        file,
        line,
        column,
    } = frame;
    WireStackFrame {
        function,
        file,
        line,
        column,
    }
}

fn frame_from_wire(frame: WireStackFrame) -> StackFrame {
    let WireStackFrame {
        function,
        file,
        line,
        column,
    } = frame;
    StackFrame {
        function,
        file,
        line,
        column,
    }
}

fn violation_to_wire(violation: Violation) -> WireViolation {
    let Violation { field, description } = violation;
    WireViolation { field, description }
}

fn violation_from_wire(violation: WireViolation) -> Violation {
    let WireViolation { field, description } = violation;
    Violation { field, description }
}

fn log_to_wire(line: LogLine) -> WireLogLine {
    WireLogLine {
        unix_nanos: nanos(line.time),
        level: number_of(&LOG_LEVELS, &line.level),
        message: line.message,
        event: line.event,
    }
}

fn log_from_wire(line: WireLogLine, events: usize) -> Result<LogLine, Malformed> {
    if let Some(event) = line.event
        && event as usize >= events
    {
        return Err(Malformed::LogEvent(event));
    }
    Ok(LogLine {
        time: Duration::from_nanos(line.unix_nanos),
        level: value_of(&LOG_LEVELS, line.level).ok_or(Malformed::LogLevel(line.level))?,
        message: line.message,
        event: line.event,
    })
}

fn usage_to_wire(usage: &Usage) -> WireUsage {
    WireUsage {
        wall_nanos: nanos(usage.wall),
        cpu_nanos: nanos(usage.cpu),
        queue_nanos: nanos(usage.queue),
        cold_start: usage.cold_start,
        heap_used_bytes: usage.heap_used_bytes,
        setup_nanos: nanos(usage.setup),
        turns: usage.turns,
    }
}

fn usage_from_wire(usage: WireUsage) -> Usage {
    Usage {
        wall: Duration::from_nanos(usage.wall_nanos),
        cpu: Duration::from_nanos(usage.cpu_nanos),
        queue: Duration::from_nanos(usage.queue_nanos),
        cold_start: usage.cold_start,
        setup: Duration::from_nanos(usage.setup_nanos),
        turns: usage.turns,
        heap_used_bytes: usage.heap_used_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn survives(outcome: Outcome) {
        let finished = Finished {
            outcomes: vec![Outcome::Delivered("{}".into()), outcome],
            logs: LOG_LEVELS
                .map(|level| LogLine {
                    time: Duration::from_nanos(1),
                    level,
                    message: "line".into(),
                    event: Some(1),
                })
                .into(),
            usage: Usage {
                wall: Duration::from_nanos(2),
                cpu: Duration::from_nanos(3),
                queue: Duration::from_nanos(4),
                cold_start: true,
                setup: Duration::from_nanos(6),
                turns: 7,
                heap_used_bytes: 5,
            },
        };
        let frame = finished_to_wire(7, finished.clone());
        assert_eq!(frame.invocation, 7);
        assert_eq!(finished_from_wire(frame, Expected::Events(2)), Ok(finished));
    }

    #[test]
    fn every_outcome_survives() {
        survives(Outcome::Delivered("{}".into()));
        for reason in FILTER_REASONS {
            survives(Outcome::Filtered {
                reason,
                message: "why".into(),
            });
        }
        for code in ERROR_CODES {
            survives(FunctionError::new(code, "message").into());
        }
    }

    #[test]
    fn every_limit_survives() {
        for limit in LIMITS.map(|make| make(17)) {
            survives(FunctionError::limit_exceeded(ErrorCode::Timeout, "it", limit).into());
        }
    }

    #[test]
    fn what_no_sound_cell_sends_is_malformed() {
        let sound = finished_to_wire(
            1,
            Finished::without_running(Outcome::Delivered("{}".into()), 1),
        );
        let with = |outcome| {
            let results = vec![WireResult { outcome }];
            let frame = WireFinished {
                results,
                ..sound.clone()
            };
            finished_from_wire(frame, Expected::Events(1))
        };

        assert_eq!(with(None), Err(Malformed::NoOutcome));
        for events in [0, 2] {
            let fault = Malformed::Outcomes { found: 1, events };
            let expected = Expected::Events(events);
            assert_eq!(finished_from_wire(sound.clone(), expected), Err(fault));
        }
        let mut strange = sound.clone();
        strange.logs.push(WireLogLine {
            event: Some(1),
            ..WireLogLine::default()
        });
        let expected = Expected::Events(1);
        assert_eq!(
            finished_from_wire(strange, expected),
            Err(Malformed::LogEvent(1))
        );
        assert_eq!(
            with(Some(WireOutcome::Delivered("[]".into()))),
            Err(Malformed::Event)
        );
        assert_eq!(
            with(Some(WireOutcome::Delivered(vec![b'{', 0xff, b'}'].into()))),
            Err(Malformed::Event)
        );
        let filtered = WireFiltered {
            reason: 9,
            message: String::new(),
        };
        assert_eq!(
            with(Some(WireOutcome::Filtered(filtered))),
            Err(Malformed::FilterReason(9))
        );
        let description = Box::default();
        let described = with(Some(WireOutcome::Described(description)));
        assert_eq!(described, Err(Malformed::OtherOutcome));
        let undescribed = finished_from_wire(sound, Expected::Description);
        assert_eq!(undescribed, Err(Malformed::OtherOutcome));
    }
}
